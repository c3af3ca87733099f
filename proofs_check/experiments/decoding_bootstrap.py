"""How well R² of a test block is known: a moving-block bootstrap over time.

Windows that begin less than T bins apart share bins, and velocity is correlated over about half a second (10 bins of
50 ms): errors of windows T + 10 bins apart are all but unrelated. Single windows must not be resampled as if they were
independent; blocks of consecutive windows may be, when they are long against that. They have ``10 T`` windows, so
that of the covariances about a tenth is cut at their ends; in short tests fewer, an eighth of all windows, as less
than eight blocks show no spread. Blocks begin anywhere, and the end is followed by the beginning, so that each window
is as likely as any other [Künsch 1989; Politis and Romano 1992].

All models are resampled together: differences between them are paired, and known better than each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from numerics.experiments import Sequences
from numerics.gaussian_matrix import Array
from numerics.training import predictions

RESAMPLES: Final = 2000
BLOCK: Final = 10
"""The length of a block, in T."""

BLOCKS: Final = 8
"""At least so many blocks."""

LEVEL: Final = 0.95


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2

    @classmethod
    def of(cls, value: float, resampled: Array) -> Interval:
        """That of the quantiles of resampled values."""
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail])
        return cls(float(value), float(low), float(high))


class TestBlock:
    """A test block, ready to be resampled.

    Parameters
    ----------
    test : Sequences
        Windows in the order of time.
    rng : Generator
    resamples : int
    """

    __test__ = False  # not a test, for pytest

    def __init__(self, test: Sequences, rng: np.random.Generator, resamples: int = RESAMPLES) -> None:
        self._test = test
        windows = len(test)
        self.block = block_length(windows, test.x.shape[1])
        self._starts = rng.integers(0, windows, (resamples, -(-windows // self.block)))
        self._sum, self._squares = self._sums(test.y.sum(axis=1)), self._sums((test.y**2).sum(axis=1))

    def errors(self, L: Array) -> Array:
        """Squared errors of each window, (N, n_y), of a model with impulse response (T, n_y, n_x)."""
        return np.asarray(((self._test.y - predictions(L, self._test.x)) ** 2).sum(axis=1))

    def r_squared(self, errors: Array) -> Array:
        """R² of the block itself and then of each resampled one, (1 + resamples, n_y)."""
        taken = self._sums(errors)
        horizon = self._test.x.shape[1]
        count = np.full((len(taken), 1), float(self._starts.shape[1] * self.block * horizon))
        count[0] = len(self._test) * horizon
        return np.asarray(1 - taken / (self._squares - self._sum**2 / count))

    def _sums(self, values: Array) -> Array:
        """Sums of (N, n_y) over all windows, and over those of each resampled block: (1 + resamples, n_y)."""
        wrapped = np.concatenate([np.zeros_like(values[:1]), values, values[: self.block]])
        reached = np.cumsum(wrapped, axis=0)
        resampled = (reached[self._starts + self.block] - reached[self._starts]).sum(axis=1)
        return np.concatenate([values.sum(axis=0, keepdims=True), resampled])


def block_length(windows: int, horizon: int) -> int:
    """How many consecutive windows are resampled together."""
    return max(1, min(BLOCK * horizon, windows // BLOCKS))
