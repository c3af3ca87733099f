"""The bound (22): the weights of the lags decay geometrically.

The trials compare it with weights that do not come from the derivation: limits of exact
finite-width values, found by the loop equations lag by lag, at random rational variances.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from proofs_check.claims import as_fraction
from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation
from proofs_check.symbolic.exact_arrays import Generator, positive
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.finite_width import kernel_weight
from theory.justification import Relation
from theory.statements.bound_22 import decay, largest
from theory.statements.theorem_3_2 import rho
from theory.symbols import VARIANCES, T, j, nu_C, nu_F, nu_W

HORIZON: Final = 7

_constant: Final = nu_C * (T * nu_F / nu_W + 1) + nu_F  # (22)

CONSTANT: Final = Formula("rho_max (22)", "largest", largest, _constant)
BOUND: Final = Formula("bound (22)", "bound", rho(j), _constant * nu_W**j, Relation.AT_MOST, spelled_out=("largest",))
ATTAINED: Final = Formula("attained at j = T", "attained", rho(T), _constant * nu_W**T, spelled_out=("largest",))

VARIANTS: Final = (
    Variant(BOUND, "T missing", (nu_C * (nu_F / nu_W + 1) + nu_F) * nu_W**j, "W's part grows with the lag"),
    Variant(BOUND, "T - 1 for T", (nu_C * ((T - 1) * nu_F / nu_W + 1) + nu_F) * nu_W**j, "it is attained at j = T"),
    Variant(BOUND, "one power too many", _constant * nu_W ** (j + 1), "it is attained at j = T"),
    Variant(BOUND, "part of F missing", (nu_C * (T * nu_F / nu_W + 1)) * nu_W**j, "training C contributes ν_F ν_W^j"),
    Variant(BOUND, "root of nu_W", _constant * nu_W ** (j / 2), "for ν_W > 1 the weights grow faster"),
    Variant(BOUND, "not divided by nu_W", (nu_C * (T * nu_F + 1) + nu_F) * nu_W**j, "one factor ν_W is perturbed"),
    Variant(ATTAINED, "never attained", 2 * _constant * nu_W**T, "it is tight at j = T"),
)


def _trials(rng: Generator) -> Iterator[Trial]:
    """At a variance below 1, at one above 1, and at a random one."""
    for factor in (Fraction(1, 13), Fraction(13), Fraction(1)):
        root, f, c = positive(rng, 3)
        w = (factor * root) ** 2  # a square number: variants may take the root of it
        values = dict(zip(VARIANCES, (w, f, c), strict=True))
        weights = [as_fraction(kernel_weight(lag, lag).limit().subs(values)) for lag in range(HORIZON + 1)]
        for horizon in (1, 3, HORIZON):
            yield Trial(
                f"T = {horizon}, ν_W = {w}, ν_F = {f}, ν_C = {c}",
                Interpretation(
                    {**values, T: horizon, largest: weights[horizon] / w**horizon}, {"rho": weights.__getitem__}
                ),
                {j: range(horizon + 1)},
            )


PART: Final = Part(
    "22",
    "ρ_j ≤ ρ_max ν_W^j for j ≤ T, with ρ_max = ν_C (T ν_F / ν_W + 1) + ν_F",
    decay,
    (CONSTANT, BOUND, ATTAINED),
    _trials,
    f"ρ_j by loop equations, all j ≤ T ≤ {HORIZON}, ν_W below and above 1",
    VARIANTS,
)


def theorem() -> Theorem[SymbolicContext]:
    """The bound."""
    return symbolic_theorem("22", "The weights decay", "(22)", PART)
