"""What the checks of Theorem 3.3 share: settings, claims, expectations, and measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample
from numerics.statistics import Moments, mean_test
from proofs_check.claims import SYMBOLS, Claim
from proofs_check.implicit_bias.expectations import Expectations
from proofs_check.implicit_bias.laboratory import Laboratory
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import FamilyOfTests
from theory.tangent_kernel import rho, variance

LIMIT_SHARE = 0.1
"""A width shows the limit of a lag where its correction is below this share of the standard error."""

PAPER: dict[str, str] = {
    "rho": "nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j",  # (21)
    "var": "nu_C*nu_F*nu_W**j",  # Theorem 3.3(a)
}
"""The paper's claims. Derivations never see them."""

PARTS: dict[str, str] = {
    "a": f"L_0 … L_(T-1) → independent Gaussians, components of L_j i.i.d. N(0, {PAPER['var']})",
    "b": f"NTK → T(x)^T D(rho) T(x') ⊗ I (20), rho_j = {PAPER['rho']} (21)",
}
"""The parts of the statement."""

TARGET_OF: dict[str, str] = {"a": "var", "b": "rho"}
"""Part → what a claim about it is called."""

DERIVED = {"rho": rho, "var": variance}


@dataclass(frozen=True)
class Context:
    """One run."""

    settings: Settings
    claims: dict[str, Claim]
    expectations: Expectations
    laboratory: Laboratory

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> Context:
        """Read the claims and set up theory and laboratory; nothing is drawn yet."""
        claims = {target: Claim.parse(f"{target} = {text}") for target, text in PAPER.items()}
        claims |= {claim.target: claim for claim in map(Claim.parse, settings.claims)}
        expectations = Expectations(settings)
        return cls(settings, claims, expectations, Laboratory(settings, expectations.in_regime, progress))

    @property
    def formulas(self) -> dict[str, str]:
        """Target → the formula that is checked."""
        return {target: claim.text for target, claim in self.claims.items()}

    @property
    def says(self) -> dict[str, str]:
        """Part → the paper's words, or the user's claim."""
        own = {Claim.parse(text).target for text in self.settings.claims}
        return {
            part: f"your claim: {target} = {self.claims[target].text}" if target in own else PARTS[part]
            for part, target in TARGET_OF.items()
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the settings."""
        return self.settings.warnings()

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the measurements."""
        return self.laboratory.interrupted

    @property
    def fixed(self) -> frozenset[object]:
        """The symbols whose values the user fixed."""
        return frozenset(SYMBOLS[name] for name in self.settings.fixed)

    def limit_samples(self) -> dict[int, Sample]:
        """All samples that may show the limit: the ladder, then the given widths."""
        return self.laboratory.ladder() | {n: self.laboratory.given(n) for n in self.settings.widths}

    def limit_family(self, claim: Claim) -> tuple[FamilyOfTests, dict[int, list[int]]]:
        """Measurements against a claimed limit, wherever the finite-width correction is negligible.

        Returns
        -------
        family : FamilyOfTests
            Sorted by lag, so that the first refuting entry is the first lag that fails.
        lags : dict
            Width → lags whose limit is tested there.
        """
        s = self.settings
        claimed = np.array(claim.numbers(s.horizon, self.expectations.values))
        rows: list[tuple[int, int, float, float, float, float]] = []
        lags: dict[int, list[int]] = {}
        for width, sample in self.limit_samples().items():
            moments = limit_moments(sample, claim.target)
            test = mean_test(moments, np.nan_to_num(claimed))
            p_values = np.where(np.isnan(claimed), 0.0, test.p_values)
            testable = self.shows_limit(claim.target, width, moments)
            lags[width] = [int(lag) for lag in np.flatnonzero(testable)]
            rows += [
                (
                    lag,
                    width,
                    float(moments.mean[lag]),
                    float(claimed[lag]),
                    float(moments.error[lag]),
                    float(p_values[lag]),
                )
                for lag in lags[width]
            ]
        rows.sort(key=lambda row: (row[0], -row[1]))
        columns = np.array(rows, dtype=object).reshape(-1, 6)
        found, expected, error, p_values = (columns[:, i].astype(np.float64) for i in range(2, 6))
        labels = [f"lag {lag} at n = {width_in_words(width)}" for lag, width, *_ in rows]
        return FamilyOfTests(labels.__getitem__, found, expected, error, p_values), lags

    def shows_limit(self, target: str, width: int, moments: Moments) -> NDArray[np.bool_]:
        """For each lag, whether this width cannot be told from the limit by this sample."""
        relative_error = np.divide(
            moments.error, np.abs(moments.mean), out=np.full_like(moments.mean, np.inf), where=moments.mean != 0
        )
        lags = np.arange(self.settings.horizon)
        negligible = self.expectations.corrections(target, width) <= LIMIT_SHARE * relative_error
        return np.asarray(negligible & (lags < self.expectations.in_regime(width)), dtype=np.bool_)


def limit_moments(sample: Sample, target: str) -> Moments:
    """The measured mean of each lag that a claim about a target speaks of."""
    moments = sample.weights if target == "rho" else sample.conditional
    columns = (np.diagonal(column).copy() for column in (moments.mean, moments.squares, moments.cubes))
    return Moments(moments.count, *columns)


def mean_family(
    moments: Moments, expected: Array, mask: NDArray[np.bool_], label: Callable[[tuple[int, ...]], str]
) -> FamilyOfTests:
    """Tests of the entries of a mean that the mask selects."""
    test = mean_test(moments, np.nan_to_num(expected))
    places = np.argwhere(mask)
    return FamilyOfTests(
        lambda index: label(tuple(int(i) for i in places[index])),
        moments.mean[mask],
        expected[mask],
        moments.error[mask],
        test.p_values[mask],
    )


def lag_mask(horizon: int, lags: int) -> NDArray[np.bool_]:
    """The pairs j ≤ k of the first ``lags`` lags, (horizon, horizon)."""
    mask = np.zeros((horizon, horizon), dtype=np.bool_)
    mask[:lags, :lags] = np.triu(np.ones((lags, lags), dtype=np.bool_))
    return mask


def width_in_words(width: int) -> str:
    """A width as people write it: 4096, 10^12.

    Examples
    --------
    >>> width_in_words(4096), width_in_words(10**12), width_in_words(2500000)
    ('4096', '10^12', '2500000')
    """
    power = len(str(width)) - 1
    return f"10^{power}" if power >= 5 and width == 10**power else str(width)
