"""What a run of Figure 1, 2 or 3 is made of, whatever its students learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from proofs_check.errors import InputError
from proofs_check.experiments.coincidence import kernel_draws
from proofs_check.experiments.synthetic import Purpose, Trained, experiment_of, stream
from proofs_check.experiments.synthetic_weights import LagWeights
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings

LIMIT_WIDTH: Final = 10**18
LIMIT_KERNELS: Final = 64


@dataclass
class SyntheticContext:
    """One run.

    Attributes
    ----------
    settings : Settings
    weights : LagWeights
    says : dict of str to str
    progress : Progress
    interrupted : bool
        Whether the user stopped it.
    """

    settings: Settings
    weights: LagWeights
    says: dict[str, str]
    progress: Progress = field(default_factory=Silent)
    interrupted: bool = False

    @property
    def formulas(self) -> dict[str, str]:
        """Target → the formula that is checked."""
        return {"rho": self.weights.claim.text}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        return self.settings.warnings()

    @property
    def runs(self) -> range:
        """Independent repetitions."""
        return range(experiment_of(self.settings).runs)

    def words(self, n: int) -> str:
        """A width as people write it."""
        return width_in_words(n)

    def converged(self, n: int, trained: Trained) -> Trained:
        """An RNN as it was trained.

        Raises
        ------
        InputError
            When it diverged.
        """
        if trained.diverged:
            eta = experiment_of(self.settings).eta
            raise InputError(f"--n {self.words(n)}, --eta {eta}: {trained.diverged}; take a lower rate or a wider RNN")
        return trained

    def limit_kernel(self) -> Array:
        """The kernel of an RNN that is all but infinitely wide."""
        draws = stream(self.settings, Purpose.LIMIT).generator()
        return np.asarray(kernel_draws(self.settings.parameters(LIMIT_WIDTH), LIMIT_KERNELS, draws).mean(axis=0))
