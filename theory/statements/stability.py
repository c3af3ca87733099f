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
from theory.facts import Equation, Nonnegative
from theory.justification import Bound, Induction, InductiveBound, Rewriting
from theory.operators import Covariance, sequence
from theory.recurrences import geometric
from theory.statements.model import q, root
from theory.statements.theorem_3_3a import impulse_response
from theory.step import Hypothesis, Origin
from theory.symbols import W, n, nu_F, nu_W, t

unforced = sequence("h_free", r"h_{{{0}}}", commutative=False)
start = sp.Symbol("h_0", commutative=False)
image = sequence("W_v", r"(n^{{-1/2}} W)^{{{0}}} v", commutative=False)
eigenvector = sp.Symbol("v", commutative=False)
eigenvalue = sp.Symbol("lambda")
modulus = sp.Symbol(r"|\lambda|", nonnegative=True)
radius = sp.Symbol("r", positive=True)


@cache
def stability() -> Derivation:
    """Powers of the matrix decide; their size is the spectral radius, and its limit is √ν_W."""
    draft = Draft(
        "stability",
        "Stability of the linear RNN",
        r"As $n \to \infty$ the spectral radius $r$ of $n^{-1/2} W$ is below 1, and states are forgotten "
        r"geometrically, "
        r"exactly when $\nu_W < 1$:",
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
        radius**t,
        "no eigenvalue has powers larger than those of the spectral radius",
        InductiveBound((radius**t * (radius - modulus), modulus * (radius**t - modulus**t)), t),
        uses=("spectral radius",),
    )
    draft.add(
        "distance to 1",
        1 - radius,
        (1 - nu_W) / (1 + sp.sqrt(nu_W)),
        r"in the limit the spectral radius is as far below 1 as $\nu_W$ is, up to a factor between 1 and 2",
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
        "forgotten",
        radius ** (t + 1),
        radius**t,
        "and the states are forgotten geometrically",
        Bound((radius**t * (1 - radius),)),
        uses=("below 1",),
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
    return draft.finish("distance to 1", "forgotten", "mean square")


def _hypotheses() -> tuple[Hypothesis, ...]:
    return (
        Hypothesis(
            "unforced",
            r"the linear RNN (1) without input: $h_{t+1} = n^{-1/2} W h_t$",
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
            r"$r$ is the spectral radius: $|\lambda| \le r$ for every eigenvalue",
            (Nonnegative(radius - modulus),),
        ),
        Hypothesis(
            "limit",
            r"the spectral radius of $n^{-1/2} W$ tends to $\sqrt{\nu_W}$",
            (Equation(radius, sp.sqrt(nu_W)),),
            Origin.CITED,
            "the theorem of Bai and Yin on the spectral radius",
        ),
        Hypothesis("contraction", r"$\nu_W < 1$", (Nonnegative(1 - nu_W),)),
        impulse_response().as_hypothesis("variance solved"),
    )
