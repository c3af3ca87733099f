"""The weights ρ_j of the scaled convolution in an experiment: those of (21), or the user's, beside the derived ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import sympy as sp

from numerics.gaussian_matrix import Array
from proofs_check.claims import SYMBOLS, Claim, Comparison, Values, compare
from proofs_check.implicit_bias.context import PAPER
from proofs_check.implicit_bias.evidence import comparison_evidence
from proofs_check.settings import Settings
from proofs_check.theorem import Evidence
from theory import symbols
from theory.tangent_kernel import rho

DERIVED_WORDS: Final = "ρ_j of (21)"
"""What the weights are called where no others are claimed."""


@dataclass(frozen=True)
class LagWeights:
    """What is claimed of ρ_j, and what is derived.

    Attributes
    ----------
    settings : Settings
    claim : Claim
    """

    settings: Settings
    claim: Claim

    @classmethod
    def read(cls, settings: Settings) -> LagWeights:
        """The user's claim, or the paper's."""
        return cls(settings, Claim.parse(next(iter(settings.claims), f"rho = {PAPER['rho']}")))

    @property
    def is_own(self) -> bool:
        """Whether the claim is the user's."""
        return bool(self.settings.claims)

    @property
    def words(self) -> str:
        """Whose weights they are."""
        return f"ρ_j = {self.claim.text}, your claim," if self.is_own else DERIVED_WORDS

    @property
    def values(self) -> Values:
        """The symbols of a claim, exactly, in this run."""
        s = self.settings
        exact = {symbols.nu_W: s.nu_W, symbols.nu_F: s.nu_F, symbols.nu_C: s.nu_C}
        return {
            **{symbol: sp.Rational(value.numerator, value.denominator) for symbol, value in exact.items()},
            symbols.T: sp.Integer(s.horizon),
            symbols.n_x: sp.Integer(s.inputs),
            symbols.n_y: sp.Integer(s.outputs),
        }

    @cached_property
    def derived(self) -> Array:
        """ρ_j as derived, (T,)."""
        return self.numbers(Claim("rho", "derived", rho()))

    @cached_property
    def claimed(self) -> Array:
        """ρ_j as claimed, (T,); NaN where it is undefined."""
        return self.numbers(self.claim)

    def numbers(self, claim: Claim) -> Array:
        """The weights of a claim at the lags of this run, (T,)."""
        return np.array(claim.numbers(self.settings.horizon, self.values))

    def differs(self, claim: Claim) -> bool:
        """Whether a claim is false at some lag of this run."""
        truth = Claim("rho", "derived", rho())
        return any(
            claim.value(lag, self.values) != truth.value(lag, self.values) for lag in range(self.settings.horizon)
        )

    def compare(self, claim: Claim, *, generally: bool = False) -> Comparison:
        """A claim against the derived formula; generally, or at the values that the user fixed."""
        fixed = frozenset() if generally else frozenset(SYMBOLS[name] for name in self.settings.fixed)
        return compare(claim, rho(), self.values, fixed)

    def evidence(self, check: str) -> Evidence:
        """The claim against the derived formula, for all lags and variances."""
        return comparison_evidence(check, "ρ_j against the derived one", self.claim, rho(), self.compare(self.claim))


def undefined(weights: Array) -> str:
    """Why a convolution cannot have such weights; empty where it can."""
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    return f"lag {wrong[0]}: no convolution has the weight {weights[wrong[0]]:.4g}" if wrong.size else ""
