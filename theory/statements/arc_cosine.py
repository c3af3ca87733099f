"""The arc-cosine formula: second moments of relus of jointly Gaussian variables, by Price's theorem.

The covariance of a pair is turned on, along a path of angles from independence to what it is. Price's
theorem gives the derivatives of ``E[f(X) g(Y)]``; that of a relu is a step, that of a step a unit mass.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory.activations import relu, step
from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Nonnegative
from theory.justification import Rewriting
from theory.operators import Expectation, sequence
from theory.paths import AtPlace, EqualDerivatives, SquareRoot
from theory.step import Hypothesis, Origin
from theory.symbols import i, k, path, s, t

H = sequence("H_preactivation", "H^{{({0})}}_{{{1}}}", random=True, real=True)
"""A centred Gaussian family: the number of a linear form, and a time."""

sigma = sequence("sigma_preactivation", r"\sigma^{{({0})}}_{{{1}}}", positive=True)
"""Standard deviations."""

angle = sequence("angle", r"\delta^{{({0},{2})}}_{{{1},{3}}}", real=True)
c_path = sequence("c_path", r"c({0})", real=True)
relu_path = sequence("relu_path", r"\kappa_{{1}}({0})", real=True)
step_path = sequence("step_path", r"\kappa_{{0}}({0})", real=True)
density = sequence("density_path", r"p({0})", real=True)
root_path = sequence("root_path", r"r({0})", real=True)

PAIR: Final = (i, s, k, t)
SPREAD: Final = sigma(i, s) * sigma(k, t)
ANGLE: Final = angle(*PAIR)
PRICE: Final = r"Price's theorem: $\frac{d}{dc} \operatorname{E}[f(X) g(Y)] = \operatorname{E}[f'(X) g'(Y)]$"


def second_moment() -> sp.Expr:
    """``E[X Y]`` for the pair."""
    return Expectation(H(i, s) * H(k, t))


def along(value: object, place: sp.Expr | int = path) -> sp.Expr:
    """The value of a sequence for the pair, at a place on the path."""
    return value(place, *PAIR)  # type: ignore[operator]


@cache
def arc_cosine() -> Derivation:
    """E[relu relu] and E[step step] for a Gaussian pair."""
    draft = Draft(
        "arc-cosine",
        "The arc-cosine formulas: relus and steps of Gaussian variables",
        r"For centred, jointly Gaussian $H^{(i)}_s$ of standard deviations $\sigma^{(i)}_s > 0$",
        _hypotheses(),
    )
    draft.add(
        "speed",
        sp.Derivative(along(c_path), path),
        sp.diff(draft.unfold(along(c_path), "path"), path),
        "how fast the covariance grows along the path",
        Rewriting(),
        uses=("path",),
    )
    draft.add(
        "root",
        sp.sqrt(SPREAD**2 - along(c_path) ** 2),
        SPREAD * sp.cos(path * ANGLE),
        "the root of the determinant of the covariance matrix there",
        SquareRoot(),
        uses=("path", "angle"),
    )
    draft.add(
        "determinant",
        along(root_path),
        draft.unfold(along(root_path), "r", "root"),
        "and so",
        Rewriting(),
        uses=("r", "root"),
    )
    uses = ("price", "speed", "density at 0", "determinant", "start", "means")
    draft.add(
        "steps along the path",
        along(step_path),
        sp.Rational(1, 4) + path * ANGLE / (2 * sp.pi),
        "both are positive with this probability: the speed times the density at the origin is constant",
        EqualDerivatives(),
        uses=uses,
    )
    turned = path * ANGLE
    draft.add(
        "relus along the path",
        along(relu_path),
        SPREAD * (sp.cos(turned) + (sp.pi / 2 + turned) * sp.sin(turned)) / (2 * sp.pi),
        "and of the relus the derivative is the speed times that",
        EqualDerivatives(),
        uses=("price", "speed", "steps along the path", "start", "means"),
    )
    draft.add(
        "root at the end",
        sp.sqrt(SPREAD**2 - second_moment() ** 2),
        SPREAD * sp.cos(ANGLE),
        "at the end of the path, in terms of the covariance,",
        SquareRoot(),
        uses=("gaussian", "angle"),
    )
    above = sp.pi - sp.acos(second_moment() / SPREAD)
    draft.add(
        "steps",
        Expectation(step(H(i, s)) * step(H(k, t))),
        above / (2 * sp.pi),
        "the probability that both are positive",
        AtPlace(sp.S.One),
        uses=("end", "steps along the path", "gaussian", "arc"),
    )
    draft.add(
        "relus",
        Expectation(relu(H(i, s)) * relu(H(k, t))),
        (sp.sqrt(SPREAD**2 - second_moment() ** 2) + second_moment() * above) / (2 * sp.pi),
        "and the arc-cosine formula; at the ends of its range, correlation $\\pm 1$, by continuity",
        AtPlace(sp.S.One),
        uses=("end", "relus along the path", "root at the end", "gaussian", "arc"),
    )
    for function, name in ((relu, "relu"), (step, "step")):
        alone = Expectation(function(H(i, s)))
        found = draft.unfold(alone, "means")
        draft.add(f"{name} alone", alone, found, f"a {name} alone has this mean", Rewriting(), uses=("means",))
    return draft.finish("relus", "steps", "relu alone", "step alone")


def _hypotheses() -> tuple[Hypothesis, ...]:
    speed = sp.Derivative(along(c_path), path)
    return (
        Hypothesis(
            "gaussian",
            r"the $H^{(i)}_s$ are jointly Gaussian of mean 0, and $\delta$, between $-\pi/2$ and $\pi/2$, is the angle "
            "whose sine is the correlation",
            (Equation(second_moment(), SPREAD * sp.sin(ANGLE)),),
        ),
        Hypothesis(
            "angle",
            r"cosines of angles between $-\pi/2$ and $\pi/2$ are not negative, on the path $0 \le \lambda \le 1$",
            (Nonnegative(sp.cos(path * ANGLE)), Nonnegative(sp.cos(ANGLE))),
        ),
        Hypothesis(
            "arc",
            r"such an angle is the complement of the arc cosine of its sine",
            (Equation(sp.acos(sp.sin(ANGLE)), sp.pi / 2 - ANGLE),),
        ),
        Hypothesis(
            "path",
            r"for $0 \le \lambda \le 1$ let $(X, Y)$ be a Gaussian pair with the variances of $H^{(i)}_s$ and "
            r"$H^{(k)}_t$ and the covariance $c(\lambda)$; $\kappa_0$ and $\kappa_1$ are $\operatorname{E}[f(X) f(Y)]$ "
            "for $f$ a step and a relu, and $p$ is the density of the pair at the origin",
            (Equation(along(c_path), SPREAD * sp.sin(path * ANGLE)),),
        ),
        Hypothesis(
            "start",
            "at the start of the path, $X$ and $Y$ are independent",
            (
                Equation(along(step_path, 0), Expectation(step(H(i, s))) * Expectation(step(H(k, t)))),
                Equation(along(relu_path, 0), Expectation(relu(H(i, s))) * Expectation(relu(H(k, t)))),
            ),
        ),
        Hypothesis(
            "end",
            r"at its end they have the law of $H^{(i)}_s$ and $H^{(k)}_t$",
            (
                Equation(Expectation(step(H(i, s)) * step(H(k, t))), along(step_path, 1)),
                Equation(Expectation(relu(H(i, s)) * relu(H(k, t))), along(relu_path, 1)),
            ),
        ),
        Hypothesis(
            "means",
            r"a centred Gaussian is as often positive as negative, and by Stein's identity $\operatorname{E} "
            r"\operatorname{relu}(X) = \operatorname{E} X \operatorname{step}(X)$ is variance times density at 0",
            (
                Equation(Expectation(step(H(i, s))), sp.S.Half),
                Equation(Expectation(relu(H(i, s))), sigma(i, s) ** 2 / (sigma(i, s) * sp.sqrt(2 * sp.pi))),
            ),
            Origin.CITED,
            "Stein's identity",
        ),
        Hypothesis(
            "price",
            f"{PRICE}; the derivative of a step is a unit mass at 0. Where the pair is degenerate, which it can be at "
            r"$\lambda = 1$ only, both sides are continuous",
            (
                Equation(sp.Derivative(along(relu_path), path), speed * along(step_path)),
                Equation(sp.Derivative(along(step_path), path), speed * along(density)),
            ),
            Origin.CITED,
            "Price's theorem",
        ),
        Hypothesis(
            "r",
            r"$r$ is the root of the determinant of the covariance matrix of the pair",
            (Equation(along(root_path), sp.sqrt(SPREAD**2 - along(c_path) ** 2)),),
        ),
        Hypothesis(
            "density at 0",
            "the density of a Gaussian pair at the origin",
            (Equation(along(density), 1 / (2 * sp.pi * along(root_path))),),
        ),
    )
