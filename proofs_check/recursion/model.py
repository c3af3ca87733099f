"""A recursion as its user wrote it: exact numbers, named parameters, formulas with a symbolic time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from numerics.recursion import Recursion
from proofs_check.recursion.formula import Formula
from proofs_check.recursion.words import in_decimals


@dataclass(frozen=True)
class Quantity:
    """An exact number, by the name of a parameter where it was given so."""

    value: Fraction
    parameter: str = ""

    @property
    def text(self) -> str:
        """As it is written."""
        return self.parameter or in_decimals(self.value)


@dataclass(frozen=True)
class GaussianLaw:
    """Jointly Gaussian columns: a covariance matrix, and means."""

    covariance: tuple[tuple[Quantity, ...], ...]
    mean: tuple[Quantity, ...]

    @property
    def columns(self) -> int:
        """How many columns it is the law of."""
        return len(self.covariance)

    @property
    def centred(self) -> bool:
        """Whether its mean is 0."""
        return all(one.value == 0 for one in self.mean)


@dataclass(frozen=True)
class UniformLaw:
    """A column that is uniform on an interval."""

    low: Fraction
    high: Fraction
    columns: int = 1


@dataclass(frozen=True)
class ValuesLaw:
    """A column that takes finitely many values."""

    values: tuple[Fraction, ...]
    probabilities: tuple[Fraction, ...]
    columns: int = 1


@dataclass(frozen=True)
class TableLaw:
    """Rows that are given, and repeat."""

    rows: tuple[tuple[Fraction, ...], ...]

    @property
    def columns(self) -> int:
        """How many columns it is the law of."""
        return len(self.rows[0])


LawData = GaussianLaw | UniformLaw | ValuesLaw | TableLaw


@dataclass(frozen=True)
class MatrixData:
    """A matrix A_i, and what it is applied to.

    Attributes
    ----------
    name : str
    variance : Quantity
        ν_i.
    z : tuple of Formula
        G_{i,t}, one formula for each column of q.
    at : mapping of int to tuple of Formula
        Other formulas at some times.
    """

    name: str
    variance: Quantity
    z: tuple[Formula, ...]
    at: Mapping[int, tuple[Formula, ...]] = field(default_factory=dict)

    def formulas(self, t: int) -> tuple[Formula, ...]:
        """G_{i,t} at a time."""
        return self.at.get(t, self.z)

    def all_formulas(self) -> Iterator[Formula]:
        """Every formula that is written for it."""
        yield from self.z
        for formulas in self.at.values():
            yield from formulas


@dataclass(frozen=True)
class RecursionData:
    """A recursion (68) with the laws (70) it starts from.

    Attributes
    ----------
    source : str
        Where it was read: a file, or the name of an example.
    title, about : str
    q_columns, u_columns : tuple of str
        The names of the columns.
    initial, inputs : tuple of LawData
        Laws of a row of q_0 and of u.
    matrices : tuple of MatrixData
    parameters : mapping of str to Fraction
    series : mapping of str to tuple of Fraction
        Numbers for t = 0, 1, …
    functions : tuple of Formula
        Test functions in q and u, at fixed times.
    """

    source: str
    title: str
    about: str
    q_columns: tuple[str, ...]
    u_columns: tuple[str, ...]
    initial: tuple[LawData, ...]
    inputs: tuple[LawData, ...]
    matrices: tuple[MatrixData, ...]
    parameters: Mapping[str, Fraction] = field(default_factory=dict)
    series: Mapping[str, tuple[Fraction, ...]] = field(default_factory=dict)
    functions: tuple[Formula, ...] = ()

    @property
    def gaussian_start(self) -> bool:
        """Whether q_0 is as the lemma asks: Gaussian of mean 0."""
        return all(isinstance(law, GaussianLaw) and law.centred for law in self.initial)


@dataclass(frozen=True)
class PythonRecursion:
    """A recursion whose row functions are Python functions.

    Attributes
    ----------
    recursion : Recursion
    q_columns, u_columns : tuple of str
        The names of the columns in reports.
    title, source : str
    """

    recursion: Recursion
    q_columns: tuple[str, ...]
    u_columns: tuple[str, ...]
    title: str
    source: str = "Python"
