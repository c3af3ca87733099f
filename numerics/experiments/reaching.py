"""A synthetic reaching task, of the form of the S1 recording: to try Figure 4 without the file.

A hand reaches for random targets in a square of 20 cm, one after the other. Each reach is that of least jerk [Flash and
Hogan 1985], ``v(s) = 30 s² (1 - s)² (target - start) / duration`` for s from 0 to 1. Neuron i is cosine-tuned
[Georgopoulos et al. 1982; Moran and Schwartz 1999]: it fires a Poisson number of spikes at the rate

``λ_i(t) = max(0, b_i + g_i ⟨v(t + lag_i), d_i⟩)``,

so that with a positive lag it leads the hand, and a causal model must remember it for that long; with a negative one
it follows, as a sensory neuron does. All is in cm, s, and spikes/s. Baselines are lognormal with the mean and median
of the recorded rates, 9.2 and 6.4; everything else is a choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.experiments.recording import BIN_SECONDS, Recording
from numerics.gaussian_matrix import Array

_RATE_MEDIAN: Final = 6.4
_RATE_MEAN: Final = 9.2
_HALF_WIDTH: Final = 10.0
_DURATIONS: Final = (0.6, 1.2)
_FAST: Final = 15.0
"""A speed at which the most deeply tuned neurons fall silent in their anti-preferred direction."""

LAG_SECONDS: Final = (-0.1, 0.3)
"""From following the hand to leading it."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """How neurons depend on velocity.

    Attributes
    ----------
    directions : array, (neurons, 2)
        Preferred directions d, unit vectors.
    gains : array, (neurons,)
        g, in spikes/s per cm/s.
    baselines : array, (neurons,)
        b, in spikes/s.
    lags : array of int, (neurons,)
        In bins; positive where spikes lead the hand.
    """

    directions: Array
    gains: Array
    baselines: Array
    lags: NDArray[np.int64]

    def rates(self, velocity: Array, before: int = 0, after: int = 0) -> Array:
        """Firing rates at the bins that have ``before`` bins before them and ``after`` after them.

        Parameters
        ----------
        velocity : array, (before + bins + after, 2)
        before, after : int
            At least the largest lag of either sign.

        Returns
        -------
        array, (bins, neurons)
        """
        if self.lags.min() < -before or self.lags.max() > after:
            raise ValueError(
                f"lags from {self.lags.min()} to {self.lags.max()} bins, with {before} before and {after} after"
            )
        bins = len(velocity) - before - after
        drive = velocity @ self.directions.T
        there = before + np.arange(bins)[:, None] + self.lags
        lagged = np.take_along_axis(drive, there, axis=0)
        return np.asarray(np.maximum(self.baselines + self.gains * lagged, 0.0))


def random_tuning(rng: np.random.Generator, neurons: int, bin_seconds: float = BIN_SECONDS) -> Tuning:
    """Neurons with random tuning: directions, depths of modulation and lags are uniform, baselines lognormal."""
    angles = rng.uniform(0.0, 2 * np.pi, neurons)
    spread = np.sqrt(2 * np.log(_RATE_MEAN / _RATE_MEDIAN))
    baselines = _RATE_MEDIAN * np.exp(spread * rng.normal(size=neurons))
    gains = baselines * rng.uniform(0.0, 1.0, neurons) / _FAST
    lowest, highest = (round(seconds / bin_seconds) for seconds in LAG_SECONDS)
    lags = rng.integers(lowest, highest, neurons, endpoint=True)
    return Tuning(np.stack([np.cos(angles), np.sin(angles)], axis=1), gains, baselines, lags)


def reach_velocity(rng: np.random.Generator, bins: int, bin_seconds: float = BIN_SECONDS) -> Array:
    """The velocity of a hand that reaches for one random target after the other, (bins, 2) in cm/s."""
    count = int(np.ceil(bins * bin_seconds / _DURATIONS[0])) + 1
    targets = np.concatenate([np.zeros((1, 2)), rng.uniform(-_HALF_WIDTH, _HALF_WIDTH, (count, 2))])
    durations = rng.uniform(*_DURATIONS, count)
    ends = np.cumsum(durations)
    times = np.arange(bins) * bin_seconds
    reach = np.searchsorted(ends, times, side="right")
    s = 1.0 - (ends[reach] - times) / durations[reach]
    speeds = 30 * s**2 * (1 - s) ** 2 / durations[reach]
    return np.asarray(speeds[:, None] * np.diff(targets, axis=0)[reach])


def reaching_task(
    rng: np.random.Generator,
    bins: int,
    neurons: int = 52,
    bin_seconds: float = BIN_SECONDS,
    tuning: Tuning | None = None,
) -> Recording:
    """A synthetic recording.

    Parameters
    ----------
    rng : Generator
    bins, neurons : int
    bin_seconds : float
    tuning : Tuning, optional
        ``random_tuning`` of so many neurons unless given.

    Returns
    -------
    Recording
        Labelled synthetic, in one piece.

    Raises
    ------
    ValueError
        When a number is not possible.
    """
    for name, size in (("bins", bins), ("neurons", neurons)):
        if size < 1:
            raise ValueError(f"{name}: {size} is not possible, it is at least 1")
    if not 0 < bin_seconds < _DURATIONS[0]:
        raise ValueError(f"bin_seconds: {bin_seconds} is not possible, reaches of {_DURATIONS[0]} s need shorter bins")
    for_hand, for_tuning, for_spikes = rng.spawn(3)
    tuning = random_tuning(for_tuning, neurons, bin_seconds) if tuning is None else tuning
    before, after = max(0, -int(tuning.lags.min())), max(0, int(tuning.lags.max()))
    velocity = reach_velocity(for_hand, before + bins + after, bin_seconds)
    spikes = for_spikes.poisson(tuning.rates(velocity, before, after) * bin_seconds)
    source = f"synthetic reaching task, {spikes.shape[1]} cosine-tuned Poisson neurons"
    kept = velocity[before : before + bins]
    return Recording(spikes, kept, bin_seconds, np.zeros(1, dtype=np.int64), synthetic=True, source=source)
