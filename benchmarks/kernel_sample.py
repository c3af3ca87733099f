"""One sample of the tangent kernel: the dense matrix against the lazy one, timed side by side.

    python benchmarks/kernel_sample.py [--n 4096] [--horizon 10] [--repeat 3]

Everything runs on one core. The floor of the dense sample is drawing n² normals and moving the
matrix through memory once for each of its 2(T-1) products; that of the lazy one is drawing its
normals and doing its floating-point operations, at the rates measured here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from numerics.gaussian_matrix import DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Grams, Parameters, sample_grams
from numerics.tangent_kernel import kernel

BATCH = 128
FLAT_WIDTHS = (10**2, 10**3, 10**4, 10**6, 10**9, 10**12, 10**18)


def seconds(run: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def parameters(n: int, horizon: int) -> Parameters:
    return Parameters(n, horizon, 1, 1, 0.8, 1.3, 0.7)


def dense_sample(n: int, horizon: int, rng: np.random.Generator) -> Grams:
    return sample_grams(DenseSpace(n, 1, rng), parameters(n, horizon))


def lazy_samples(n: int, horizon: int, rng: np.random.Generator) -> Grams:
    return sample_grams(LazySpace(n, BATCH, rng), parameters(n, horizon))


def rates() -> tuple[float, float, float]:
    """Seconds for one normal, one byte read from memory, one floating-point operation."""
    rng = np.random.default_rng(0)
    draws = 1 << 22
    normal = seconds(lambda: rng.standard_normal(draws), 5) / draws
    matrix, vector = rng.standard_normal((4096, 4096)), rng.standard_normal(4096)
    byte = seconds(lambda: matrix @ vector, 5) / matrix.nbytes
    small = rng.standard_normal((512, 512))
    flop = seconds(lambda: small @ small, 9) / (2 * 512**3)
    return normal, byte, flop


def dense_floor(n: int, horizon: int, normal: float, byte: float) -> float:
    return n * n * normal + 2 * (horizon - 1) * 8 * n * n * byte


def lazy_floor(horizon: int, normal: float, flop: float) -> float:
    """Normals and operations of one lazy replicate with n_x = n_y = 1.

    Query k of 2(T-1) meets k/2 + 1 queries on each side, in a basis of k + 2 vectors: twice
    two products for Gram–Schmidt, four for the image, one for the answer.
    """
    queries = range(2 * (horizon - 1))
    normals = sum(k + 3 for k in queries)
    operations = sum(2 * 9 * (k / 2 + 1) * (k + 2) for k in queries) + 4 * (2 * horizon) * horizon**2
    return normals * normal + operations * flop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=4096)
    parser.add_argument("--horizon", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    n, horizon = options.n, options.horizon
    rng = np.random.default_rng(1)
    x, x_prime = rng.standard_normal((2, horizon, 1))
    with threadpool_limits(limits=1):
        normal, byte, flop = rates()
        print(f"rates: {normal * 1e9:.1f} ns a normal, {1e-9 / byte:.1f} GB/s, {1e-9 / flop:.0f} Gflop/s, one core")
        dense = seconds(lambda: kernel(dense_sample(n, horizon, rng), x, x_prime), options.repeat)
        lazy = seconds(lambda: kernel(lazy_samples(n, horizon, rng), x, x_prime), 9 * options.repeat) / BATCH
        floor_dense, floor_lazy = dense_floor(n, horizon, normal, byte), lazy_floor(horizon, normal, flop)
        print(f"\none kernel sample, n = {n}, T = {horizon}")
        for name, cost, floor in (("dense", dense, floor_dense), ("lazy", lazy, floor_lazy)):
            print(f"  {name:6} {cost * 1e6:12,.1f} µs   {cost / floor:5.2f} × its floor of {floor * 1e6:,.1f} µs")
        print(f"  ratio  {dense / lazy:12,.0f}")
        print("\nlazy, by width")
        for width in FLAT_WIDTHS:
            cost = seconds(lambda width=width: kernel(lazy_samples(width, horizon, rng), x, x_prime), 9) / BATCH
            print(f"  n = {width:<20,d} {cost * 1e6:6.1f} µs")


if __name__ == "__main__":
    main()
