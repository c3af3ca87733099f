"""Theorem 3.3 derived: the law of the impulse response, and ρ_j as an outcome.

The linear RNN (1) is perturbed in the direction of independent Gaussian W̃, F̃, C̃, which turns its
tangent kernel into a covariance (Lemma B.1). Differentiating (41) gives the recursion (45), which
is handed to the state-evolution engine as data. The engine returns zero predictors and a
recurrence; solving it for symbolic j gives the variance of the perturbed impulse response, ρ_j.

The perturbations carry variances ``epsilon_W``, ``epsilon_F``, ``epsilon_C``. With all three equal
to 1 the kernel is the paper's; one at a time they give the parts of ρ_j that training W, F or C
alone would give; equal to ν_W, ν_F, ν_C they give the "NTK parameterization", in which the
variances multiply standard Gaussian parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import sympy as sp

from theory.recurrences import Recurrence, solve
from theory.state_evolution import GaussianRecursion, InductionStep, LinearRow, RandomMatrix, induct
from theory.symbols import (
    VARIANCES,
    C,
    W,
    dC,
    dq,
    dW,
    epsilon_C,
    epsilon_F,
    epsilon_W,
    j,
    n,
    nu_C,
    nu_F,
    nu_W,
    q,
    size,
    t,
)

Perturbation = tuple[sp.Expr, sp.Expr, sp.Expr]
"""Variances of W̃, F̃, C̃."""

PERTURBATIONS: Perturbation = (epsilon_W, epsilon_F, epsilon_C)
PAPER_PERTURBATION: Perturbation = (sp.S.One, sp.S.One, sp.S.One)

_scale = n ** sp.Rational(-1, 2)


@dataclass(frozen=True)
class Linearization:
    """A linear update and its derivative, read off as data.

    Attributes
    ----------
    derivative : sympy.Expr
        The derivative of the update at size 0, in non-commuting symbols.
    rows : dict
        Matrix symbol → B with ``[update, derivative] = n^{-1/2} Σ A_i [q, q̃] B_i``.
    """

    derivative: sp.Expr
    rows: dict[sp.Symbol, sp.ImmutableMatrix]


def linearize(matrix: sp.Symbol, direction: sp.Symbol) -> Linearization:
    """Perturb ``n^{-1/2} A q`` in A and q and read off (45).

    Parameters
    ----------
    matrix, direction : non-commuting symbols
        A and its perturbation Ã.
    """
    perturbed = _scale * (matrix + size * direction) * (q + size * dq)
    update, derivative = (sp.expand(perturbed).coeff(size, power) for power in (0, 1))
    rows = {
        symbol: sp.ImmutableMatrix(
            [[_coefficient(value, symbol * vector) for value in (update, derivative)] for vector in (q, dq)]
        )
        for symbol in (matrix, direction)
    }
    return Linearization(derivative, rows)


def _coefficient(expression: sp.Expr, word: sp.Expr) -> sp.Expr:
    terms = (term.args_cnc() for term in sp.Add.make_args(sp.expand(expression)))
    return sp.Add(*(sp.Mul(*numbers) / _scale for numbers, letters in terms if letters == list(word.args)))


def perturbed_recursion(perturbation: Perturbation = PERTURBATIONS) -> GaussianRecursion:
    """The recursion (45): W acts on [q, q̃], W̃ on [0, q]; q_0 = F and q̃_0 = F̃.

    Parameters
    ----------
    perturbation : tuple
        Variances of W̃, F̃, C̃.
    """
    rows = linearize(W, dW).rows
    return GaussianRecursion(
        matrices=(
            RandomMatrix("W", nu_W, LinearRow((rows[W],))),
            RandomMatrix("W~", perturbation[0], LinearRow((rows[dW],))),
        ),
        initial=sp.ImmutableMatrix.diag(nu_F, perturbation[1]),
    )


def impulse_recursion() -> GaussianRecursion:
    """The recursion (41), q_{t+1} = n^{-1/2} W q_t with q_0 = F."""
    return GaussianRecursion(
        (RandomMatrix("W", nu_W, LinearRow((sp.ImmutableMatrix([[1]]),))),), sp.ImmutableMatrix([[nu_F]])
    )


@dataclass(frozen=True)
class PerturbedLaw:
    """One run of the engine on (45), solved for symbolic t.

    Attributes
    ----------
    induction : InductionStep
        What the engine makes of one more step.
    recurrences : tuple of Recurrence
        Of the covariances σ, κ, τ of one component of (q_t, q̃_t).
    sequences : dict
        Their closed forms.
    weight : sympy.Expr
        The variance of a component of L̃_t, (55).
    """

    induction: InductionStep
    recurrences: tuple[Recurrence, ...]
    sequences: dict[sp.Expr, sp.Expr]
    weight: sp.Expr


@cache
def perturbed_law(perturbation: Perturbation = PERTURBATIONS) -> PerturbedLaw:
    """Run the engine on (45), solve its recurrences, and read the variance of L̃_t off (52)."""
    recursion = perturbed_recursion(perturbation)
    induction = induct(recursion, [["sigma", "kappa"], ["kappa", "tau"]])
    recurrences = tuple(
        Recurrence(induction.present[a, b], recursion.initial[a, b], induction.following[a, b])
        for a, b in ((0, 0), (0, 1), (1, 1))
    )
    sequences = solve(list(recurrences))
    covariance = induction.present.subs(sequences)
    weight = sum(_readout_variance(m, v, covariance, column=1) for m, v in ((C, nu_C), (dC, perturbation[2])))
    return PerturbedLaw(induction, recurrences, sequences, sp.expand(weight))


def variance() -> sp.Expr:
    """The limit variance of a component of L_j, derived; a function of j, ν_W, ν_F, ν_C."""
    recursion = impulse_recursion()
    induction = induct(recursion, [["sigma"]])
    sigma = induction.present[0]
    solution = solve([Recurrence(sigma, recursion.initial[0], induction.following[0])])[sigma]
    return (nu_C * solution).subs(t, j)


def rho(perturbation: Perturbation = PAPER_PERTURBATION) -> sp.Expr:
    """The derived weight ρ_j of lag j in the limit kernel (20).

    Parameters
    ----------
    perturbation : tuple
        Variances of W̃, F̃, C̃; all 1 for the paper's parameterization (4). ``VARIANCES`` gives the
        "NTK parameterization".

    Examples
    --------
    >>> rho((0, 0, 1))
    nu_F*nu_W**j
    """
    values = dict(zip(PERTURBATIONS, perturbation, strict=True))
    return sp.powsimp(sp.expand(perturbed_law().weight.subs(t, j).subs(values)))


def rho_at(lag: int, variances: tuple[Fraction, Fraction, Fraction]) -> Fraction:
    """The derived ρ_lag at ν_W, ν_F, ν_C as a rational number; zeros are allowed."""
    return evaluate(rho(), lag, variances)


def evaluate(formula: sp.Expr, lag: int, variances: tuple[Fraction, Fraction, Fraction]) -> Fraction:
    """A rational formula in j, ν_W, ν_F, ν_C at a lag; the lag is substituted first.

    The order matters at ν_W = 0, where ``j*nu_W**(j-1)`` is 0 at j = 0.
    """
    values = {s: sp.Rational(v.numerator, v.denominator) for s, v in zip(VARIANCES, variances, strict=True)}
    value = formula.subs(j, lag).subs(values)
    return Fraction(int(value.p), int(value.q))


def rho_parts() -> dict[str, sp.Expr]:
    """The parts ρ^C, ρ^F, ρ^W of ρ_j: what training one of C, F, W alone would give."""
    return {
        "C": rho((sp.S.Zero, sp.S.Zero, sp.S.One)),
        "F": rho((sp.S.Zero, sp.S.One, sp.S.Zero)),
        "W": rho((sp.S.One, sp.S.Zero, sp.S.Zero)),
    }


def ntk_parameterization_rho() -> sp.Expr:
    """ρ_j where parameters are standard Gaussians multiplied by √ν; (j+2) ν_C ν_F ν_W^j."""
    return sp.factor(rho(VARIANCES))


def _readout_variance(matrix: sp.Symbol, nu: sp.Expr, covariance: sp.Matrix, *, column: int) -> sp.Expr:
    """Variance that one readout matrix gives to L_t (column 0) or L̃_t (column 1)."""
    rows = linearize(C, dC).rows[matrix]
    row = LinearRow((rows,))
    return sp.expand(nu * row.cross_moment(0, 0, lambda *_: covariance)[column, column])
