"""Lemma C.1, its symbolic part: conditioning (79)-(93), and the predictor form (72).

The trials run (72) on second moments of random integer vectors, of which some are linearly dependent,
and keep every image as a combination of independent innovations: covariances are read off. Limits in
distribution, and simulation at finite width, are not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions
from proofs_check.symbolic.exact_arrays import Generator, integers, pseudo_inverse
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.statements.lemma_c_1a import (
    cross,
    cross_T,
    gram,
    innovation,
    inverse,
    now,
    nu,
    past,
    past_present,
    predictor,
    predictor_T,
    present,
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


PAST: Final = Formula("covariance with the past (72f)", "past and present", past_present, nu * cross)
NOW: Final = Formula("variance identity", "variance", now, nu * present)
INNOVATION: Final = Formula(
    "innovation (72e)", "innovation simplified", innovation, nu * present - nu * cross_T * inverse * cross
)

EVOLUTION: Final = (
    Variant(
        INNOVATION,
        "predictor of the wrong sign",
        nu * present + nu * cross_T * inverse * cross,
        "what is predicted is not new",
    ),
    Variant(INNOVATION, "nothing predicted", nu * present, "the past predicts a part"),
    Variant(
        INNOVATION,
        "Gram matrix not inverted",
        nu * present - nu * cross_T * gram * cross,
        "the predictor solves the normal equations",
    ),
    Variant(PAST, "variance left out", cross, "A has variance ν"),
    Variant(PAST, "the predictor itself", nu * inverse * cross, "covariances are not coefficients"),
    Variant(NOW, "variance counted twice", nu**2 * present, "A occurs once"),
    Variant(NOW, "innovation left out", nu * cross_T * inverse * cross, "what is not predicted is new"),
)


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

    def moments(self, time: int) -> tuple[Matrix, Matrix, Matrix]:
        """``E Z̄ᵀZ̄``, ``E Z̄ᵀZ_t`` and ``E Z_tᵀZ_t``."""
        earlier, here = self.block(0, time), self.block(time, time + 1)
        return earlier.T @ earlier, earlier.T @ here, here.T @ here

    def predictor(self, time: int) -> Matrix:
        """F_t, (72d)."""
        inner, mixed, _ = self.moments(time)
        return fractions(pseudo_inverse(inner) @ mixed)

    def innovation(self, time: int) -> Matrix:
        """P_t, (72e): second moments of what is left of Z_t."""
        left = self.block(time, time + 1) - self.block(0, time) @ self.predictor(time)
        return fractions(self.variance * (left.T @ left))

    @cached_property
    def images(self) -> list[Matrix]:
        """R_t as a combination of the innovations R̃_0, R̃_1, …: rows belong to innovations, (72f,g)."""
        found: list[Matrix] = []
        for time in range(self.times):
            own = fractions(np.zeros((self.vectors.shape[1], self.size), dtype=int))
            own[time * self.size : (time + 1) * self.size] = fractions(np.eye(self.size, dtype=int))
            past_images = np.concatenate(found, axis=1) @ self.predictor(time) if found else 0 * own
            found.append(past_images + own)
        return found

    @cached_property
    def spread(self) -> Matrix:
        """Second moments of all innovations: independent over time."""
        total = fractions(np.zeros((self.vectors.shape[1],) * 2, dtype=int))
        for time in range(self.times):
            place = slice(time * self.size, (time + 1) * self.size)
            total[place, place] = self.innovation(time)
        return total

    def covariance(self, first: list[Matrix], second: list[Matrix]) -> Matrix:
        """Between two lists of images."""
        return fractions(np.concatenate(first, axis=1).T @ self.spread @ np.concatenate(second, axis=1))


def _evolution_trials(rng: Generator) -> Iterator[Trial]:
    for size, times, dependent in ((1, 3, False), (2, 3, False), (1, 4, True), (2, 3, True)):
        vectors = integers(rng, size * times + 1, size * times)
        if dependent:
            vectors[:, 1] = 2 * vectors[:, 0]
        evolution = Evolution(vectors, size, Fraction(int(rng.integers(2, 9)), 7))
        for time in range(1, times):
            inner, mixed, own = evolution.moments(time)
            images, forecast = evolution.images, evolution.predictor(time)
            yield Trial(
                f"d = {size}, t = {time}{', dependent' if dependent else ''}",
                Interpretation(
                    {
                        nu: evolution.variance,
                        gram: inner,
                        inverse: pseudo_inverse(inner),
                        cross: mixed,
                        cross_T: mixed.T,
                        present: own,
                        predictor: forecast,
                        predictor_T: forecast.T,
                        innovation: evolution.innovation(time),
                        past: evolution.covariance(images[:time], images[:time]),
                        past_present: evolution.covariance(images[:time], [images[time]]),
                        now: evolution.covariance([images[time]], [images[time]]),
                    }
                ),
            )


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
    (INNOVATION, PAST, NOW),
    _evolution_trials,
    "(72) run on random second moments, d up to 2, t up to 3, some of them singular",
    EVOLUTION,
)


def theorem() -> Theorem[SymbolicContext]:
    """Both parts."""
    return symbolic_theorem("C.1", TITLE, "Lemma C.1", CONDITIONING_PART, EVOLUTION_PART)
