"""What the checks of a memory share: the request, the weights, and the steps that gradient descent takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.training.learning_times import input_powers, predicted_steps
from proofs_check.errors import InputError
from proofs_check.experiment import Experiment
from proofs_check.implicit_bias import context as implicit_bias
from proofs_check.memory.laboratory import Laboratory
from proofs_check.memory.learning_speed import Learning
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from theory.memory import Memory, Weights

TARGET: Final = "rho"
HALF: Final = Fraction(1, 2)


@dataclass(frozen=True)
class MemoryContext:
    """One run.

    Attributes
    ----------
    settings : Settings
    kernel : Context
        The claim about ρ_j, and the values at which it is confronted.
    laboratory : Laboratory
    """

    settings: Settings
    kernel: implicit_bias.Context
    laboratory: Laboratory

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> MemoryContext:
        """Read the request; nothing is drawn yet.

        Raises
        ------
        InputError
            When the wanted lag is not among the lags, or gradient descent diverges.
        """
        weights = Weights.of(settings.variances)
        largest = float(weights.largest(settings.horizon))
        context = cls(settings, implicit_bias.Context.prepare(settings), Laboratory(settings, largest, progress))
        context.refuse_impossible()
        return context

    @property
    def formulas(self) -> Mapping[str, str]:
        """The formula that is checked."""
        return {TARGET: self.kernel.claims[TARGET].text}

    @property
    def says(self) -> Mapping[str, str]:
        """Part → what is checked of it."""
        own = "your claim: " if self.settings.claims else ""
        return {
            "a": f"how short, and why: lag j counts with the weight {own}rho_j = {self.formulas[TARGET]}",
            "b": "how long it takes: on white inputs one step of gradient descent leaves 1 - η ρ_j X_jj of the error "
            f"of lag j, X_jj = N (T - j), N = {self.experiment.train}",
            "c": f"what to change, to remember lag {self.lag}",
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        found = self.settings.model_warnings()
        if self.weights.a == 0:
            found += ("nu_F = nu_C = 0: every output and every gradient is 0, so that nothing is ever learned",)
        return found

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the measurements."""
        return self.laboratory.interrupted

    @property
    def experiment(self) -> Experiment:
        """The request for training."""
        assert self.settings.experiment is not None  # this statement trains
        return self.settings.experiment

    @property
    def lag(self) -> int:
        """The lag that is to be remembered."""
        wanted = self.experiment.lag
        return self.settings.horizon - 1 if wanted is None else wanted

    @cached_property
    def weights(self) -> Weights:
        """The derived weights."""
        return Weights.of(self.settings.variances)

    @cached_property
    def memory(self) -> Memory:
        """How far they reach."""
        return Memory.of(self.settings.variances)

    @cached_property
    def rho(self) -> Array:
        """ρ_j, (T,)."""
        return np.array([float(self.weights.at(lag)) for lag in range(self.settings.horizon)])

    @property
    def powers(self) -> Array:
        """X_jj of white inputs, (T,)."""
        return input_powers(self.settings.horizon, self.experiment.train)

    @property
    def B_1(self) -> float:
        """The bound (62) for the half-squared loss; infinite where nothing is learned."""
        largest = float(self.powers[0]) * float(self.weights.largest(self.settings.horizon))
        return 1 / largest if largest else np.inf

    @property
    def eta(self) -> float:
        """The rate for the half-squared loss."""
        return self.experiment.eta.at(self.B_1) if np.isfinite(self.B_1) else 1.0

    @cached_property
    def learning(self) -> Learning:
        """Gradient descent, exactly."""
        eta = self.experiment.eta
        rate = Fraction(eta.value)
        if not eta.of_bound:
            rate *= self.experiment.train * self.settings.horizon * self.weights.largest(self.settings.horizon)
        return Learning(self.weights, self.settings.horizon, rate)

    def steps(self, share: float, rho: Array | None = None) -> Array:
        """Steps until a share of the error is left, of each lag, (T,)."""
        return predicted_steps(share, self.rho if rho is None else rho, self.powers, self.eta)

    def unscaled_steps(self, share: float) -> Array:
        """Those of the unscaled convolution, its rate the same multiple of its own B_1, (T,)."""
        own = float(self.learning.rate) / float(self.powers[0])
        return predicted_steps(share, np.ones(self.settings.horizon), self.powers, own)

    def refuse_impossible(self) -> None:
        """Complain about a lag that is not there, and a rate that is too large.

        Raises
        ------
        InputError
        """
        horizon = self.settings.horizon
        if not 0 <= self.lag < horizon:
            raise InputError(
                f"--lag {self.lag}: sequences of length T = {horizon} have the lags 0 to {horizon - 1}; "
                f"--horizon {max(self.lag, 0) + 1} has this one"
            )
        worst = max(range(horizon), key=self.learning.progress)
        if self.weights.a and self.learning.progress(worst) >= 2:
            raise InputError(
                f"--eta {self.experiment.eta}: gradient descent diverges, each step multiplies the error of lag "
                f"{worst} by {float(1 - self.learning.progress(worst)):.3g}; less than "
                f"{float(2 * self.learning.rate / self.learning.progress(worst)):.3g} B_1 is allowed, B_1 = "
                f"{self.B_1:.4g} for the half-squared loss"
            )
