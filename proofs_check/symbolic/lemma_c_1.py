"""Lemma C.1, its symbolic part: conditioning (79)-(93), and the predictor form (72).

The trials run (72) on second moments of random integer vectors, of which some are linearly dependent,
and keep every image as a combination of independent innovations: covariances are read off. With
several columns an index stands for a time and a column; predictors and innovations are then blocks,
and only covariances are compared. Limits in distribution, and simulation at finite width, are in
``proofs_check.recursion``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import sympy as sp

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions, identity
from proofs_check.symbolic.exact_arrays import Generator, determinant, integers, pseudo_inverse
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.operators import Covariance
from theory.statements.lemma_c_1a import (
    image,
    innovation,
    moment,
    nu,
    other_nu,
    other_vector,
    predictor,
    state,
    state_evolution,
)
from theory.statements.lemma_c_1b import (
    answers,
    conditioning,
    matrix,
    projection,
    queries,
    queries_T,
    vector,
    vector_T,
)
from theory.statements.lemma_c_1b import gram as query_gram
from theory.statements.lemma_c_1b import inverse as query_inverse
from theory.symbols import k, s, t

TITLE: Final = "Gaussian recursions and their state evolution (symbolic part)"

_seen: Final = queries * query_inverse * queries_T
_rest: Final = vector - projection * vector

DECOMPOSED: Final = Formula(
    "a known and a free part (84)",
    "decomposed",
    matrix * vector,
    answers * query_inverse * queries_T * vector + matrix * _rest,
)
KNOWN: Final = Formula("known on the span (83)", "known", matrix * projection, answers * query_inverse * queries_T)
PROJECTION: Final = Formula("projection", "projection", projection, _seen)

CONDITIONING: Final = (
    Variant(KNOWN, "Gram matrix not inverted", answers * query_gram * queries_T, "earlier vectors are not orthonormal"),
    Variant(KNOWN, "Gram matrix left out", answers * queries_T, "earlier vectors are not orthonormal"),
    Variant(
        DECOMPOSED,
        "known part of the wrong sign",
        -answers * query_inverse * queries_T * vector + matrix * _rest,
        "what is known is added",
    ),
    Variant(DECOMPOSED, "known part missing", matrix * _rest, "earlier images are remembered"),
    Variant(DECOMPOSED, "nothing fresh", answers * query_inverse * queries_T * vector, "new directions are free"),
    Variant(PROJECTION, "factors exchanged", queries_T * query_inverse * queries, "it acts on n components"),
)


def _conditioning_trials(rng: Generator) -> Iterator[Trial]:
    for width, count, dependent in ((3, 1, False), (5, 3, False), (5, 3, True), (4, 2, True)):
        a, z, v = integers(rng, width, width), integers(rng, width, count), integers(rng, width, 1)
        if dependent:
            z[:, -1] = z[:, 0]
        inner = z.T @ z
        outer = pseudo_inverse(inner)
        yield Trial(
            f"n = {width}, {count} earlier vectors{', dependent' if dependent else ''}",
            Interpretation(
                {
                    matrix: a,
                    queries: z,
                    queries_T: z.T,
                    answers: a @ z,
                    vector: v,
                    vector_T: v.T,
                    query_gram: inner,
                    query_inverse: outer,
                    projection: z @ outer @ z.T,
                }
            ),
        )


VARIANCE: Final = Formula("variance identity", "variance identity", Covariance(image(s), image(t)), nu * moment(s, t))

_other: Final = Covariance(other_vector(s), other_vector(t))
SUM: Final = Formula(
    "sum over matrices (72h)",
    "sum of images",
    Covariance(state(s + 1), state(t + 1)),
    nu * moment(s, t) + other_nu * _other,
)

_regular: Final = moment(0, 0) * moment(1, 1) - moment(0, 1) ** 2
_volume: Final = sp.Matrix(3, 3, moment).det()
FIRST_PREDICTOR: Final = Formula("F_10 (72d)", "F10", predictor(1, 0), moment(0, 1) / moment(0, 0))
FIRST_INNOVATION: Final = Formula("P_1 (72e)", "P1", innovation(1), nu * _regular / moment(0, 0))
EARLIER_PREDICTOR: Final = Formula(
    "F_20 (72d)", "F20", predictor(2, 0), (moment(0, 2) * moment(1, 1) - moment(0, 1) * moment(1, 2)) / _regular
)
LATER_PREDICTOR: Final = Formula(
    "F_21 (72d)", "F21", predictor(2, 1), (moment(0, 0) * moment(1, 2) - moment(0, 1) * moment(0, 2)) / _regular
)
SECOND_INNOVATION: Final = Formula("P_2 (72e)", "P2", innovation(2), nu * _volume / _regular)

EVOLUTION: Final = (
    Variant(VARIANCE, "variance left out", moment(s, t), "A has variance ν"),
    Variant(VARIANCE, "variance counted twice", nu**2 * moment(s, t), "A occurs once"),
    Variant(
        VARIANCE, "predictor missing", nu * sp.KroneckerDelta(s, t) * moment(s, t), "earlier images are remembered"
    ),
    Variant(
        VARIANCE,
        "innovation left out",
        nu * sp.Sum(predictor(t, k) * moment(k, s), (k, 0, t - 1)),
        "what is not predicted is new",
    ),
    Variant(SUM, "second matrix missing", nu * moment(s, t), "images of all matrices are added"),
    Variant(SUM, "one variance for both", nu * (moment(s, t) + _other), "each matrix has its own variance"),
    Variant(FIRST_PREDICTOR, "Gram matrix not inverted", moment(0, 1) * moment(0, 0), "normal equations are solved"),
    Variant(FIRST_PREDICTOR, "the later predicts", moment(0, 1) / moment(1, 1), "the earlier predicts"),
    Variant(
        FIRST_INNOVATION,
        "predictor of the wrong sign",
        nu * (moment(1, 1) + moment(0, 1) ** 2 / moment(0, 0)),
        "what is predicted is not new",
    ),
    Variant(FIRST_INNOVATION, "nothing predicted", nu * moment(1, 1), "the past predicts a part"),
    Variant(FIRST_INNOVATION, "variance counted twice", nu**2 * _regular / moment(0, 0), "A occurs once"),
    Variant(EARLIER_PREDICTOR, "one after the other", moment(0, 2) / moment(0, 0), "the two predict together"),
    Variant(LATER_PREDICTOR, "the last alone", moment(1, 2) / moment(1, 1), "the two predict together"),
    Variant(
        SECOND_INNOVATION,
        "predicted by the first alone",
        nu * (moment(2, 2) - moment(0, 2) ** 2 / moment(0, 0)),
        "the two predict together",
    ),
)


@dataclass(frozen=True)
class Combination:
    """A random variable of mean 0: a combination of independent ones.

    Attributes
    ----------
    coefficients : Matrix
        One for each of the independent variables.
    spread : Matrix
        Their second moments.
    """

    coefficients: Matrix
    spread: Matrix

    def covariance(self, other: Combination) -> Fraction:
        """With another combination of the same variables."""
        found: Fraction = self.coefficients @ self.spread @ other.coefficients
        return found

    def plus(self, other: Combination) -> Combination:
        """The sum with a combination of variables that are independent of these."""
        sizes = len(self.coefficients), len(other.coefficients)
        corner = np.zeros(sizes, dtype=int)
        blocks = [[self.spread, corner], [corner.T, other.spread]]
        return Combination(np.concatenate([self.coefficients, other.coefficients]), fractions(np.block(blocks)))


@dataclass(frozen=True)
class Evolution:
    """(72), run on second moments.

    Attributes
    ----------
    vectors : Matrix
        Their inner products are the second moments; ``size`` columns for each time.
    size : int
    variance : Fraction
        ν.
    """

    vectors: Matrix
    size: int
    variance: Fraction

    def block(self, first: int, last: int) -> Matrix:
        """The columns of Z from one time up to before another."""
        return self.vectors[:, first * self.size : last * self.size]

    @property
    def times(self) -> int:
        """How many times there are."""
        return int(self.vectors.shape[1]) // self.size

    def predictor(self, time: int) -> Matrix:
        """F_t, (72d)."""
        earlier, here = self.block(0, time), self.block(time, time + 1)
        return fractions(pseudo_inverse(earlier.T @ earlier) @ (earlier.T @ here))

    def innovation(self, time: int) -> Matrix:
        """P_t, (72e): second moments of what is left of Z_t."""
        left = self.block(time, time + 1) - self.block(0, time) @ self.predictor(time)
        return fractions(self.variance * (left.T @ left))

    @cached_property
    def images(self) -> Matrix:
        """R as combinations of the innovations R̃_0, R̃_1, …: rows belong to innovations, (72f,g)."""
        found: list[Matrix] = []
        for time in range(self.times):
            own = fractions(np.zeros((self.vectors.shape[1], self.size), dtype=int))
            own[time * self.size : (time + 1) * self.size] = fractions(np.eye(self.size, dtype=int))
            past_images = np.concatenate(found, axis=1) @ self.predictor(time) if found else 0 * own
            found.append(past_images + own)
        return fractions(np.concatenate(found, axis=1))

    @cached_property
    def spread(self) -> Matrix:
        """Second moments of all innovations: independent over time."""
        total = fractions(np.zeros((self.vectors.shape[1],) * 2, dtype=int))
        for time in range(self.times):
            place = slice(time * self.size, (time + 1) * self.size)
            total[place, place] = self.innovation(time)
        return total

    def vector(self, column: int) -> Combination:
        """A column of Z."""
        return Combination(self.vectors[:, column], identity(self.vectors.shape[0]))

    def image(self, column: int) -> Combination:
        """Its image."""
        return Combination(self.images[:, column], self.spread)

    @property
    def sequences(self) -> Mapping[str, Any]:
        """The sequences of the derivation; predictors and innovations are numbers for one column only."""
        numbers = {
            "F_ts": lambda time, earlier: self.predictor(time)[earlier, 0],
            "P_t": lambda time: self.innovation(time)[0, 0],
        }
        return {
            "Z_t": self.vector,
            "R_t": self.image,
            "Covariance": Combination.covariance,
            **(numbers if self.size == 1 else {}),
        }


def _evolution_trials(rng: Generator) -> Iterator[Trial]:
    for size, times, dependent in ((1, 4, ()), (1, 4, (3,)), (1, 3, (1,)), (2, 3, ()), (2, 3, (1, 4))):
        first, second = (_evolution(rng, size, times, dependent, unit) for unit in (7, 5))
        sequences = {
            **first.sequences,
            "Z_prime": second.vector,
            "Q_t": lambda time, one=first, other=second: one.image(time - 1).plus(other.image(time - 1)),
        }
        if 1 in dependent:  # the first second moments are degenerate: inverses cannot be written out
            sequences = {name: values for name, values in sequences.items() if name not in ("F_ts", "P_t")}
        columns = range(size * times)
        yield Trial(
            f"{times} times of {size} column{'s'[: size - 1]}{', dependent' if dependent else ''}",
            Interpretation({nu: first.variance, other_nu: second.variance}, sequences),
            {s: columns, t: columns},
        )


def _evolution(rng: Generator, size: int, times: int, dependent: tuple[int, ...], unit: int) -> Evolution:
    """Random vectors and a variance, a fraction of the unit; the columns that are named depend on earlier ones."""
    vectors = integers(rng, size * times + 1, size * times)
    while not _generic(vectors[:, :3]):
        vectors = integers(rng, size * times + 1, size * times)
    for column in dependent:
        vectors[:, column] = 2 * vectors[:, 0] - vectors[:, column - 1] * (column > 1)
    return Evolution(vectors, size, Fraction(int(rng.integers(1, unit)), unit))


def _generic(vectors: Matrix) -> bool:
    """Whether every vector says something of every other, also when the third is known."""
    moments = vectors.T @ vectors
    minors = [moments[np.ix_(rows, columns)] for rows in _PAIRS for columns in _PAIRS]
    sizes = set(np.diagonal(moments))
    return bool(np.all(moments != 0)) and all(determinant(minor) != 0 for minor in minors) and len(sizes) == 3


_PAIRS: Final = ([0, 1], [0, 2], [1, 2])


CONDITIONING_PART: Final = Part(
    "79",
    "given A Z̄ = R̄, A acts on the span of Z̄ as it is told to, and freely on what is orthogonal to it (79)-(93)",
    conditioning,
    (PROJECTION, KNOWN, DECOMPOSED),
    _conditioning_trials,
    "random integer matrices, some Gram matrices singular",
    CONDITIONING,
)

EVOLUTION_PART: Final = Part(
    "72",
    "images built from predictors and innovations (72) have the covariances ν E[Z_s^T Z_t]",
    state_evolution,
    (
        VARIANCE,
        SUM,
        FIRST_PREDICTOR,
        FIRST_INNOVATION,
        EARLIER_PREDICTOR,
        LATER_PREDICTOR,
        SECOND_INNOVATION,
    ),
    _evolution_trials,
    "(72) run on random second moments, up to 4 times or 2 columns, some of them singular",
    EVOLUTION,
)


def theorem() -> Theorem[SymbolicContext]:
    """Both parts."""
    return symbolic_theorem("C.1", TITLE, "Lemma C.1", CONDITIONING_PART, EVOLUTION_PART)


def conditioning_alone() -> Theorem[SymbolicContext]:
    """Conditioning (79)-(93) alone."""
    return symbolic_theorem("79", TITLE, "Lemma C.1", CONDITIONING_PART)


def evolution_alone() -> Theorem[SymbolicContext]:
    """The predictor form (72) alone."""
    return symbolic_theorem("72", TITLE, "Lemma C.1", EVOLUTION_PART)
