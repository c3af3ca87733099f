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
from theory.cases import Cases
from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Independent, Variance
from theory.justification import Definition, Induction, Instance, Rewriting
from theory.operators import Covariance, Expectation, Slope, sequence
from theory.recurrences import Recurrence, solve
from theory.statements.lemma_b_1 import basis
from theory.statements.model import (
    FIXED_SIZES,
    GAUSSIAN_C,
    GAUSSIAN_W,
    INDEPENDENT_C,
    LIMIT_LAW,
    gaussian_input,
    q,
    root,
    variance_identity,
)
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
    m,
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
both_L = sequence("dL_both", r"\tilde{{L}}^{{+}}_{{{0}}}", commutative=False)
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

DERIVATIVES: Final = Hypothesis(
    "derivatives",
    r"$\tilde{q}$ and $\tilde{L}$ are the derivatives of $q$ and $L$ along $\tilde{W}$, $\tilde{F}$, $\tilde{C}$",
    (
        Equation(dq(0), Slope(F + size * dF, size)),
        Equation(dq(t + 1), Slope(root * (W + size * dW) * (q(t) + size * dq(t)), size)),
        Equation(dL(j), Slope(root * (C + size * dC) * (q(j) + size * dq(j)), size)),
    ),
)

PERTURBATION: Final = Hypothesis(
    "perturbation",
    r"$\tilde{W}$, $\tilde{C}$ have independent entries of variances $\varepsilon_W$, $\varepsilon_C$, and are "
    "independent of all else (Lemma B.1)",
    (
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
            variance_identity(),
            LIMIT_LAW,
            FIXED_SIZES,
            GAUSSIAN_W,
            gaussian_input((F, nu_F), (dF, epsilon_F)),
            GAUSSIAN_C,
            INDEPENDENT_C,
            DERIVATIVES,
            PERTURBATION,
            _other_column(),
            _other_row(),
            _components(),
            STANDARD,
            TOEPLITZ,
            _perturbed_outputs(),
        ),
    )
    add_recursion(draft)
    _perturb(draft)
    _independent_times(draft)
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
        r"$\tilde{L}'' = n^{-1/2}(C' \tilde{q} + \tilde{C}' q)$, and $\tilde{L}^{+}$ likewise for $q'$",
        (
            Equation(row_L(j), root * (other_C * dq(j) + d_other_C * q(j))),
            Equation(both_L(j), root * (other_C * d_other(j) + d_other_C * other(j))),
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
    draft.add(
        "perturbed start", dq(0), dF, r"$q_0 = F$ moves with $F$", Rewriting(), uses=("derivatives",), equation="44"
    )
    draft.add(
        "perturbed recursion",
        dq(t + 1),
        draft.unfold(dq(t + 1), "derivatives"),
        "the derivative of (41), by the product rule",
        Rewriting(),
        uses=("derivatives",),
        equation="44",
    )


RECURSIONS: Final = ("recursion", "start of the recursion", "perturbed recursion", "perturbed start")
RULES: Final = (*RECURSIONS, "gaussian W", "gaussian F", "perturbation")


def _independent_times(draft: Draft) -> None:
    """(46): perturbations at different times are uncorrelated."""
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
    law = tangent_kernel.perturbed_law()
    present, following = Covariance(dq(t), dq(t)), Covariance(dq(t + 1), dq(t + 1))
    uses = ("perturbed recursion", "gaussian W", "perturbation", "3.3a")
    engine = law.induction.following[1, 1].subs({sigma(t): law.sequences[sigma(t)], tau(t): present})
    step = draft.add(
        "variance recursion",
        following,
        sp.expand(draft.unfold(following, *uses)),
        r"two images, of $W$ and of $\tilde{W}$, whose variances add up",
        Rewriting(),
        uses=uses,
        equation="50",
        routes=(("the predictor form (72d)-(72h)", engine),),
    )
    initial = draft.unfold(Covariance(dq(0), dq(0)), "perturbed start", "gaussian F")
    draft.add(
        "variance solved",
        present,
        solve([Recurrence(tau(t), initial, step.rhs.subs(present, tau(t)))])[tau(t)],
        "solved for every $t$",
        Induction(t),
        uses=("variance recursion", "perturbed start", "gaussian F"),
        equation="51",
    )


def _weights(draft: Draft) -> None:
    """(52)–(55): the variance of the perturbed impulse response is the weight."""
    draft.add(
        "perturbed response",
        dL(j),
        draft.unfold(dL(j), "derivatives"),
        r"the derivative of $L_j = n^{-1/2} C q_j$",
        Rewriting(),
        uses=("derivatives",),
        equation="52",
    )
    read = ("perturbed response", "gaussian C", "independent C", "perturbation")
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
    read = ("perturbed response", "gaussian C", "independent C", "perturbation")
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
    draft.add(
        "pairs",
        Expectation(PAIR),
        sp.KroneckerDelta(j, k) * sp.KroneckerDelta(a, b) * sp.KroneckerDelta(c, d) * rho(j),
        r"so the components $\tilde{L}_{j,ac}$ are uncorrelated, of variance $\rho_j$",
        Cases(
            tuple(Instance(words, tuple(values.items())) for words, values, _ in COMPONENTS),
            "equal; another lag; another input, before or after; another output, and another input with it",
            ((j, k), (a, b), (c, d)),
        ),
        uses=(
            "components",
            "lags",
            "perturbed response",
            "other row",
            "other column",
            "weight: definition",
            *read,
            "columns",
            "3.3a",
        ),
    )


PAIR: Final = entry(j, a, c) * entry(k, b, d)
COMPONENTS: Final = (
    ("equal", {k: j, b: a, d: c}, Covariance(dL(j), dL(j))),
    ("another lag", {k: j + r + 1, b: a, d: c}, Covariance(dL(j), dL(j + r + 1))),
    ("another input", {k: j + r, b: a, d: c + l + 1}, Covariance(dL(j), column_L(j + r))),
    ("another input before", {k: j + r, b: a, c: d + l + 1}, Covariance(dL(j), column_L(j + r))),
    ("another output", {b: a + l + 1, d: c}, Covariance(dL(j), row_L(k))),
    ("another output and input", {b: a + l + 1, d: c + m + 1}, Covariance(dL(j), both_L(k))),
    ("another output and input before", {b: a + l + 1, c: d + m + 1}, Covariance(dL(j), both_L(k))),
)
"""How two components of the perturbed impulse response may differ, and what their covariance is then called."""


def _components() -> Hypothesis:
    """Components are those of one column and one row, or of others."""
    return Hypothesis(
        "components",
        r"the components $\tilde{L}_{j,ac}$ of several outputs $a$ and inputs $c$ are the responses of different "
        r"rows and "
        "columns, which are alike in law",
        tuple(Equation(Expectation(PAIR.subs(v, simultaneous=True)), meaning) for _, v, meaning in COMPONENTS),
    )
