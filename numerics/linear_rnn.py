"""The linear RNN (1): run literally, and through the two Krylov sequences that its theory needs.

``Q_j = (n^{-1/2} W)^j F`` is the impulse response from input to state (41), ``P_j = (n^{-1/2} Wᵀ)^j Cᵀ``
its mirror image. The impulse response (9) and the tangent kernel depend on W only through the
inner products of these vectors, so that n never appears in the cost of a lazy sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.gaussian_matrix import Array, BlockType, Space


@dataclass(frozen=True)
class Parameters:
    """Sizes and variances of the random linear RNN, (1) and (4).

    Attributes
    ----------
    n, horizon, inputs, outputs : int
        n, T, n_x, n_y.
    nu_W, nu_F, nu_C : float
        Variances of the entries of W, F, C.
    """

    n: int
    horizon: int
    inputs: int
    outputs: int
    nu_W: float
    nu_F: float
    nu_C: float


@dataclass(frozen=True)
class Grams:
    """Inner products of the Krylov sequences, batched over replicates.

    Attributes
    ----------
    A : array, (replicates, T, n_x, T, n_x)
        ``n^{-1} Q_j^T Q_k``.
    B : array, (replicates, T, n_y, T, n_y)
        ``n^{-1} P_j^T P_k``.
    L : array, (replicates, T, n_y, n_x)
        The impulse response (9), ``L_j = n^{-1/2} C Q_j``.
    mismatch : array, (replicates,)
        How far ``n^{-1/2} P_i^T Q_j``, i + j < T, is from L_{i+j}, relative to the largest entry:
        zero up to rounding when W and Wᵀ are one matrix seen from both sides.
    """

    A: Array
    B: Array
    L: Array
    mismatch: Array


def sample_grams(space: Space[BlockType], parameters: Parameters) -> Grams:
    """Draw W, F, C from (4) in the given space and return their Gram matrices.

    Raises
    ------
    ValueError
        When the space has another dimension than the parameters.
    """
    p = parameters
    if space.n != p.n:
        raise ValueError(f"the space has dimension {space.n}, the RNN {p.n} states")
    scale = float(p.n) ** -0.5  # applied at each step, so that nothing overflows at n = 10^18
    matrix = space.gaussian_matrix(p.nu_W)
    right = [space.gaussian_vectors(p.inputs, p.nu_F)]
    left = [space.gaussian_vectors(p.outputs, p.nu_C)]
    for _ in range(p.horizon - 1):
        right.append((matrix @ right[-1]) * scale)
        left.append((matrix.T @ left[-1]) * scale)
    return _grams(right, left, p)


def _grams(right: list[BlockType], left: list[BlockType], p: Parameters) -> Grams:
    q, c = _stack(right), _stack(left)
    common = min(q.shape[1], c.shape[1])
    replicates, horizon = q.shape[0], p.horizon
    a = np.matmul(q.transpose(0, 2, 1), q) / p.n
    b = np.matmul(c.transpose(0, 2, 1), c) / p.n
    mixed = np.matmul(c[:, :common].transpose(0, 2, 1), q[:, :common]) * float(p.n) ** -0.5
    mixed = mixed.reshape(replicates, horizon, p.outputs, horizon, p.inputs)
    return Grams(
        a.reshape(replicates, horizon, p.inputs, horizon, p.inputs),
        b.reshape(replicates, horizon, p.outputs, horizon, p.outputs),
        np.ascontiguousarray(mixed[:, 0].transpose(0, 2, 1, 3)),
        _mismatch(mixed),
    )


def _mismatch(mixed: Array) -> Array:
    """Largest difference between entries (i, j) and (0, i+j), relative to the largest entry."""
    horizon = mixed.shape[1]
    scale = np.abs(mixed).max(axis=(1, 2, 3, 4))
    worst = np.zeros(mixed.shape[0])
    for i in range(1, horizon):
        difference = mixed[:, i, :, : horizon - i] - mixed[:, 0, :, i:]
        worst = np.maximum(worst, np.abs(difference).max(axis=(1, 2, 3)))
    relative: Array = np.divide(worst, scale, out=np.zeros_like(worst), where=scale > 0)
    return relative


def _stack(blocks: list[BlockType]) -> Array:
    dimension = max(block.dimension for block in blocks)
    return np.concatenate([block.coordinates(dimension) for block in blocks], axis=2)


def run(W: Array, F: Array, C: Array, x: Array) -> Array:
    """The literal recursion (1) from ``h_{-1} = 0``.

    Parameters
    ----------
    W : array, (n, n)
    F : array, (n, n_x)
    C : array, (n_y, n)
    x : array, (T, n_x)

    Returns
    -------
    array, (T, n_y)
    """
    scale = W.shape[0] ** -0.5
    state = np.zeros(W.shape[0], dtype=np.result_type(W, F, C, x))
    outputs = []
    for x_t in x:
        state = scale * (W @ state) + F @ x_t
        outputs.append(scale * (C @ state))
    return np.array(outputs)
