"""A linear RNN (1) with given weights, in any arithmetic: run, seen through its impulse response (9), transformed.

    h_t = n^{-1/2} W h_{t-1} + F x_t,    y_t = n^{-1/2} C h_t,    L_j = n^{-(j+1)/2} C W^j F.

Weights are kept with their factor ``n^{-1/2}``: ``L_j = scaled_C scaled_W^j F`` needs no root, so that it is
exact where the weights are rational, whatever the number of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.realization.arithmetic import (
    Arbitrary,
    Arithmetic,
    Array,
    Rational,
    converted,
    described,
    exact,
    flint_matrix,
    unified,
    whole_number,
    zeros,
)

if TYPE_CHECKING:
    from numerics.realization.certificate import Certificate


class ShapeError(ValueError):
    """Weights or inputs whose shapes do not fit together."""


@dataclass(frozen=True, eq=False)
class LinearRNN:
    """A linear RNN of n states, n_x inputs and n_y outputs.

    Attributes
    ----------
    scaled_W : array, (n, n), or (n,) where W is diagonal
        ``n^{-1/2} W``. Integers and fractions are kept as ``Fraction``, floats as doubles; where some weights are
        mpmath's numbers, all are kept with the highest precision among them.
    F : array, (n, n_x)
    scaled_C : array, (n_y, n)
        ``n^{-1/2} C``.
    certificate : Certificate or None
        How well it realizes the impulse response that it was made for. An RNN that is made from another has
        none: in doubles its rounding errors are others.
    arithmetic : Arithmetic
        The kind of its numbers.

    Raises
    ------
    ShapeError
        When the shapes do not fit together.
    NumberError
        Naming the position of a weight that is not a finite real number.

    Examples
    --------
    >>> rnn = LinearRNN.from_weights([[1, 0, 0, 0]] * 4, [[1]] * 4, [[2, 0, 0, 0]])
    >>> [str(L[0, 0]) for L in rnn.impulse_response(3)]
    ['1', '1/2', '1/4']
    """

    scaled_W: Array
    F: Array
    scaled_C: Array
    certificate: Certificate | None = None
    arithmetic: Arithmetic = field(init=False)

    def __post_init__(self) -> None:
        arithmetic, weights = unified(scaled_W=self.scaled_W, F=self.F, scaled_C=self.scaled_C)
        object.__setattr__(self, "arithmetic", arithmetic)
        for name, value in zip(("scaled_W", "F", "scaled_C"), weights, strict=True):
            object.__setattr__(self, name, value.copy())  # the caller may change the original
        shapes = [array.shape for array in weights]
        n = len(weights[0]) if shapes[0] else -1
        fits = shapes[0] in ((n,), (n, n)) and [len(shape) for shape in shapes[1:]] == [2, 2]
        if not fits or shapes[1][0] != n or shapes[2][1] != n:
            given = f"W {shapes[0]}, F {shapes[1]}, C {shapes[2]}"
            raise ShapeError(f"{given}: needed are (n, n) or (n,), (n, n_x), (n_y, n)")

    @classmethod
    def from_weights(cls, W: Any, F: Any, C: Any) -> LinearRNN:
        """An RNN in the paper's parameterization (1).

        Parameters
        ----------
        W : array_like, (n, n)
        F : array_like, (n, n_x)
        C : array_like, (n_y, n)
            Floats; or integers and fractions, where the RNN is exact and n must be a square number.

        Raises
        ------
        NumberError
            Where ``√n`` is not rational and the weights are.
        """
        arithmetic, (W_, F_, C_) = unified(W=W, F=F, C=C)
        n = cls(W_, F_, C_).n  # the shapes fit
        scale = arithmetic.root(n) if n else 1
        return cls(W_ / scale, F_, C_ / scale)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled exactly: numbers of a precision of their own cannot be, as they are."""
        weights: tuple[Array, ...] = (self.scaled_W, self.F, self.scaled_C)
        bits = self.arithmetic.bits if isinstance(self.arithmetic, Arbitrary) else None
        if bits is not None:
            weights = tuple(exact(array, "weights") for array in weights)
        return _restored, (weights, bits, self.certificate)

    def __repr__(self) -> str:
        weights = [f"{name}={described(getattr(self, name))}" for name in ("scaled_W", "F", "scaled_C")]
        return f"LinearRNN({', '.join(weights)})"

    @property
    def n(self) -> int:
        """Number of states."""
        return int(self.F.shape[0])

    @property
    def inputs(self) -> int:
        """n_x."""
        return int(self.F.shape[1])

    @property
    def outputs(self) -> int:
        """n_y."""
        return int(self.scaled_C.shape[0])

    @property
    def decisive_horizon(self) -> int:
        """The lags that matter: those that it was realized for, else 2n, which decide all others."""
        return self.certificate.horizon if self.certificate else max(2 * self.n, 1)

    @property
    def is_diagonal(self) -> bool:
        """Whether W is kept as its diagonal."""
        return self.scaled_W.ndim == 1

    @property
    def W(self) -> Array:
        """W, (n, n).

        Raises
        ------
        NumberError
            Where the weights are rational and ``√n`` is not.
        """
        return _times(self.dense().scaled_W, self.arithmetic.root(self.n))

    @property
    def C(self) -> Array:
        """C, (n_y, n).

        Raises
        ------
        NumberError
            Where the weights are rational and ``√n`` is not.
        """
        return _times(self.scaled_C, self.arithmetic.root(self.n))

    def __call__(self, x: Any) -> Array:
        """The outputs (1), from a state at rest.

        Parameters
        ----------
        x : array_like, (…, T, n_x), or (T,) for a single input
            Read exactly, then rounded to the arithmetic of the weights.

        Returns
        -------
        array, (…, T, n_y), or (T,) where x is one and there is a single output

        Raises
        ------
        ShapeError
            When x has another shape.
        NumberError
            Naming the position of an entry that is not a finite real number.
        """
        signal = converted(self.arithmetic, x, "x")
        flat = signal.ndim == 1 and self.inputs == 1
        if flat:
            signal = signal[:, None]
        if signal.ndim < 2 or signal.shape[-1] != self.inputs:
            raise ShapeError(f"x has shape {signal.shape}: needed is (…, T, n_x) with n_x = {self.inputs}")
        outputs = self._run(signal)
        return outputs[:, 0] if flat and self.outputs == 1 else outputs

    def _run(self, signal: Array) -> Array:
        into = self.arithmetic.working
        W, F, C, x = into(self.scaled_W), into(self.F), into(self.scaled_C), into(signal)
        outputs = self._zeros((*signal.shape[:-1], self.outputs))
        if self.n == 0:
            return outputs
        state: Any = 0
        for t in range(signal.shape[-2]):
            if t:
                state = state * W if self.is_diagonal else state @ W.T
            state = state + x[..., t, :] @ F.T
            outputs[..., t, :] = self.arithmetic.finished(state @ C.T)
        return outputs

    def impulse_response(self, horizon: int) -> Array:
        """L_0 … L_{T-1} (9).

        Parameters
        ----------
        horizon : int
            T ≥ 0.

        Returns
        -------
        array, (T, n_y, n_x)

        Raises
        ------
        NumberError
            When T is no whole number, or negative.
        """
        horizon = whole_number(horizon, "horizon")
        into = self.arithmetic.working
        W, state, C = into(self.scaled_W), into(self.F), into(self.scaled_C)
        found = self._zeros((horizon, self.outputs, self.inputs))
        for lag in range(horizon if self.n else 0):
            if lag:
                state = W[:, None] * state if self.is_diagonal else W @ state
            found[lag] = self.arithmetic.finished(C @ state)
        return found

    def _zeros(self, shape: tuple[int, ...]) -> Array:
        return zeros(self.arithmetic, shape)

    def dense(self) -> LinearRNN:
        """The same with W as a matrix."""
        if not self.is_diagonal:
            return self
        matrix = self._zeros((self.n, self.n))
        np.fill_diagonal(matrix, self.scaled_W)
        return LinearRNN(matrix, self.F, self.scaled_C)

    def permuted(self, order: Sequence[int]) -> LinearRNN:
        """The same RNN with its states in another order.

        Parameters
        ----------
        order : sequence of int
            Place of each new state among the old ones.
        """
        if sorted(order) != list(range(self.n)):
            raise ShapeError(f"order: each of 0 … {self.n - 1} once is a permutation of the states, {order} is not")
        places = np.array(order, dtype=int)
        W = self.scaled_W[places] if self.is_diagonal else self.scaled_W[np.ix_(places, places)]
        return LinearRNN(W, self.F[places], self.scaled_C[:, places])

    def similar(self, S: Any) -> LinearRNN:
        """The same input–output map in other coordinates: W → S W S⁻¹, F → S F, C → C S⁻¹.

        Parameters
        ----------
        S : array_like, (n, n)
            Invertible.

        Raises
        ------
        ShapeError
            When S is singular, or not n × n.
        """
        given = exact(S, "S")
        if given.shape != (self.n, self.n):
            raise ShapeError(f"S has shape {given.shape}: needed is ({self.n}, {self.n})")
        try:
            inverse = Rational().finished(np.array(flint_matrix(given).inv().entries(), dtype=object))
        except ZeroDivisionError:
            raise ShapeError("S is singular: it changes the RNN") from None
        into, back = self.arithmetic.working, self.arithmetic.finished
        there = into(self.arithmetic.array(given))
        here = into(self.arithmetic.array(inverse.reshape(self.n, self.n)))
        W = there @ into(self.dense().scaled_W) @ here
        return LinearRNN(back(W), back(there @ into(self.F)), back(into(self.scaled_C) @ here))

    def padded(self, states: int | None = None) -> LinearRNN:
        """The same with idle states.

        Parameters
        ----------
        states : int, optional
            At least n; by default the next square number, for which ``√n`` is rational.
        """
        from math import isqrt

        square = (isqrt(self.n - 1) + 1) ** 2 if self.n else 1
        width = square if states is None else whole_number(states, "states")
        idle = width - self.n
        if idle < 0:
            raise ShapeError(f"padded({width}): there are {self.n} states already")
        F = np.concatenate([self.F, self._zeros((idle, self.inputs))])
        C = np.concatenate([self.scaled_C, self._zeros((self.outputs, idle))], axis=1)
        if self.is_diagonal:
            return LinearRNN(np.concatenate([self.scaled_W, self._zeros((idle,))]), F, C)
        W = self._zeros((width, width))
        W[: self.n, : self.n] = self.scaled_W
        return LinearRNN(W, F, C)

    def exact(self) -> LinearRNN:
        """The same in exact arithmetic: floating-point numbers are the binary fractions that they are."""
        return LinearRNN(exact(self.scaled_W, "W"), exact(self.F, "F"), exact(self.scaled_C, "C"))


def _restored(weights: tuple[Array, ...], bits: int | None, certificate: Certificate | None) -> LinearRNN:
    """What was pickled."""
    if bits is not None:
        weights = tuple(Arbitrary(bits).array(array) for array in weights)
    W, F, C = weights
    return LinearRNN(W, F, C, certificate)


def _times(array: Array, factor: Any) -> Array:
    scaled: Array = array * factor
    return scaled
