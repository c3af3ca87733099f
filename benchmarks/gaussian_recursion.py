"""A Gaussian recursion: the conditioned sampler against the dense one and against its floor.

    python benchmarks/gaussian_recursion.py [--horizon 12] [--repeat 5] [--large]

The recursion is q_{t+1} = n^{-1/2} W tanh(q_t + u), everything on one core unless it says otherwise.
The floor of the conditioned sampler is drawing its normals and reading each of its stored columns
once in each pass, at the rates measured here; evaluating tanh is no part of it, and printed apart.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from numerics.ensembles import Chunk, Stream
from numerics.expression import Apply, Input, State
from numerics.laws import Normal
from numerics.recursion import FormulaRows, Matrix, Recursion
from numerics.recursion_ensemble import Simulation, bytes_needed, simulate
from numerics.workers import available_workers

AGAINST_DENSE = (4096, 16384)
WIDTH = 10**6
LARGE = 10**7
BLOCK = 1 << 13


def seconds(run: Callable[[], object], repeat: int) -> float:
    run()  # memory that was never touched is slow
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def rows(t: int) -> FormulaRows:
    return FormulaRows((Apply("tanh", (Apply("add", (State(t, 0), Input(0))),)),))


RECURSION = Recursion((Matrix("W", 1.5, rows),), (Normal(((1.0,),)),), (Normal(((0.5,),)),))


def sample(n: int, horizon: int, sampler: str, jobs: int = 1) -> object:
    return simulate(Simulation(RECURSION, n, horizon, sampler, Stream(1, (0,))), Chunk(0, 1), jobs)


def rates() -> tuple[float, float, float]:
    """Seconds for one normal, one byte read from memory, one tanh in the cache."""
    rng = np.random.Generator(np.random.SFC64(0))
    block = np.empty(BLOCK)
    normal = seconds(lambda: [rng.standard_normal(out=block) for _ in range(512)], 9) / (512 * BLOCK)
    vector = rng.standard_normal(1 << 25)
    byte = seconds(lambda: vector @ vector, 9) / vector.nbytes
    result = np.empty(BLOCK)
    tanh = seconds(lambda: [np.tanh(block, out=result) for _ in range(512)], 9) / (512 * BLOCK)
    return normal, byte, tanh


def normals_drawn(n: int, horizon: int) -> int:
    """Of u, q_0 and an innovation for each step."""
    return n * (2 + horizon)


def bytes_moved(n: int, horizon: int) -> int:
    """Pass t = 0 … T reads u, q_0 and t innovations, and before the last one t + 1 values of tanh."""
    return 8 * n * (sum(2 + t for t in range(horizon + 1)) + sum(t + 1 for t in range(horizon)))


def against_dense(n: int, horizon: int, repeat: int) -> None:
    dense = seconds(lambda: sample(n, horizon, "dense"), 1)
    conditioned = seconds(lambda: sample(n, horizon, "conditioned"), 9 * repeat)
    print(f"  n = {n:<6d} dense {dense * 1e3:10,.1f} ms   conditioned {conditioned * 1e3:8,.2f} ms", end="")
    print(f"   ratio {dense / conditioned:8,.0f}")


def against_floor(n: int, horizon: int, repeat: int, measured: tuple[float, float, float]) -> None:
    normal, byte, tanh = measured
    cost = seconds(lambda: sample(n, horizon, "conditioned"), repeat)
    drawing, moving = normals_drawn(n, horizon) * normal, bytes_moved(n, horizon) * byte
    print(f"\nconditioned, n = {n:,d}, T = {horizon}")
    print(f"  measured       {cost * 1e3:9,.1f} ms   {cost / (drawing + moving):5.2f} × its floor")
    print(f"  floor          {(drawing + moving) * 1e3:9,.1f} ms")
    print(f"    normals      {drawing * 1e3:9,.1f} ms   {normals_drawn(n, horizon):,d}")
    print(f"    bytes        {moving * 1e3:9,.1f} ms   {bytes_moved(n, horizon):,d}")
    print(f"  tanh, apart    {n * horizon * tanh * 1e3:9,.1f} ms")
    jobs = available_workers()
    threads = seconds(lambda: sample(n, horizon, "conditioned", jobs), repeat)
    print(f"  {jobs} threads      {threads * 1e3:9,.1f} ms")


def large(n: int, horizon: int) -> None:
    cost = seconds(lambda: sample(n, horizon, "conditioned"), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    estimate = bytes_needed(RECURSION, n, horizon, "conditioned") / 2**30
    print(
        f"\nconditioned, n = {n:,d}, T = {horizon}: {cost:.2f} s, {peak:.2f} GiB at most, {estimate:.2f} GiB estimated"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--large", action="store_true", help=f"n = {LARGE:,d} and its memory as well; nothing dense")
    options = parser.parse_args()
    with threadpool_limits(1):
        measured = rates()
        normal, byte, tanh = measured
        print(f"rates: {normal * 1e9:.2f} ns a normal, {1e-9 / byte:.1f} GB/s, {tanh * 1e9:.2f} ns a tanh, one core")
        if options.large:
            large(LARGE, options.horizon)
        else:
            print(f"\none sample, T = {options.horizon}")
            for n in AGAINST_DENSE:
                against_dense(n, options.horizon, options.repeat)
        against_floor(WIDTH, options.horizon, options.repeat, measured)


if __name__ == "__main__":
    main()
