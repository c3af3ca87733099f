"""Many Gaussian recursions at one width: what to draw, how much memory that takes, and threads.

Three samplers of (68): ``dense`` stores the matrices; ``conditioned`` has the same law without them,
at any width; ``fresh`` draws the matrices anew at every time step, the simplification that Lemma C.1
is there to avoid, and has another law. The last two have no matrices.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from numerics.dense_recursion import dense
from numerics.ensembles import Chunk, Stream
from numerics.gaussian_recursion import BLOCK, conditioned
from numerics.memory import dense_bytes
from numerics.query_columns import layout, steps
from numerics.recursion import Recursion
from numerics.recursion_sample import Observables, RecursionSample
from numerics.threads import run_in_threads

SAMPLERS: Final = ("dense", "conditioned", "fresh")

_BATCH_BYTES: Final = 1 << 25
"""Replicates of a small n are drawn together up to this size: enough to amortize the calls, few enough
to stay in the cache."""

_TEMPORARY: Final = 16
"""Columns of a block that exist for a moment, beside those that a row function makes."""


@dataclass(frozen=True)
class Simulation:
    """What to draw.

    Attributes
    ----------
    recursion : Recursion
    n, horizon : int
        Rows, and T: there are q_0 … q_T.
    sampler : str
        ``"dense"``, ``"conditioned"`` or ``"fresh"``.
    stream : Stream
    functions : callable, optional
        Functions of a row that are averaged over the rows: a ``Program``, or any function from
        ``Values`` to a list of arrays or numbers.
    rows : int
        How many rows of each replicate are kept.
    block : int
        Rows in a block, for the samplers that have no matrices; part of what is drawn.

    Raises
    ------
    ValueError
        When a size is out of range or there is no such sampler.
    """

    recursion: Recursion
    n: int
    horizon: int
    sampler: str
    stream: Stream
    functions: Observables | None = None
    rows: int = 0
    block: int = BLOCK

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            raise ValueError(f"sampler {self.sampler!r}: must be one of {', '.join(SAMPLERS)}")
        if min(self.n, self.horizon, self.block) < 1 or self.rows < 0:
            raise ValueError(
                f"n = {self.n}, horizon = {self.horizon}, block = {self.block}, rows = {self.rows}: "
                "at least 1, and rows at least 0"
            )

    def __call__(self, chunk: Chunk) -> RecursionSample:
        """Draw one chunk."""
        return simulate(self, chunk)


def simulate(simulation: Simulation, chunk: Chunk, jobs: int = 1) -> RecursionSample:
    """Draw the replicates of one chunk, a batch at a time.

    The result is the same for any number of threads as long as BLAS uses only one, as in ``samples``.

    Parameters
    ----------
    simulation : Simulation
    chunk : Chunk
    jobs : int
        Threads for the row blocks of a large n.

    Raises
    ------
    NonFiniteRowsError
        When a row function gives infinity or no number.
    """
    if chunk.replicates < 1:
        raise ValueError("a chunk must hold at least one replicate")
    size = batch_size(simulation)
    seeds = simulation.stream.generator(chunk.index).bit_generator.seed_seq
    assert isinstance(seeds, np.random.SeedSequence)
    rng = np.random.Generator(np.random.SFC64(seeds))  # the fastest of NumPy's generators
    parts = []
    for start in range(0, chunk.replicates, size):
        replicates = min(size, chunk.replicates - start)
        s = simulation
        if s.sampler == "dense":
            parts.append(dense(s.recursion, s.n, s.horizon, replicates, rng).sample(s.functions, s.rows))
            continue
        parts.append(
            conditioned(
                s.recursion,
                s.n,
                s.horizon,
                replicates,
                seeds,
                fresh=s.sampler == "fresh",
                functions=s.functions,
                rows=s.rows,
                block=s.block,
                jobs=jobs,
            )
        )
    return parts[0].merge(*parts[1:])


def samples(simulation: Simulation, work: Sequence[Chunk], jobs: int = 1) -> Generator[RecursionSample, None, None]:
    """Draw chunks in threads; their samples come in order and do not depend on ``jobs``.

    Where n has many blocks the threads share the blocks of one replicate, so that memory does not
    grow with ``jobs``; else they share the chunks.

    Parameters
    ----------
    simulation : Simulation
    work : sequence of Chunk
    jobs : int
        Number of threads.
    """
    inside = simulation.sampler != "dense" and simulation.n > simulation.block
    with threadpool_limits(limits=1, user_api="blas"):
        if inside:
            yield from (simulate(simulation, chunk, jobs) for chunk in work)
        else:
            yield from run_in_threads(simulation, work, jobs)


def batch_size(simulation: Simulation) -> int:
    """How many replicates are drawn at once."""
    if simulation.sampler != "dense" and simulation.n > simulation.block:
        return 1
    one = bytes_needed(simulation.recursion, simulation.n, simulation.horizon, simulation.sampler)
    return max(1, _BATCH_BYTES // one)


def bytes_needed(recursion: Recursion, n: int, horizon: int, sampler: str, replicates: int = 1) -> int:
    """Estimate of the memory of replicates that are drawn at once, in bytes.

    Parameters
    ----------
    recursion : Recursion
    n, horizon : int
    sampler : str
        ``"dense"``, ``"conditioned"`` or ``"fresh"``.
    replicates : int
        ``batch_size`` times the number of threads for chunks of a small n; 1 for a large one, where
        the threads share one replicate.
    """
    d_q, ell = recursion.q_columns, len(recursion.matrices)
    states, images = (horizon + 1) * d_q, ell * horizon * d_q
    results = 8 * (2 * states**2 + 2 * images**2)
    if sampler == "dense":
        columns = recursion.u_columns + states + 3 * images + _TEMPORARY
        return replicates * (ell * dense_bytes(n) + 8 * n * columns + results)
    held = layout(steps(recursion, horizon), fresh=sampler == "fresh")
    basis = recursion.u_columns + d_q + sum(held.directions)
    everything = basis + held.computed
    coefficients = (states + images) * basis + 3 * everything**2 + sum(k * (k + everything) for k in held.directions)
    block = 8 * min(n, BLOCK) * (_TEMPORARY + states)
    return replicates * (8 * n * everything + 8 * coefficients + results + block)
