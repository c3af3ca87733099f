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

from theory.derivation import Derivation, Method, Step
from theory.recurrences import Recurrence, solve
from theory.state_evolution import GaussianRecursion, Image, InductionStep, LinearRow, RandomMatrix, induct
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
from theory.verification import Identity

Perturbation = tuple[sp.Expr, sp.Expr, sp.Expr]
"""Variances of W̃, F̃, C̃."""

PERTURBATIONS: Perturbation = (epsilon_W, epsilon_F, epsilon_C)
PAPER_PERTURBATION: Perturbation = (sp.S.One, sp.S.One, sp.S.One)

INITIALIZATION = "entries of W, F, C independent, N(0, ν_W), N(0, ν_F), N(0, ν_C), as in (4)"
FIXED_HORIZON = "T, n_x, n_y fixed while n → ∞"
FIXED_START = "h_{-1} = 0"
STATE_EVOLUTION = "Lemma C.1: the large-n limit of a Gaussian recursion obeys the state evolution (72)"
INDEPENDENT_PERTURBATION = "W̃, F̃, C̃ Gaussian, independent of W, F, C, of variances ε_W, ε_F, ε_C (1 in the paper)"

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


@cache
def impulse_response_law() -> Derivation:
    """Theorem 3.3(a): the limit variance of the components of L_j, by (41)–(43)."""
    recursion = impulse_recursion()
    induction = induct(recursion, [["sigma"]])
    sigma = induction.present[0]
    recurrence = Recurrence(sigma, recursion.initial[0], induction.following[0])
    solution = solve([recurrence])[sigma]
    variance = (nu_C * solution).subs(t, j)
    steps = (
        Step(
            "(41)",
            sp.Symbol("q_{t+1}", commutative=False),
            _scale * W * q,
            "impulse response of (1) from x to h, with q_0 = F",
            Method.DEFINITION,
        ),
        *_independence(induction),
        Step(
            "(43)",
            sigma.subs(t, t + 1),
            recurrence.following,
            "variance identity: the predictor form (72d)–(72h) against ν E[Z_tᵀZ_t]",
            Method.IDENTITY,
            _two_routes(induction),
        ),
        Step(
            "(43)",
            sigma,
            solution,
            "solution for every t, since E[Q_0ᵀQ_0] = ν_F",
            Method.INDUCTION,
            recurrence.obligations({sigma: solution}),
        ),
        Step(
            "3.3(a)",
            sp.Symbol("v_j"),
            variance,
            "L_j = n^{-1/2} C q_j with C independent of q: one more image, of variance ν_C E[Q_jᵀQ_j]",
            Method.IDENTITY,
            (
                Identity(
                    _readout_variance(C, nu_C, sp.Matrix([[solution, 0], [0, 0]]), column=0).subs(t, j),
                    variance,
                    "readout",
                ),
            ),
        ),
    )
    return Derivation(
        "3.3a",
        "The impulse response at initialization",
        (INITIALIZATION, FIXED_HORIZON, FIXED_START, STATE_EVOLUTION),
        steps,
        variance,
    )


@dataclass(frozen=True)
class _Solution:
    """One run of the engine on (45), solved for symbolic t."""

    induction: InductionStep
    recurrences: tuple[Recurrence, ...]
    sequences: dict[sp.Expr, sp.Expr]
    weight: sp.Expr


def _solve_perturbed(perturbation: Perturbation) -> _Solution:
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
    return _Solution(induction, recurrences, sequences, sp.expand(weight))


@cache
def kernel_weight_law() -> Derivation:
    """Theorem 3.3(b): ρ_j derived from (44)–(55).

    The result is ``ρ_j`` with the perturbation variances left symbolic; ``rho`` substitutes them.
    """
    solution = _solve_perturbed(PERTURBATIONS)
    induction, sequences, weight = solution.induction, solution.sequences, solution.weight
    covariance = induction.present.subs(sequences)
    linearized, readout = linearize(W, dW), linearize(C, dC)
    by_hand = nu_C * covariance[1, 1] + epsilon_C * covariance[0, 0]
    alone = [_solve_perturbed(tuple(sp.Integer(e == own) for e in PERTURBATIONS)).weight for own in PERTURBATIONS]
    rho_t = sp.powsimp(sp.expand(weight.subs(dict(zip(PERTURBATIONS, PAPER_PERTURBATION, strict=True)))))
    steps = (
        Step(
            "(44)",
            sp.Symbol(r"\tilde{q}_{t+1}", commutative=False),
            linearized.derivative,
            "differentiate (41) in the direction of W̃, F̃ (Lemma B.1)",
            Method.IDENTITY,
            (Identity(linearized.derivative, _scale * (W * dq + dW * q), "product rule"),),
        ),
        *(
            Step(
                "(45)",
                sp.Symbol(f"B_{{{name}}}"),
                linearized.rows[symbol],
                f"the rows that {name} acts on: Z_t = [Q_t, Q̃_t] B",
                Method.IDENTITY,
                (_reassembles(linearized),),
            )
            for name, symbol in (("W", W), (r"\tilde{W}", dW))
        ),
        *_independence(induction),
        Step(
            "(50)",
            induction.present.subs(t, t + 1),
            induction.following,
            "variance identity: the predictor form (72d)–(72h) against Σ_i ν_i E[Z_iᵀZ_i]",
            Method.IDENTITY,
            _two_routes(induction),
        ),
        *(
            Step(
                "(46)" if r.name != "tau" else "(51)",
                r.sequence,
                sequences[r.sequence],
                "solution for every t",
                Method.INDUCTION,
                r.obligations(sequences),
            )
            for r in solution.recurrences
        ),
        Step(
            "(52)",
            sp.Symbol(r"\tilde{L}_t", commutative=False),
            readout.derivative,
            "differentiate L_t = n^{-1/2} C q_t in the direction of C̃",
            Method.IDENTITY,
            (Identity(readout.derivative, _scale * (C * dq + dC * q), "product rule"),),
        ),
        Step(
            "(55)",
            sp.Symbol("rho_t"),
            weight,
            "variance of L̃_t: one more image, of C and C̃, both independent of the recursion",
            Method.IDENTITY,
            (Identity(weight, by_hand, "readout"),),
        ),
        Step(
            "(55)",
            sp.Symbol("rho_t"),
            rho_t,
            "for standard Gaussian W̃, F̃, C̃; the sum of three separate runs that perturb W, F and C alone",
            Method.IDENTITY,
            (Identity(rho_t, sp.Add(*alone), "parts"),),
        ),
    )
    return Derivation(
        "3.3b",
        "The tangent kernel of the linear RNN",
        (INITIALIZATION, FIXED_HORIZON, FIXED_START, STATE_EVOLUTION, INDEPENDENT_PERTURBATION),
        steps,
        weight.subs(t, j),
    )


def variance() -> sp.Expr:
    """The limit variance of a component of L_j, derived; a function of j, ν_W, ν_F, ν_C."""
    return impulse_response_law().result


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
    return sp.powsimp(sp.expand(kernel_weight_law().result.subs(values)))


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


def _independence(induction: InductionStep) -> tuple[Step, ...]:
    """The steps that show Q_{t+1} to be independent of its past."""
    none = sp.zeros(*induction.present.shape)
    predictors = tuple(Identity(f, none, f"predictor {i}") for i, f in enumerate(_predictors(induction.images)))
    return (
        Step(
            "(72d)",
            sp.Symbol("F_{i,t,s}"),
            none,
            "by the hypothesis of the induction E[Z_sᵀZ_t] = 0 for s < t: nothing is predicted",
            Method.IDENTITY,
            predictors,
        ),
        Step(
            "(72h)",
            sp.Symbol("E[Q_{s+1}^T Q_{t+1}]"),
            induction.with_earlier,
            "so R_t is a fresh innovation: Q_{t+1} is independent of Q_0 … Q_t, which closes the induction",
            Method.IDENTITY,
            (
                Identity(induction.with_earlier, none, "earlier times"),
                Identity(induction.with_initial, none, "time 0"),
                *(Identity(image.with_past[0], image.direct[0], "two routes") for image in induction.images),
            ),
        ),
    )


def _predictors(images: tuple[Image, ...]) -> tuple[sp.Matrix, ...]:
    return tuple(block for image in images for block in image.predictor)


def _two_routes(induction: InductionStep) -> tuple[Identity, ...]:
    """Predictor form (72d)–(72h) against the variance identity, in sum and matrix by matrix."""
    direct = sum((image.direct[-1] for image in induction.images), sp.zeros(*induction.present.shape))
    return (
        Identity(induction.following, direct, "sum"),
        *(Identity(image.with_past[-1], image.direct[-1], "one matrix") for image in induction.images),
    )


def _reassembles(linearized: Linearization) -> Identity:
    """The rows read off reproduce the update and its derivative."""
    vectors = sp.Matrix([[q, dq]])
    rebuilt = sum((_scale * symbol * (vectors * rows) for symbol, rows in linearized.rows.items()), sp.zeros(1, 2))
    return Identity(rebuilt, sp.Matrix([[_scale * W * q, linearized.derivative]]), "(45)")


def _readout_variance(matrix: sp.Symbol, nu: sp.Expr, covariance: sp.Matrix, *, column: int) -> sp.Expr:
    """Variance that one readout matrix gives to L_t (column 0) or L̃_t (column 1)."""
    rows = linearize(C, dC).rows[matrix]
    row = LinearRow((rows,))
    return sp.expand(nu * row.cross_moment(0, 0, lambda *_: covariance)[column, column])
