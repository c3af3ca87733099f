r"""(32): the Wasserstein-2 distance between two Gaussians of mean 0, for any covariances.

Two bounds meet. The linear map A with ``A Σ_1 A = Σ_2`` couples the two and costs as much as (32) says;
that no coupling costs less follows from ``E‖A^{1/2} x - A^{-1/2} y‖² ≥ 0``. The commuting case is read
off in the common eigenbasis.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Nonnegative, Nonzero
from theory.justification import Bound, Instance, Rewriting
from theory.operators import Trace, sequence
from theory.step import Hypothesis
from theory.symbols import i

first, second, root, mixed, transport, coupling = (
    sp.Symbol(name, commutative=False)
    for name in (
        r"\Sigma_1",
        r"\Sigma_2",
        r"\Sigma_1^{1/2}",
        r"(\Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2})^{1/2}",
        "A",
        "K",
    )
)
distance = sp.Symbol("W_2^2", real=True)
cost = sp.Symbol(r"\operatorname{E}\|x - A x\|^2", real=True)
spread = sequence("s_i", r"\sigma^2_{{1,{0}}}", positive=True)
other_spread = sequence("s_prime_i", r"\sigma^2_{{2,{0}}}", positive=True)
dimension = sp.Symbol("d", integer=True, positive=True)

SIZE: Final = 3
SEED: Final = 32


@cache
def gaussian_distance() -> Derivation:
    """Upper and lower bound, then the commuting case."""
    draft = Draft(
        "32",
        "The distance between two Gaussians",
        r"For $x \sim N(0, \Sigma_1)$ and $y \sim N(0, \Sigma_2)$ with invertible covariances the least mean square "
        r"distance over all couplings is "
        "bounded from both sides by the same:",
        _hypotheses(),
    )
    in_numbers = Rewriting(_instances(), f"2 random rational instances of size {SIZE}")
    draft.add(
        "pushes forward",
        transport * first * transport,
        second,
        r"$A x$ has covariance $\Sigma_2$",
        in_numbers,
        uses=("transport", "roots"),
    )
    draft.add(
        "forward",
        Trace(transport * first),
        Trace(mixed),
        "the covariance of $x$ and $A x$ has this trace",
        in_numbers,
        uses=("transport", "roots"),
    )
    draft.add(
        "backward",
        Trace(transport**-1 * second),
        Trace(mixed),
        "the inverse map gives the same trace",
        in_numbers,
        uses=("transport", "roots"),
    )
    draft.add(
        "cost",
        cost,
        sp.expand(draft.unfold(cost, "cost of the map", "pushes forward", "forward")),
        "so this coupling costs",
        Rewriting(),
        uses=("cost of the map", "pushes forward", "forward"),
    )
    draft.add(
        "upper",
        distance,
        draft.steps[-1].rhs,
        "which the distance does not exceed",
        Bound((cost - distance,)),
        uses=("least", "cost"),
        equation="32",
    )
    square = Trace(transport * first) + Trace(transport**-1 * second) - 2 * Trace(coupling)
    draft.add(
        "lower",
        draft.steps[-1].rhs,
        distance,
        r"and which no coupling undercuts, since $\operatorname{E}\|A^{1/2} x - A^{-1/2} y\|^2$ is not negative",
        Bound((square,)),
        uses=("optimal", "square", "forward", "backward", "transport", "roots"),
        equation="32",
    )
    _commuting(draft)
    return draft.finish("upper", "lower", "commuting")


def _hypotheses() -> tuple[Hypothesis, ...]:
    """Roots, couplings and what the least of them costs."""
    squares = sp.Sum(spread(i), (i, 0, dimension - 1)), sp.Sum(other_spread(i), (i, 0, dimension - 1))
    return (
        Hypothesis(
            "roots",
            r"$\Sigma_1$ and $\Sigma_2$ are invertible and $\Sigma_1^{1/2}$, $(\Sigma_1^{1/2} \Sigma_2 "
            r"\Sigma_1^{1/2})^{1/2}$ are "
            r"the positive "
            r"square roots; the square of the second is solved for $\Sigma_2$",
            (
                Nonzero(root),
                Nonzero(mixed),
                Equation(first, root**2),
                Equation(second, root**-1 * mixed**2 * root**-1),
            ),
        ),
        Hypothesis(
            "transport",
            r"$A = \Sigma_1^{-1/2} (\Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2})^{1/2} \Sigma_1^{-1/2}$, a positive "
            r"definite map",
            (Equation(transport, root**-1 * mixed * root**-1),),
        ),
        Hypothesis(
            "cost of the map",
            r"$\operatorname{E}\|x - y\|^2 = \operatorname{tr} \Sigma_1 + \operatorname{tr} \Sigma_2 - 2 "
            r"\operatorname{tr} K$ "
            r"when $\operatorname{E} x y^{\top} = K$; for $y = A x$ that is $\operatorname{tr} A \Sigma_1$",
            (Equation(cost, Trace(first) + Trace(second) - 2 * Trace(transport * first)),),
        ),
        Hypothesis("least", "the distance is the least cost of a coupling", (Nonnegative(cost - distance),)),
        Hypothesis(
            "optimal",
            r"the least cost is attained, by a coupling with $\operatorname{E} x y^{\top} = K$",
            (Equation(distance, Trace(first) + Trace(second) - 2 * Trace(coupling)),),
        ),
        Hypothesis(
            "square",
            r"a mean square is not negative: $\operatorname{tr} A \Sigma_1 + \operatorname{tr} A^{-1} \Sigma_2 - "
            r"2 \operatorname{tr} K \ge 0$, for $A$ positive definite",
            (Nonnegative(Trace(transport * first) + Trace(transport**-1 * second) - 2 * Trace(coupling)),),
        ),
        Hypothesis(
            "common eigenbasis",
            r"if $\Sigma_1$ and $\Sigma_2$ commute, they have the variances $\sigma^2_{1,i}$, $\sigma^2_{2,i}$ in a "
            r"common "
            "eigenbasis",
            (
                Equation(Trace(first), squares[0]),
                Equation(Trace(second), squares[1]),
                Equation(
                    Trace(mixed),
                    sp.Sum(sp.sqrt(sp.sqrt(spread(i)) * other_spread(i) * sp.sqrt(spread(i))), (i, 0, dimension - 1)),
                ),
            ),
        ),
    )


def _commuting(draft: Draft) -> None:
    """In a common eigenbasis the distance is that of the standard deviations."""
    formula = draft.step("upper").rhs
    draft.add(
        "commuting",
        formula,
        sp.Sum((sp.sqrt(spread(i)) - sp.sqrt(other_spread(i))) ** 2, (i, 0, dimension - 1)),
        "for commuting covariances it is the squared distance of the standard deviations",
        Rewriting(),
        uses=("common eigenbasis",),
    )


@cache
def _instances() -> tuple[Instance, ...]:
    """Random positive definite integer matrices as roots; the covariances follow."""
    generator = random.Random(SEED)  # noqa: S311

    def positive() -> sp.Matrix:
        factor = sp.Matrix(SIZE, SIZE, lambda *_: generator.randint(-2, 2))
        return factor * factor.T + sp.eye(SIZE)

    cases = []
    for number in range(2):
        s, m = positive(), positive()
        values = {
            root: s,
            mixed: m,
            first: s * s,
            second: s.inv() * m * m * s.inv(),
            transport: s.inv() * m * s.inv(),
        }
        facts = tuple(Equation(symbol, sp.ImmutableMatrix(value)) for symbol, value in values.items())
        cases.append(Instance(f"instance {number + 1}", (), facts))
    return tuple(cases)
