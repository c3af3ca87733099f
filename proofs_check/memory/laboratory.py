"""Random RNNs, trained for a few steps on the population loss, and how fast they learn each lag.

What is learned is far from where they start, so that no error is small by accident, and one lag in one RNN shows a
weight ``ρ̂_j = (1 - Σ_ℓ⟨e_j^(ℓ+1), e_j^0⟩ / Σ_ℓ⟨e_j^ℓ, e_j^0⟩) / (η X_jj)``. Its mean is ρ_j up to O(1/n). How many RNNs
and steps there are depends on the settings alone, never on the machine or the number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from numerics.ensembles import Chunk, Stream, chunks
from numerics.extrapolation import Estimate, extrapolated
from numerics.gaussian_matrix import Array, DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.statistics import Moments
from numerics.training.gradient_descent import DivergenceError, train
from numerics.training.learning_times import input_powers, overlaps, white_correlations
from numerics.training.recurrent import RecurrentNetwork, Weights
from numerics.training.space_weights import MEMORY, SpaceWeights, directions_bound, training_bytes
from proofs_check.errors import InputError
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings, memory_in_words
from proofs_check.theorem import InterruptedRunError
from proofs_check.work import work_through

REPLICATES: Final = 96
TOGETHER: Final = 16
"""RNNs that are trained together."""

PRODUCTS: Final = 100
"""So many products with W⁰ are asked of each side, about: lags times steps, for each two channels."""

MOST_STEPS: Final = 4
SHARE: Final = 0.5
"""The rate of the measurement, in units of B_1; the user's rate changes steps and no weight."""

FAR: Final = 4.0
"""How far away what is learned is, in standard deviations of the impulse response at the start."""

TOP: Final = 10**9
LONG: Final = 10**12
"""The same for long horizons, of which the limit is seen at larger widths only."""

LONG_HORIZON: Final = 40
FACTOR: Final = 10


@dataclass(frozen=True)
class Draw:
    """What is drawn at one width; called with a chunk it gives ρ̂_j of each replicate, (replicates, T)."""

    parameters: Parameters
    sampler: str
    target: float
    steps: int
    eta: float
    stream: Stream

    def __call__(self, chunk: Chunk) -> Array:
        p, rng = self.parameters, self.stream.generator(chunk.index)
        target = np.full((p.horizon, p.outputs, p.inputs), self.target)
        weights: Weights = (
            SpaceWeights(DenseSpace(p.n, chunk.replicates, rng), p)
            if self.sampler == "dense"
            else SpaceWeights(LazySpace(p.n, chunk.replicates, rng), p, as_it_comes=True)
        )
        network = RecurrentNetwork(weights, p.horizon)
        try:
            trained = train(network, white_correlations(target), range(self.steps + 1), self.eta)
        except DivergenceError:  # of some replicate, where n is small
            return np.full((chunk.replicates, p.horizon), np.nan)
        left = overlaps(trained, target)
        kept = left[1:].sum(axis=0) / left[:-1].sum(axis=0)
        return np.asarray((1.0 - kept) / (self.eta * input_powers(p.horizon)))


class Laboratory:
    """Draws samples on demand and keeps them.

    Parameters
    ----------
    settings : Settings
    largest : float
        The largest weight, which sets the rate; whatever it is, the same weights are measured.
    progress : Progress, optional

    Raises
    ------
    InputError
        When training does not fit into the memory.
    """

    def __init__(self, settings: Settings, largest: float, progress: Progress | None = None) -> None:
        self.settings = settings
        self.interrupted = False
        self._eta = SHARE / (settings.horizon * largest) if largest > 0 else SHARE / settings.horizon
        self._progress = progress or Silent()
        self._samples: dict[int, Moments] = {}
        self._bytes = training_bytes(directions_bound(settings.parameters(TOP), self.steps))
        if self._bytes > MEMORY:
            raise InputError(
                f"--horizon {settings.horizon} with {settings.inputs} inputs and {settings.outputs} outputs: training "
                f"takes about {memory_in_words(self._bytes)} for each RNN, more than {memory_in_words(MEMORY)}; ρ_j is "
                "the same for any number of channels: ask with --inputs 1 --outputs 1"
            )

    @property
    def steps(self) -> int:
        """How many steps are taken."""
        s = self.settings
        return int(np.clip(2 * PRODUCTS // (s.horizon * (s.inputs + s.outputs)) - 1, 1, MOST_STEPS))

    @property
    def replicates(self) -> int:
        """How many RNNs are drawn at each width."""
        return self.settings.replicates or REPLICATES

    @property
    def widths(self) -> tuple[int, ...]:
        """Three widths, from which the limit is extrapolated."""
        top = max(*self.settings.widths, TOP if self.settings.horizon <= LONG_HORIZON else LONG)
        return tuple(top // FACTOR**power for power in (2, 1, 0))

    @property
    def rounding(self) -> Array:
        """What rounding may do to a measured weight, (T,)."""
        return 64 * np.finfo(np.float64).eps / (self._eta * input_powers(self.settings.horizon))

    def limit(self) -> Estimate:
        """The measured weights for n → ∞."""
        return extrapolated(self.widths, [self.sample(width) for width in self.widths])

    @property
    def measured(self) -> Estimate | None:
        """The same, if all that it takes has been drawn."""
        return self.limit() if all(width in self._samples for width in self.widths) else None

    def sample(self, width: int) -> Moments:
        """Measured weights at one width; NaN where it is so narrow that half of the B_1 of the limit is too much."""
        if width not in self._samples:
            self._samples[width] = self._draw(width)
        return self._samples[width]

    def _draw(self, width: int) -> Moments:
        if self.interrupted:
            raise InterruptedRunError
        s, p = self.settings, self.settings.parameters(width)
        spread = (p.nu_C * p.nu_F * max(1.0, p.nu_W ** (p.horizon - 1))) ** 0.5
        stream = Stream(s.seed, (71, width))
        sampler = "dense" if s.sampler == "dense" and width in s.widths else "lazy"
        far = FAR * spread or p.nu_F + p.nu_C or 1.0  # of the size that moves W, F and C little
        draw = Draw(p, sampler, far, self.steps, self._eta, stream)
        work = chunks(self.replicates, max(1, min(TOGETHER, MEMORY // (4 * self._bytes))))
        what = f"training at n = {width:,}"
        try:
            found = list(work_through(draw, work, s.jobs, self._progress, what))
        except KeyboardInterrupt:
            self.interrupted = True
            raise InterruptedRunError from None
        return Moments.of(np.concatenate(found))
