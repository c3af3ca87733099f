"""A long recording as sequences: windows of T bins, in blocks of time that share nothing, on the scale of the training.

The paper says how long its limited data is, 4.5 minutes, and nothing else. Chosen here:

- **Windows** overlap, one begins at every bin; each is begun at rest, so that its first outputs have few inputs to
  be explained by. Outputs are predicted at all T bins.
- **Blocks** of consecutive time: the first 70 % are for training, the next 10 % for validation, the last 20 % for
  the test. Windows lie within their block, and T bins are dropped between blocks, as velocity is correlated
  over about 0.5 s: shuffled windows would share bins, and a test on them would reward memory.
- **Standardization**: each channel of x and y has mean 0 and variance 1 over the bins of the training block. The
  models have no bias term, and R² does not depend on the scale of y; the rate η does. Channels that are constant
  there are centred, and not scaled.
- **Joints** (``Recording.starts``) are ignored, as by anyone who does not look for them; or windows across them are
  left out, which costs a sixth of the recorded ones and, as the rest is no longer one view, a copy.
- **Limited data** is ``first_minutes``: all three blocks are cut from the first 4.5 minutes, and the test is 54 s
  long. With ``train_minutes`` only the training is short, and the test is that of all data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from numerics.experiments.recording import Recording
from numerics.experiments.sequences import Sequences
from numerics.gaussian_matrix import Array

LIMITED_MINUTES: Final = 4.5
"""How long the limited data of Figure 4(a) is."""

FRACTIONS: Final = (0.7, 0.1, 0.2)
"""The shares of training, validation and test."""

_NAMES: Final = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class Standardization:
    """Channels brought to mean 0 and variance 1, ``(values - mean) / scale``.

    Attributes
    ----------
    mean, scale : array, (channels,)
    """

    mean: Array
    scale: Array

    @classmethod
    def of(cls, values: ArrayLike) -> Standardization:
        """That of some values, (bins, channels); the scale of a constant channel is 1."""
        array = np.asarray(values, dtype=np.float64)
        spread = np.where(np.ptp(array, axis=0) == 0, 0.0, array.std(axis=0))  # that of a constant may be rounding
        return cls(array.mean(axis=0), np.where(spread == 0, 1.0, spread))

    def apply(self, values: ArrayLike) -> Array:
        """The standardized values, (…, channels)."""
        return np.asarray((np.asarray(values, dtype=np.float64) - self.mean) / self.scale)

    def invert(self, values: Array) -> Array:
        """What had been standardized, (…, channels)."""
        return np.asarray(values * self.scale + self.mean)


@dataclass(frozen=True, eq=False)
class Split:
    """Sequences for training, validation and test.

    Attributes
    ----------
    train, validation, test : Sequences
        x is (N, T, neurons) and y (N, T, 2), standardized.
    blocks : tuple of (int, int)
        First bin, and bin after the last, of each of the three.
    spikes, velocity : Standardization
        By the training block.
    """

    train: Sequences
    validation: Sequences
    test: Sequences
    blocks: tuple[tuple[int, int], ...]
    spikes: Standardization
    velocity: Standardization


def first_minutes(recording: Recording, minutes: float = LIMITED_MINUTES) -> Recording:
    """The beginning of a recording.

    Raises
    ------
    ValueError
        When it is shorter than that.
    """
    if not 0 < minutes <= recording.minutes:
        raise ValueError(f"minutes: {minutes} is not possible, the recording has {recording.minutes:.4g} of them")
    bins = _bins(recording, minutes)
    return replace(
        recording,
        spikes=recording.spikes[:bins],
        velocity=recording.velocity[:bins],
        starts=recording.starts[recording.starts < bins],
    )


def split(
    recording: Recording,
    horizon: int,
    fractions: Sequence[float] = FRACTIONS,
    *,
    gap: int | None = None,
    train_minutes: float | None = None,
    across_joints: bool = True,
) -> Split:
    """Windows of T bins in three blocks of time.

    Parameters
    ----------
    recording : Recording
    horizon : int
        T.
    fractions : sequence of float
        The shares of training, validation (it may be 0) and test.
    gap : int, optional
        How many bins are dropped between blocks, T unless given; they are the later block's.
    train_minutes : float, optional
        Keep only that much of the training block, its beginning.
    across_joints : bool
        Whether windows may run across joints; without them x and y are copies, not views.

    Raises
    ------
    ValueError
        When fractions, horizon, gap or minutes are not possible, or a block is too short for one window.
    """
    blocks = _blocks(recording, fractions, _checked_gap(gap, horizon))
    if train_minutes is not None:
        first, last = blocks[0]
        if not 0 < train_minutes <= last * recording.bin_seconds / 60:
            raise ValueError(
                f"train_minutes: {train_minutes} is not possible, the training block has "
                f"{last * recording.bin_seconds / 60:.4g} of them"
            )
        blocks = ((first, max(1, _bins(recording, train_minutes))), *blocks[1:])
    for name, (first, last), fraction in zip(_NAMES, blocks, fractions, strict=True):
        if fraction > 0 and last - first < horizon:
            raise ValueError(f"the {name} block has {max(last - first, 0)} bins and no window of T = {horizon}")
    train = slice(*blocks[0])
    spikes, velocity = Standardization.of(recording.spikes[train]), Standardization.of(recording.velocity[train])
    x, y = spikes.apply(recording.spikes), velocity.apply(recording.velocity)
    pieces = None if across_joints else np.searchsorted(recording.starts, np.arange(recording.bins), side="right")
    parts = [_windows(x, y, pieces, slice(*block), horizon) for block in blocks]
    if not (len(parts[0]) and len(parts[2])):
        raise ValueError(f"all windows of T = {horizon} in the training or the test block run across joints")
    return Split(parts[0], parts[1], parts[2], blocks, spikes, velocity)


def _windows(x: Array, y: Array, pieces: NDArray[np.int64] | None, block: slice, horizon: int) -> Sequences:
    if block.stop - block.start < horizon:
        return Sequences(np.empty((0, horizon, x.shape[1])), np.empty((0, horizon, y.shape[1])))
    views = [sliding_window_view(part[block], horizon, axis=0).transpose(0, 2, 1) for part in (x, y)]
    if pieces is not None:
        inside = pieces[block]
        whole = inside[horizon - 1 :] == inside[: len(inside) - horizon + 1]
        views = [view[whole] for view in views]
    return Sequences(*views)


def _blocks(recording: Recording, fractions: Sequence[float], gap: int) -> tuple[tuple[int, int], ...]:
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.shape != (3,) or not (shares >= 0).all() or not np.isclose(shares.sum(), 1.0) or 0 in shares[[0, 2]]:
        raise ValueError(
            f"fractions: {list(fractions)} is not possible; training, validation and test add up to 1, and only "
            "the validation may be 0"
        )
    edges = [0, *(int(edge) for edge in np.rint(np.cumsum(shares)[:2] * recording.bins)), recording.bins]
    return tuple((edges[k] + (gap if k else 0), edges[k + 1]) for k in range(3))


def _checked_gap(gap: int | None, horizon: int) -> int:
    if horizon < 1:
        raise ValueError(f"horizon: {horizon} is not possible, T is at least 1")
    if gap is not None and gap < 0:
        raise ValueError(f"gap: {gap} is not possible, it is at least 0 bins")
    return horizon if gap is None else gap


def _bins(recording: Recording, minutes: float) -> int:
    return round(minutes * 60 / recording.bin_seconds)
