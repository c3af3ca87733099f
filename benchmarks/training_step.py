"""One step of full-batch gradient descent: the chain rule through L against automatic differentiation.

    python benchmarks/training_step.py [--n 1000] [--horizon 10] [--batch 50] [--channels 2] [--repeat 9]

Everything runs on one core, and the best of several times counts, on both sides. PyTorch runs the recursion (1) over
the batch and back, in double precision as we do, and in single precision for comparison; where it is not installed,
ours is timed alone. The step of the dense weights has two floors: reading W once for each of T - 1 powers and writing
it once, from memory; and the floating-point operations that it does. A lazy step is an average over a run, in which
each step is dearer than the last.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from threadpoolctl import threadpool_limits

from numerics.gaussian_matrix import Array
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.training import Correlations, DenseWeights, RecurrentNetwork, SpaceWeights, train

LAZY_WIDTHS = (10**4, 10**6, 10**9, 10**12)
LAZY_STEPS = 30


def seconds(run: Callable[[], object], repeat: int) -> float:
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def data(options: argparse.Namespace, rng: np.random.Generator) -> tuple[Array, Array]:
    x, y = rng.standard_normal((2, options.batch, options.horizon, options.channels))
    return x, y


def parameters(options: argparse.Namespace, n: int) -> Parameters:
    return Parameters(n, options.horizon, options.channels, options.channels, 0.5, 1.0, 1.0)


def our_step(options: argparse.Namespace) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    correlations = Correlations.of(*data(options, rng))
    network = RecurrentNetwork(DenseWeights.draw(parameters(options, options.n), rng), options.horizon)

    def step() -> None:
        response = network.response()
        correlations.loss(response)
        network.descend(correlations.gradient(response), 1e-6)

    return step


def torch_step(options: argparse.Namespace, precision: str) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    rng, dtype = np.random.default_rng(0), getattr(torch, precision)
    x, y = (torch.tensor(part, dtype=dtype) for part in data(options, rng))
    weights = DenseWeights.draw(parameters(options, options.n), rng)
    W, F, C = (torch.tensor(part, dtype=dtype, requires_grad=True) for part in (weights.W, weights.F, weights.C))
    optimizer, scale = torch.optim.SGD([W, F, C], lr=1e-6), options.n**-0.5

    def step() -> None:
        optimizer.zero_grad()
        state, loss = torch.zeros(options.batch, options.n, dtype=dtype), torch.zeros((), dtype=dtype)
        for t in range(options.horizon):
            state = scale * (state @ W.T) + x[:, t] @ F.T
            loss = loss + 0.5 * ((y[:, t] - scale * (state @ C.T)) ** 2).sum()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def rates() -> tuple[float, float]:
    """Seconds for one byte read from memory, and for one floating-point operation."""
    rng = np.random.default_rng(0)
    matrix, vector = rng.standard_normal((4096, 4096)), rng.standard_normal(4096)
    byte = seconds(lambda: matrix @ vector, 5) / matrix.nbytes
    small = rng.standard_normal((512, 512))
    return byte, seconds(lambda: small @ small, 9) / (2 * 512**3)


def operations(options: argparse.Namespace) -> float:
    """Floating-point operations of a step: T - 1 products from both sides, and an update of rank (T - 1) n_x."""
    return 2.0 * options.n**2 * (options.horizon - 1) * 3 * options.channels


def lazy_step(options: argparse.Namespace, n: int) -> tuple[float, int]:
    """Seconds for a step, on average, and how many directions of R^n were seen."""
    rng = np.random.default_rng(0)
    weights = SpaceWeights(LazySpace(n, 1, rng), parameters(options, n), as_it_comes=True)
    network, correlations = RecurrentNetwork(weights, options.horizon), Correlations.of(*data(options, rng))
    start = time.perf_counter()
    train(network, correlations, [LAZY_STEPS])
    return (time.perf_counter() - start) / LAZY_STEPS, weights.directions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--horizon", type=int, default=10)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    with threadpool_limits(limits=1):
        byte, flop = rates()
        print(f"rates: {1e-9 / byte:.1f} GB/s from memory, {1e-9 / flop:.0f} Gflop/s, one core")
        print(
            f"one step, n = {options.n}, T = {options.horizon}, {options.batch} sequences, {options.channels} channels"
        )
        ours = seconds(our_step(options), 3 * options.repeat)
        moved = 8 * options.n**2 * options.horizon * byte
        computed = operations(options) * flop
        print(f"  ours, float64        {ours * 1e3:9.2f} ms")
        print(f"    {ours / moved:5.2f} × the floor of bytes moved, {moved * 1e3:.2f} ms (below 1: W stays in a cache)")
        print(f"    {ours / computed:5.2f} × the floor of operations, {computed * 1e3:.2f} ms")
        if find_spec("torch") is None:
            print("  PyTorch is not installed")
        else:
            for precision in ("float64", "float32"):
                theirs = seconds(torch_step(options, precision), options.repeat)
                print(f"  PyTorch, {precision}     {theirs * 1e3:9.2f} ms, {theirs / ours:5.1f} × ours")
        print(f"lazy, average of {LAZY_STEPS} steps")
        for n in LAZY_WIDTHS:
            cost, directions = lazy_step(options, n)
            print(f"  n = {n:<17,d} {cost * 1e3:9.2f} ms   {directions:,} directions seen")


if __name__ == "__main__":
    main()
