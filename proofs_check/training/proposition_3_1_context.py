"""What the checks of Proposition 3.1 share: the request, the RNNs of a ladder, and what they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.training import DivergenceError
from numerics.training.ensemble import Divergence, TrainedNetworks
from proofs_check.claims import Claim
from proofs_check.errors import InputError
from proofs_check.implicit_bias.context import DERIVED, PAPER, Context
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.training.laboratory import Laboratory
from proofs_check.training.ladder import (
    Distances,
    Movements,
    distances,
    ladder,
    linear_model,
    lowest_signed,
    movements,
    shows_exponent,
)

Found = TypeVar("Found")

PARTS: dict[str, str] = {
    "15": "K_n(x, x') → K(x, x') in probability, with K the kernel of the weights rho_j",
    "16": "sup_ℓ ‖f_RNN(x, θ^ℓ) - f_lin(x, θ_lin^ℓ)‖ → 0 in probability",
    "7": f"so the RNN learns like the scaled convolution (7), by (17) and (20), with rho_j = {PAPER['rho']} (21)",
}
"""The parts of the statement, after the equations."""


@dataclass(frozen=True)
class TrainingContext:
    """One run.

    Attributes
    ----------
    settings : Settings
    initialization : Context
        That of Theorem 3.3: claims, and exact values of the symbols.
    laboratory : Laboratory
    widths : tuple of int
        The ladder.
    notes : tuple of str
        What the user should know before training starts.
    """

    settings: Settings
    initialization: Context
    laboratory: Laboratory
    widths: tuple[int, ...]
    notes: tuple[str, ...]
    _found: dict[str, dict[int, Distances] | str] = field(default_factory=dict, repr=False)

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> TrainingContext:
        """Read the request and draw the data; nothing is trained yet.

        Raises
        ------
        InputError
            When there is no scaled convolution, when it diverges, or when the memory does not suffice.
        """
        initialization = Context.prepare(settings)
        derived = _numbers(Claim("rho", "derived", DERIVED["rho"]()), initialization)
        if not (derived > 0).all():
            lag = int(np.flatnonzero(~(derived > 0))[0])
            names = ", ".join(
                f"--nu-{name[-1].lower()}" for name in ("nu_W", "nu_F", "nu_C") if not _of(settings, name)
            )
            raise InputError(
                f"{names} 0: ρ_{lag} = 0, and a scaled convolution (7) has positive weights only; a positive variance "
                "is needed here"
            )
        laboratory = Laboratory(settings, derived, progress)
        widths = ladder(settings.widths, settings.horizon, laboratory.replicates, laboratory.effort)
        notes = laboratory.check(widths)
        if laboratory.eta >= laboratory.B_1:
            bound = f"B_1 = {laboratory.B_1:.4g}"
            notes += (f"--eta {laboratory.experiment.eta}: not below {bound}; (16) is about small rates",)
        return cls(settings, initialization, laboratory, widths, notes)

    @property
    def formulas(self) -> dict[str, str]:
        """The claimed weights."""
        return {"rho": self.claim.text}

    @property
    def says(self) -> dict[str, str]:
        """Part → the paper's words, or the user's claim."""
        found = {**PARTS, "16": f"{PARTS['16']}; here for ℓ up to {self.laboratory.experiment.steps}"}
        if self.settings.claims:
            found["7"] = f"so the RNN learns like the scaled convolution (7); your claim: rho = {self.claim.text}"
        return found

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        return (*self.settings.model_warnings(), *self.notes)

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return self.laboratory.interrupted

    @property
    def claim(self) -> Claim:
        """What is claimed of ρ_j."""
        return self.initialization.claims["rho"]

    @property
    def derived(self) -> Claim:
        """ρ_j as it is derived."""
        return Claim("rho", "derived", DERIVED["rho"]())

    @cached_property
    def trained(self) -> dict[int, tuple[TrainedNetworks, Array]]:
        """The RNNs of each width, and the impulse responses of their linear NTK models; not where one diverged."""
        found = {}
        for n, networks in self.laboratory.train_all(self.widths).items():
            try:
                found[n] = networks, linear_model(networks, self.laboratory.correlations, self.laboratory.eta)
            except DivergenceError as error:
                self.laboratory.diverged[n] = Divergence(error.step, f"the linear NTK model: {error}")
        return found

    def fitted(self, *, inverse: bool = False) -> tuple[int, ...]:
        """The widths that show an exponent; where a quantity is of order 1/n, those that resolve it."""
        lab = self.laboratory
        size = self.settings.horizon, lab.replicates, lab.effort
        return tuple(n for n in self.trained if shows_exponent(n, *size, inverse=inverse))

    def signed(self) -> tuple[int, ...]:
        """The widths at which a mean that is O(1/n) is 0 to the test, the largest first."""
        lowest = lowest_signed(self.settings.horizon, self.laboratory.replicates, self.laboratory.effort)
        return tuple(n for n in sorted(self.trained, reverse=True) if n >= lowest)

    def distances(self, claim: Claim) -> dict[int, Distances] | str:
        """How far apart the models are, for claimed weights; or why there is no such convolution."""
        lab = self.laboratory
        key = str(claim.formula)
        if key not in self._found:
            self._found[key] = self._with(
                claim,
                lambda n, rho: distances(
                    *self.trained[n], rho, correlations=lab.correlations, new=lab.new_correlations, eta=lab.eta
                ),
                tuple(self.trained),
            )
        return self._found[key]

    def movements(self, claim: Claim) -> dict[int, Movements] | str:
        """How far the RNNs move along the convolution of claimed weights, the largest width first."""
        lab = self.laboratory
        return self._with(
            claim, lambda n, rho: movements(self.trained[n][0], rho, lab.correlations, lab.eta), self.signed()
        )

    def _with(
        self, claim: Claim, compare: Callable[[int, Array], Found], widths: tuple[int, ...]
    ) -> dict[int, Found] | str:
        """A comparison with the convolution of claimed weights at some widths; or why there is none."""
        rho = _numbers(claim, self.initialization)
        wrong = np.flatnonzero(~(rho > 0))
        if wrong.size:
            value = rho[wrong[0]]
            return f"lag {wrong[0]}: the claim is {'undefined' if np.isnan(value) else f'{value:.6g}, not positive'}"
        try:
            return {n: compare(n, rho) for n in widths}
        except DivergenceError as error:
            return f"the claimed convolution diverges at step {error.step}, and the RNNs do not"


def _numbers(claim: Claim, initialization: Context) -> Array:
    values = initialization.expectations.values
    return np.array(claim.numbers(initialization.settings.horizon, values), dtype=np.float64)


def _of(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name))
