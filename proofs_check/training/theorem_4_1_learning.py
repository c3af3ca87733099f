"""RNNs trained on the expected loss of white inputs, to see how fast each lag is learned.

There the correlations are diagonal, lag j of an infinitely wide RNN is learned by itself, and ρ_j can be read off what
is left of its error. What is learned lies four standard deviations of L⁰_j away, and as far as at lag 0 at least, so
that no error is small by accident, or sinks into what the other lags do to it.
An RNN of n states does all this up to fluctuations of size n^(-1/2) and a bias of order 1/n; n is chosen so large that
the bias is a small part of the standard error, whatever the number of draws. N is that of the training sequences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.ensembles import Stream, chunks
from numerics.gaussian_matrix import Array
from numerics.statistics import Moments, mean_test
from numerics.training import Constants, Correlations
from numerics.training.ensemble import Divergence, TrainedNetworks
from numerics.training.gradient_descent import Trajectory
from numerics.training.learning_times import (
    input_powers,
    measured_weights,
    overlaps,
    predicted_steps,
    steps_to_share,
    white_correlations,
)
from numerics.training.space_weights import directions_bound
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings
from proofs_check.theorem import FamilyOfTests, InterruptedRunError
from proofs_check.training.laboratory import Laboratory, train_many

SHARE: Final = 0.5
"""A lag counts as learned when half of its error is left; other shares follow."""

FAR: Final = 4.0
"""How far away what is learned is, in standard deviations of each lag at the start."""

HALF: Final = 0.5
"""The rate in B_1, where the one that was asked for is not below it: a step must leave a share of each lag."""

WIDTH: Final = 10**9
WIDTH_PER_DRAW: Final = 10**7
"""A bias of order ``FAR²/n`` against a standard error of order ``(n R)^{-1/2}``: a hundredth of it or less."""

SECONDS: Final = 12.0
"""Processor time of all draws, by a rough estimate; slow lags are then measured before half is learned."""

SECONDS_EACH: Final = 1.5e-9
"""Of one coordinate of one product."""


@dataclass(frozen=True, eq=False)
class LearningSample:
    """What is left of the error of each lag.

    Attributes
    ----------
    n : int
    eta : float
    powers : array, (T,)
        The entries of X_jj.
    left : array, (steps + 1, replicates, T)
        ``⟨L_j^ℓ - L*_j, L_j⁰ - L*_j⟩``.
    at : array of int, (T,)
        The step at which ρ_j is read off: where half of the error should be left, or the last.
    """

    n: int
    eta: float
    powers: Array
    left: Array
    at: NDArray[np.int64]

    @property
    def replicates(self) -> int:
        """How many RNNs were trained."""
        return int(self.left.shape[1])

    @cached_property
    def shares(self) -> Array:
        """The share of the error that is left, of all RNNs together, (steps + 1, T)."""
        total = self.left.sum(axis=1)
        return np.asarray(total / total[0])

    @cached_property
    def weights(self) -> Array:
        """ρ̂_j, (T,)."""
        return measured_weights(self._final, self.at, self.powers, self.eta)

    @cached_property
    def errors(self) -> Array:
        """Standard errors of ρ̂_j, by the delta method, (T,)."""
        spread = self._deviations.error / self.left[0].mean(axis=0)
        return np.asarray(spread / self._slope)

    def steps_to(self, share: float) -> tuple[Array, Array]:
        """Steps until a share is left, interpolated where it was reached and else extrapolated; standard errors."""
        steps = np.log(share) / np.log(self._final) * self.at
        error = steps / np.abs(np.log(self._final)) * self.errors * self._slope / self._final
        reached = steps_to_share(np.arange(len(self.left)), self.shares, share)
        return np.where(np.isfinite(reached), reached, steps), error

    def family(self, claimed: Array) -> FamilyOfTests:
        """Tests of claimed weights, NaN where undefined, (T,).

        What is averaged is ``⟨e^ℓ, e⁰⟩ - s ‖e⁰‖²`` with the claimed share s: its mean exists and is 0. That of
        ratios need not exist. Its spread is taken not at the claimed share, where that of ``‖e⁰‖²`` would hide a false
        claim, but at the one that all other RNNs show.
        """
        claimed_share = (1.0 - self.eta * np.nan_to_num(claimed) * self.powers) ** self.at
        mean = (self._final - claimed_share) * self.left[0].mean(axis=0)
        test = mean_test(replace(self._deviations, mean=mean), 0.0)
        p_values = np.where(np.isnan(claimed), 0.0, test.p_values)
        return FamilyOfTests(
            lambda lag: f"ρ of lag {lag} after {self.at[lag]} steps", self.weights, claimed, self.errors, p_values
        )

    @cached_property
    def _deviations(self) -> Moments:
        """Of each RNN from the share that the others show: the jackknife, since few RNNs may decide a share."""
        ends = np.take_along_axis(self.left, self.at[None, None, :], axis=0)[0]
        alone = self.left[0] / self.left[0].sum(axis=0)
        return Moments.of((ends - self._final * self.left[0]) / (1.0 - alone))

    @cached_property
    def _final(self) -> Array:
        return np.asarray(np.take_along_axis(self.shares, self.at[None, :], axis=0)[0])

    @property
    def _slope(self) -> Array:
        """How the share falls with the weight."""
        return np.asarray(self.at * self._final ** (1 - 1 / self.at) * self.eta * self.powers)


class LearningLaboratory:
    """Trains on demand, once.

    Parameters
    ----------
    settings : Settings
    laboratory : Laboratory
        That of the run: its rate, and its kind of training.
    rho : array, (T,)
        Derived weights, from which the steps are planned.
    progress : Progress, optional
    """

    def __init__(
        self, settings: Settings, laboratory: Laboratory, rho: Array, progress: Progress | None = None
    ) -> None:
        self.settings = settings
        self.interrupted = False
        self.found: LearningSample | Divergence | None = None
        self._laboratory = laboratory
        self._rho = rho
        self._progress = progress or Silent()
        sequences = float(laboratory.experiment.train)
        self.target: Array = np.tile(_far(settings)[:, None, None], (1, settings.outputs, settings.inputs))
        self.correlations: Correlations = white_correlations(self.target, sequences)
        self.powers = input_powers(settings.horizon, sequences)
        self.B_1 = Constants.of(self.correlations, self.target, float(rho.max())).B_1
        asked = laboratory.experiment.eta.at(self.B_1)
        self.eta = asked if asked < self.B_1 else HALF * self.B_1

    @property
    def n(self) -> int:
        """The width: the same whatever other widths are asked for."""
        return max(WIDTH, WIDTH_PER_DRAW * self._laboratory.replicates)

    @property
    def steps(self) -> int:
        """Until half of each lag is learned, if that does not take too long."""
        wanted = int(np.ceil(min(np.max(self.predicted(SHARE, self._rho)), 1e6)))
        fitting = next((steps for steps in range(wanted, 1, -1) if self._seconds(steps) <= SECONDS), 1)
        return max(1, fitting)

    def predicted(self, share: float, rho: Array) -> Array:
        """Steps that weights predict, (T,)."""
        return predicted_steps(share, rho, self.powers, self.eta)

    def sample(self) -> LearningSample | Divergence:
        """The RNNs, trained.

        Raises
        ------
        InterruptedRunError
            When the user stopped the run before they were complete.
        """
        if self.found is None:
            self.found = self._draw()
        return self.found

    def _draw(self) -> LearningSample | Divergence:
        if self.interrupted or self._laboratory.interrupted:
            raise InterruptedRunError
        training = replace(
            self._laboratory.training(self.n),
            correlations=self.correlations,
            steps=self.steps,
            eta=self.eta,
            stream=Stream(self.settings.seed, (41, 1, self.n, 0)),
            sampler="lazy",
        )
        work = chunks(self._laboratory.replicates, max(1, training.chunk_size))
        try:
            found = train_many(training, work, self.settings.jobs, self._progress, "learning each lag")
        except KeyboardInterrupt:
            self.interrupted = True
            raise InterruptedRunError from None
        return found if isinstance(found, Divergence) else self._read(found)

    def _read(self, networks: TrainedNetworks) -> LearningSample:
        responses = np.swapaxes(networks.responses, 0, 1)
        steps = np.arange(len(responses))
        trajectory = Trajectory(self.eta, steps, responses, networks.losses.T)
        at = np.clip(np.round(self.predicted(SHARE, self._rho)), 1, self.steps).astype(np.int64)
        return LearningSample(self.n, self.eta, self.powers, overlaps(trajectory, self.target), at)

    def _seconds(self, steps: int) -> float:
        parameters = self.settings.parameters(self.n)
        products = (parameters.horizon - 1) * (parameters.inputs + parameters.outputs) * steps
        each = SECONDS_EACH * max(1, products) * float(directions_bound(parameters, steps)) ** 2
        return each * self._laboratory.replicates


def _far(settings: Settings) -> Array:
    """What each lag should become, (T,); where L⁰ is 0, of the size that moves W, F and C little."""
    variances = np.maximum(1.0, float(settings.nu_W) ** np.arange(settings.horizon))
    spread = float(settings.nu_C * settings.nu_F) ** 0.5
    return np.asarray((FAR * spread or float(settings.nu_C + settings.nu_F)) * np.sqrt(variances))
