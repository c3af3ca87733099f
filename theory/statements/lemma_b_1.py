"""Lemma B.1: a sum over an orthonormal basis is an expectation over a Gaussian, (38) and (39)."""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation
from theory.justification import Rewriting
from theory.operators import Expectation, sequence
from theory.step import Hypothesis
from theory.sums import carried_out
from theory.symbols import i, k

dimension = sp.Symbol("d", integer=True, positive=True)
coordinate = sequence("alpha_i", r"\alpha_{{{0}}}", commutative=True, random=True)
image = sequence("T_v", r"T(v_{{{0}}})", commutative=False)
image_transposed = sequence("T_v_prime", r"T'(v_{{{0}}})^{{\top}}", commutative=False)
value = sequence("T_g", "T(g)", commutative=False, random=True)()
value_transposed = sequence("T_g_prime", r"T'(g)^{{\top}}", commutative=False, random=True)()


@cache
def basis() -> Derivation:
    """(38): expand both maps in the basis and use ``E[α_i α_k] = δ_ik``."""
    draft = Draft(
        "B.1",
        "A sum over a basis is an expectation",
        r"For linear maps $T$, $T'$ on a space with orthonormal basis $v_0, \dots, v_{d-1}$ and a Gaussian "
        r"$g = \sum_i \alpha_i v_i$:",
        (
            Hypothesis(
                "linear",
                r"$T$ and $T'$ are linear, so that $T(g) = \sum_i \alpha_i T(v_i)$ and likewise for $T'$",
                (
                    Equation(value, sp.Sum(coordinate(i) * image(i), (i, 0, dimension - 1))),
                    Equation(value_transposed, sp.Sum(coordinate(k) * image_transposed(k), (k, 0, dimension - 1))),
                ),
            ),
            Hypothesis(
                "standard",
                r"the coordinates $\alpha_i$ are uncorrelated, of mean 0 and variance 1",
                (Equation(Expectation(coordinate(i) * coordinate(k)), sp.KroneckerDelta(i, k)),),
            ),
        ),
    )
    expectation = Expectation(value * value_transposed)
    expanded = draft.unfold(expectation, "linear")
    draft.add(
        "expanded",
        expectation,
        expanded,
        "expand both factors; the expectation is linear and the images of the basis are not random",
        Rewriting(),
        uses=("linear",),
        equation="39",
    )
    draft.add(
        "sum over the basis",
        expectation,
        carried_out(draft.unfold(expanded, "standard"), (i,)),
        r"only the terms with $i = k$ remain",
        Rewriting(),
        uses=("expanded", "standard"),
        equation="38",
    )
    return draft.finish("sum over the basis")
