"""The distance (32): Wasserstein-2 between Gaussians of mean 0.

The trials build ``Σ_2 = A Σ_1 A`` from a positive definite A. The coupling ``y = A x`` costs
``tr (I - A) Σ_1 (I - A)``; that no coupling costs less is certified by the dual bound
``2 x·y ≤ x·A x + y·A^{-1} y``, whose expectation is the same for all couplings.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np
import sympy as sp

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions, identity
from proofs_check.symbolic.exact_arrays import Generator, integers, inverse, orthogonal, positive
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.justification import Relation
from theory.operators import Trace
from theory.statements.distance_32 import (
    dimension,
    distance,
    first,
    gaussian_distance,
    mixed,
    other_spread,
    root,
    second,
    spread,
)
from theory.symbols import i

_claimed: Final = Trace(first) + Trace(second) - 2 * Trace(mixed)  # (32)


def _over_modes(term: sp.Expr) -> sp.Expr:
    return sp.Sum(term, (i, 0, dimension - 1))


UPPER: Final = Formula("at most (32)", "upper", distance, _claimed, Relation.AT_MOST)
LOWER: Final = Formula("at least (32)", "lower", distance, _claimed, Relation.AT_MOST, mirrored=True)
COMMUTING: Final = Formula(
    "commuting covariances",
    "commuting",
    _claimed,
    _over_modes((sp.sqrt(spread(i)) - sp.sqrt(other_spread(i))) ** 2),
)

VARIANTS: Final = (
    Variant(LOWER, "no cross term", Trace(first) + Trace(second), "that is the cost when x and y are independent"),
    Variant(LOWER, "cross term once", Trace(first) + Trace(second) - Trace(mixed), "it occurs twice"),
    Variant(UPPER, "cross term four times", Trace(first) + Trace(second) - 4 * Trace(mixed), "it occurs twice"),
    Variant(UPPER, "root forgotten", Trace(first) + Trace(second) - 2 * Trace(root * second * root), "a root is taken"),
    Variant(UPPER, "second covariance only", Trace(second) - 2 * Trace(mixed), "both traces count"),
    Variant(COMMUTING, "variances for deviations", _over_modes((spread(i) - other_spread(i)) ** 2), "roots are taken"),
    Variant(
        COMMUTING,
        "sum of the deviations",
        _over_modes((sp.sqrt(spread(i)) + sp.sqrt(other_spread(i))) ** 2),
        "equal covariances have distance 0",
    ),
)


def _trace(matrix: Matrix) -> Fraction:
    return sum(np.diagonal(matrix), Fraction(0))


def certified_distance(covariance: Matrix, other: Matrix, transport: Matrix) -> Fraction:
    """The cost of the coupling ``y = A x``, when the dual bound certifies that none costs less.

    Raises
    ------
    ValueError
        When the two differ: the map is not optimal.
    """
    rest = identity(covariance.shape[0]) - transport
    cost = _trace(rest @ covariance @ rest)
    dual = _trace(covariance) + _trace(other) - _trace(transport @ covariance) - _trace(inverse(transport) @ other)
    if cost != dual:
        raise ValueError("the coupling is not certified")
    return cost


def _positive_definite(rng: Generator, size: int) -> Matrix:
    factor = integers(rng, size, size, bound=2)
    return fractions(factor @ factor.T + identity(size))


def _trials(rng: Generator) -> Iterator[Trial]:
    for size in (1, 2, 3, 3):
        deviation, joint = _positive_definite(rng, size), _positive_definite(rng, size)
        back = inverse(deviation)
        transport = back @ joint @ back
        covariance = deviation @ deviation
        other = transport @ covariance @ transport
        yield Trial(f"dimension {size}", Interpretation(_symbols(deviation, other, joint, transport)))
    for size in (1, 3):
        basis = orthogonal(rng, size)
        drawn = positive(rng, 2 * size)
        deviations, others = drawn[:size], drawn[size:]
        deviation, other_deviation = (_in_basis(basis, values) for values in (deviations, others))
        joint = _in_basis(basis, [one * two for one, two in zip(deviations, others, strict=True)])
        transport = inverse(deviation) @ other_deviation
        symbols = _symbols(deviation, other_deviation @ other_deviation, joint, transport)
        yield Trial(
            f"dimension {size}, commuting",
            Interpretation(
                {**symbols, dimension: size},
                {
                    "s_i": lambda mode, values=deviations: values[mode] ** 2,
                    "s_prime_i": lambda mode, values=others: values[mode] ** 2,
                },
            ),
        )


def _in_basis(basis: Matrix, values: list[Fraction]) -> Matrix:
    return fractions(basis @ np.diag(np.array(values, dtype=object)) @ basis.T)


def _symbols(deviation: Matrix, other: Matrix, joint: Matrix, transport: Matrix) -> dict[sp.Symbol, object]:
    """Covariances and the roots in (32), which must be roots indeed."""
    if np.any(joint @ joint != deviation @ other @ deviation):
        raise ValueError("not the root that (32) takes")
    covariance = deviation @ deviation
    return {
        root: deviation,
        first: covariance,
        second: other,
        mixed: joint,
        distance: certified_distance(covariance, other, transport),
    }


PART: Final = Part(
    "32",
    "W_2² of N(0, Σ_1) and N(0, Σ_2) is tr(Σ_1 + Σ_2 - 2 (Σ_1^(1/2) Σ_2 Σ_1^(1/2))^(1/2))",
    gaussian_distance,
    (UPPER, LOWER, COMMUTING),
    _trials,
    "Σ_2 = A Σ_1 A, cost of y = A x certified by the dual bound",
    VARIANTS,
)


def theorem() -> Theorem[SymbolicContext]:
    """The formula."""
    return symbolic_theorem("32", "The distance between two Gaussians", "(32)", PART)
