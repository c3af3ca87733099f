"""A Gaussian recursion (68) as a user writes it: formulas, exact numbers, laws.

    q_{t+1} = Σ_i n^{-1/2} A_i z_{i,t},    z_{i,t} = G_{i,t}(q_0, …, q_t, u) row by row.

Formulas are SymPy expressions in ``state(name)(time)``, ``noise(name)``, ``series(name)(time)``, parameters
and ``t``; a time is ``t``, ``t - k`` or a number. What reaches back before time 0 is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.symbols import t


def state(name: str) -> Any:
    """A column of q, to be applied to a time: ``state("q")(t - 1)``."""
    return sp.Function(name, real=True)


def series(name: str) -> Any:
    """A given sequence of numbers, to be applied to a time."""
    return sp.Function(name, real=True)


def noise(name: str) -> sp.Symbol:
    """A column of u."""
    return sp.Symbol(name, real=True)


def parameter(name: str, **assumptions: bool) -> sp.Symbol:
    """A real parameter."""
    return sp.Symbol(name, real=True, **assumptions)


@dataclass(frozen=True)
class Noise:
    """A column of u, independent of the other columns and of q_0.

    Attributes
    ----------
    name : str
    words : str
        Its law, such as ``"uniform on $[-1, 1]$"``.
    variance : sympy.Expr or None
        For a Gaussian of mean 0.
    moment : callable or None
        ``moment(k)`` is ``E u^k``, for any other law.
    """

    name: str
    words: str
    variance: sp.Expr | None = None
    moment: Callable[[int], sp.Expr] | None = None

    def __post_init__(self) -> None:
        if (self.variance is None) is (self.moment is None):
            raise ValueError(f"{self.name}: either the variance of a Gaussian or moments")

    @property
    def symbol(self) -> sp.Symbol:
        """What stands for it in formulas."""
        return noise(self.name)


def gaussian(name: str, variance: Any) -> Noise:
    """A Gaussian column of mean 0."""
    variance = sp.sympify(variance)
    return Noise(name, rf"$N(0, {sp.latex(variance)})$", variance)


def uniform(name: str, low: Any, high: Any) -> Noise:
    """A column that is uniform between two numbers."""
    low, high = sp.sympify(low), sp.sympify(high)

    def moment(k: int) -> sp.Expr:
        return sp.Add(*(low**i * high ** (k - i) for i in range(k + 1))) / (k + 1)

    return Noise(name, rf"uniform on $[{sp.latex(low)}, {sp.latex(high)}]$", moment=moment)


def signs(name: str) -> Noise:
    """A column of independent fair signs."""
    return Noise(name, r"a fair sign $\pm 1$", moment=lambda k: sp.Integer((k + 1) % 2))


@dataclass(frozen=True)
class Matrix:
    """A matrix A_i and the rows z_i that it is applied to.

    Attributes
    ----------
    name : str
    variance : sympy.Expr
        Of its entries.
    row : tuple of sympy.Expr
        G_{i,t}: one formula for each column of q.
    at : tuple of (int, tuple of sympy.Expr)
        Other formulas at particular times.
    """

    name: str
    variance: sp.Expr
    row: tuple[sp.Expr, ...]
    at: tuple[tuple[int, tuple[sp.Expr, ...]], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", sp.sympify(self.variance))
        object.__setattr__(self, "row", tuple(map(sp.sympify, self.row)))
        object.__setattr__(self, "at", tuple((time, tuple(map(sp.sympify, row))) for time, row in self.at))

    def formulas(self, time: int) -> tuple[sp.Expr, ...]:
        """The formulas that hold at a time, still in terms of t."""
        return dict(self.at).get(time, self.row)


@dataclass(frozen=True)
class Series:
    """Values of a sequence of numbers from time 0 on."""

    name: str
    values: tuple[sp.Expr, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(sp.sympify, self.values)))


@dataclass(frozen=True)
class ExactRecursion:
    """The recursion (68) with exact numbers.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns of q.
    matrices : tuple of Matrix
        Independent of each other, of q_0 and of u.
    initial : sympy.ImmutableMatrix
        P_0, the covariance of a row of q_0.
    noises : tuple of Noise
        The columns of u.
    parameters : tuple of (sympy.Symbol, sympy.Expr)
        Values; a parameter without one stays a symbol.
    series : tuple of Series
    title : str

    Raises
    ------
    ValueError
        When shapes do not fit, names are taken twice, or a formula looks into the future.
    """

    columns: tuple[str, ...]
    matrices: tuple[Matrix, ...]
    initial: sp.ImmutableMatrix
    noises: tuple[Noise, ...] = ()
    parameters: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    series: tuple[Series, ...] = ()
    title: str = "A Gaussian recursion"

    def __post_init__(self) -> None:
        size = len(self.columns)
        initial = sp.ImmutableMatrix(self.initial)
        object.__setattr__(self, "initial", initial)
        if initial.shape != (size, size) or initial != initial.T:
            raise ValueError(f"the initial covariance must be a symmetric {size} × {size} matrix")
        names = [*self.columns, *(u.name for u in self.noises), *(x.name for x in self.series)]
        names += [symbol.name for symbol, _ in self.parameters] + [matrix.name for matrix in self.matrices]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name {twice[0]!r} is taken twice")
        for matrix in self.matrices:
            first = next(time for time in count() if time not in dict(matrix.at))  # of the formulas for all other times
            for now, row in ((first, matrix.row), *matrix.at):
                if len(row) != size:
                    raise ValueError(f"{matrix.name}: {len(row)} formulas for {size} columns")
                for value in set().union(*(formula.atoms(AppliedUndef) for formula in row)):
                    self._check(matrix.name, value, now)

    def _check(self, where: str, value: AppliedUndef, now: int) -> None:
        name = str(value.func)
        if name not in self.columns and name not in {x.name for x in self.series}:
            raise ValueError(f"{where}: {value} is neither a column of q nor a series")
        (time,) = value.args
        lag = sp.expand(t - time)
        if not (time.is_Integer or lag.is_Integer):
            raise ValueError(f"{where}: the time in {value} must be t, t - k or a number")
        if name in self.columns and lag.is_Integer and lag < 0:
            raise ValueError(f"{where}: {value} is in the future")
        if name in self.columns and time.is_Integer and time > now:
            raise ValueError(f"{where}: {value} is in the future at time {now}")

    @property
    def values(self) -> dict[sp.Symbol, sp.Expr]:
        """Values of parameters."""
        return {symbol: sp.sympify(value) for symbol, value in self.parameters}

    def variance(self, i: int) -> sp.Expr:
        """Of the entries of matrix i, in numbers."""
        return self.matrices[i].variance.subs(self.values)

    def rows(self, i: int, time: int) -> tuple[sp.Expr, ...]:
        """The formulas of matrix i at a time, in numbers, with states as ``state(name)(number)``.

        Raises
        ------
        ValueError
            When a series has no value at a time that is needed, or a state in the future is.
        """
        return tuple(
            formula.subs(t, time).subs(self.values).replace(
                lambda e: isinstance(e, AppliedUndef), lambda e: self._value(e, time)
            )
            for formula in self.matrices[i].formulas(time)
        )  # fmt: skip

    def _value(self, value: AppliedUndef, now: int) -> sp.Expr:
        name, time = str(value.func), int(value.args[0])
        if time < 0:
            return sp.S.Zero
        if name in self.columns:
            if time > now:
                raise ValueError(f"{value} is in the future at time {now}")
            return value
        values = next(x.values for x in self.series if x.name == name)
        if time >= len(values):
            raise ValueError(f"the series {name} has no value at time {time}")
        return values[time]
