"""The tangent kernel (13) of a linear RNN from Gram matrices, never from a Jacobian with n² columns.

Differentiating ``L_j = n^{-(j+1)/2} C W^j F`` in C, F and W gives the coefficient of
``x_{t-j}`` and ``x'_{s-k}`` in the kernel:

``A_jk ⊗ I (outputs) + B_jk ⊗ I (inputs) + Σ_{i<j, l<k} B_il ⊗ A_{j-1-i, k-1-l}``,

with the Gram matrices of ``linear_rnn.Grams``. The double sum is a product of polynomials in two
variables, truncated.
"""

from __future__ import annotations

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Grams


def lag_weights(grams: Grams) -> Array:
    """The scalar weight of each pair of lags, averaged over channels.

    Returns
    -------
    array, (replicates, T, T)
        Entry (j, k) averages the coefficient of ``x_{t-j}[α] x'_{s-k}[α]`` in output pair (a, a)
        over a and α. Its expectation is P_n(j, k).
    """
    a = np.einsum("rjaka->rjk", grams.A) / grams.A.shape[2]
    b = np.einsum("rjaka->rjk", grams.B) / grams.B.shape[2]
    weights: Array = a + b
    weights[:, 1:, 1:] += truncated_product(a, b[..., None])[:, :-1, :-1, 0]
    return weights


def kernel(grams: Grams, x: Array, x_prime: Array) -> Array:
    """The tangent kernel K(x, x') of each replicate.

    Parameters
    ----------
    grams : Grams
    x, x_prime : array, (T, n_x)

    Returns
    -------
    array, (replicates, T, n_y, T, n_y)
        Entry (t, a, s, b) is the inner product of the gradients of y_t[a] at x and y_s[b] at x'.
    """
    replicates, horizon, outputs = grams.B.shape[:3]
    size = horizon * grams.A.shape[2]
    toeplitz, toeplitz_prime = block_toeplitz(x), block_toeplitz(x_prime)
    states = toeplitz.T @ grams.A.reshape(replicates, size, size) @ toeplitz_prime  # ⟨h_t, h'_s⟩ / n
    driving = np.broadcast_to(x @ x_prime.T, states.shape).copy()
    driving[:, 1:, 1:] += states[:, :-1, :-1]
    b = grams.B.transpose(0, 1, 3, 2, 4).reshape(replicates, horizon, horizon, outputs**2)
    product = truncated_product(driving, b).reshape(replicates, horizon, horizon, outputs, outputs)
    result = np.ascontiguousarray(product.transpose(0, 1, 3, 2, 4))
    for channel in range(outputs):
        result[:, :, channel, :, channel] += states
    return result


def block_toeplitz(x: Array) -> Array:
    """The matrix T(x) of (18): block (j, t) is ``x_{t-j}``, zero for t < j.

    Parameters
    ----------
    x : array, (T, n_x)

    Returns
    -------
    array, (T n_x, T)
    """
    horizon, inputs = x.shape
    result = np.zeros((horizon, inputs, horizon))
    for lag in range(horizon):
        result[lag, :, lag:] = x[: horizon - lag].T
    return result.reshape(horizon * inputs, horizon)


def truncated_product(scalar: Array, coefficients: Array) -> Array:
    """``out[t, s] = Σ_{i≤t, l≤s} scalar[t-i, s-l] coefficients[i, l]``.

    Parameters
    ----------
    scalar : array, (replicates, T, T)
    coefficients : array, (replicates, T, T, m)

    Returns
    -------
    array, (replicates, T, T, m)
    """
    replicates, horizon, _, m = coefficients.shape
    lower = np.arange(horizon)[:, None] - np.arange(horizon)  # t - i; negative entries are masked
    out = np.zeros_like(coefficients)
    for shift in range(horizon):  # one column of ``scalar`` at a time, as a Toeplitz matrix
        toeplitz = np.where(lower >= 0, scalar[:, :, shift][:, lower], 0.0)
        width = horizon - shift
        flat = coefficients[:, :, :width].reshape(replicates, horizon, width * m)
        out[:, :, shift:] += np.matmul(toeplitz, flat).reshape(replicates, horizon, width, m)
    return out
