"""The bound (22): the weights decay like ν_W^j, for every lag, by monotonicity.

``ρ_j / ν_W^j`` grows with j, so that up to lag T it is at most its value there. The bound is attained
at lag T, which no horizon T has: for the lags that exist it is never attained.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Nonnegative
from theory.justification import Bound, Definition, InductiveBound, Rewriting
from theory.operators import sequence
from theory.statements.theorem_3_2 import rho
from theory.statements.theorem_3_3b import linearized_kernel
from theory.step import Hypothesis
from theory.symbols import T, j, nu_W, r

ratio = sequence("g", r"g_{{{0}}}", commutative=True)
largest = sp.Symbol("rho_max", positive=True)


@cache
def decay() -> Derivation:
    """(22) for every lag j ≤ T, whether it is attained, and what makes it a decay."""
    draft = Draft(
        "22",
        "The weights decay",
        "The weights of the lags up to $T$ are at most a multiple of a power that decays:",
        (
            linearized_kernel().as_hypothesis("weight"),
            Hypothesis("horizon", r"$j \le T$", (Nonnegative(T - j),)),
            Hypothesis("existing lags", r"$j \le T - 1$: the lags that a horizon $T$ has", (Nonnegative(T - 1 - j),)),
            Hypothesis("contraction", r"$\nu_W < 1$, of which $\nu_{W} \le 1$ is used", (Nonnegative(1 - nu_W),)),
        ),
    )
    draft.add("ratio: definition", ratio(j), rho(j) / nu_W**j, "the weight without the power", Definition())
    found = draft.add(
        "ratio",
        ratio(j),
        _written(draft.unfold(ratio(j), "ratio: definition", "3.3b")),
        "it is linear in the lag",
        Rewriting(),
        uses=("ratio: definition", "3.3b"),
    )
    growth = sp.expand(found.rhs.subs(j, j + 1) - found.rhs)
    draft.add(
        "monotone",
        ratio(j),
        ratio(j + r),
        "so it grows with the lag: by the same amount at every lag",
        InductiveBound((ratio(j + r) - ratio(j), growth), r),
        uses=("ratio",),
    )
    draft.add(
        "largest: definition",
        largest,
        ratio(T),
        r"its value at $j = T$ bounds the others",
        Definition(),
        uses=("ratio",),
    )
    draft.add(
        "largest",
        largest,
        draft.unfold(largest, "largest: definition", "ratio"),
        "written in the parameters",
        Rewriting(),
        uses=("largest: definition", "ratio"),
    )
    draft.add(
        "bound",
        rho(j),
        largest * nu_W**j,
        r"the bound, for every $j \le T$",
        Bound(((ratio(T) - ratio(j)) * nu_W**j,)),
        uses=("monotone", "horizon", "largest: definition", "ratio", "3.3b"),
        equation="22",
    )
    draft.add(
        "attained",
        rho(T),
        largest * nu_W**T,
        r"it is attained at $j = T$",
        Rewriting(),
        uses=("largest", "3.3b"),
    )
    spare = sp.expand(growth * nu_W**j)
    draft.add(
        "not attained",
        rho(j) + spare,
        largest * nu_W**j,
        "and at none of the lags that there are: there is always this much to spare",
        Bound((spare * (T - 1 - j),)),
        uses=("largest", "3.3b", "existing lags"),
    )
    draft.add(
        "decay",
        largest * nu_W ** (j + 1),
        largest * nu_W**j,
        r"the bound decreases when $\nu_W < 1$; the inequality itself does not need it",
        Bound((largest * nu_W**j * (1 - nu_W),)),
        uses=("contraction",),
    )
    return draft.finish("bound", "largest", "attained", "not attained", "decay")


def _written(expression: sp.Expr) -> sp.Expr:
    """Without the power of ν_W, which cancels."""
    return sp.expand(sp.powsimp(sp.expand(expression)))
