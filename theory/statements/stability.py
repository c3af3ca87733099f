"""Stability: the linear RNN forgets its state when its spectral radius is below 1, and ν_W < 1 makes it so.

That the spectral radius of ``n^{-1/2} W`` tends to ``√ν_W`` is Bai and Yin's theorem, which is cited. What
follows from it is derived, and so is what needs no citation: in the mean square the response to an
impulse decays by the factor ν_W at each step.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Nonnegative, Nonzero
from theory.justification import Bound, Induction, InductiveBound, NonvanishingFactors, Rewriting
from theory.operators import Covariance, sequence
from theory.recurrences import geometric
from theory.statements.model import q, root
from theory.statements.theorem_3_3a import impulse_response
from theory.step import Hypothesis, Origin
from theory.symbols import W, n, nu_F, nu_W, t

unforced = sequence("h_free", r"h_{{{0}}}", commutative=False)
start = sp.Symbol(r"h_{\mathrm{start}}", commutative=False)
image = sequence("W_v", r"(n^{{-1/2}} W)^{{{0}}} v", commutative=False)
eigenvector = sp.Symbol("v", commutative=False)
eigenvalue = sp.Symbol("lambda")
modulus = sp.Symbol(r"|\lambda|", nonnegative=True)
radius_n = sp.Symbol("r_n", positive=True)
radius = sp.Symbol("r", positive=True)


@cache
def stability() -> Derivation:
    """Powers of the matrix decide; their size is the spectral radius, and its limit is √ν_W."""
    draft = Draft(
        "stability",
        "Stability of the linear RNN",
        r"Without input the state is a power of $n^{-1/2} W$ applied to where it was, and is forgotten geometrically "
        r"exactly "
        r"when the spectral radius $r_n$ is below 1. Its limit $r$ lies on the side of 1 on which $\nu_W$ lies, so "
        r"that the RNN is "
        r"stable, for large $n$, when $\nu_W < 1$; in the mean square the response to an impulse then decays as well:",
        _hypotheses(),
    )
    draft.add(
        "powers",
        unforced(t),
        geometric(root * W, t, start),
        "without input the state is a power of the matrix, applied to where it was",
        Induction(t),
        uses=("unforced",),
    )
    draft.add(
        "mode",
        image(t),
        eigenvalue**t * eigenvector,
        "on an eigenvector this is the power of the eigenvalue",
        Induction(t),
        uses=("eigenvector",),
    )
    draft.add(
        "modes",
        modulus**t,
        radius_n**t,
        "no eigenvalue has powers larger than those of the spectral radius",
        InductiveBound((radius_n**t * (radius_n - modulus), modulus * (radius_n**t - modulus**t)), t),
        uses=("spectral radius",),
    )
    draft.add(
        "distance to 1",
        1 - radius,
        (1 - nu_W) / (1 + sp.sqrt(nu_W)),
        r"the limit of the spectral radius lies on the side of 1 on which $\nu_W$ lies",
        Rewriting(),
        uses=("limit",),
    )
    draft.add(
        "below 1",
        radius,
        sp.S.One,
        r"so it is below 1 for $\nu_W < 1$",
        Bound(((1 - nu_W) / (1 + sp.sqrt(nu_W)),)),
        uses=("limit", "contraction"),
    )
    draft.add(
        "not 1",
        1 - radius,
        sp.S.Zero,
        "and strictly so",
        NonvanishingFactors(),
        uses=("distance to 1", "contraction"),
    )
    draft.add(
        "mean square",
        Covariance(q(t + 1), q(t + 1)),
        nu_W * Covariance(q(t), q(t)),
        r"no spectral theory is needed in the mean square: the response to an impulse shrinks by $\nu_W$ at each step",
        Rewriting(),
        uses=("3.3a",),
    )
    draft.add(
        "mean square decays",
        Covariance(q(t + 1), q(t + 1)),
        Covariance(q(t), q(t)),
        r"which is a decay for $\nu_W < 1$",
        Bound((nu_F * nu_W**t * (1 - nu_W),)),
        uses=("3.3a", "contraction"),
    )
    return draft.finish(
        "powers", "mode", "modes", "distance to 1", "below 1", "not 1", "mean square", "mean square decays"
    )


def _hypotheses() -> tuple[Hypothesis, ...]:
    return (
        Hypothesis(
            "unforced",
            r"the linear RNN (1) without input: $h_{t+1} = n^{-1/2} W h_t$, from some state",
            (Equation(unforced(0), start), Equation(unforced(t + 1), root * W * unforced(t))),
        ),
        Hypothesis(
            "eigenvector",
            r"$v$ is an eigenvector: $n^{-1/2} W v = \lambda v$",
            (
                Equation(image(0), eigenvector),
                Equation(image(t + 1), root * W * image(t)),
                Equation(W * eigenvector, sp.sqrt(n) * eigenvalue * eigenvector),
            ),
        ),
        Hypothesis(
            "spectral radius",
            r"$r_n$ is the spectral radius: $|\lambda| \le r_n$ for every eigenvalue",
            (Nonnegative(radius_n - modulus),),
        ),
        Hypothesis(
            "Gelfand",
            r"powers of a matrix tend to 0 geometrically exactly when its spectral radius is below 1",
            (),
            Origin.CITED,
            "Gelfand's formula",
        ),
        Hypothesis(
            "limit",
            r"the spectral radius $r_n$ of $n^{-1/2} W$ tends to $r = \sqrt{\nu_W}$",
            (Equation(radius, sp.sqrt(nu_W)),),
            Origin.CITED,
            "the theorem of Bai and Yin on the spectral radius",
        ),
        Hypothesis("contraction", r"$\nu_W < 1$", (Nonnegative(1 - nu_W), Nonzero(1 - nu_W))),
        impulse_response().as_hypothesis("variance solved"),
    )
