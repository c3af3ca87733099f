"""Lemma C.1: the predictor form (72d)–(72h) gives the covariances ``ν E[Z_s^T Z_t]``.

By strong induction for any number of steps, whatever the rank of the second moments; then two and
three steps written out, with every second moment of Z a symbol of its own. One column is followed;
with several, an index stands for a time and a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import sympy as sp

from theory.cases import StrongInduction
from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Nonzero
from theory.justification import Instance, Rewriting
from theory.operators import Covariance, sequence
from theory.state_evolution import Covariance as BlockCovariance
from theory.state_evolution import GaussianRecursion, Image, RandomMatrix, StateEvolution
from theory.statements.lemma_c_1b import conditioning
from theory.step import Hypothesis, Origin
from theory.symbols import a, k, l, r, s, t

nu, other_nu = sp.symbols("nu nu'", positive=True)
vector = sequence("Z_t", "Z_{{{0}}}", commutative=False)
image = sequence("R_t", "R_{{{0}}}", commutative=False)
other_vector = sequence("Z_prime", "Z'_{{{0}}}", commutative=False)
state = sequence("Q_t", "Q_{{{0}}}", commutative=False)
predictor = sequence("F_ts", "F_{{{0},{1}}}")
innovation = sequence("P_t", "P_{{{0}}}")

STEPS: Final = 3
ORDINALS: Final = {1: "two", 2: "three"}


def moment(first: sp.Expr | int, second: sp.Expr | int) -> sp.Expr:
    """``E[Z_s Z_t]``."""
    return Covariance(vector(first), vector(second))


@cache
def state_evolution() -> Derivation:
    """The predictor form and the variance identity are the same, for every t and written out."""
    draft = Draft(
        "C.1",
        "State evolution: the predictor form and the variance identity",
        r"The images $R_t$ of one Gaussian matrix of variance $\nu$, built from predictors and innovations (72), "
        r"have $\nu$ "
        r"times the second moments of the $Z_t$ that it is applied to:",
        (relies_on(conditioning()), *_hypotheses()),
    )
    draft.add(
        "variance identity",
        Covariance(image(s), image(t)),
        nu * moment(s, t),
        "the images of earlier times are known; what is predicted and the innovation add up",
        StrongInduction(
            (
                Instance("an earlier time", ((s, a), (t, a + r + 1))),
                Instance("the same time", ((s, a), (t, a))),
            ),
            "an earlier time; the same time",
            ((s, t),),
        ),
        uses=("images", "innovation", "predictors"),
    )
    following = Covariance(state(s + 1), state(t + 1))
    draft.add(
        "sum of images",
        following,
        draft.unfold(following, "sum", "variance identity"),
        "so the recursion goes on with the sum over its matrices",
        Rewriting(),
        uses=("sum", "variance identity"),
        equation="72h",
    )
    conclusions = [name for time in range(1, STEPS) for name in _written_out(draft, time)]
    return draft.finish("variance identity", "sum of images", *conclusions)


def _hypotheses() -> tuple[Hypothesis, ...]:
    """(72d)–(72h), in terms of covariances."""
    earlier = sp.Sum(predictor(s + r + 1, k) * Covariance(image(s), image(k)), (k, 0, s + r))
    pairs = sp.Sum(predictor(t, k) * predictor(t, l) * Covariance(image(k), image(l)), (l, 0, t - 1), (k, 0, t - 1))
    predicted = sp.Sum(predictor(t, k) * moment(k, t), (k, 0, t - 1))
    explained = sp.Sum(predictor(t, k) * predictor(t, l) * moment(k, l), (l, 0, t - 1), (k, 0, t - 1))
    return (
        Hypothesis(
            "images",
            r"(72f), (72g): $R_t = \sum_{s<t} F_{t,s} R_s + \tilde{R}_t$ with an innovation of variance $P_t$ that is "
            "independent of the past",
            (
                Equation(Covariance(image(s), image(s + r + 1)), earlier),
                Equation(Covariance(image(t), image(t)), pairs + innovation(t)),
            ),
            Origin.CITED,
            "the law of a conditioned Gaussian matrix, (94)-(102)",
        ),
        Hypothesis(
            "innovation",
            r"(72e): $P_t = \nu \operatorname{E} (Z_t - \sum_{s<t} F_{t,s} Z_s)^2$, expanded",
            (Equation(innovation(t), nu * (moment(t, t) - 2 * predicted + explained)),),
        ),
        Hypothesis(
            "predictors",
            r"(72d): the $F_{t,s}$ solve the normal equations, as they can even where the second moments are singular",
            (Equation(moment(s, s + r + 1), sp.Sum(moment(s, k) * predictor(s + r + 1, k), (k, 0, s + r))),),
        ),
        Hypothesis(
            "nondegenerate",
            "written out with inverses, the first two moments are not degenerate",
            (Nonzero(moment(0, 0)), Nonzero(moment(0, 0) * moment(1, 1) - moment(0, 1) ** 2)),
        ),
        Hypothesis(
            "sum",
            r"(72h): $Q_{t+1}$ adds the images of independent matrices; those of a second one, of variance $\nu'$, "
            r"applied to "
            r"$Z'_t$, are found in the same way",
            (
                Equation(
                    Covariance(state(s + 1), state(t + 1)),
                    Covariance(image(s), image(t)) + other_nu * Covariance(other_vector(s), other_vector(t)),
                ),
            ),
        ),
    )


@dataclass(frozen=True)
class _Symbolic:
    """A row function of which only the second moments are known, one symbol each."""

    def cross_moment(self, s: int, t: int, covariance: BlockCovariance) -> sp.Matrix:  # noqa: ARG002
        return sp.Matrix([[moment(s, t)]])


@cache
def _images() -> tuple[Image, ...]:
    """What the engine makes of the first steps."""
    evolution = StateEvolution(GaussianRecursion((RandomMatrix("A", nu, _Symbolic()),), sp.ImmutableMatrix([[1]])))
    return tuple(evolution.advance()[0] for _ in range(STEPS))


def _written_out(draft: Draft, time: int) -> list[str]:
    """Predictors, innovation and covariances at one time; the names of these lines."""
    found, names = _images()[time], []
    for earlier, block in enumerate(found.predictor):
        names.append(f"F{time}{earlier}")
        draft.add(
            names[-1],
            predictor(time, earlier),
            sp.factor(block[0]),
            f"{ORDINALS[time]} steps written out: a predictor" if not earlier else "and the next",
            Rewriting(),
            uses=("nondegenerate", *["predictors"] * (time + 1)),
            equation="72d",
        )
    names.append(f"P{time}")
    draft.add(
        names[-1],
        innovation(time),
        sp.factor(found.innovation[0]),
        "the innovation",
        Rewriting(),
        uses=("nondegenerate", "innovation", *["predictors"] * (time + 1)),
        equation="72e",
    )
    for earlier in range(time + 1):
        names.append(f"image {earlier}{time}")
        draft.add(
            names[-1],
            Covariance(image(earlier), image(time)),
            nu * moment(earlier, time),
            "the covariance with an earlier image" if earlier < time else "and the variance",
            Rewriting(),
            uses=("variance identity",),
            routes=(("the predictor form, worked out", found.with_past[earlier][0]),),
        )
    return names
