"""Theorem 3.3(a): the impulse response of the linear RNN at initialization, (41)–(43).

Covariances of the recursion follow from the variance identity of Lemma C.1; what the predictor form
makes of the same recursion, handed to the state-evolution engine as data, is a second route.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory import tangent_kernel
from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Independent
from theory.justification import Induction, Rewriting
from theory.operators import Covariance, sequence
from theory.recurrences import Recurrence, solve
from theory.state_evolution import induct
from theory.statements.model import (
    FIXED_SIZES,
    GAUSSIAN_C,
    GAUSSIAN_W,
    INDEPENDENT_C,
    LIMIT_LAW,
    L,
    gaussian_input,
    q,
    root,
    variance_identity,
)
from theory.statements.proposition_2_1 import unrolling
from theory.step import Hypothesis
from theory.symbols import C, F, W, j, k, nu_F, r, s, t

other = sequence("p", r"q'_{{{0}}}", commutative=False)
input_L = sequence("L_column", r"L''_{{{0}}}", commutative=False)
other_L = sequence("L_row", r"L'_{{{0}}}", commutative=False)
sigma = sequence("sigma", r"\sigma_{{{0}}}", commutative=True)
other_F = sp.Symbol("F'", commutative=False)
other_C = sp.Symbol("C'", commutative=False)


OTHER_COLUMN: Final = Hypothesis(
    "other column",
    r"another column $F'$ of the input matrix, independent of $F$ and of $W$, and its responses $q'$ and $L''$",
    (
        Equation(other(0), other_F),
        Equation(other(t + 1), root * W * other(t)),
        Equation(input_L(j), root * C * other(j)),
        Independent(F, other_F),
        Independent(W, other_F),
    ),
)


@cache
def impulse_response() -> Derivation:
    """Theorem 3.3(a): the components of L_j become independent Gaussians; their variance is derived."""
    draft = Draft(
        "3.3a",
        "The impulse response at initialization",
        r"As $n \to \infty$, the components of $L_0, \dots, L_{T-1}$ become independent Gaussians of mean 0 and "
        r"variance",
        (
            unrolling().as_hypothesis("response", "response at 0", "impulse response"),
            variance_identity(),
            LIMIT_LAW,
            FIXED_SIZES,
            GAUSSIAN_W,
            gaussian_input((F, nu_F)),
            GAUSSIAN_C,
            INDEPENDENT_C,
            OTHER_COLUMN,
            Hypothesis(
                "other row",
                r"another row $C'$ of the output matrix, independent of $C$, and its response $L'$",
                (Equation(other_L(j), root * other_C * q(j)), Independent(C, other_C)),
            ),
        ),
    )
    add_recursion(draft)
    _independent_times(draft)
    engine = induct(tangent_kernel.impulse_recursion(), [["sigma"]])
    present, following = Covariance(q(t), q(t)), Covariance(q(t + 1), q(t + 1))
    step = draft.add(
        "variance recursion",
        following,
        draft.unfold(following, "recursion", "gaussian W"),
        "the variance identity of Lemma C.1",
        Rewriting(),
        uses=("recursion", "gaussian W"),
        equation="43",
        routes=(("the predictor form (72d)-(72h)", engine.following[0].subs(sigma(t), present)),),
    )
    initial = draft.unfold(Covariance(q(0), q(0)), "start of the recursion", "gaussian F")
    draft.add(
        "variance solved",
        present,
        solve([Recurrence(sigma(t), initial, step.rhs.subs(present, sigma(t)))])[sigma(t)],
        "solved for every $t$",
        Induction(t),
        uses=("variance recursion", "start of the recursion", "gaussian F"),
        equation="43",
    )
    found = draft.unfold(Covariance(L(j), L(j)), "2.1a", "gaussian C", "independent C", "variance solved")
    draft.add(
        "variance of the impulse response",
        Covariance(L(j), L(j)),
        sp.powsimp(found),
        r"$L_j = n^{-1/2} C q_j$ is one more image, of a matrix that is independent of the recursion",
        Rewriting(),
        uses=("2.1a", "gaussian C", "independent C", "variance solved"),
        routes=(("state evolution run on (41)", tangent_kernel.variance()),),
    )
    _independent_components(draft)
    return draft.finish("variance of the impulse response", "lags", "inputs", "rows")


def add_recursion(draft: Draft) -> None:
    """(41), taken from Proposition 2.1."""
    for name, index, number, reason in (
        ("start of the recursion", sp.S.Zero, "", "the response of the hidden state to an impulse: at once"),
        ("recursion", t + 1, "41", "and from then on, by Proposition 2.1(a)"),
    ):
        draft.add(
            name,
            q(index),
            draft.unfold(q(index), "2.1a"),
            reason,
            Rewriting(),
            uses=("2.1a",),
            equation=number,
        )


def _independent_times(draft: Draft) -> None:
    """Values of q at different times are uncorrelated: by induction on the earlier, for every distance."""
    draft.add(
        "times: start",
        Covariance(q(0), q(r + 1)),
        sp.S.Zero,
        "what was there at first is independent of every image of $W$",
        Rewriting(),
        uses=("recursion", "start of the recursion", "gaussian F"),
    )
    draft.add(
        "times",
        Covariance(q(s), q(s + r + 1)),
        sp.S.Zero,
        "and by the variance identity different times are uncorrelated: every predictor (72d) vanishes",
        Induction(s),
        uses=("times: start", "recursion", "gaussian W"),
    )


def _independent_components(draft: Draft) -> None:
    """Different lags, inputs and outputs are uncorrelated, hence independent in the Gaussian limit."""
    draft.add(
        "lags",
        Covariance(L(s), L(s + r + 1)),
        sp.S.Zero,
        "different lags are uncorrelated, and jointly Gaussian in the limit: independent",
        Rewriting(),
        uses=("2.1a", "gaussian C", "independent C", "times"),
    )
    draft.add(
        "columns: start",
        Covariance(q(0), other(t)),
        sp.S.Zero,
        "the first response to one input is uncorrelated with those to another: case by case, $t = 0$ and later",
        Induction(t),
        uses=("start of the recursion", "other column", "gaussian F"),
    )
    draft.add(
        "columns",
        Covariance(q(s), other(s + r)),
        sp.S.Zero,
        "so the responses to different inputs are uncorrelated at all times",
        Induction(s),
        uses=("columns: start", "recursion", "other column", "gaussian W"),
    )
    draft.add(
        "inputs",
        Covariance(L(j), input_L(j + r)),
        sp.S.Zero,
        "and so are their components in the impulse response",
        Rewriting(),
        uses=("2.1a", "other column", "gaussian C", "independent C", "columns"),
    )
    draft.add(
        "rows",
        Covariance(L(j), other_L(k)),
        sp.S.Zero,
        "and different outputs are uncorrelated",
        Rewriting(),
        uses=("2.1a", "other row"),
    )
