"""The chain rule from the impulse response to W, F and C, without a Jacobian.

With ``Q_j = (n^{-1/2} W)^j F`` and ``P_i = (n^{-1/2} W^T)^i C^T`` the response (9) is ``L_{i+j} = n^{-1/2} P_i^T Q_j``,
and a gradient ``G_j = ∂loss/∂L_j`` becomes

``dC = n^{-1/2} Σ_j G_j Q_j^T``,  ``dF = n^{-1/2} Σ_j P_j G_j``,  ``dW = n^{-1} Σ_{i,m} P_i G_{i+m+1} Q_m^T``:

a matrix of rank at most ``(T-1) min(n_x, n_y)``, with the block Hankel matrix of G in the middle. Moving by these
changes L to first order by ``-η P_n G``, where ``P_n = J J^T`` depends on the Gram matrices of Q and P only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Grams
from numerics.training.correlations import blocks, rows


@dataclass(frozen=True, eq=False)
class Krylov:
    """The two Krylov sequences, vectors as rows, in an orthonormal basis of R^n.

    Attributes
    ----------
    right : array, (…, T n_x, dim)
        Row (j, α) is column α of Q_j.
    left : array, (…, T n_y, dim)
        Row (i, a) is column a of P_i.
    n, horizon : int
    """

    right: Array
    left: Array
    n: int
    horizon: int

    @property
    def response(self) -> Array:
        """The impulse response (9), (…, T, n_y, n_x)."""
        outputs = self.left.shape[-2] // self.horizon
        flat = self.left[..., :outputs, :] @ np.swapaxes(self.right, -1, -2)
        return blocks(flat * float(self.n) ** -0.5, self.horizon)

    @property
    def kernel(self) -> LagKernel:
        """The tangent kernel on impulse responses."""
        return LagKernel(
            self.right @ np.swapaxes(self.right, -1, -2) / self.n,
            self.left @ np.swapaxes(self.left, -1, -2) / self.n,
            self.horizon,
        )

    def gradient_C(self, G: Array) -> Array:
        """The gradient in C, (…, n_y, dim)."""
        return np.asarray(rows(G) @ self.right * float(self.n) ** -0.5)

    def gradient_F(self, G: Array) -> Array:
        """The gradient in F, transposed, (…, n_x, dim)."""
        return np.asarray(np.swapaxes(stacked(G), -1, -2) @ self.left * float(self.n) ** -0.5)

    def gradient_W(self, G: Array) -> tuple[Array, Array]:
        """The gradient in W as a product ``left^T right`` of two arrays (…, rank, dim), the rank as small as can be."""
        middle = hankel(G)
        left = self.left[..., : middle.shape[-2], :]
        right = self.right[..., : middle.shape[-1], :]
        if middle.shape[-1] < middle.shape[-2]:
            return np.swapaxes(middle, -1, -2) @ left / self.n, right
        return left, middle @ right / self.n


@dataclass(frozen=True, eq=False)
class LagKernel:
    """``P_n = J J^T``, the tangent kernel as a linear map of impulse responses; it tends to ``ρ_j`` times L_j.

    Attributes
    ----------
    A : array, (…, T n_x, T n_x)
        ``n^{-1} Q_j^T Q_k``.
    B : array, (…, T n_y, T n_y)
        ``n^{-1} P_j^T P_k``.
    horizon : int
    """

    A: Array
    B: Array
    horizon: int

    @classmethod
    def of(cls, grams: Grams, replicate: int) -> LagKernel:
        """The kernel of one replicate of a sample."""
        horizon = grams.A.shape[1]
        size_x, size_y = horizon * grams.A.shape[2], horizon * grams.B.shape[2]
        return cls(grams.A[replicate].reshape(size_x, size_x), grams.B[replicate].reshape(size_y, size_y), horizon)

    def __matmul__(self, G: Array) -> Array:
        """``P_n G``, (…, T, n_y, n_x), in O(T³) operations and without a matrix of P_n.

        ``Σ_k G_k A_kj + Σ_k B_jk G_k + Σ_{i+m=j-1} (B H A)_{i,m}``, with the block Hankel matrix H of G.
        """
        outputs, inputs = G.shape[-2:]
        result = blocks(rows(G) @ self.A, self.horizon)
        result += (self.B @ stacked(G)).reshape(result.shape)
        middle = hankel(G)
        height, width = middle.shape[-2:]
        product = self.B[..., :height, :height] @ middle @ self.A[..., :width, :width]
        product = product.reshape(*product.shape[:-2], self.horizon - 1, outputs, self.horizon - 1, inputs)
        for i in range(self.horizon - 1):
            result[..., i + 1 :, :, :] += np.moveaxis(product[..., i, :, : self.horizon - 1 - i, :], -2, -3)
        return result

    def matrix(self) -> Array:
        """The symmetric matrix of P_n, (…, T n_y n_x, T n_y n_x)."""
        outputs, inputs = self.B.shape[-1] // self.horizon, self.A.shape[-1] // self.horizon
        size = self.horizon * outputs * inputs
        images = [self @ unit for unit in np.eye(size).reshape(size, self.horizon, outputs, inputs)]
        return np.stack([image.reshape(*image.shape[:-3], size) for image in images], axis=-1)

    def norm(self) -> float:
        """The largest eigenvalue of P_n, in any replicate; it tends to ``max_j ρ_j``."""
        return float(np.linalg.eigvalsh(self.matrix()).max())


def hankel(G: Array) -> Array:
    """The block Hankel matrix of ``G_1 … G_{T-1}``: block (i, m) is ``G_{i+m+1}``, 0 beyond.

    Parameters
    ----------
    G : array, (…, T, n_y, n_x)

    Returns
    -------
    array, (…, (T-1) n_y, (T-1) n_x)
    """
    *batch, horizon, outputs, inputs = G.shape
    size = horizon - 1
    result = np.zeros((*batch, size, outputs, size, inputs))
    for i in range(size):
        result[..., i, :, : size - i, :] = np.moveaxis(G[..., i + 1 :, :, :], -3, -2)
    return result.reshape(*batch, size * outputs, size * inputs)


def stacked(G: Array) -> Array:
    """Blocks one below the other: (…, T, n_y, n_x) as (…, T n_y, n_x)."""
    return G.reshape(*G.shape[:-3], -1, G.shape[-1])
