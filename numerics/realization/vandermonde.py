"""Vandermonde systems (35): Björck and Pereyra's algorithm, in any arithmetic.

``O(T²)`` operations, no matrix is stored. The algorithm is a factorization of ``V⁻¹`` into bidiagonal
matrices, which is often far more accurate than the condition number lets expect (Björck and Pereyra, 1970).
"""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import Any

from numerics.realization.arithmetic import Array


def solve(nodes: Array, right: Array) -> Array:
    """Solve ``Σ_i λ_i^j α_i = L_j`` for all columns of the right side.

    Parameters
    ----------
    nodes : array, (T,)
        Distinct λ_i, of any kind of numbers.
    right : array, (T, m)

    Returns
    -------
    array, (T, m)
        α.

    Examples
    --------
    >>> import numpy as np
    >>> solve(np.array([1.0, 2.0]), np.array([[3.0], [5.0]]))
    array([[1.],
           [2.]])
    """
    alpha = right.copy()
    size = len(nodes)
    column = nodes[:, None]
    for k in range(size - 1):
        alpha[k + 1 :] = alpha[k + 1 :] - column[k] * alpha[k:-1]
    for k in range(size - 2, -1, -1):
        alpha[k + 1 :] = alpha[k + 1 :] / (column[k + 1 :] - column[: size - k - 1])
        alpha[k:-1] = alpha[k:-1] - alpha[k + 1 :]
    return alpha


def determinant(nodes: Array) -> Any:
    """``det V = Π_{i<k} (λ_k - λ_i)``, which is not 0 where the nodes are distinct.

    Parameters
    ----------
    nodes : array, (T,)
        λ_i, of any kind of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> int(determinant(np.array([1, 2, 4])))
    6
    """
    return prod((later - node for node, later in combinations(nodes, 2)), start=nodes[0] ** 0)
