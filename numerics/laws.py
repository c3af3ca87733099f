"""Laws of the rows of q_0 and u in Lemma C.1 (70).

A law is that of one or several columns together; columns of different laws are independent. Rows are
drawn independently, except for ``Table``, whose rows are given and repeat: then it is the empirical
law of n rows that converges.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from numerics.gaussian_matrix import Array


class Rule(NamedTuple):
    """A quadrature rule for a law: ``nodes`` (columns, points), ``weights`` (points,) that add up to 1."""

    nodes: Array
    weights: Array


class Law(ABC):
    """The law of a row of one or several columns."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many columns it is the law of."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:
        """Rows from index ``first`` on: (columns, *shape), rows along the last axis."""

    @property
    @abstractmethod
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The smallest interval that holds each column, infinite for a Gaussian."""

    @abstractmethod
    def from_uniform(self, uniform: Array) -> Array:
        """Rows, (columns, …), from independent uniform variables of shape (columns, …): for quasi-Monte Carlo."""


@dataclass(frozen=True)
class Normal(Law):
    """Jointly Gaussian columns.

    Parameters
    ----------
    covariance : tuple of tuple of float
        Symmetric and positive semidefinite; it may be singular.
    mean : tuple of float, optional
        0 by default.
    """

    covariance: tuple[tuple[float, ...], ...]
    mean: tuple[float, ...] = ()

    @property
    def columns(self) -> int:
        return len(self.covariance)

    @cached_property
    def root(self) -> Array:
        """``S`` with ``S S^T`` the covariance; what does not vary in a singular one does not vary at all."""
        covariance = np.array(self.covariance, dtype=np.float64)
        spread = np.sqrt(np.diagonal(covariance))
        unit = np.where(spread > 0, spread, 1.0)
        values, vectors = np.linalg.eigh(covariance / unit / unit[:, None])
        kept = values > self.columns * np.finfo(np.float64).eps * values[-1]  # the rest is rounding
        return np.asarray(spread[:, None] * vectors * np.sqrt(np.where(kept, values, 0.0)))

    @property
    def centre(self) -> Array:
        """The mean as an array, (columns,)."""
        return np.array(self.mean or (0.0,) * self.columns)

    def draw(self, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:  # noqa: ARG002
        return self._placed(rng.standard_normal((self.columns, *shape)))

    def from_uniform(self, uniform: Array) -> Array:
        from scipy import special

        return self._placed(special.ndtri(uniform))

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        spread = np.diagonal(np.array(self.covariance))
        return tuple(
            (-np.inf, np.inf) if width > 0 else (float(mean), float(mean))
            for width, mean in zip(spread, self.centre, strict=True)
        )

    def _placed(self, standard: Array) -> Array:
        placed = np.tensordot(self.root, standard, axes=1)
        return np.asarray(placed + self.centre.reshape(-1, *(1,) * (standard.ndim - 1)))


@dataclass(frozen=True)
class Uniform(Law):
    """One column, uniform on an interval."""

    low: float
    high: float

    @property
    def columns(self) -> int:
        return 1

    def draw(self, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:  # noqa: ARG002
        return self.from_uniform(rng.random((1, *shape)))

    def from_uniform(self, uniform: Array) -> Array:
        return self.low + (self.high - self.low) * uniform

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        return ((self.low, self.high),)


@dataclass(frozen=True)
class Discrete(Law):
    """One column that takes finitely many values; with one value it is constant.

    Parameters
    ----------
    values, probabilities : tuple of float
        Of one length; the probabilities are positive and add up to 1.
    """

    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def columns(self) -> int:
        return 1

    @property
    def atoms(self) -> Rule:
        """All values with their probabilities."""
        return Rule(np.array([self.values]), np.array(self.probabilities))

    def draw(self, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:  # noqa: ARG002
        return self.from_uniform(rng.random((1, *shape)))

    def from_uniform(self, uniform: Array) -> Array:
        steps = np.cumsum(self.probabilities)[:-1]
        return np.asarray(np.array(self.values)[np.searchsorted(steps, uniform, side="right")])

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        return ((min(self.values), max(self.values)),)


@dataclass(frozen=True)
class Table(Law):
    """Given rows that repeat down to row n; in the limit each is equally likely.

    Parameters
    ----------
    rows : tuple of tuple of float
        One entry for each column.
    """

    rows: tuple[tuple[float, ...], ...]

    @property
    def columns(self) -> int:
        return len(self.rows[0])

    @property
    def atoms(self) -> Rule:
        """All rows, equally likely."""
        return Rule(np.array(self.rows).T, np.full(len(self.rows), 1 / len(self.rows)))

    def draw(self, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:  # noqa: ARG002
        places = np.arange(first, first + shape[-1]) % len(self.rows)
        drawn = np.array(self.rows)[places].T
        return np.broadcast_to(drawn.reshape(self.columns, *(1,) * (len(shape) - 1), shape[-1]), (self.columns, *shape))

    def from_uniform(self, uniform: Array) -> Array:
        places = np.minimum((uniform[0] * len(self.rows)).astype(np.int64), len(self.rows) - 1)
        return np.moveaxis(np.array(self.rows)[places], -1, 0)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        columns = np.array(self.rows).T
        return tuple((float(column.min()), float(column.max())) for column in columns)


Laws = tuple[Law, ...]
"""Independent laws, whose columns are counted one after the other."""


def columns_of(laws: Laws) -> int:
    """How many columns these are the laws of, together."""
    return sum(law.columns for law in laws)


def draw(laws: Laws, rng: np.random.Generator, first: int, shape: tuple[int, ...]) -> Array:
    """Rows of all columns, (columns, *shape)."""
    if not laws:
        return np.zeros((0, *shape))
    return np.concatenate([law.draw(rng, first, shape) for law in laws])


def ranges(laws: Laws) -> tuple[tuple[float, float], ...]:
    """The interval that holds each column."""
    return tuple(interval for law in laws for interval in law.ranges)
