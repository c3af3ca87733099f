"""Theorem 3.3(b): the tangent kernel of the linear RNN, (20) and (21), by (44)–(55).

The RNN is perturbed in a Gaussian direction, which by Lemma B.1 turns its tangent kernel into a
covariance. The perturbations carry variances ε_W, ε_F, ε_C so that the parts of ρ_j that training W,
F and C alone would give stay visible; the paper's kernel is that with all three equal to 1.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory import tangent_kernel
from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Independent, Variance
from theory.justification import Cases, Definition, Induction, Instance, Rewriting
from theory.operators import Covariance, Expectation, Slope, sequence
from theory.recurrences import Recurrence, solve
from theory.statements.lemma_b_1 import basis
from theory.statements.model import FIXED_SIZES, GAUSSIAN_C, GAUSSIAN_W, STATE_EVOLUTION, gaussian_input, q, root
from theory.statements.proposition_2_1 import unrolling
from theory.statements.theorem_3_2 import (
    TOEPLITZ,
    add_kernel,
    convolution_kernel,
    kernel,
    rho,
    signal,
    signal_prime,
)
from theory.statements.theorem_3_3a import OTHER_COLUMN, add_recursion, impulse_response, other, other_C, other_F, sigma
from theory.step import Hypothesis
from theory.symbols import (
    INDICES,
    C,
    F,
    T,
    W,
    a,
    b,
    c,
    d,
    dC,
    dF,
    dW,
    epsilon_C,
    epsilon_F,
    epsilon_W,
    j,
    k,
    l,
    n_x,
    nu_F,
    r,
    s,
    size,
    t,
)

dq = sequence("dq", r"\tilde{{q}}_{{{0}}}", commutative=False)
dL = sequence("dL", r"\tilde{{L}}_{{{0}}}", commutative=False)
d_other = sequence("dp", r"\tilde{{q}}'_{{{0}}}", commutative=False)
column_L = sequence("dL_column", r"\tilde{{L}}'_{{{0}}}", commutative=False)
row_L = sequence("dL_row", r"\tilde{{L}}''_{{{0}}}", commutative=False)
slope = sequence("df", r"\tilde{{f}}(x)_{{{0},{1}}}", commutative=True, random=True)
slope_prime = sequence("df_prime", r"\tilde{{f}}(x')_{{{0},{1}}}", commutative=True, random=True)
tau = sequence("tau", r"\tau_{{{0}}}", commutative=True)
entry = sequence("dL_ac", r"\tilde{{L}}_{{{0},{1}{2}}}", commutative=True, random=True)
d_other_F = sp.Symbol(r"\tilde{F}'", commutative=False)
d_other_C = sp.Symbol(r"\tilde{C}'", commutative=False)

STANDARD: Final = Hypothesis(
    "standard",
    r"in the paper's parameterization the perturbations have variance $\varepsilon_W = \varepsilon_F = \varepsilon_C "
    r"= 1$",
    tuple(Equation(epsilon, sp.S.One) for epsilon in tangent_kernel.PERTURBATIONS),
)

PERTURBATION: Final = Hypothesis(
    "perturbation",
    r"$\tilde{W}$, $\tilde{C}$ have independent entries of variances $\varepsilon_W$, $\varepsilon_C$, and are "
    r"independent of all else (Lemma B.1); $\tilde{q}_0 = \tilde{F}$",
    (
        Equation(dq(0), dF),
        Variance(dW, epsilon_W),
        Variance(dC, epsilon_C),
        *(Independent(dW, matrix) for matrix in (W, F, dF, other_F, d_other_F)),
        Independent(C, dC),
    ),
)


@cache
def linearized_kernel() -> Derivation:
    """(20) and (21): the variance of the perturbed impulse response, and the kernel that it gives."""
    draft = Draft(
        "3.3b",
        "The tangent kernel of the linear RNN",
        r"As $n \to \infty$, the tangent kernel of the linear RNN at initialization tends to that of the scaled "
        "convolution, with these weights:",
        (
            unrolling().as_hypothesis("response", "response at 0"),
            relies_on(basis()),
            relies_on(convolution_kernel()),
            impulse_response().as_hypothesis("times", "columns", "variance solved"),
            STATE_EVOLUTION,
            FIXED_SIZES,
            GAUSSIAN_W,
            gaussian_input((F, nu_F), (dF, epsilon_F)),
            GAUSSIAN_C,
            PERTURBATION,
            _other_column(),
            _other_row(),
            STANDARD,
            TOEPLITZ,
            _perturbed_outputs(),
        ),
    )
    add_recursion(draft)
    _perturb(draft)
    _cross_covariances(draft)
    _variance(draft)
    _weights(draft)
    _entries(draft)
    add_kernel(draft, "outputs", "pairs", equation="20")
    return draft.finish("weight", "kernel")


def _other_column() -> Hypothesis:
    """A second input channel, perturbed like the first."""
    return Hypothesis(
        "other column",
        r"another column $F'$ of the input matrix and its perturbation $\tilde{F}'$, independent of all else, with "
        r"response $q'$, perturbed response $\tilde{q}'$ and $\tilde{L}' = n^{-1/2}(C \tilde{q}' + \tilde{C} q')$",
        (
            *OTHER_COLUMN.facts,
            Equation(d_other(0), d_other_F),
            Equation(d_other(t + 1), root * (W * d_other(t) + dW * other(t))),
            Equation(column_L(j), root * (C * d_other(j) + dC * other(j))),
            Independent(W, d_other_F),
            Independent(dF, other_F),
            Independent(dF, d_other_F),
        ),
    )


def _other_row() -> Hypothesis:
    """A second output channel."""
    return Hypothesis(
        "other row",
        r"another row $C'$ of the output matrix and its perturbation $\tilde{C}'$, independent of all else, with "
        r"$\tilde{L}'' = n^{-1/2}(C' \tilde{q} + \tilde{C}' q)$",
        (
            Equation(row_L(j), root * (other_C * dq(j) + d_other_C * q(j))),
            *(Independent(here, there) for here in (C, dC) for there in (other_C, d_other_C)),
        ),
    )


def _perturbed_outputs() -> Hypothesis:
    """The kernel is the covariance of the perturbed outputs."""

    def moved(values: object, row: sp.Symbol, time: sp.Symbol) -> sp.Expr:
        return sp.Sum(entry(j, row, c) * values(time - j, c), (c, 0, n_x - 1), (j, 0, T - 1))  # type: ignore[operator]

    return Hypothesis(
        "outputs",
        r"by Lemma B.1 the kernel is the covariance of the perturbed outputs $\sum_j \tilde{L}_j x_{t-j}$; inputs "
        r"are 0 "
        "before time 0",
        (
            Equation(kernel(t, a, s, b), Expectation(slope(t, a) * slope_prime(s, b))),
            Equation(slope(t, a), moved(signal, a, t)),
            Equation(slope_prime(t, a), moved(signal_prime, a, t)),
        ),
    )


def _perturb(draft: Draft) -> None:
    """(44), (45): differentiate (41) in the direction of the perturbation."""
    moved = draft.steps[-1].rhs.xreplace({W: W + size * dW, q(t): q(t) + size * dq(t)})
    draft.add(
        "perturbed start", dq(0), dF, r"$q_0 = F$ moves with $F$", Rewriting(), uses=("perturbation",), equation="44"
    )
    draft.add(
        "perturbed recursion: definition",
        dq(t + 1),
        Slope(moved, size),
        r"the perturbation of $q$: the derivative of (41) along $\tilde{W}$ and $\tilde{q}$",
        Definition(),
    )
    draft.add(
        "perturbed recursion",
        dq(t + 1),
        draft.unfold(dq(t + 1), "perturbed recursion: definition"),
        "carried out: the product rule",
        Rewriting(),
        uses=("perturbed recursion: definition",),
        equation="44",
    )


RECURSIONS: Final = ("recursion", "start of the recursion", "perturbed recursion", "perturbed start")
RULES: Final = (*RECURSIONS, "gaussian W", "gaussian F", "perturbation")


def _cross_covariances(draft: Draft) -> None:
    """(46): everything that is uncorrelated."""
    draft.add(
        "cross: start",
        Covariance(q(0), dq(t)),
        sp.S.Zero,
        "the response at first is independent of the perturbation: case by case, $t = 0$ and later",
        Induction(t),
        uses=RULES,
    )
    draft.add(
        "cross",
        Covariance(q(s), dq(s + r)),
        sp.S.Zero,
        r"$W$ and $\tilde{W}$ are independent: the variance identity leaves the covariance one step earlier",
        Induction(s),
        uses=("cross: start", *RULES),
        equation="46",
    )
    draft.add(
        "perturbed times: start",
        Covariance(dq(0), dq(r + 1)),
        sp.S.Zero,
        "the perturbation at first is independent of every later image",
        Rewriting(),
        uses=RULES,
    )
    draft.add(
        "perturbed times",
        Covariance(dq(s), dq(s + r + 1)),
        sp.S.Zero,
        "perturbations at different times are uncorrelated",
        Induction(s),
        uses=("perturbed times: start", *RULES, "3.3a"),
    )


def _variance(draft: Draft) -> None:
    """(47)–(51): the recurrence of the variance, and its solution."""
    draft.add("variance", Covariance(dq(t), dq(t)), tau(t), r"a name for the variance of $\tilde{q}_t$", Definition())
    law = tangent_kernel.perturbed_law()
    following = Covariance(dq(t + 1), dq(t + 1))
    uses = ("perturbed recursion", "gaussian W", "perturbation", "3.3a")
    step = draft.add(
        "variance recursion",
        following,
        sp.expand(draft.unfold(following, *uses, "variance")),
        r"two images, of $W$ and of $\tilde{W}$, whose variances add up",
        Rewriting(),
        uses=(*uses, "variance"),
        equation="50",
        routes=(
            ("the predictor form (72d)-(72h)", law.induction.following[1, 1].subs(sigma(t), law.sequences[sigma(t)])),
        ),
    )
    initial = draft.unfold(Covariance(dq(0), dq(0)), "perturbed start", "gaussian F")
    draft.add(
        "variance solved",
        Covariance(dq(t), dq(t)),
        solve([Recurrence(tau(t), initial, step.rhs)])[tau(t)],
        "solved for every $t$",
        Induction(t),
        uses=("perturbed start", *uses, "gaussian F"),
        equation="51",
    )


def _weights(draft: Draft) -> None:
    """(52)–(55): the variance of the perturbed impulse response is the weight."""
    moved = root * (C + size * dC) * (q(j) + size * dq(j))
    draft.add(
        "perturbed response: definition",
        dL(j),
        Slope(moved, size),
        r"the perturbation of $L_j = n^{-1/2} C q_j$",
        Definition(),
    )
    draft.add(
        "perturbed response",
        dL(j),
        draft.unfold(dL(j), "perturbed response: definition"),
        "carried out",
        Rewriting(),
        uses=("perturbed response: definition",),
        equation="52",
    )
    read = ("perturbed response", "gaussian C", "perturbation")
    draft.add(
        "weight by variances",
        Covariance(dL(j), dL(j)),
        sp.expand(draft.unfold(Covariance(dL(j), dL(j)), *read, "variance solved", "3.3a")),
        r"one more image, of $C$ and of $\tilde{C}$: what training $C$, $F$ and $W$ contributes",
        Rewriting(),
        uses=(*read, "variance solved", "3.3a"),
        equation="55",
        routes=(("state evolution run on (45)", tangent_kernel.perturbed_law().weight.subs(t, j)),),
    )
    draft.add(
        "weight: definition",
        rho(j),
        Covariance(dL(j), dL(j)),
        "the weight of lag $j$, which is positive",
        Definition(),
        uses=("weight by variances",),
    )
    found = draft.unfold(rho(j), "weight: definition", "weight by variances", "standard")
    draft.add(
        "weight",
        rho(j),
        sp.powsimp(sp.expand(found)),
        r"in the paper's parameterization",
        Rewriting(),
        uses=("weight: definition", "weight by variances", "standard"),
        equation="21",
        routes=(
            ("the sum of the parts of $C$, $F$ and $W$, each run alone", sp.Add(*tangent_kernel.rho_parts().values())),
        ),
    )


def _entries(draft: Draft) -> None:
    """The covariances of all components of the perturbed impulse response."""
    read = ("perturbed response", "gaussian C", "perturbation")
    draft.add(
        "lags",
        Covariance(dL(s), dL(s + r + 1)),
        sp.S.Zero,
        "different lags are uncorrelated",
        Rewriting(),
        uses=(*read, "perturbed times", "3.3a"),
    )
    draft.add(
        "columns: start",
        Covariance(dq(0), d_other(t)),
        sp.S.Zero,
        "different inputs are uncorrelated: at first, case by case",
        Induction(t),
        uses=("perturbed start", "other column", "gaussian F", "perturbation"),
    )
    draft.add(
        "columns",
        Covariance(dq(s), d_other(s + r)),
        sp.S.Zero,
        "and at all times",
        Induction(s),
        uses=("columns: start", "perturbed recursion", "other column", "gaussian W", "perturbation", "3.3a"),
    )
    pair = entry(j, a, c) * entry(k, b, d)
    draft.add(
        "pairs",
        Expectation(pair),
        sp.KroneckerDelta(j, k) * sp.KroneckerDelta(a, b) * sp.KroneckerDelta(c, d) * rho(j),
        r"so the components $\tilde{L}_{j,ac}$ are uncorrelated, of variance $\rho_j$",
        Cases(
            _cases(pair), "equal; another lag; another input, before or after; another output", ((j, k), (a, b), (c, d))
        ),
        uses=(
            "perturbed response",
            "other row",
            "other column",
            "weight: definition",
            *read,
            "perturbed times",
            "columns",
            "3.3a",
        ),
    )


def _cases(pair: sp.Expr) -> tuple[Instance, ...]:
    """Two components are the same, or differ in the lag, in the input, or in the output."""
    cases = (
        ("equal", {k: j, b: a, d: c}, Covariance(dL(j), dL(j))),
        ("another lag", {k: j + r + 1, b: a, d: c}, Covariance(dL(j), dL(j + r + 1))),
        ("another input", {k: j + r, b: a, d: c + l + 1}, Covariance(dL(j), column_L(j + r))),
        ("another input before", {k: j + r, b: a, c: d + l + 1}, Covariance(dL(j), column_L(j + r))),
        ("another output", {k: k, b: a + l + 1, d: d}, Covariance(dL(j), row_L(k))),
    )
    return tuple(
        Instance(
            words,
            tuple(values.items()),
            (Equation(Expectation(pair.subs(values, simultaneous=True)), meaning, INDICES),),
        )
        for words, values, meaning in cases
    )
