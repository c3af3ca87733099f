"""Gradient descent of a scaled convolution with certainty: every length is enclosed, none is estimated.

From the exact correlations of the data on everything is computed in balls (Arb). With ``S = D^{1/2} X D^{1/2}`` a step
moves ``θ - θ*`` by ``I - ηS``. All eigenvalues of S are between 0 and ``λ = ‖A‖² max_j ρ_j``, so that a step enlarges
differences of θ by at most ``q = max(1, ηλ - 1)``. The middle of each ball is therefore carried on as if it were exact,
and the radii left behind are added up, ``E ← q E + ‖radii‖``: the true ``θ^ℓ`` is within E of the middle. Below 2 B_1
a million steps cost six digits.

The loss is the half-squared one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat
from numpy.typing import NDArray

from numerics.gaussian_matrix import Array
from numerics.realization.arithmetic import ball, exact, flint_matrix, precision
from numerics.training.correlations import rows
from numerics.training.exact_correlations import BITS, ExactCorrelations, ball_matrix

_OUTWARD: Final = 2.0**-48
"""More than all roundings of a product of a few doubles, relatively."""

_BITS_MOST: Final = 1 << 14


@dataclass(frozen=True)
class Interval:
    """Two doubles with the number between them."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.high:.6g}" if self.high - self.low <= 1e-6 * self.high else f"{self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True, eq=False)
class CertifiedDescent:
    """What is certain of one run; doubles are rounded away from what they enclose.

    Attributes
    ----------
    eta : float
        Exactly this rate.
    rho : tuple of Fraction
        Exactly these weights of the lags.
    norm, first_error, B_1, B_2 : Interval
        ``‖A‖``, ``‖e⁰‖``, and the constants (62).
    moved : tuple of array, (steps + 1, T)
        Below and above ``‖L_j^ℓ - L_j⁰‖_F``.
    errors : tuple of array, (steps + 1,)
        Below and above ``‖e^ℓ‖``.
    slope : array, (T,)
        Above ``‖L_j^{ℓ+1} - L_j^ℓ‖_F / η`` for the next step and any later one; infinite where η is too large.
    attained : array of bool, (T,)
        Whether ``‖L_j^1 - L_j⁰‖_F = B_2 ρ_j η`` exactly, which no ball decides.
    """

    eta: float
    rho: tuple[Fraction, ...]
    norm: Interval
    first_error: Interval
    B_1: Interval
    B_2: Interval
    moved: tuple[Array, Array]
    errors: tuple[Array, Array]
    slope: Array
    attained: NDArray[np.bool_]

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.errors[0]) - 1

    @property
    def below_bound(self) -> bool | None:
        """Whether η < B_1; None where that could not be decided."""
        if self.eta < self.B_1.low:
            return True
        return False if self.eta >= self.B_1.high else None

    def holds(self, rho: Sequence[Fraction]) -> NDArray[np.bool_]:
        """Where ``‖L_j^ℓ - L_j⁰‖_F ≤ B_2 ρ_j η ℓ`` is certain, (steps, T), from step 1 on, for any weights."""
        certain = np.asarray(self.moved[1][1:] <= self._bound(self.B_2.low, rho, -math.inf) * (1 - _OUTWARD))
        certain[0] |= self.attained & np.array([one >= own for one, own in zip(rho, self.rho, strict=True)])
        return certain

    def fails(self, rho: Sequence[Fraction]) -> NDArray[np.bool_]:
        """Where it is certain that the bound does not hold, (steps, T), from step 1 on."""
        return np.asarray(self.moved[0][1:] > self._bound(self.B_2.high, rho, math.inf) * (1 + _OUTWARD))

    def attains(self, rho: Sequence[Fraction]) -> NDArray[np.bool_]:
        """Where step 1 uses exactly all of the bound, (T,)."""
        return np.asarray(self.attained & [one == own for one, own in zip(rho, self.rho, strict=True)])

    def holds_beyond(self, rho: Sequence[Fraction]) -> bool:
        """Whether it is certain that the bound, if it holds at the last step, holds at all later ones.

        It does if no later step moves a lag by more than ``B_2 ρ_j η``, which is what a step adds to the bound.
        """
        return bool(np.all(self.slope <= _products(rho, Fraction(self.B_2.low), -math.inf)))

    def ratios(self, rho: Sequence[Fraction]) -> Array:
        """Above ``‖L_j^ℓ - L_j⁰‖_F / (B_2 ρ_j η ℓ)``, (steps, T): 1 is the bound."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Array = self.moved[1][1:] / self._bound(self.B_2.low, rho, -math.inf) * (1 + _OUTWARD)
        return np.where(self.moved[1][1:] == 0, 0.0, found)

    @property
    def grows(self) -> NDArray[np.bool_]:
        """After which steps it is certain that ``‖e^ℓ‖ > ‖e⁰‖``, against (63); (steps,)."""
        return np.asarray(self.errors[0][1:] > self.first_error.high)

    @property
    def stays(self) -> NDArray[np.bool_]:
        """After which steps (63) is certain, (steps,)."""
        return np.asarray(self.errors[1][1:] <= self.first_error.low)

    def _bound(self, B_2: float, rho: Sequence[Fraction], toward: float) -> Array:
        """``B_2 ρ_j η ℓ`` up to one rounding; before it, rounded in a direction, small as it may be."""
        each = _products(rho, Fraction(B_2) * Fraction(self.eta), toward)
        return np.asarray(each * np.arange(1, self.steps + 1)[:, None])


def certified_descent(
    data: ExactCorrelations, initial: Array, rho: Sequence[Fraction], eta: float, steps: int
) -> CertifiedDescent:
    """Follow gradient descent on the half-squared loss of the scaled convolution (7), in balls.

    Parameters
    ----------
    data : ExactCorrelations
        Of the training data.
    initial : array, (T, n_y, n_x)
        L⁰, exactly these doubles.
    rho : sequence of Fraction, (T,)
        The weights, positive, exactly.
    eta : float
        Positive. Above 2 B_1 the balls may grow faster than what they enclose.
    steps : int
        At least 1.

    Raises
    ------
    ValueError
        When a weight or the rate is not positive, or the inputs are all 0.
    """
    low, high = data.squared_norm
    if not (0 < eta < math.inf) or min(rho) <= 0 or steps < 1 or not high > 0:
        raise ValueError(
            f"η = {eta}, {steps} steps, least weight {float(min(rho))}, ‖A‖² at most {high}: all must be positive"
        )
    growth = max(1.0, eta * float(high) * float(max(rho)))
    with precision(BITS + min(_BITS_MOST, int(steps * math.log2(growth)))):
        run = _Run(data, initial, rho, eta)
        lengths, errors = [], []
        for moved, error in run.steps(steps):
            lengths.append([(_below(length), _above(length)) for length in moved])
            errors.append((_below(error), _above(error)))
        table, sizes = np.array(lengths), np.array(errors)
        norm, first = low.sqrt().union(high.sqrt()), run.first_square.sqrt()
        return CertifiedDescent(
            eta,
            tuple(rho),
            _interval(norm),
            _interval(first),
            _interval(1 / (norm * norm * ball(max(rho)))),
            _interval(norm * first),
            (table[..., 0], table[..., 1]),
            (sizes[:, 0], sizes[:, 1]),
            run.slope(),
            run.attained(),
        )


class _Run:
    """Descent in balls: ``moved`` is the middle of ``L^ℓ - L⁰``, as rows, and ``off`` how far θ may be from it."""

    def __init__(self, data: ExactCorrelations, initial: Array, rho: Sequence[Fraction], eta: float) -> None:
        start, rate = exact(rows(initial), "L⁰"), Fraction(eta)
        X, Y, L = flint_matrix(data.X), flint_matrix(data.Y), flint_matrix(start)
        G, weights = L * X - Y, np.repeat(np.array(rho, dtype=object), data.inputs)
        self._first = _inner(L, G - Y) + data.energy
        self.first_square = ball(self._first)
        self._data, self._exact_G = data, np.array(G.tolist(), dtype=object)
        self.moved, self.off = arb_mat(*start.shape), arb(0)
        self._X, self._G = arb_mat(X), arb_mat(G)
        identity = np.array([[Fraction(int(i == k)) for k in range(len(weights))] for i in range(len(weights))])
        self._map = ball_matrix(identity - data.X * (rate * weights))
        self._push = self._G * ball_matrix(identity * (-rate * weights))
        self._rho = [ball(weight) for weight in rho]
        self._roots = [weight.sqrt() for weight in self._rho]
        self._inputs = data.inputs
        self._squared_norm = data.squared_norm[1]
        self._top = self._squared_norm * ball(max(rho))
        self._rate = ball(rate)

    def steps(self, count: int) -> Iterator[tuple[list[arb], arb]]:
        """``‖L_j^ℓ - L_j⁰‖_F`` of each lag, and ``‖e^ℓ‖``, for ℓ = 0 … count."""
        growth = arb(1).max((self._rate * self._top - 1).upper())
        yield self._lengths(), self._error()
        for _ in range(count):
            exactly = self.moved * self._map + self._push
            self.moved = exactly.mid()
            left = [_norm(_radii(part)) / root for part, root in zip(self._lags(exactly), self._roots, strict=True)]
            self.off = (growth * self.off + _norm(left)).upper()
            yield self._lengths(), self._error()

    def slope(self) -> Array:
        """Above what the last step and later ones move lag j by, over η.

        As long as ``ηλ ≤ 2`` neither ``‖e‖`` nor ``‖D^{1/2} A^T e‖`` grows, and ``ρ_j ‖A_j^T e‖`` is at most
        ``ρ_j ‖A‖ ‖e‖`` and at most ``√ρ_j ‖D^{1/2} A^T e‖``.
        """
        if not self._rate * self._top <= 2:
            return np.full(len(self._rho), np.inf)
        pulled = self._G + self.moved * self._X
        parts = [_norm(part) * root for part, root in zip(self._lags(pulled), self._roots, strict=True)]
        gradient = (_norm(parts) + self._top * self.off).upper()
        error = (self._squared_norm.sqrt() * self._error()).upper()
        return np.array(
            [
                _above((root * gradient).upper().min((rho * error).upper()))
                for root, rho in zip(self._roots, self._rho, strict=True)
            ]
        )

    def attained(self) -> NDArray[np.bool_]:
        """Whether ``‖A_j^T e⁰‖ = ‖A‖ ‖e⁰‖``, decided exactly.

        ``‖A_j^T e⁰‖²/‖e⁰‖²`` is rational and at most ``‖A‖²``, to which it is equal if no eigenvalue of X exceeds it.
        """
        found = np.zeros(len(self._rho), dtype=bool)
        X, low = flint_matrix(self._data.X), self._data.squared_norm[0]
        for lag in range(len(found)):
            part = self._exact_G[:, self._inputs * lag : self._inputs * (lag + 1)]
            square = sum((entry * entry for entry in part.flat), fmpq(0))
            share = square / fmpq(self._first.numerator, self._first.denominator) if self._first else fmpq(0)
            if not arb(share) < low:  # which the exact test takes longer to see
                found[lag] = _exceeded_by_no_eigenvalue(X, share)
        return found

    def _lengths(self) -> list[arb]:
        lags = zip(self._lags(self.moved), self._roots, strict=True)
        return [_widened(_norm(part), root * self.off) for part, root in lags]

    def _error(self) -> arb:
        """``‖e^ℓ‖`` by ``‖e⁰‖² + ⟨Δ, 2 G⁰ + Δ X⟩``."""
        pull = 2 * self._G + self.moved * self._X
        square = self.first_square
        for moved, other in zip(self.moved.entries(), pull.entries(), strict=True):
            square += moved * other
        return _widened(square.nonnegative_part().sqrt(), self._top.sqrt() * self.off)

    def _lags(self, flat: arb_mat) -> list[list[arb]]:
        """The entries of each lag."""
        table, size = flat.tolist(), self._inputs
        return [[one for row in table for one in row[size * lag : size * (lag + 1)]] for lag in range(len(self._rho))]


def _inner(one: fmpq_mat, other: fmpq_mat) -> Fraction:
    """The sum of the products of all entries."""
    products = (a * b for a, b in zip(one.entries(), other.entries(), strict=True))
    return sum((Fraction(int(value.p), int(value.q)) for value in products), Fraction(0))


def _exceeded_by_no_eigenvalue(X: fmpq_mat, value: fmpq) -> bool:
    """Exactly, of a symmetric matrix: all roots are real, and none is positive if no coefficient is negative."""
    size = X.nrows()
    identity = fmpq_mat(size, size, [int(i == k) for i in range(size) for k in range(size)])
    return all(coefficient >= 0 for coefficient in (X - identity * value).charpoly().coeffs())


def _products(weights: Sequence[Fraction], factor: Fraction, toward: float) -> Array:
    """Doubles beyond the exact products in a direction; 0 is itself."""
    exactly = [weight * factor for weight in weights]
    return np.array([max(0.0, math.nextafter(float(value), toward)) if value else 0.0 for value in exactly])


def _norm(values: list[arb]) -> arb:
    return sum((value * value for value in values), arb(0)).nonnegative_part().sqrt()


def _radii(values: list[arb]) -> list[arb]:
    return [value.rad() for value in values]


def _widened(value: arb, radius: arb) -> arb:
    return value + arb(0, radius.upper())


def _interval(value: arb) -> Interval:
    return Interval(_below(value), _above(value))


def _below(value: arb) -> float:
    """A double below a length, and not below 0."""
    return max(0.0, math.nextafter(float(value.lower()), -math.inf))


def _above(value: arb) -> float:
    """A double above a length; 0 is itself."""
    return 0.0 if value.is_zero() else math.nextafter(float(value.upper()), math.inf)
