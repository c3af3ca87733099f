"""The arcsine formula: second moments of erf of jointly Gaussian variables, by Price's theorem.

As for the arc-cosine formulas, along a path of angles; the derivative of erf is a Gaussian weight, and what
it leaves is a Gaussian integral.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Nonnegative
from theory.justification import Rewriting
from theory.operators import Expectation, sequence
from theory.paths import AtPlace, EqualDerivatives, SquareRoot
from theory.statements.arc_cosine import PAIR, PRICE, H, along, second_moment, sigma
from theory.step import Hypothesis, Origin
from theory.symbols import i, k, path, s, t

spread = sequence("spread_erf", r"\rho^{{({0})}}_{{{1}}}", positive=True)
erf_angle = sequence("erf_angle", r"\varphi^{{({0},{2})}}_{{{1},{3}}}", real=True)
erf_c = sequence("erf_c_path", r"c({0})", real=True)
erf_path = sequence("erf_path", r"\kappa({0})", real=True)
weight = sequence("erf_weight", r"w({0})", real=True)
erf_root = sequence("erf_root", r"r({0})", real=True)

PRODUCT: Final = spread(i, s) * spread(k, t)
ANGLE: Final = erf_angle(*PAIR)


@cache
def arcsine() -> Derivation:
    """E[erf erf] for a Gaussian pair."""
    draft = Draft(
        "arcsine",
        "The arcsine formula: erf of Gaussian variables",
        r"For centred, jointly Gaussian $H^{(i)}_s$ of standard deviations $\sigma^{(i)}_s$, with $\rho^{(i)}_s = "
        r"(1 + 2 (\sigma^{(i)}_s)^2)^{1/2}$",
        _hypotheses(),
    )
    draft.add(
        "speed",
        sp.Derivative(along(erf_c), path),
        sp.diff(draft.unfold(along(erf_c), "path"), path),
        "how fast the covariance grows along the path",
        Rewriting(),
        uses=("path",),
    )
    draft.add(
        "root",
        sp.sqrt(PRODUCT**2 - 4 * along(erf_c) ** 2),
        PRODUCT * sp.cos(path * ANGLE),
        r"the root of the determinant of $1 + 2 \Sigma$, $\Sigma$ the covariance matrix there",
        SquareRoot(),
        uses=("path", "angle"),
    )
    draft.add(
        "determinant",
        along(erf_root),
        draft.unfold(along(erf_root), "r", "root"),
        "and so",
        Rewriting(),
        uses=("r", "root"),
    )
    draft.add(
        "along the path",
        along(erf_path),
        2 * path * ANGLE / sp.pi,
        "the derivative is constant: the speed times the Gaussian integral",
        EqualDerivatives(),
        uses=("price", "speed", "weight", "determinant", "start"),
    )
    draft.add(
        "erfs",
        Expectation(sp.erf(H(i, s)) * sp.erf(H(k, t))),
        2 * sp.asin(2 * second_moment() / PRODUCT) / sp.pi,
        "the arcsine formula",
        AtPlace(sp.S.One),
        uses=("end", "along the path", "gaussian", "arc"),
    )
    draft.add(
        "spread",
        spread(i, s),
        sp.sqrt(1 + 2 * sigma(i, s) ** 2),
        "where",
        Rewriting(),
        uses=("spread of erf",),
    )
    alone = Expectation(sp.erf(H(i, s)))
    draft.add("erf alone", alone, sp.S.Zero, "and alone it has mean 0", Rewriting(), uses=("start",))
    return draft.finish("erfs", "spread", "erf alone")


def _hypotheses() -> tuple[Hypothesis, ...]:
    mean = Expectation(sp.erf(H(i, s))) * Expectation(sp.erf(H(k, t)))
    return (
        Hypothesis(
            "gaussian",
            r"the $H^{(i)}_s$ are jointly Gaussian of mean 0; twice their covariance is less than $\rho \rho$, which "
            r"gives an angle $\varphi$ between $-\pi/2$ and $\pi/2$",
            (Equation(second_moment(), PRODUCT * sp.sin(ANGLE) / 2),),
        ),
        Hypothesis(
            "angle",
            r"cosines of angles between $-\pi/2$ and $\pi/2$ are not negative, on the path $0 \le \lambda \le 1$",
            (Nonnegative(sp.cos(path * ANGLE)),),
        ),
        Hypothesis("arc", "such an angle is the arc sine of its sine", (Equation(sp.asin(sp.sin(ANGLE)), ANGLE),)),
        Hypothesis(
            "spread of erf",
            r"$\rho$ is the root of $1 + 2 \sigma^2$",
            (Equation(spread(i, s), sp.sqrt(1 + 2 * sigma(i, s) ** 2)),),
        ),
        Hypothesis(
            "path",
            r"for $0 \le \lambda \le 1$ let $(X, Y)$ be a Gaussian pair with the variances of $H^{(i)}_s$ and "
            r"$H^{(k)}_t$ and the covariance $c(\lambda)$, and $\kappa = \operatorname{E}[\operatorname{erf}(X) "
            r"\operatorname{erf}(Y)]$",
            (Equation(along(erf_c), PRODUCT * sp.sin(path * ANGLE) / 2),),
        ),
        Hypothesis(
            "start",
            "at the start of the path $X$ and $Y$ are independent, and erf is odd",
            (Equation(along(erf_path, 0), mean), Equation(Expectation(sp.erf(H(i, s))), sp.S.Zero)),
        ),
        Hypothesis(
            "end",
            r"at its end they have the law of $H^{(i)}_s$ and $H^{(k)}_t$",
            (Equation(Expectation(sp.erf(H(i, s)) * sp.erf(H(k, t))), along(erf_path, 1)),),
        ),
        Hypothesis(
            "price",
            rf"{PRICE}, and $w(\lambda) = \operatorname{{E}}[\operatorname{{erf}}'(X) \operatorname{{erf}}'(Y)]$",
            (Equation(sp.Derivative(along(erf_path), path), sp.Derivative(along(erf_c), path) * along(weight)),),
            Origin.CITED,
            "Price's theorem",
        ),
        Hypothesis(
            "weight",
            r"$\operatorname{erf}'(x) = 2 \pi^{-1/2} e^{-x^2}$, and $\operatorname{E} e^{-X^2-Y^2} = \det(1 + 2 "
            r"\Sigma)^{-1/2}$, a Gaussian integral",
            (Equation(along(weight), (2 / sp.sqrt(sp.pi)) ** 2 / along(erf_root)),),
        ),
        Hypothesis(
            "r",
            r"$r$ is the root of the determinant of $1 + 2 \Sigma$",
            (Equation(along(erf_root), sp.sqrt(PRODUCT**2 - 4 * along(erf_c) ** 2)),),
        ),
    )
