"""(24) measured: how large the lags of a random linear RNN are, at the given widths.

``E‖L⁰_j‖_F²`` is known exactly at every width, ``n_x n_y ν_C ν_F ν_W^j m_j(n)``, so that draws at n = 1000 are
confronted with the value at n = 1000, and a claim about the limit with draws at widths that cannot be told from it.
Lags whose square exceeds n are left out: their means are made by rare draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample
from numerics.statistics import Moments, mean_test
from proofs_check.claims import Claim
from proofs_check.implicit_bias.context import Context, limit_moments, width_in_words
from proofs_check.implicit_bias.evidence import claim_evidence, limit_evidence, span
from proofs_check.implicit_bias.theorem_3_3 import CONTROLS, run_control
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Check, Control, ControlResult, Evidence, FamilyOfTests, Theorem, measured
from proofs_check.training.theorem_4_1_context import shown_lags

PART: Final = "24"
SAYS: Final = (
    "E‖L⁰_j‖_F² = n_x n_y ν_C ν_F ν_W^j m_j(n) → n_x n_y ν_C ν_F ν_W^j (24), for the initial weights (4) of the RNN"
)


@dataclass(frozen=True)
class SizeContext:
    """One run.

    Attributes
    ----------
    initial : Context
        That of Theorem 3.3: the RNN at initialization.
    """

    initial: Context

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> SizeContext:
        """Read the claims; nothing is drawn yet."""
        return cls(Context.prepare(settings, progress))

    @property
    def formulas(self) -> dict[str, str]:
        """The variance that is checked."""
        return {"var": self.initial.formulas["var"]}

    @property
    def says(self) -> dict[str, str]:
        """(24), or the user's claim."""
        own = any(Claim.parse(text).target == "var" for text in self.initial.settings.claims)
        return {PART: f"{SAYS}; your claim: var = {self.formulas['var']}" if own else SAYS}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the settings."""
        return self.initial.warnings

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the measurements."""
        return self.initial.interrupted


def conjecture(context: SizeContext) -> Iterator[Evidence]:
    """The claim against the derived variance."""
    yield claim_evidence(f"{PART}.conjecture", "var", context.initial)


def sizes(context: SizeContext) -> Iterator[Evidence]:
    """Mean squares at each width against the exact values there."""
    initial = context.initial
    s = initial.settings
    for width in s.widths:
        sample, lags = initial.laboratory.given(width), initial.expectations.tested_exactly(width)
        expected = s.inputs * s.outputs * np.diagonal(initial.expectations.covariance(width))
        where = width_in_words(width)
        direct = Moments.of(np.einsum("rjab,rjab->rj", sample.response, sample.response))
        yield measured(
            f"{PART}.size",
            f"E‖L_j‖², n = {where}",
            f"lags {span(list(range(lags)))} against their exact values there; {direct.count} draws",
            _family(direct, expected, lags),
            n=width,
            replicates=direct.count,
        )
        given = _given_W(sample, s.inputs * s.outputs)
        yield measured(
            f"{PART}.given",
            f"given W, n = {where}",
            f"averaged over C, or F: same mean, less spread; {given.count} draws",
            _family(given, expected, lags),
            n=width,
            replicates=given.count,
            **({"table": _table(initial, width, direct, given)} if width == min(s.widths) else {}),
        )


def limit(context: SizeContext) -> Iterator[Evidence]:
    """The measured limit against the claim."""
    yield limit_evidence(f"{PART}.limit", "var", context.initial)


def _given_W(sample: Sample, channels: int) -> Moments:
    one = limit_moments(sample, "var")
    return Moments(one.count, channels * one.mean, channels**2 * one.squares, channels**3 * one.cubes)


def _family(moments: Moments, expected: Array, lags: int) -> FamilyOfTests:
    test = mean_test(moments, np.nan_to_num(expected))
    return FamilyOfTests(
        "lag {}".format, moments.mean[:lags], expected[:lags], moments.error[:lags], test.p_values[:lags]
    )


def _table(context: Context, width: int, direct: Moments, given: Moments) -> dict[str, Any]:
    """What was claimed, what is exact, and what was measured at one width."""
    s, tested = context.settings, context.expectations.tested_exactly(width)
    channels = s.inputs * s.outputs
    claimed = context.claims["var"].numbers(s.horizon, context.expectations.values)
    exact = np.diagonal(context.expectations.covariance(width))
    rows = [
        [
            str(lag),
            f"{channels * claimed[lag]:.5g}",
            f"{channels * exact[lag]:.5g}" if np.isfinite(exact[lag]) else "—",
            *(f"{value:.4g}" for one in (direct, given) for value in (one.mean[lag], 1.96 * one.error[lag])),
            "yes" if lag < tested else "no",
        ]
        for lag in shown_lags(s.horizon)
    ]
    return {
        "title": f"E‖L_j‖² at n = {width_in_words(width)}: directly, and averaged over C and F given W",
        "columns": ["lag", "claimed limit", "exact", "measured", "± 95 %", "given W", "± 95 %", "tested"],
        "rows": rows,
    }


CHECKS: Final[tuple[Check[SizeContext], ...]] = (
    Check(f"{PART}.conjecture", PART, "claim against the derived variance", conjecture),
    Check(f"{PART}.size", PART, "measured mean squares", sizes),
    Check(f"{PART}.limit", PART, "measured limit", limit),
)

FALSE: Final = tuple(control for control in CONTROLS if Claim.parse(control.claim).target == "var")


def refute(control: Control, context: SizeContext) -> ControlResult:
    """A false variance must be refuted by the derivation and by draws at large widths."""
    return run_control(control, context.initial)


def size() -> Theorem[SizeContext]:
    """(24), measured."""
    return Theorem(
        id=PART,
        title="",
        source="",
        parts={PART: SAYS},
        hypotheses=(),
        checks=CHECKS,
        controls=FALSE,
        prepare=SizeContext.prepare,
        refute=refute,
    )
