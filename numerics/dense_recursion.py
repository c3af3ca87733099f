"""Gaussian recursions (68) taken literally: draw the matrices, multiply. The referee of the other samplers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics import laws
from numerics.conditioning import innovations
from numerics.expression import Input, State, Variable
from numerics.gaussian_matrix import Array
from numerics.recursion import Recursion
from numerics.recursion_sample import NonFiniteRowsError, Observables, RecursionSample, bad_rows, variables_of


@dataclass(frozen=True)
class Trajectory:
    """Every column of a number of replicates, rows last; K = (T+1) d_q.

    Attributes
    ----------
    recursion : Recursion
    horizon : int
    u : array, (R, d_u, n)
    q : array, (R, K, n)
        Column c of q_t has index t d_q + c.
    queries, images : array, (R, ℓ, T d_q, n)
        ``z_{i,t}`` and ``n^{-1/2} A_i z_{i,t}``, in the same order for each matrix.
    """

    recursion: Recursion
    horizon: int
    u: Array
    q: Array
    queries: Array
    images: Array

    def value(self, variable: Variable) -> Array:
        """The array of a variable, (R, n)."""
        if isinstance(variable, State):
            return self.q[:, variable.time * self.recursion.q_columns + variable.column]
        assert isinstance(variable, Input)
        return self.u[:, variable.column]

    def innovations(self) -> Array:
        """The innovations of all images, (R, ℓ, T d_q, n); NaN where a query brought no new direction."""
        found = [
            innovations(self.queries[:, i], self.images[:, i], matrix.variance)
            for i, matrix in enumerate(self.recursion.matrices)
        ]
        return np.stack(found, axis=1)

    def sample(self, functions: Observables | None = None, rows: int = 0) -> RecursionSample:
        """What is remembered of it.

        Parameters
        ----------
        functions : callable, optional
            Functions of a row to be averaged.
        rows : int
            How many rows are kept.
        """
        replicates, _, n = self.q.shape
        flat = self.images.reshape(replicates, -1, n)
        averages = np.zeros((replicates, 0))
        if functions is not None:
            variables = variables_of(functions, self.recursion, self.horizon)
            with np.errstate(all="ignore"):
                found = functions({one: self.value(one) for one in variables})
            averages = np.stack([np.broadcast_to(one, (replicates, n)).mean(axis=-1) for one in found], axis=1)
        first = self.innovations().reshape(replicates, -1, n)[:, :, :rows] if rows else flat[:, :, :0]
        return RecursionSample(
            n,
            np.matmul(self.q, self.q.transpose(0, 2, 1)) / n,
            np.matmul(flat, flat.transpose(0, 2, 1)) / n,
            averages,
            np.ascontiguousarray(self.q[:, :, :rows].transpose(0, 2, 1)),
            np.ascontiguousarray(first.transpose(0, 2, 1)),
        )


def dense(
    recursion: Recursion, n: int, horizon: int, replicates: int, rng: np.random.Generator, *, fresh: bool = False
) -> Trajectory:
    """Draw replicates of ``q_0 … q_horizon`` with stored n×n matrices.

    Parameters
    ----------
    recursion : Recursion
    n, horizon, replicates : int
        At least 1.
    rng : numpy.random.Generator
    fresh : bool
        Whether the matrices are drawn anew at every time step, which is a different law.

    Raises
    ------
    NonFiniteRowsError
        When a row function gives infinity or no number.
    ValueError
        When a size is out of range.
    """
    if min(n, horizon, replicates) < 1:
        raise ValueError(f"n = {n}, horizon = {horizon}, replicates = {replicates}: at least 1 each")
    d_q, ell = recursion.q_columns, len(recursion.matrices)
    run = Trajectory(
        recursion,
        horizon,
        np.ascontiguousarray(laws.draw(recursion.inputs, rng, 0, (replicates, n)).transpose(1, 0, 2)),
        np.zeros((replicates, (horizon + 1) * d_q, n)),
        np.zeros((replicates, ell, horizon * d_q, n)),
        np.zeros((replicates, ell, horizon * d_q, n)),
    )
    run.q[:, :d_q] = laws.draw(recursion.initial, rng, 0, (replicates, n)).transpose(1, 0, 2)
    stored: list[Array] = []
    for t in range(horizon):
        now, later = slice(t * d_q, (t + 1) * d_q), slice((t + 1) * d_q, (t + 2) * d_q)
        if fresh or t == 0:
            stored.clear()  # before the new ones are drawn: there is room for one set
            stored += [rng.standard_normal((replicates, n, n)) for _ in range(ell)]
        for i, matrix in enumerate(recursion.matrices):
            run.queries[:, i, now] = _rows(run, i, t)
            images = np.matmul(run.queries[:, i, now], stored[i].transpose(0, 2, 1)) * np.sqrt(matrix.variance / n)
            run.images[:, i, now] = images
            run.q[:, later] += images
    return run


def _rows(run: Trajectory, i: int, t: int) -> Array:
    """z_{i,t}, (R, d_q, n)."""
    rows, matrix = run.recursion.rows(i, t), run.recursion.matrices[i]
    replicates, _, n = run.q.shape
    values = {one: run.value(one) for one in rows.variables}
    with np.errstate(all="ignore"):
        found = [np.broadcast_to(column, (replicates, n)) for column in rows(values)]
    for column in found:
        bad = bad_rows(column, values)
        if bad is not None:
            raise NonFiniteRowsError(matrix.name, t, bad.count, replicates * n, bad.arguments)
    return np.stack(found, axis=1)
