"""Gradient descent of a model that is linear in its parameters, after any number of steps at once.

With a kernel ``K = R R^T`` on impulse responses, a step is ``L ← L - η (L X - Y) K``. In ``Θ`` with
``L = L⁰ + Θ R^T`` the loss is a quadratic form with the symmetric matrix ``S = R^T X R = U Λ U^T``, and

``L^ℓ = L⁰ - G⁰ R U f_ℓ(Λ) U^T R^T``,  ``f_ℓ(λ) = (1 - (1 - ηλ)^ℓ) / λ``.

A million steps cost what one costs, and L^ℓ - L⁰ keeps its digits however small it is. Each mode adds
``½ g² (1 - ηλ)^{2ℓ} / λ`` to the loss, which is therefore convex in ℓ: if it exceeds a limit, it does so once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.gaussian_matrix import Array
from numerics.training.gradient_descent import DivergenceError


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The modes of a linear model on its data.

    Attributes
    ----------
    eigenvalues : array, (m,)
        Λ, not negative.
    modes : array, (m, p)
        ``(R U)^T``: how a mode moves the rows of L.
    gradient : array, (…, m)
        G⁰ in the modes.
    """

    eigenvalues: Array
    modes: Array
    gradient: Array

    @classmethod
    def of(cls, X: Array, root: Array, gradient: Array, scale: float) -> Spectrum:
        """The modes.

        Parameters
        ----------
        X : array, (p, p)
            The symmetric matrix of the loss in a row of L.
        root : array, (p, m)
            R with ``R R^T`` the kernel.
        gradient : array, (…, p)
            Rows of G⁰.
        scale : float
            How large the terms were whose difference G⁰ is.
        """
        values, vectors = np.linalg.eigh(root.T @ X @ root)
        values = np.maximum(values, 0.0)
        modes = (root @ vectors).T
        projected = gradient @ modes.T
        # exactly, G⁰ has no part where Λ = 0; its rounding there would grow with ℓ
        noise = values.size * np.finfo(np.float64).eps
        null = values <= noise * values.max(initial=0.0)
        projected[..., null & (np.abs(projected) <= noise * scale * np.linalg.norm(modes, axis=1))] = 0.0
        return cls(values, modes, projected)

    @property
    def critical_rate(self) -> float:
        """``2 / λ_max``: beyond it gradient descent diverges."""
        top = float(self.eigenvalues.max(initial=0.0))
        return 2.0 / top if top > 0 else np.inf

    def displacement(self, eta: float, step: int) -> Array:
        """``L^ℓ - L⁰``, (…, p)."""
        return np.asarray(-self._times_progress(self.gradient, eta, step) @ self.modes)

    def loss_decrease(self, eta: float, step: int) -> Array:
        """The half-squared loss at the start less that after ℓ steps, of each row (…)."""
        return np.asarray(0.5 * self._times_progress(self.gradient**2, eta, 2 * step).sum(axis=-1))

    def _times_progress(self, factor: Array, eta: float, step: int) -> Array:
        """The factor times f_ℓ(λ), 0 where it is 0."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.where(factor == 0, 0.0, factor * self._progress(eta, step)))

    def _progress(self, eta: float, step: int) -> Array:
        rate = eta * self.eigenvalues
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            contraction = np.abs(1.0 - rate)
            gone = -np.expm1(float(step) * np.where(rate < 1, np.log1p(-np.minimum(rate, 1.0)), np.log(contraction)))
            gone = np.where((rate > 1) & (step % 2 == 1), 2.0 - gone, gone)  # 1 + |1 - ηλ|^ℓ
            result: Array = np.where(self.eigenvalues > 0, gone / self.eigenvalues, eta * float(step))
        return result if step else np.zeros_like(result)


def first_beyond(spectrum: Spectrum, eta: float, step: int, room: Array) -> int:
    """The first step by which the loss has grown by more than ``room`` (…), by bisection below a step that has."""
    low, high = 0, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if has_grown(spectrum, eta, middle, room) else (middle, high)
    return high


def has_grown(spectrum: Spectrum, eta: float, step: int, room: Array) -> bool:
    """Whether the loss after a step exceeds that at the start by more than ``room``, in some replicate."""
    with np.errstate(over="ignore", invalid="ignore"):
        growth = -spectrum.loss_decrease(eta, step).sum(axis=-1)
    return not bool(np.all(growth <= room))


def refuse_divergence(spectrum: Spectrum, eta: float, steps: NDArray[np.int64], room: Array, B_1: float) -> None:
    """Raise a DivergenceError that names the first step with too large a loss, if it is among those taken.

    Parameters
    ----------
    spectrum : Spectrum
        With gradient (…, rows, m).
    eta : float
    steps : array of int
    room : array, (…)
        By how much the loss may grow.
    B_1 : float
    """
    last = int(steps[-1])
    if eta > spectrum.critical_rate and has_grown(spectrum, eta, last, room):
        remark = f", and η < 2/λ_max = {spectrum.critical_rate:.6g} is necessary"
        raise DivergenceError(first_beyond(spectrum, eta, last, room), eta, B_1, remark)
