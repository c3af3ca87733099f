"""Training the linear RNN (1) itself: gradient descent on W, F and C.

The weights may be stored entry by entry (``dense_weights``), or live in a space that shows of them only what the
training asks (``space_weights``); the training does not know which.
"""

from __future__ import annotations

from typing import Protocol

from numerics.gaussian_matrix import Array
from numerics.training.krylov import Krylov


class Weights(Protocol):
    """W, F and C."""

    def prepare(self, horizon: int, steps: int) -> None:
        """Raise an error now, if so many steps cannot be taken."""

    def krylov(self, horizon: int) -> Krylov:
        """Their Krylov sequences."""

    def descend(self, krylov: Krylov, G: Array, eta: float) -> None:
        """One step of rate η against G = ∂loss/∂L, by the chain rule; ``krylov`` are the present sequences."""


class RecurrentNetwork:
    """The linear RNN as a model for ``gradient_descent.train``, in the paper's parameterization.

    Parameters
    ----------
    weights : Weights
        They are changed.
    horizon : int
        T.
    """

    def __init__(self, weights: Weights, horizon: int) -> None:
        if horizon < 1:
            raise ValueError(f"horizon {horizon}: it must be at least 1")
        self._weights = weights
        self._horizon = horizon
        self._krylov: Krylov | None = None

    @property
    def krylov(self) -> Krylov:
        """The Krylov sequences of the present weights."""
        if self._krylov is None:
            self._krylov = self._weights.krylov(self._horizon)
        return self._krylov

    def prepare(self, steps: int) -> None:
        self._weights.prepare(self._horizon, steps)

    def response(self) -> Array:
        return self.krylov.response

    def descend(self, G: Array, eta: float) -> None:
        self._weights.descend(self.krylov, G, eta)
        self._krylov = None

    def largest_weight(self) -> float:
        return self.krylov.kernel.norm()
