"""Lemma C.1: the predictor form (72d)–(72h) gives the covariances ``ν E[Z_s^T Z_t]``.

First for any number of steps, with the Gram matrices as non-commuting symbols; then two and three
steps written out, with every covariance of Z a symbol of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Nonzero
from theory.justification import Definition, Rewriting
from theory.operators import sequence
from theory.state_evolution import Covariance as BlockCovariance
from theory.state_evolution import GaussianRecursion, Image, RandomMatrix, StateEvolution
from theory.statements.lemma_c_1b import conditioning
from theory.step import Hypothesis, Origin

nu = sp.Symbol("nu", positive=True)
gram, inverse, cross, cross_T, present = (
    sp.Symbol(name, commutative=False)
    for name in (r"\bar{\Gamma}", r"\bar{\Gamma}^{+}", r"\gamma_t", r"\gamma_t^{\top}", r"\Gamma_{t,t}")
)
predictor, predictor_T = sp.symbols(r"F_t F_t^{\top}", commutative=False)
innovation = sp.Symbol("P_t", commutative=False)
past, past_present, now = (
    sp.Symbol(rf"\operatorname{{Cov}}({pair})", commutative=False)
    for pair in (r"\bar{R}_t, \bar{R}_t", r"\bar{R}_t, R_t", "R_t, R_t")
)

other_nu = sp.Symbol("nu'", positive=True)
other_present, other_now, following = (
    sp.Symbol(name, commutative=False)
    for name in (r"\Gamma'_{t,t}", r"\operatorname{Cov}(R'_t, R'_t)", r"\operatorname{Cov}(Q_{t+1}, Q_{t+1})")
)

moment = sequence("gamma_st", r"\gamma_{{{0},{1}}}", commutative=True)
coefficient = sequence("F_ts", r"F_{{{0},{1}}}", commutative=True)
spread = sequence("P_t", r"P_{{{0}}}", commutative=True)
image = sequence("K_st", r"\operatorname{{Cov}}(R_{{{0}}},R_{{{1}}})", commutative=True)

STEPS: Final = 3
ORDINALS: Final = {1: "two", 2: "three"}


@cache
def state_evolution() -> Derivation:
    """The predictor form and the variance identity are the same, for every t and written out."""
    draft = Draft(
        "C.1",
        "State evolution: the predictor form and the variance identity",
        r"The images of one Gaussian matrix of variance $\nu$, built from predictors and innovations (72), have "
        r"$\nu$ times "
        r"the covariances $\Gamma_{s,t} = \operatorname{E}[Z_s^{\top} Z_t]$ of what it is applied to:",
        (relies_on(conditioning()), *_hypotheses()),
    )
    _every_step(draft)
    draft.add(
        "sum of images",
        following,
        draft.unfold(following, "sum", "variance"),
        "so the recursion goes on with the sum over its matrices",
        Rewriting(),
        uses=("sum", "variance"),
        equation="72h",
    )
    for time in range(1, STEPS):
        _written_out(draft, time)
    return draft.finish("past and present", "variance")


def _hypotheses() -> tuple[Hypothesis, ...]:
    """What is known at time t, and what (72d)–(72g) say."""
    decomposition = [
        (image(s, t), sum((image(*sorted((s, r))) * coefficient(t, r) for r in range(t)), sp.S.Zero))
        for t in range(1, STEPS)
        for s in range(t)
    ]
    variances = [
        (
            image(t, t),
            sum(
                (
                    coefficient(t, r) * image(*sorted((r, s))) * coefficient(t, s)
                    for r, s in product(range(t), repeat=2)
                ),
                spread(t),
            ),
        )
        for t in range(1, STEPS)
    ]
    return (
        Hypothesis(
            "induction",
            r"up to time $t$ the images have these covariances: $\operatorname{Cov}(\bar{R}_t, \bar{R}_t) = \nu "
            r"\bar{\Gamma}$, "
            r"where $\bar{\Gamma} = \operatorname{E}[\bar{Z}_t^{\top} \bar{Z}_t]$; at the first time there is no past",
            (Equation(past, nu * gram), Equation(image(0, 0), nu * moment(0, 0))),
        ),
        Hypothesis(
            "range",
            r"$\gamma_t = \operatorname{E}[\bar{Z}_t^{\top} Z_t]$ lies in the range of $\bar{\Gamma}$, as it does "
            r"for second "
            r"moments: $\bar{\Gamma} \bar{\Gamma}^{+} \gamma_t = \gamma_t$, also where $\bar{\Gamma}$ is singular",
            (Equation(gram * inverse * cross, cross), Equation(cross_T * inverse * gram, cross_T)),
        ),
        Hypothesis(
            "images",
            r"(72f), (72g): $R_t = \bar{R}_t F_t + \tilde{R}_t$ with an innovation that is independent of the past",
            (
                Equation(past_present, past * predictor),
                Equation(now, predictor_T * past * predictor + innovation),
                *(Equation(*pair) for pair in decomposition),
                *(Equation(*pair) for pair in variances),
            ),
            Origin.CITED,
            "the law of a conditioned Gaussian matrix, (94)-(102)",
        ),
        Hypothesis(
            "nondegenerate",
            "written out with inverses, the first two moments are not degenerate",
            (Nonzero(moment(0, 0)), Nonzero(moment(0, 0) * moment(1, 1) - moment(0, 1) ** 2)),
        ),
        Hypothesis(
            "sum",
            r"(72h): $Q_{t+1} = R_t + R'_t$ adds the images of independent matrices; those of the second, of variance "
            r"$\nu'$, are found in the same way",
            (Equation(following, now + other_now), Equation(other_now, other_nu * other_present)),
        ),
    )


def _every_step(draft: Draft) -> None:
    """One step of the induction over t, for Gram matrices of any size."""
    draft.add("predictor", predictor, inverse * cross, "the best linear predictor", Definition(), equation="72d")
    draft.add(
        "predictor transposed", predictor_T, cross_T * inverse, r"since $\bar{\Gamma}$ is symmetric", Definition()
    )
    error = present - cross_T * predictor - predictor_T * cross + predictor_T * gram * predictor
    draft.add(
        "innovation",
        innovation,
        nu * error,
        r"the innovation: $\nu \operatorname{E}[(Z_t - \bar{Z}_t F_t)^{\top} (Z_t - \bar{Z}_t F_t)]$, expanded",
        Definition(),
        equation="72e",
    )
    uses = ("predictor", "predictor transposed", "range")
    draft.add(
        "innovation simplified",
        innovation,
        sp.expand(draft.unfold(innovation, "innovation", *uses)),
        "the last two terms cancel, whatever the rank",
        Rewriting(),
        uses=("innovation", *uses),
    )
    draft.add(
        "past and present",
        past_present,
        sp.expand(draft.unfold(past_present, "images", "induction", *uses)),
        "the covariance with the past: the innovation adds nothing",
        Rewriting(),
        uses=("images", "induction", *uses),
    )
    draft.add(
        "variance",
        now,
        sp.expand(draft.unfold(now, "images", "induction", "innovation", *uses)),
        "and the variance: what is predicted and the innovation add up; this closes the induction",
        Rewriting(),
        uses=("images", "induction", "innovation", *uses),
    )


@dataclass(frozen=True)
class _Symbolic:
    """A row function of which only the second moments are known, one symbol each."""

    def cross_moment(self, s: int, t: int, covariance: BlockCovariance) -> sp.Matrix:  # noqa: ARG002
        return sp.Matrix([[moment(*sorted((s, t)))]])


@cache
def _images() -> tuple[Image, ...]:
    """What the engine makes of the first steps."""
    evolution = StateEvolution(GaussianRecursion((RandomMatrix("A", nu, _Symbolic()),), sp.ImmutableMatrix([[1]])))
    return tuple(evolution.advance()[0] for _ in range(STEPS))


def _written_out(draft: Draft, time: int) -> None:
    """Predictors, innovation and covariances at one time."""
    found = _images()[time]
    predictors = []
    for earlier, block in enumerate(found.predictor):
        name = f"F{time}{earlier}"
        predictors.append(name)
        draft.add(
            name,
            coefficient(time, earlier),
            sp.factor(block[0]),
            f"{ORDINALS[time]} steps written out: the predictors" if not earlier else "and the next",
            Definition(),
            uses=("nondegenerate",),
            equation="72d",
        )
    for earlier in range(time):
        normal = sum((moment(*sorted((earlier, r))) * coefficient(time, r) for r in range(time)), sp.S.Zero)
        draft.add(
            f"normal {time}{earlier}",
            normal,
            moment(earlier, time),
            "the predictors solve the normal equations",
            Rewriting(),
            uses=tuple(predictors),
        )
    explained = sum((moment(r, time) * coefficient(time, r) for r in range(time)), sp.S.Zero)
    draft.add(
        f"P{time}",
        spread(time),
        nu * (moment(time, time) - explained),
        "the innovation",
        Definition(),
        equation="72e",
    )
    for earlier in range(time + 1):
        images = [step.name for step in draft.steps if step.name.startswith("image ")]
        parts = [step.name for step in draft.steps if step.name[0] in "FP" and step.name[1:].isdigit()]
        uses = ("images", "induction", *images, *reversed(parts))
        name = f"image {earlier}{time}"
        value = _reduced(draft.unfold(image(earlier, time), *uses))
        draft.add(
            name,
            image(earlier, time),
            value,
            "the covariance with the image at an earlier time" if earlier < time else "and the variance",
            Rewriting(),
            uses=uses,
            routes=(("the variance identity", found.direct[earlier][0]),),
        )


def _reduced(expression: sp.Expr) -> sp.Expr:
    return sp.factor(sp.together(expression))
