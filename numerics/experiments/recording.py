"""The recording of Figure 4 and Table 1: macaque somatosensory cortex (S1) during reaching [BFT+18].

Its authors publish ``s1_data.mat``, a MATLAB 5 file of three variables, one row for each bin of 50 ms:

- ``spikes`` (35129, 52): how often each neuron fired, x of the experiment;
- ``vel`` (35129, 2): velocity of the cursor, y of the experiment, presumably in cm/s (no unit is written there);
- ``pos`` (35129, 2): its position, which is only looked at to check the rest.

The bin width is not in the file, but position and velocity imply it: ``Δpos = δ (v_t + v_{t+1}) / 2`` by the
trapezoidal rule. The rule fails where the position jumps, 418 times in this file: it consists of excerpts that were
joined, half of them shorter than 2.7 s. (That may be how the 51 minutes of the paper's text became the 29.3 minutes of
the file.) ``Recording.starts`` says where, so that sequences that run across a joint can be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.experiments.matlab import UnreadableError, read_matrices
from numerics.gaussian_matrix import Array

BIN_SECONDS: Final = 0.05
"""The bin width of the published file."""

_VARIABLES: Final = ("spikes", "vel", "pos")
_REFRACTORY_SECONDS: Final = 1e-3
_BIN_TOLERANCE: Final = 0.1


class RecordingError(ValueError):
    """What is wrong with a recording; the message names the file and the variable."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Spike counts of some neurons beside the velocity of a hand.

    Attributes
    ----------
    spikes : array of int, (bins, neurons)
        Counts.
    velocity : array, (bins, 2)
    bin_seconds : float
    starts : array of int, (pieces,)
        The bins at which stretches without interruption begin; the first is 0.
    synthetic : bool
        Whether it was simulated.
    source : str
        Where it is from, in words.

    Raises
    ------
    RecordingError
        When shapes do not belong together, or a value is not possible.
    """

    spikes: NDArray[np.int64]
    velocity: Array
    bin_seconds: float
    starts: NDArray[np.int64]
    synthetic: bool
    source: str

    def __post_init__(self) -> None:
        bins = self.spikes.shape[0] if self.spikes.ndim == 2 else 0
        if 0 in self.spikes.shape or not bins or self.velocity.shape != (bins, 2):
            raise RecordingError(
                f"{self.source}: spikes {self.spikes.shape} and velocity {self.velocity.shape}: "
                "(bins, neurons) and (bins, 2) with the same bins are needed"
            )
        if not np.isfinite(self.velocity).all() or (self.spikes < 0).any():
            raise RecordingError(f"{self.source}: velocities must be finite, and counts at least 0")
        if not (np.isfinite(self.bin_seconds) and self.bin_seconds > 0):
            raise RecordingError(f"{self.source}: the bin width must be positive, and is {self.bin_seconds} s")
        if not self.starts.size or self.starts[0] or (np.diff(self.starts) < 1).any() or self.starts[-1] >= bins:
            raise RecordingError(f"{self.source}: starts must increase from 0, and be less than {bins} bins")

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return int(self.spikes.shape[0])

    @property
    def minutes(self) -> float:
        """How long it is."""
        return self.bins * self.bin_seconds / 60

    @property
    def rates(self) -> Array:
        """Mean firing rates in spikes/s, (neurons,)."""
        return np.asarray(self.spikes.mean(axis=0) / self.bin_seconds)


def load_recording(path: str | Path, bin_seconds: float = BIN_SECONDS) -> Recording:
    """Read ``s1_data.mat``, or another recording with the same variables.

    Parameters
    ----------
    path : str or Path
    bin_seconds : float
        The bin width; it must be within 10 % of what position and velocity imply.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        When the file is missing, truncated or no MATLAB 5 file, when a variable is missing, or has a shape or a
        value that is not possible.
    """
    if not (np.isfinite(bin_seconds) and bin_seconds > 0):
        raise RecordingError(f"bin_seconds: {bin_seconds} is not possible, it must be positive")
    try:
        spikes, velocity, position = read_matrices(Path(path), _VARIABLES)
    except UnreadableError as error:
        raise RecordingError(str(error)) from None
    for name, values in (("vel", velocity), ("pos", position)):
        if values.shape != (spikes.shape[0], 2):
            raise RecordingError(
                f"{path}: {name} has shape {values.shape}, where spikes {spikes.shape} needs ({spikes.shape[0]}, 2): "
                "bins are rows"
            )
    _check_counts(path, spikes, bin_seconds)
    starts = _starts(path, velocity, position, bin_seconds)
    return Recording(spikes.astype(np.int64), velocity, bin_seconds, starts, synthetic=False, source=str(path))


def _check_counts(path: str | Path, spikes: Array, bin_seconds: float) -> None:
    most = bin_seconds / _REFRACTORY_SECONDS
    wrong = (spikes < 0) | (spikes != np.floor(spikes)) | (spikes > most)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise RecordingError(
            f"{path}: spikes has {spikes[row, column]:g} in bin {row} of neuron {column}; counts are integers from 0 "
            f"to {most:g}, as no neuron fires twice in a millisecond"
        )


def _starts(path: str | Path, velocity: Array, position: Array, bin_seconds: float) -> NDArray[np.int64]:
    """Where the position leaves the course of the velocity by what the hand moves in a bin at its r.m.s. speed."""
    moved, mean = np.diff(position, axis=0), (velocity[1:] + velocity[:-1]) / 2
    speed = np.linalg.norm(mean, axis=1)
    typical = float(np.sqrt(np.mean(speed**2))) if len(speed) else 0.0
    if not typical > 0:
        raise RecordingError(f"{path}: vel is 0 in all of its {len(velocity)} bins")
    fast = speed >= typical
    # the median, because position jumps where excerpts are joined
    implied = float(np.median(np.sum(moved * mean, axis=1)[fast] / speed[fast] ** 2))
    if not abs(implied / bin_seconds - 1) <= _BIN_TOLERANCE:
        raise RecordingError(f"{path}: bins of {bin_seconds:g} s, where pos and vel make it {implied:.3g} s")
    jumps = np.linalg.norm(moved - bin_seconds * mean, axis=1) > bin_seconds * typical
    return np.concatenate([[0], 1 + np.flatnonzero(jumps)])
