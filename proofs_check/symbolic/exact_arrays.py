"""Random rational arrays, and linear algebra over the rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from proofs_check.symbolic.evaluation import Matrix, NoValueError, fractions, identity

Generator = np.random.Generator


def integers(rng: Generator, *shape: int, bound: int = 3) -> Matrix:
    """Random integers of absolute value at most ``bound``, none of them 0."""
    size = rng.integers(1, bound + 1, shape)
    return fractions(size * rng.choice([-1, 1], shape))


def positive(rng: Generator, count: int) -> list[Fraction]:
    """Random positive rationals, all different."""
    found: list[Fraction] = []
    while len(found) < count:
        value = Fraction(int(rng.integers(1, 12)), int(rng.integers(1, 8)))
        if value not in found:
            found.append(value)
    return found


def orthogonal(rng: Generator, size: int) -> Matrix:
    """A random orthogonal matrix, by the Cayley transform ``(I - S)(I + S)^{-1}`` of a skew matrix."""
    lower = np.tril(integers(rng, size, size), -1)
    skew = fractions(lower) - fractions(lower.T)
    return fractions((identity(size) - skew) @ inverse(identity(size) + skew))


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a regular matrix."""
    return solve(matrix, identity(matrix.shape[0]))


def solve(matrix: Matrix, right: Matrix) -> Matrix:
    """The solution of a regular linear system, by elimination.

    Raises
    ------
    NoValueError
        When the matrix is singular.
    """
    size = matrix.shape[0]
    table = np.concatenate([matrix, right], axis=1)
    for column in range(size):
        pivot = next((row for row in range(column, size) if table[row, column] != 0), None)
        if pivot is None:
            raise NoValueError("the matrix is singular")
        table[[column, pivot]] = table[[pivot, column]]
        table[column] = table[column] / table[column, column]
        for row in range(size):
            if row != column:
                table[row] = table[row] - table[row, column] * table[column]
    return table[:, size:]


def pseudo_inverse(matrix: Matrix) -> Matrix:
    """A symmetric generalized inverse of a Gram matrix: that of its largest regular minor."""
    kept: list[int] = []
    for candidate in range(matrix.shape[0]):
        rows = [*kept, candidate]
        if determinant(matrix[np.ix_(rows, rows)]) != 0:
            kept = rows
    result = fractions(np.zeros(matrix.shape, dtype=int))
    if kept:
        result[np.ix_(kept, kept)] = inverse(matrix[np.ix_(kept, kept)])
    return result


def determinant(matrix: Matrix) -> Fraction:
    """By expansion along the first row; 1 for the empty matrix."""
    if matrix.shape[0] == 0:
        return Fraction(1)
    total = Fraction(0)
    for column in range(matrix.shape[0]):
        minor = np.delete(matrix[1:], column, axis=1)
        total += (-1) ** column * matrix[0, column] * determinant(minor)
    return total


def squared_norm(matrix: Matrix) -> Fraction:
    """The square of the Frobenius norm."""
    return sum((entry * entry for entry in matrix.ravel()), Fraction(0))
