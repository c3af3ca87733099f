"""W, F and C entry by entry, and a training step with as few passes over W as there can be.

What a step costs beyond the cache is moving W. Each of the T - 1 powers needs W once for ``W Q`` and once for
``W^T P``; here both are done block by block, so that W is read once for each power. The update of W waits for
the first of these passes, where it is done on the way: T - 1 reads and one write of n² numbers for a step, instead
of 2(T - 1) reads for the powers, and a read and a write for the update.

With many inputs and few outputs the columns of ``W Q`` are what costs. L and its gradients need the left sequence P,
F, and of the right one only ``S_i = Σ_m G_{i+m} Q_m^T``, n_y rows each, found from the last to the first:

``S_i = G_i F^T + n^{-1/2} S_{i+1} W^T``,  ``dC = n^{-1/2} S_0``,  ``dW = n^{-1} Σ_i P_i S_{i+1}``.

That takes W twice for each power, but as few columns as there are outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import numpy as np
from scipy.linalg import blas

from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Parameters
from numerics.training.krylov import Krylov, stacked

_BLOCK_BYTES: Final = 1 << 19
"""Rows of W that are worked on together: half of a second-level cache, as measured on several widths."""

_FEW: Final = 4
"""Up to so many columns, products column by column are faster than BLAS's matrix product."""


class DenseWeights:
    """The weights of one RNN, stored entry by entry.

    Parameters
    ----------
    W : array, (n, n)
    F : array, (n, n_x)
    C : array, (n_y, n)
        They are copied.
    """

    def __init__(self, W: Array, F: Array, C: Array) -> None:
        n = W.shape[0]
        if W.shape != (n, n) or F.ndim != 2 or C.ndim != 2 or F.shape[0] != n or C.shape[1] != n:
            raise ValueError(f"W {W.shape}, F {F.shape}, C {C.shape}: (n, n), (n, n_x) and (n_y, n) are needed")
        self._W = np.array(W, dtype=np.float64, order="C")
        self._F = np.array(F.T, dtype=np.float64, order="C")
        self._C = np.array(C, dtype=np.float64, order="C")
        self._pending: tuple[Array, Array] | None = None
        self._steps = 0
        self._block = max(1, _BLOCK_BYTES // (8 * n))

    @classmethod
    def draw(cls, parameters: Parameters, rng: np.random.Generator) -> DenseWeights:
        """Weights from (4)."""
        p = parameters
        W = rng.standard_normal((p.n, p.n))
        W *= np.sqrt(p.nu_W)
        F = rng.standard_normal((p.n, p.inputs)) * np.sqrt(p.nu_F)
        return cls(W, F, rng.standard_normal((p.outputs, p.n)) * np.sqrt(p.nu_C))

    @property
    def W(self) -> Array:
        """The recurrent weights at present, (n, n)."""
        if self._pending is not None:
            for start in range(0, self._W.shape[0], self._block):
                self._update(slice(start, start + self._block))
            self._pending = None
        return self._W

    @property
    def F(self) -> Array:
        """The input weights at present, (n, n_x)."""
        return self._F.T

    @property
    def C(self) -> Array:
        """The output weights at present, (n_y, n)."""
        return self._C

    def prepare(self, horizon: int, steps: int) -> None:
        """Any number of steps is possible."""

    def krylov(self, horizon: int) -> Krylov:
        if self._few_outputs:
            return LeftSequence(self._left(horizon), self._F.copy(), horizon, self._right_at(self._steps, horizon))
        return self._both(horizon)

    def _both(self, horizon: int) -> Krylov:
        n, inputs, outputs = self._W.shape[0], self._F.shape[0], self._C.shape[0]
        right, left = np.empty((horizon, inputs, n)), np.empty((horizon, outputs, n))
        right[0], left[0] = self._F, self._C
        scale = float(n) ** -0.5
        for j in range(1, horizon):
            self._pass(right[j - 1], left[j - 1], right[j], left[j])
            right[j] *= scale
            left[j] *= scale
        return Krylov(right.reshape(-1, n), left.reshape(-1, n), n, horizon)

    def descend(self, krylov: Krylov, G: Array, eta: float) -> None:
        self._steps += 1
        if isinstance(krylov, LeftSequence):
            self._descend_by_left(krylov, G, eta)
            return
        self._C -= eta * krylov.gradient_C(G)
        self._F -= eta * krylov.gradient_F(G)
        if krylov.horizon > 1:
            left, right = krylov.gradient_W(G)
            self._pending = np.ascontiguousarray(-eta * left.T), np.ascontiguousarray(right)

    @property
    def _few_outputs(self) -> bool:
        return len(self._F) > max(_FEW, 2 * len(self._C))

    def _left(self, horizon: int) -> Array:
        """The left sequence alone, (T n_y, n)."""
        n, outputs = self._W.shape[0], self._C.shape[0]
        left, nothing = np.empty((horizon, outputs, n)), np.empty((0, n))
        left[0] = self._C
        for j in range(1, horizon):
            self._pass(nothing, left[j - 1], nothing, left[j])
            left[j] *= float(n) ** -0.5
        return left.reshape(-1, n)

    def _right_at(self, steps: int, horizon: int) -> Callable[[], Array]:
        """The right sequence of the weights after so many steps, if it is asked for before the next."""

        def right() -> Array:
            if self._steps != steps:
                raise RuntimeError("the right Krylov sequence of weights that have been trained since")
            return self._both(horizon).right

        return right

    def _descend_by_left(self, krylov: LeftSequence, G: Array, eta: float) -> None:
        n, (horizon, outputs, _) = self._W.shape[0], G.shape
        sums, nothing = (stacked(G) @ krylov.F).reshape(horizon, outputs, n), np.empty((0, n))
        image = np.empty((outputs, n))
        for i in reversed(range(horizon - 1)):
            self._pass(sums[i + 1], nothing, image, nothing)
            sums[i] += image * float(n) ** -0.5
        self._C -= eta * float(n) ** -0.5 * sums[0]
        self._F -= eta * krylov.gradient_F(G)
        if horizon > 1:
            left, right = krylov.left[: (horizon - 1) * outputs], sums[1:].reshape(-1, n)
            self._pending = np.ascontiguousarray(left.T * (-eta / n)), right

    def _pass(self, q: Array, p: Array, q_next: Array, p_next: Array) -> None:
        """``W q`` and ``W^T p`` for vectors in rows, reading W once; and the update that waits, on the way."""
        p_next[...] = 0.0
        for start in range(0, self._W.shape[0], self._block):
            part = slice(start, start + self._block)
            if self._pending is not None:
                self._update(part)
            _multiply(self._W[part], q, p[:, part], q_next[:, part], p_next)
        self._pending = None

    def _update(self, part: slice) -> None:
        assert self._pending is not None
        left, right = self._pending
        # W is stored by rows, BLAS sees the transpose: Wᵀ += rightᵀ leftᵀ, in place
        blas.dgemm(1.0, right.T, left[part].T, 1.0, self._W[part].T, overwrite_c=1)


class LeftSequence(Krylov):
    """Krylov sequences of which the right one is worked out only if it is asked for.

    Parameters
    ----------
    left : array, (T n_y, n)
    F : array, (n_x, n)
        The input weights, transposed.
    horizon : int
        T.
    find_right : callable
        Gives the right sequence, (T n_x, n).
    """

    F: Array
    _find_right: Callable[[], Array]

    def __init__(self, left: Array, F: Array, horizon: int, find_right: Callable[[], Array]) -> None:
        values = {"left": left, "F": F, "n": F.shape[1], "horizon": horizon, "_find_right": find_right}
        self.__dict__.update(values)  # a Krylov is frozen

    @cached_property
    def right(self) -> Array:
        """The right sequence, (T n_x, n)."""
        return self._find_right()

    @property
    def response(self) -> Array:
        """The impulse response (9), (T, n_y, n_x)."""
        flat = self.left @ self.F.T * float(self.n) ** -0.5
        return np.asarray(flat.reshape(self.horizon, -1, flat.shape[1]))


def _multiply(block: Array, q: Array, p: Array, q_next: Array, p_next: Array) -> None:
    """Add the part of a block of rows of W to both products."""
    if len(q) <= _FEW:
        for vector, image in zip(q, q_next, strict=True):
            np.dot(block, vector, out=image)
    else:
        np.matmul(q, block.T, out=q_next)
    if len(p) <= _FEW:
        for vector, image in zip(p, p_next, strict=True):
            blas.dgemv(1.0, block.T, vector, 1.0, image, overwrite_y=1)
    else:
        p_next += p @ block
