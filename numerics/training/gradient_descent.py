"""Full-batch gradient descent on the half-squared loss, whatever the model, in the space of impulse responses.

A model gives its impulse response L, and takes a step against a gradient ``G_j = ∂loss/∂L_j``. The loss is
``½ Σ_i Σ_t ‖y_t - ŷ_t‖²``, summed and not averaged; for the mean-squared loss multiply the rate by
``Correlations.mean_squared_factor``. The constants of Theorem 4.1 are those of (62),

``B_1 = 1/(‖A‖² max_j ρ_j)``,  ``B_2 = ‖A‖ ‖e⁰‖``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from numerics.gaussian_matrix import Array
from numerics.training.correlations import Correlations

GROWTH: Final = 1e6
"""A run has diverged when its loss is this many times that at its start, or that of the prediction 0."""

_STEPS_MAX: Final = np.iinfo(np.int64).max


class Model(Protocol):
    """What gradient descent trains."""

    def prepare(self, steps: int) -> None:
        """Raise an error now, if so many steps cannot be taken."""

    def response(self) -> Array:
        """The impulse response at present, (…, T, n_y, n_x)."""

    def descend(self, G: Array, eta: float) -> None:
        """One step of rate η against the gradient G of the loss with respect to that response."""

    def largest_weight(self) -> float:
        """The norm of the tangent kernel's weights on L: ``max_j ρ_j`` for a scaled convolution."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What is remembered of a run.

    Attributes
    ----------
    eta : float
    steps : array of int, (k,)
    responses : array, (k, …, T, n_y, n_x)
        L after each of these steps.
    losses : array, (k, …)
        The half-squared loss on the training data.
    """

    eta: float
    steps: NDArray[np.int64]
    responses: Array
    losses: Array


@dataclass(frozen=True)
class Constants:
    """The constants of (25) as the proof gives them, (62), for the half-squared loss.

    Attributes
    ----------
    operator_norm : float
        ``‖A‖``.
    initial_error : float
        ``‖e⁰‖``; of several replicates the largest.
    B_1, B_2 : float
        ``η < B_1`` implies ``‖L_j^ℓ - L_j⁰‖_F ≤ B_2 ρ_j η ℓ``; B_1 is infinite where there is nothing to learn from.
    """

    operator_norm: float
    initial_error: float
    B_1: float
    B_2: float

    @classmethod
    def of(cls, correlations: Correlations, initial: Array, largest_weight: float) -> Constants:
        """The constants for a start.

        Parameters
        ----------
        correlations : Correlations
        initial : array, (…, T, n_y, n_x)
        largest_weight : float
            ``max_j ρ_j``, or the norm of the kernel P_n of a finite RNN.
        """
        norm = float(np.sqrt(correlations.largest_eigenvalue))
        error = float(np.sqrt(2 * np.max(correlations.loss(initial))))
        product = norm**2 * largest_weight
        return cls(norm, error, 1.0 / product if product > 0 else np.inf, norm * error)


class DivergenceError(ArithmeticError):
    """Gradient descent diverged; the message says when, and which rate would not.

    Attributes
    ----------
    step : int
        The first step after which the loss was too large.
    eta, B_1 : float
    remark : str
    """

    def __init__(self, step: int, eta: float, B_1: float, remark: str = "") -> None:
        super().__init__(
            f"gradient descent diverged: with η = {eta:.6g} the half-squared loss at step {step} is more than "
            f"{GROWTH:.0e} times that at the start and that of the prediction 0; η < B_1 = {B_1:.6g} of (62) is safe "
            f"for linear models, and for an RNN if it is wide{remark}"
        )
        self.step = step
        self.eta = eta
        self.B_1 = B_1
        self.remark = remark

    def __reduce__(self) -> tuple[type[DivergenceError], tuple[int, float, float, str]]:
        """Workers send their errors to the main process."""
        return type(self), (self.step, self.eta, self.B_1, self.remark)


def train(
    model: Model,
    correlations: Correlations,
    steps: Iterable[int],
    eta: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trajectory:
    """Train a model step by step.

    Parameters
    ----------
    model : Model
        It is changed.
    correlations : Correlations
        Of the training data.
    steps : iterable of int
        The steps to remember, increasing; 0 is the start. The run ends with the last.
    eta : float, optional
        The rate for the half-squared loss; ``B_1 / 2`` at the start unless given.
    progress : callable, optional
        Told the number of each step taken.

    Returns
    -------
    Trajectory

    Raises
    ------
    DivergenceError
    ValueError
        When the steps do not increase, or the rate is not positive.
    """
    wanted = checked_steps(steps)
    model.prepare(int(wanted[-1]))
    initial = model.response()
    B_1 = Constants.of(correlations, initial, model.largest_weight()).B_1
    eta = checked_rate(eta, B_1)
    limit = loss_limit(correlations, initial)
    kept, losses, L = [], [], initial
    remembered = set(wanted.tolist())
    for step in range(int(wanted[-1]) + 1):
        if step:
            with np.errstate(over="ignore", invalid="ignore"):  # named below
                model.descend(correlations.gradient(L), eta)
                L = model.response()
            if progress is not None:
                progress(step)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = correlations.loss(L)
        within = loss <= limit
        if not np.all(within):
            remark = f" ({np.sum(~within)} of {loss.size} replicates diverged)" if loss.size > 1 else ""
            raise DivergenceError(step, eta, B_1, remark)
        if step in remembered:
            kept.append(L.copy())
            losses.append(loss)
    return Trajectory(eta, wanted, np.stack(kept), np.stack(losses))


def loss_limit(correlations: Correlations, initial: Array) -> Array:
    """The loss beyond which a run has diverged, (…)."""
    return GROWTH * np.maximum(correlations.loss(initial), 0.5 * float(correlations.energy.sum()))


def checked_steps(steps: Iterable[int]) -> NDArray[np.int64]:
    """The steps as an array, if they increase from 0 or later."""
    listed = list(steps)
    increase = all(one < other for one, other in pairwise(listed))
    if not listed or listed[0] < 0 or not increase or listed[-1] > _STEPS_MAX:
        raise ValueError(f"steps {listed}: at least one is needed, and they must increase from 0 or later")
    return np.array(listed, dtype=np.int64)


def checked_rate(eta: float | None, B_1: float) -> float:
    """The rate, by default half of B_1."""
    if eta is None:
        return 0.5 * B_1 if np.isfinite(B_1) else 1.0  # without data to learn from every rate does the same
    if not (eta > 0 and np.isfinite(eta)):
        raise ValueError(f"η = {eta}: the rate must be positive")
    return eta
