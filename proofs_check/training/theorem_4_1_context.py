"""What the checks of (25) share: data, rate, exact weights, certified convolutions, trained RNNs, learning times.

The scaled convolution is trained with the derived weights: it is what an infinitely wide RNN does. A claim about ρ_j
changes the bound that is held against it, and what the learning times are compared with; never the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
import sympy as sp

from numerics.ensembles import Stream
from numerics.gaussian_matrix import Array
from numerics.training import Constants
from numerics.training.certified import CertifiedDescent, certified_descent
from numerics.training.exact_correlations import ExactCorrelations
from proofs_check.claims import Claim, as_fraction
from proofs_check.errors import InputError
from proofs_check.implicit_bias.context import Context
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings
from proofs_check.training.laboratory import Laboratory
from proofs_check.training.ladder import FREE
from proofs_check.training.theorem_4_1_learning import LearningLaboratory
from theory.tangent_kernel import rho_at

BOUND: Final = "25"
TIMES: Final = "61"
STARTS: Final = 16
"""Draws of L⁰ from which descent is certified."""

CERTIFIED_STEPS: Final = 20_000
"""Steps of all certified runs together: long runs are certified from fewer starts."""

FAR_ABOVE: Final = 1000
"""Widths above so many T² are so large that corrections to n^(-1/2) do not show."""

APART: Final = 1000
"""Between two such widths, where fewer than two are given."""

SHOWN_LAGS: Final = 12

LEAST_RATE: Final = 1e-6
"""In B_1: smaller steps would sink into the rounding of L."""

DIGITS: Final = 60
"""To which a claimed weight that is not rational is rounded."""


@dataclass(frozen=True)
class DescentContext:
    """One run.

    Attributes
    ----------
    settings : Settings
    initial : Context
        That of Theorem 3.3: claims, and the values of their symbols.
    laboratory : Laboratory
        The data, and the RNNs trained on it.
    learning : LearningLaboratory
        RNNs trained on the expected loss of white inputs.
    warnings : tuple of str
        What the user should know before training starts.
    progress : Progress
    """

    settings: Settings
    initial: Context
    laboratory: Laboratory
    learning: LearningLaboratory
    warnings: tuple[str, ...]
    progress: Progress

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> DescentContext:
        """Draw the data; nothing is trained yet.

        Raises
        ------
        InputError
            When a weight is 0, the rate is too large or too small, or the memory does not suffice.
        """
        weights = [rho_at(lag, settings.variances) for lag in range(settings.horizon)]
        if min(weights) <= 0:
            raise InputError(
                f"--nu-w {float(settings.nu_W):g}, --nu-f {float(settings.nu_F):g}, --nu-c {float(settings.nu_C):g}: "
                f"ρ_{weights.index(min(weights))} = 0, and the scaled convolution (7) needs positive weights"
            )
        rho = np.array([float(weight) for weight in weights])
        laboratory = Laboratory(settings, rho, progress)
        if not laboratory.eta >= LEAST_RATE * laboratory.B_1:
            raise InputError(
                f"--eta {laboratory.experiment.eta}: at least {LEAST_RATE:g} B_1 = {LEAST_RATE * laboratory.B_1:.3g}; "
                "smaller steps would sink into rounding errors"
            )
        learning = LearningLaboratory(settings, laboratory, rho, progress)
        warnings = laboratory.check(ladder(settings, laboratory.effort))
        return cls(settings, Context.prepare(settings), laboratory, learning, warnings, progress or Silent())

    @property
    def formulas(self) -> dict[str, str]:
        """The weights that are checked."""
        return {"rho": self.initial.formulas["rho"]}

    @property
    def says(self) -> dict[str, str]:
        """What is checked, with the loss and the data, or the user's claim."""
        s, e = self.settings, self.laboratory.experiment
        own = any(Claim.parse(text).target == "rho" for text in s.claims)
        claim = f"; your claim: rho = {self.formulas['rho']}" if own else ""
        return {
            BOUND: f"for η < B_1 and every ℓ: limsup ‖L^ℓ_j - L⁰_j‖_F ≤ B_2 ρ_j η ℓ (25), with B_1 and B_2 of (62), "
            "B_2 that of the same start, since ‖e⁰‖ is random; half-squared loss, summed over "
            f"{e.train} sequences of a teacher with {e.teacher_states} states, T = {s.horizon}{claim}",
            TIMES: "on the expected half-squared loss of N white input sequences each step leaves the share "
            f"1 - η ρ_j N(T-j) of the error of lag j: that is how long a wide RNN takes to learn it{claim}",
        }

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return self.laboratory.interrupted or self.learning.interrupted

    @property
    def widths(self) -> tuple[int, ...]:
        """Where RNNs are trained."""
        return ladder(self.settings, self.laboratory.effort)

    @property
    def eta(self) -> float:
        """The rate for the half-squared loss."""
        return self.laboratory.eta

    @property
    def steps(self) -> int:
        """How many steps are taken."""
        return self.laboratory.experiment.steps

    @cached_property
    def rho(self) -> tuple[Fraction, ...]:
        """ρ_j as derived, exactly."""
        return tuple(rho_at(lag, self.settings.variances) for lag in range(self.settings.horizon))

    @property
    def claimed(self) -> tuple[Fraction, ...]:
        """ρ_j as claimed."""
        return self.weights(self.initial.claims["rho"])

    def weights(self, claim: Claim) -> tuple[Fraction, ...]:
        """A claim at the lags of this run: exactly, or to 60 digits; 0, which bounds nothing, where it is undefined."""
        values = (claim.value(lag, self.initial.expectations.values) for lag in range(self.settings.horizon))
        return tuple(_as_fraction(value) for value in values)

    def numbers(self, claim: Claim) -> Array:
        """A claim at the lags of this run, NaN where it is undefined, (T,)."""
        return np.array(claim.numbers(self.settings.horizon, self.initial.expectations.values))

    @cached_property
    def exact(self) -> ExactCorrelations:
        """The correlations of the training data, exactly."""
        train = self.laboratory.data.train
        return ExactCorrelations.of(train.x, train.y)

    @cached_property
    def starts(self) -> Array:
        """Draws of L⁰ from its limit law N(0, ν_C ν_F ν_W^j), (starts, T, n_y, n_x)."""
        s = self.settings
        count = max(1, min(STARTS, CERTIFIED_STEPS // self.steps))
        rng = Stream(s.seed, (41, 0, 0, 0)).generator()
        variance = float(s.nu_C * s.nu_F) * float(s.nu_W) ** np.arange(s.horizon)
        draws = rng.standard_normal((count, s.horizon, s.outputs, s.inputs))
        return np.asarray(draws * np.sqrt(variance)[:, None, None])

    @cached_property
    def descents(self) -> Sequence[CertifiedDescent]:
        """Scaled convolutions from each start, certified, at the rate of the run."""
        found = []
        self.progress.begin("certified descent", len(self.starts))
        try:
            for start in self.starts:
                found.append(certified_descent(self.exact, start, self.rho, self.eta, self.steps))
                self.progress.advance()
        finally:
            self.progress.end()
        return found

    def at_rate(self, eta: float, steps: int) -> CertifiedDescent:
        """The first start at another rate."""
        return certified_descent(self.exact, self.starts[0], self.rho, eta, steps)

    def constants(self, initial: Array) -> list[Constants]:
        """B_1 and B_2 for each of some starts, in doubles."""
        top = float(max(self.rho))
        return [Constants.of(self.laboratory.correlations, start, top) for start in initial]


def lowest_fitted(horizon: int, effort: float = 0.0) -> int:
    """The least width that shows how RNNs approach the convolution, when training moves them so far, squared."""
    return int(np.ceil(FAR_ABOVE * horizon**2 * max(1.0, effort / FREE)))


def ladder(settings: Settings, effort: float = 0.0) -> tuple[int, ...]:
    """The given widths, and two that show the approach unless two of them do, or dense matrices are asked for."""
    given, lowest = settings.widths, lowest_fitted(settings.horizon, effort)
    if settings.sampler == "dense" or sum(n >= lowest for n in given) >= 2:
        return given
    first = 10 ** len(str(lowest - 1))
    return tuple(sorted({*given, first, APART * first}))


def shown_lags(horizon: int) -> list[int]:
    """All lags when there are few, else the first, the last, and some between."""
    if horizon <= SHOWN_LAGS:
        return list(range(horizon))
    return [round(place * (horizon - 1) / (SHOWN_LAGS - 1)) for place in range(SHOWN_LAGS)]


def _as_fraction(value: sp.Expr) -> Fraction:
    if value.is_Rational:
        return as_fraction(value)
    number = sp.N(value, DIGITS)
    return Fraction(str(number)) if number.is_Float and number.is_finite else Fraction(0)
