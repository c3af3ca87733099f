"""Isserlis' theorem: moments of jointly Gaussian variables, from Stein's identity."""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.averages import IntegrationByParts
from theory.derivation import Derivation
from theory.draft import Draft
from theory.justification import Rewriting
from theory.operators import Expectation
from theory.statements.arc_cosine import H
from theory.step import Hypothesis, Origin
from theory.symbols import i, k, l, m, p, r, s, t

STEIN = (
    r"Stein's identity: for jointly Gaussian variables of mean 0, $\operatorname{E}[X F] = \sum_Y "
    r"\operatorname{E}[X Y] \operatorname{E}[\partial F / \partial Y]$, over the variables $Y$ that $F$ is made of"
)


@cache
def isserlis() -> Derivation:
    """Moments up to degree six; the engine goes on in the same way."""
    family = IntegrationByParts((str(H(i, s).func),))
    draft = Draft(
        "isserlis",
        "Isserlis' theorem: polynomials of Gaussian variables",
        "Moments of jointly Gaussian variables of mean 0 are sums over the ways to pair them:",
        (Hypothesis("stein", STEIN, (family,), Origin.CITED, "Stein's identity"),),
    )
    first, second, third, fourth = H(i, s), H(k, t), H(l, r), H(m, p)
    lines = (
        ("three", first * second * third, "an odd number cannot be paired"),
        ("four", first * second * third * fourth, "four variables, in three ways"),
        ("squares", first**2 * second**2, "squares of two variables"),
        ("a cube", first**3 * second, "a cube and a variable"),
        ("cubes", first**3 * second**3, "two cubes"),
    )
    for name, product, reason in lines:
        moment = Expectation(product)
        draft.add(name, moment, sp.factor_terms(draft.unfold(moment, "stein")), reason, Rewriting(), uses=("stein",))
    return draft.finish(*(name for name, _, _ in lines))
