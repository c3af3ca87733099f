"""How much memory a simulation takes, estimated before it starts."""

from __future__ import annotations

from numerics.linear_rnn import Parameters


def dense_bytes(n: int) -> int:
    """Memory of one dense n×n matrix in bytes."""
    return 8 * n * n


def bytes_needed(parameters: Parameters, sampler: str, replicates: int = 1) -> int:
    """Estimate of the memory of a batch of replicates, in bytes.

    Counts the matrix (dense), or the queries and images from both sides (lazy), the Gram
    matrices and the kernel.
    """
    p = parameters
    columns = p.horizon * (p.inputs + p.outputs)
    grams = 4 * columns**2 + 3 * (p.horizon * p.outputs) ** 2 + 4 * p.horizon**2
    grams += 4 * (p.horizon * p.outputs * p.inputs) ** 2
    if sampler == "dense":
        return (dense_bytes(p.n) + 8 * (2 * p.n * columns + grams)) * replicates
    dimension = min(columns, p.n)
    return 8 * (6 * dimension * columns + grams) * replicates
