"""Gaussian recursions (68) at width n without their matrices, exact in law: O(nT) memory, O(nT²) time.

The conditioning step of Lemma C.1's proof, (79)–(84), run as a sampler. The images of a matrix are
combinations of columns of independent standard normals, its innovations (``numerics.conditioning``),
and the coefficients follow from the inner products of the queries alone. So there are two stores:

- the *basis*: the columns of u, of q_0 and the innovations of all matrices; every q_t is known by its
  coefficients in it, and is formed where it is read;
- the *computed* columns z that are not linear in such columns.

A time step is one pass over blocks of rows that stay in the cache: draw the block's new innovations,
form what G reads, evaluate G, and add to the inner products. A block has its own generator, and the
blocks' contributions are added up in order, so that any number of threads gives the same result.

Arrays are (pieces, columns, rows): a piece is a replicate, where replicates of small n are run
together, or a block of rows of a single replicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Final, TypeVar

import numpy as np

from numerics import laws
from numerics.conditioning import Factor
from numerics.expression import Input, State, Values, Variable
from numerics.gaussian_matrix import Array
from numerics.query_columns import Combination, Computed, Query, Step, evaluation, layout, steps
from numerics.recursion import Recursion
from numerics.recursion_sample import (
    BadRows,
    NonFiniteRowsError,
    Observables,
    RecursionSample,
    bad_rows,
    variables_of,
)
from numerics.row_blocks import Block, RowBlocks

Result = TypeVar("Result")

BLOCK: Final = 8192
"""Rows in a block: the basis of a dozen steps stays in the cache, and the calls are amortized."""


def conditioned(
    recursion: Recursion,
    n: int,
    horizon: int,
    replicates: int,
    seeds: np.random.SeedSequence,
    *,
    fresh: bool = False,
    functions: Observables | None = None,
    rows: int = 0,
    block: int = BLOCK,
    jobs: int = 1,
) -> RecursionSample:
    """Draw replicates of ``q_0 … q_horizon``; see the module's description.

    Parameters
    ----------
    recursion : Recursion
    n, horizon, replicates : int
        At least 1; only one replicate if n is larger than ``block``.
    seeds : SeedSequence
        Spawns a generator for each block.
    fresh : bool
        Whether the matrices are drawn anew at every time step, which is a different law.
    functions : callable, optional
        Functions of a row to be averaged.
    rows : int
        How many rows are kept.
    block, jobs : int
        Rows in a block, which is part of what is drawn, and threads, which are not.

    Raises
    ------
    NonFiniteRowsError
        When a row function gives infinity or no number.
    ValueError
        When a size is out of range.
    """
    if min(n, horizon, replicates, block) < 1:
        raise ValueError(f"n = {n}, horizon = {horizon}, replicates = {replicates}, block = {block}: at least 1 each")
    blocks = RowBlocks(n, replicates, block, seeds, jobs)
    with np.errstate(all="ignore"):  # what is not finite is found and named
        return _Run(recursion, n, horizon, replicates, blocks, fresh=fresh).sample(functions, rows)


class _Run:
    """The stores, the coefficients, and the factors of one run.

    Attributes
    ----------
    basis, computed : array, (pieces, columns, rows)
        The two stores. "All columns" are those of the basis and then the computed ones.
    gram : array, (R, all columns, all columns)
        ``1/n`` times the inner products; between the two stores only where both are combined.
    states : array, (R, (T+1) d_q, columns)
        The columns of all q_t in the basis.
    images : array, (R, ℓ, T, d_q, columns)
        All images in the basis.
    slots : dict of Computed to int
        Where a computed column is kept.
    asked : list of array, (R, directions, all columns)
        For each matrix, the queries that brought a direction.
    where : list of list of int
        For each matrix, the basis columns of its innovations.
    drawn, known : int
        Basis columns that hold their entries, and those that have a place.
    """

    def __init__(
        self,
        recursion: Recursion,
        n: int,
        horizon: int,
        replicates: int,
        blocks: RowBlocks,
        *,
        fresh: bool,
    ) -> None:
        self.recursion, self.n, self.blocks, self.fresh = recursion, n, blocks, fresh
        self.steps = steps(recursion, horizon)
        self.layout = layout(self.steps, fresh=fresh)
        d_u, d_q = recursion.u_columns, recursion.q_columns
        self.given = d_u + d_q
        self.places: dict[Variable, int] = {
            **{Input(column): column for column in range(d_u)},
            **{State(0, column): d_u + column for column in range(d_q)},
        }
        self.columns = self.given + sum(self.layout.directions)
        everywhere = self.columns + self.layout.computed
        self.basis = np.empty((blocks.pieces, self.columns, blocks.width))
        self.computed = np.empty((blocks.pieces, self.layout.computed, blocks.width))
        self.gram = np.zeros((replicates, everywhere, everywhere))
        self.states = np.zeros((replicates, (horizon + 1) * d_q, self.columns))
        self.states[:, range(d_q), range(d_u, self.given)] = 1.0
        self.images = np.zeros((replicates, len(recursion.matrices), horizon, d_q, self.columns))
        self.slots: dict[Computed, int] = {}
        self.drawn, self.known = 0, self.given
        self._forget()

    def _forget(self) -> None:
        """Start with matrices of which nothing is known."""
        replicates, everywhere = self.gram.shape[:2]
        counts = self.layout.directions
        self.factors = [Factor(replicates, self.n, count) for count in counts]
        self.asked = [np.zeros((replicates, count, everywhere)) for count in counts]
        self.where: list[list[int]] = [[] for _ in counts]
        self.slots.clear()

    def sample(self, functions: Observables | None, rows: int) -> RecursionSample:
        """Run all passes and collect the results."""
        for t, step in enumerate(self.steps):
            if self.fresh:
                self._forget()
            new = self._compute(t, step)
            self._ask(t, step, new)
        averages = self._averages(functions)
        replicates = self.gram.shape[0]
        gram = self.gram[:, : self.known, : self.known]
        images = self.images.reshape(replicates, -1, self.columns)
        return RecursionSample(
            self.n,
            _quadratic(self.states[:, :, : self.known], gram),
            _quadratic(images[:, :, : self.known], gram),
            averages,
            self._rows(min(rows, self.n)),
        )

    def _compute(self, t: int, step: Step) -> list[Computed]:
        """The pass of time t: new innovations, new computed columns, which are returned, and inner products."""
        new = [column for column in step.computed if column not in self.slots]
        taken = set(self.slots.values())
        free = (slot for slot in range(self.layout.computed) if slot not in taken)
        slots = dict(zip(new, free, strict=False))
        before = self._used
        self.slots |= slots
        after = self._used
        evaluated = evaluation(new)
        products = np.zeros((self.basis.shape[0], len(new), self.gram.shape[1]))

        def compute(block: Block, basis: Array, values: Values) -> list[tuple[int, BadRows]]:
            panel = self.computed[block.pieces, :after, : block.rows]
            for slot, output in zip(slots.values(), evaluated(values), strict=True):
                panel[:, slot] = output
            bad = []
            for place, slot in enumerate(slots.values()):
                found, column = products[block.pieces, place], panel[:, slot]
                found[:, self.columns : self.columns + after] = _inner(panel, column)
                if self.layout.mixed:
                    found[:, : basis.shape[1]] = _inner(basis, column)
                if not np.isfinite(found[:, self.columns + slot]).all():
                    bad.append((place, bad_rows(column, values) or BadRows(block.rows, {})))
            return bad

        bad = list(chain.from_iterable(self._pass(evaluated.variables, before, compute)))
        if bad:
            place, example = bad[0]
            count = sum(rows.count for other, rows in bad if other == place)
            matrix = self.recursion.matrices[step.owner(new[place])].name
            raise NonFiniteRowsError(matrix, t, count, self.n * self.gram.shape[0], example.arguments)
        self._add([self.columns + slot for slot in slots.values()], products)
        return new

    @property
    def _used(self) -> int:
        """How many computed columns are in use, up to the last."""
        return max(self.slots.values(), default=-1) + 1

    def _add(self, columns: Iterable[int], products: Array) -> None:
        """Enter inner products of new columns with all columns, adding up the pieces of one replicate."""
        total = self.blocks.total(products) / self.n
        for place, column in enumerate(columns):
            self.gram[:, column] = self.gram[:, :, column] = total[:, place]

    def _pass(
        self, variables: Sequence[Variable], used: int, task: Callable[[Block, Array, Values], Result]
    ) -> list[Result]:
        """One pass over the blocks.

        Parameters
        ----------
        variables : sequence of Variable
            What is read.
        used : int
            Computed columns that are in use before it.
        task : callable
            It is given a block, the block's basis (pieces, columns, rows) with the new innovations, and
            the variables, (pieces, rows).

        Returns
        -------
        list
            What the task gives for each block.
        """
        places = {one: self.places[one] for one in variables if one in self.places}
        states = [one for one in variables if one not in self.places]
        coefficients = np.ascontiguousarray(self.states[:, [self._row(one) for one in states], self.given : self.known])
        products = np.zeros((self.basis.shape[0], self.known - self.drawn, self.gram.shape[1]))

        def run(block: Block) -> Result:
            basis = self.basis[block.pieces, : self.known, : block.rows]
            self._draw(block, basis[:, self.drawn :])
            panel = self.computed[block.pieces, :used, : block.rows]
            for place in range(self.known - self.drawn):
                found, column = products[block.pieces, place], basis[:, self.drawn + place]
                found[:, : self.known] = _inner(basis, column)
                if self.layout.mixed:
                    found[:, self.columns : self.columns + used] = _inner(panel, column)
            values = {one: basis[:, place] for one, place in places.items()}
            if states:
                formed = np.matmul(coefficients, basis[:, self.given :])
                values |= {one: formed[:, place] for place, one in enumerate(states)}
            return task(block, basis, values)

        results = self.blocks.run(run)
        self._add(range(self.drawn, self.known), products)
        self.drawn = self.known
        return results

    def _row(self, state: Variable) -> int:
        assert isinstance(state, State)
        return state.time * self.recursion.q_columns + state.column

    def _draw(self, block: Block, columns: Array) -> None:
        """Fill new basis columns: u and q_0 at first, later innovations."""
        pieces, count, rows = columns.shape
        if self.drawn == 0:
            given = (*self.recursion.inputs, *self.recursion.initial)
            columns[...] = laws.draw(given, block.generator, block.first, (pieces, rows)).transpose(1, 0, 2)
        elif columns.flags.c_contiguous:
            block.generator.standard_normal(out=columns)
        else:
            columns[...] = block.generator.standard_normal((pieces, count, rows))

    def _ask(self, t: int, step: Step, new: Sequence[Computed]) -> None:
        """The images of the columns of time t, as combinations of innovations, from the inner products.

        A new computed column that brings no direction to any matrix is not needed again.
        """
        kept = {column: slot for column, slot in self.slots.items() if column not in new}
        for i, c, query in step:
            asked, factor, where = self.asked[i], self.factors[i], self.where[i]
            vector = self._vector(query)
            if vector is None:
                continue
            against = np.matmul(vector[:, None], self.gram)[:, 0] * self.recursion.matrices[i].variance
            variance = np.einsum("rs,rs->r", against, vector)
            bad = int((~np.isfinite(variance)).sum())
            if bad:
                rows = self.n * bad, self.n * len(variance)
                raise NonFiniteRowsError(self.recursion.matrices[i].name, t, *rows, arguments={})
            before = factor.directions
            row = factor.append(np.matmul(asked[:, :before], against[:, :, None])[:, :, 0], variance)
            if factor.directions > before:
                asked[:, before] = vector
                where.append(self.known)
                self.known += 1
                kept |= {query: self.slots[query]} if not isinstance(query, Combination) else {}
            self.images[:, i, t, c, where] = row
            self.states[:, (t + 1) * self.recursion.q_columns + c, where] += row
        self.slots = kept

    def _vector(self, query: Query) -> Array | None:
        """A query's coefficients in both stores, (R, all columns); None for the column 0."""
        vector = np.zeros(self.gram.shape[:2])
        if not isinstance(query, Combination):
            vector[:, self.columns + self.slots[query]] = 1.0
            return vector
        for variable, weight in query.terms:
            if isinstance(variable, Input):
                vector[:, self.places[variable]] += weight
            else:
                vector[:, : self.columns] += weight * self.states[:, self._row(variable)]
        return vector if query.terms else None

    def _averages(self, functions: Observables | None) -> Array:
        """The last pass, which averages functions of rows: (R, functions)."""
        variables = variables_of(functions, self.recursion, len(self.steps)) if functions is not None else ()

        def sums(block: Block, basis: Array, values: Values) -> Array:
            shape = (basis.shape[0], block.rows)
            found = functions(values) if functions is not None else []
            return np.array([np.broadcast_to(one, shape).sum(axis=-1) for one in found]).reshape(-1, shape[0]).T

        return self.blocks.total(np.concatenate(self._pass(variables, self._used, sums))) / self.n

    def _rows(self, count: int) -> Array:
        """The first rows of all q_t, (R, count, K)."""
        states = self.states[:, :, : self.known]
        if self.blocks.together:
            first = self.basis[:, : self.known, :count]
        else:
            blocks = max(1, -(-count // self.blocks.width))
            first = np.concatenate(self.basis[:blocks, : self.known], axis=1)[None, :, :count]
        return np.ascontiguousarray(np.matmul(states, first).transpose(0, 2, 1))


def _inner(panel: Array, column: Array) -> Array:
    """Inner products of a column, (pieces, rows), with those of a panel: (pieces, columns)."""
    products: Array = np.matmul(panel, column[:, :, None])[:, :, 0]
    return products


def _quadratic(coefficients: Array, gram: Array) -> Array:
    """``X Γ X^T`` for each replicate, symmetric to the last bit."""
    found: Array = np.matmul(np.matmul(coefficients, gram), coefficients.transpose(0, 2, 1))
    return (found + found.transpose(0, 2, 1)) / 2
