r"""Theorem 4.1, (25): how far gradient descent moves each lag, with explicit constants, (60)–(67).

The loss is half the sum of squares, ``½‖y - A D^{1/2} θ‖²``, D holding the weights ρ_j. With a
mean-squared loss both constants change by the factor between the two losses.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Nonnegative
from theory.justification import Bound, Definition, InductiveBound, Rewriting
from theory.operators import Trace, sequence
from theory.statements.theorem_3_2 import rho
from theory.statements.theorem_3_3b import linearized_kernel
from theory.step import Hypothesis, Origin
from theory.symbols import ell, i, j, k

A, A_T, D, R, target = sp.symbols(r"A A^{\top} D D^{1/2} y", commutative=False)
eta, B_1, B_2 = sp.symbols("eta B_1 B_2", positive=True)
A_norm = sp.Symbol(r"\|A\|", positive=True)
rho_top = sp.Symbol(r"\bar{\rho}", positive=True)
samples = sp.Symbol("N", integer=True, positive=True)
parameters = sp.Symbol("P", integer=True, positive=True)

theta = sequence("theta_l", r"\theta^{{{0}}}", commutative=False)
error = sequence("e_l", r"e^{{{0}}}", commutative=False)
response = sequence("L_l", r"L^{{{0}}}", commutative=False)
mode = sequence("e_mode", r"\langle v_{{{1}}}, e^{{{0}}} \rangle", real=True)
eigenvalue = sequence("mu", r"\mu_{{{0}}}", real=True)
overlap = sequence("w_mode", r"\langle v_{{{0}}}, A_{{{1}}} \rangle", real=True)
direction = sequence("v_T", r"v_{{{0}}}^{{\top}}", commutative=False)
part_norm = sequence("part_norm", r"\|\left({1}\right)_{{{0}}}\|_F", commutative=True, nonnegative=True)
diagonal = sequence("D_k", r"D_{{{0}}}", positive=True)
error_norm = sequence("e_norm", r"\|e^{{{0}}}\|", positive=True)
gradient_norm = sequence("g_norm", r"\|(A^{{\top}} e^{{{0}}})_{{{1}}}\|", nonnegative=True)
distance = sequence("d_conv", r"\|L^{{{0}}}_{{{1}}} - L^{{0}}_{{{1}}}\|_F", nonnegative=True)
distance_rnn = sequence(
    "d_rnn",
    r"\limsup_{{n \to \infty}} \|L^{{{0}}}_{{\mathrm{{RNN}},{1}}} - L^{{0}}_{{\mathrm{{RNN}},{1}}}\|_F",
    nonnegative=True,
)
start_difference = sequence(
    "delta_start", r"\lim_{{n \to \infty}} \|L^{{0}}_{{\mathrm{{RNN}},{0}}} - L^{{0}}_{{{0}}}\|_F", nonnegative=True
)
difference = sequence(
    "delta_rnn", r"\lim_{{n \to \infty}} \|L^{{{0}}}_{{\mathrm{{RNN}},{1}}} - L^{{{0}}}_{{{1}}}\|_F", nonnegative=True
)

NORMS: Final = Hypothesis(
    "norms",
    r"the triangle inequality; $D$ acts on lag $j$ as $\rho_j$; $\|A^{\top} e\| \le \|A\| \|e\|$; at first nothing "
    r"has moved",
    (
        Nonnegative(distance(ell, j) + part_norm(j, response(ell + 1) - response(ell)) - distance(ell + 1, j)),
        Equation(part_norm(j, eta * D * A_T * error(ell)), eta * rho(j) * gradient_norm(ell, j)),
        Nonnegative(A_norm * error_norm(ell) - gradient_norm(ell, j)),
        Equation(distance(0, j), sp.S.Zero),
    ),
    Origin.CITED,
    "properties of a norm",
)

EIGENBASIS: Final = Hypothesis(
    "eigenbasis",
    r"$A D A^{\top}$ has an orthonormal basis of eigenvectors $v_i$: $v_i^{\top} A D A^{\top} = \mu_i v_i^{\top}$; "
    r"the component "
    r"of $e$ along $v_i$ is $v_i^{\top} e$",
    (
        Equation(mode(ell, i), Trace(direction(i) * error(ell))),
        Equation(direction(i) * A * D * A_T, eigenvalue(i) * direction(i)),
    ),
    Origin.CITED,
    "the spectral theorem",
)

PARSEVAL: Final = Hypothesis(
    "parseval",
    r"the squared norm of the errors is the sum of their squares in this basis",
    (Equation(error_norm(ell) ** 2, sp.Sum(mode(ell, i) ** 2, (i, 0, samples - 1))),),
    Origin.CITED,
    "the spectral theorem",
)

EIGENVALUES: Final = Hypothesis(
    "eigenvalues",
    r"with eigenvalues $\mu_i = \langle v_i, A D A^{\top} v_i \rangle$, and $\|A^{\top} v_i\| \le \|A\|$",
    (
        Equation(eigenvalue(i), sp.Sum(diagonal(k) * overlap(i, k) ** 2, (k, 0, parameters - 1))),
        Nonnegative(A_norm**2 - sp.Sum(overlap(i, k) ** 2, (k, 0, parameters - 1))),
    ),
    Origin.CITED,
    "the spectral theorem",
)

MODEL: Final = Hypothesis(
    "model",
    r"the scaled convolution, as a linear model: $P$ parameters, predictions $A D^{1/2} \theta$, errors $e$ and "
    r"impulse "
    r"response $D^{1/2} \theta$ (7); neither $A$ nor $e$ is 0, or nothing moves",
    (Equation(error(ell), target - A * R * theta(ell)), Equation(response(ell), R * theta(ell))),
)

DESCENT: Final = Hypothesis(
    "descent",
    r"gradient descent of rate $\eta$ on the loss $\frac{1}{2} \|e\|^2$, whose gradient is $-D^{1/2} A^{\top} e$",
    (Equation(theta(ell + 1), theta(ell) + eta * R * A_T * error(ell)), Equation(R * R, D)),
)

RATE: Final = Hypothesis(
    "rate",
    r"the rate is at most the inverse of the squared norm of $A$ times the largest weight",
    (Nonnegative(1 / (A_norm**2 * rho_top) - eta),),
)

LARGEST: Final = Hypothesis(
    "largest weight",
    r"$\bar{\rho}$ is the largest of the weights, which are the entries of $D$",
    (Nonnegative(rho_top - diagonal(k)),),
)

SAME_START: Final = Hypothesis(
    "start",
    r"the convolution starts at the impulse response of the RNN, $\theta^0_j = L^0_{\mathrm{RNN},j} / \sqrt{\rho_j}$ "
    r"(60)",
    (Equation(start_difference(j), sp.S.Zero),),
)

LIMIT: Final = Hypothesis(
    "3.1",
    r"for a small rate the predictions of the trained RNN and of the scaled convolution agree in probability as "
    r"$n \to \infty$, at every $\ell$ (65); on impulses predictions are impulse responses (66); with the triangle "
    r"inequality (67)",
    (
        Nonnegative(start_difference(j) + difference(ell, j) + distance(ell, j) - distance_rnn(ell, j)),
        Equation(difference(ell, j), sp.S.Zero),
    ),
    Origin.CITED,
    "Proposition 3.1 of the paper",
)


@cache
def training() -> Derivation:
    """(25) with explicit B_1 and B_2, first for the convolution and then for the RNN."""
    draft = Draft(
        "25",
        "How far training moves the impulse response",
        "After any number of steps of gradient descent with a small rate, lag $j$ has moved at most in proportion to "
        "its "
        "weight:",
        (
            relies_on(linearized_kernel()),
            MODEL,
            DESCENT,
            EIGENBASIS,
            PARSEVAL,
            EIGENVALUES,
            LARGEST,
            RATE,
            NORMS,
            SAME_START,
            LIMIT,
        ),
    )
    _recursion(draft)
    _modes(draft)
    _rate(draft)
    _errors(draft)
    _distance(draft)
    return draft.finish("bound", "rnn", "rate bound", "constant")


def _recursion(draft: Draft) -> None:
    """(61), and the increment of the impulse response."""
    uses = ("model", "descent", "model")
    step = error(ell + 1)
    draft.add(
        "errors",
        step,
        error(ell) + _change(draft, step - error(ell)),
        "one step of descent changes the errors like this",
        Rewriting(),
        uses=uses,
        equation="61",
    )
    increment = response(ell + 1) - response(ell)
    draft.add(
        "increment",
        increment,
        _change(draft, increment),
        "one step of descent changes the impulse response by this",
        Rewriting(),
        uses=uses,
    )


def _change(draft: Draft, difference_of_steps: sp.Expr) -> sp.Expr:
    """What one step of descent changes."""
    return sp.expand(draft.unfold(sp.expand(draft.unfold(difference_of_steps, "model", "descent")), "descent"))


def _modes(draft: Draft) -> None:
    """(61) in the eigenbasis: every component is multiplied by a number."""
    following = mode(ell + 1, i)
    draft.add(
        "modes",
        following,
        (1 - eta * eigenvalue(i)) * mode(ell, i),
        "in the eigenbasis every component of the errors is multiplied by a number",
        Rewriting(),
        uses=("eigenbasis", "errors", "eigenbasis"),
    )


def _rate(draft: Draft) -> None:
    """(62): what a small rate gives for every eigenvalue."""
    draft.add(
        "rate bound", B_1, 1 / (A_norm**2 * rho_top), "the largest rate that is allowed", Definition(), equation="62"
    )
    draft.add(
        "allowed",
        eta,
        B_1,
        "so the hypothesis on the rate says",
        Bound((1 / (A_norm**2 * rho_top) - eta,)),
        uses=("rate", "rate bound"),
    )
    draft.add(
        "small rate",
        eta * A_norm**2 * rho_top,
        sp.S.One,
        "so the rate is small in this sense",
        Bound((A_norm**2 * rho_top * (B_1 - eta),)),
        uses=("allowed", "rate bound"),
    )
    draft.add(
        "positive",
        sp.S.Zero,
        eigenvalue(i),
        "no eigenvalue is negative",
        Bound((sp.Sum(diagonal(k) * overlap(i, k) ** 2, (k, 0, parameters - 1)),)),
        uses=("eigenvalues",),
    )
    squares = sp.Sum(overlap(i, k) ** 2, (k, 0, parameters - 1))
    spread = sp.Sum((rho_top - diagonal(k)) * overlap(i, k) ** 2, (k, 0, parameters - 1))
    draft.add(
        "largest eigenvalue",
        eigenvalue(i),
        rho_top * A_norm**2,
        "none exceeds the largest weight times the squared norm",
        Bound((spread, rho_top * (A_norm**2 - squares))),
        uses=("eigenvalues", "largest weight"),
    )
    draft.add(
        "small steps",
        eta * eigenvalue(i),
        sp.S.One,
        "so no step overshoots",
        Bound((1 - eta * A_norm**2 * rho_top, eta * (rho_top * A_norm**2 - eigenvalue(i)))),
        uses=("small rate", "largest eigenvalue"),
    )


def _errors(draft: Draft) -> None:
    """(63): errors do not grow."""
    shrinkage = eta * eigenvalue(i) * (2 - eta * eigenvalue(i)) * mode(ell, i) ** 2
    draft.add(
        "one step",
        error_norm(ell + 1) ** 2,
        error_norm(ell) ** 2,
        "no mode grows in one step",
        Bound((sp.Sum(shrinkage, (i, 0, samples - 1)),)),
        uses=("parseval", "modes", "positive", "small steps"),
    )
    draft.add(
        "all steps",
        error_norm(ell) ** 2,
        error_norm(0) ** 2,
        "nor in any number of steps",
        InductiveBound(
            (error_norm(0) ** 2 - error_norm(ell) ** 2, error_norm(ell) ** 2 - error_norm(ell + 1) ** 2), ell
        ),
        uses=("one step",),
    )
    draft.add(
        "errors stay",
        error_norm(ell),
        error_norm(0),
        "take roots",
        Bound(((error_norm(0) ** 2 - error_norm(ell) ** 2) / (error_norm(0) + error_norm(ell)),)),
        uses=("all steps",),
        equation="63",
    )


def _distance(draft: Draft) -> None:
    """(64)–(67): the distance moved grows at most linearly, for the convolution and for the RNN."""
    draft.add("constant", B_2, A_norm * error_norm(0), "the constant of the bound", Definition(), equation="62")
    following = (
        B_2 * rho(j) * eta * ell - distance(ell, j),
        distance(ell, j) + part_norm(j, response(ell + 1) - response(ell)) - distance(ell + 1, j),
        eta * rho(j) * (A_norm * error_norm(ell) - gradient_norm(ell, j)),
        eta * rho(j) * A_norm * (error_norm(0) - error_norm(ell)),
    )
    draft.add(
        "bound",
        distance(ell, j),
        B_2 * rho(j) * eta * ell,
        "add the increments up",
        InductiveBound(following, ell),
        uses=("constant", "increment", "norms", "errors stay"),
        equation="64",
    )
    draft.add(
        "rnn",
        distance_rnn(ell, j),
        B_2 * rho(j) * eta * ell,
        "and in the limit of a wide RNN, (65) to (67), the same",
        Bound(
            (
                start_difference(j) + difference(ell, j) + distance(ell, j) - distance_rnn(ell, j),
                B_2 * rho(j) * eta * ell - distance(ell, j),
            )
        ),
        uses=("bound", "start", "3.1"),
        equation="25",
    )
