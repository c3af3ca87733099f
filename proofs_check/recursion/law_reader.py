"""The laws of q_0 and u, as they stand in a file: a covariance, a law for each column, or rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from proofs_check.recursion.model import GaussianLaw, LawData, Quantity, TableLaw, UniformLaw, ValuesLaw
from proofs_check.recursion.numbers import NumberReader
from proofs_check.recursion.words import shown

WAYS: Final = ("covariance", "laws", "rows")
MAX_ROWS: Final = 10_000
INDEFINITE: Final = 1e-12
"""A correlation matrix whose smallest eigenvalue is below -INDEFINITE is not one; above, it may be rounding."""

LAWS: Final = (
    "normal(mean, variance), uniform(low, high), constant(value), values(a, b, …), each equally likely, or "
    "values(a, b; 1/4, 3/4) with probabilities that add up to 1"
)

Rows = tuple[tuple[Quantity, ...], ...]


@dataclass(frozen=True)
class LawReader(NumberReader):
    """Reads the tables ``[q]`` and ``[u]``."""

    def laws(self, key: str, table: Mapping[str, Any], columns: int) -> tuple[LawData, ...]:
        """The laws of all columns; for q standard normal ones where nothing is said."""
        ways = [way for way in WAYS if way in table]
        if len(ways) > 1:
            raise self.fail(key, f"has {' and '.join(ways)}: give one of them")
        if ways and not columns:
            raise self.fail(
                f"{key}.columns", f'is missing, but there are {ways[0]}: names such as ["{key}"] are needed'
            )
        if not ways:
            if key == "u" and columns:
                raise self.fail("u", "laws, covariance or rows must say how u is distributed")
            return self._standard(columns)
        where = f"{key}.{ways[0]}"
        if ways[0] == "laws":
            return self._list_of_laws(where, table["laws"], columns)
        rows = self._rows(where, table[ways[0]], columns)
        if ways[0] == "rows":
            return (TableLaw(tuple(tuple(one.value for one in row) for row in rows)),)
        self._check_covariance(where, rows, columns)
        return (GaussianLaw(rows, (Quantity(Fraction(0)),) * columns),)

    @staticmethod
    def _standard(columns: int) -> tuple[LawData, ...]:
        one, none = Quantity(Fraction(1)), Quantity(Fraction(0))
        identity = tuple(tuple(one if i == j else none for j in range(columns)) for i in range(columns))
        return (GaussianLaw(identity, (none,) * columns),) if columns else ()

    def _rows(self, where: str, value: object, columns: int) -> Rows:
        rows = value if isinstance(value, list) else [value]
        rows = [row if isinstance(row, list) else [row] for row in rows] if columns == 1 else rows
        if not rows or not all(isinstance(row, list) and len(row) == columns for row in rows):
            raise self.fail(
                where,
                f"{shown(value)}: rows of {columns} number{'s' * (columns != 1)}, one for each column, are needed",
            )
        if len(rows) > MAX_ROWS:
            raise self.fail(where, f"{len(rows)} rows: at most {MAX_ROWS} are allowed")
        return tuple(
            tuple(self.quantity(f"{where}[{i}][{j}]", entry) for j, entry in enumerate(row))
            for i, row in enumerate(rows)
        )

    def _check_covariance(self, where: str, rows: Rows, columns: int) -> None:
        if len(rows) != columns:
            raise self.fail(where, f"{len(rows)} rows for {columns} columns: a square matrix is needed")
        values = [[one.value for one in row] for row in rows]
        for i in range(columns):
            if values[i][i] < 0:
                raise self.fail(f"{where}[{i}][{i}]", f"{shown(values[i][i])}: a variance must not be negative")
        for i in range(columns):
            for j in range(i):
                if values[i][j] != values[j][i]:
                    raise self.fail(
                        where,
                        f"is not symmetric: [{i}][{j}] is {shown(values[i][j])}, [{j}][{i}] is {shown(values[j][i])}",
                    )
                if values[i][j] ** 2 > values[i][i] * values[j][j]:
                    raise self.fail(
                        f"{where}[{i}][{j}]",
                        f"{shown(values[i][j])}: the square of a covariance is at most the product of the two "
                        f"variances, {shown(values[i][i])} and {shown(values[j][j])}",
                    )
        spread = np.sqrt([float(values[i][i]) for i in range(columns)])
        unit = np.where(spread > 0, spread, 1.0)
        smallest = float(np.linalg.eigvalsh(np.array(values, dtype=np.float64) / unit / unit[:, None])[0])
        if smallest < -INDEFINITE:
            raise self.fail(
                where, f"its correlations have the eigenvalue {smallest:.3g}: a covariance has none below 0"
            )

    def _list_of_laws(self, where: str, texts: object, columns: int) -> tuple[LawData, ...]:
        if not isinstance(texts, list) or len(texts) != columns:
            count = f"{len(texts)} laws" if isinstance(texts, list) else f"{shown(texts)} is no list of laws,"
            raise self.fail(where, f"{count} for {columns} column{'s' * (columns != 1)}: one law for each is needed")
        return tuple(self._law(f"{where}[{i}]", text) for i, text in enumerate(texts))

    def _law(self, where: str, text: object) -> LawData:
        found = re.fullmatch(r"\s*([a-z]+)\s*\(([^()]*)\)\s*", text) if isinstance(text, str) else None
        if not found:
            raise self.fail(where, f"{shown(text)} is not a law ({LAWS})")
        name, inside = found.groups()
        lists = [[item.strip() for item in part.split(",")] if part.strip() else [] for part in inside.split(";")]
        match name, len(lists[0]), len(lists):
            case "normal", 2, 1:
                mean, variance = lists[0]
                return GaussianLaw(((self.variance(where, variance),),), (self.quantity(where, mean),))
            case "uniform", 2, 1:
                return self._uniform(where, *self._values(where, lists[0]))
            case "constant", 1, 1:
                return ValuesLaw(self._values(where, lists[0]), (Fraction(1),))
            case "values", count, 1 if count:
                return ValuesLaw(self._values(where, lists[0]), (Fraction(1, count),) * count)
            case "values", count, 2 if count:
                values, chances = (self._values(where, one) for one in lists)
                return self._weighted(where, values, chances)
        raise self.fail(where, f"{shown(text)} is not a law ({LAWS})")

    def _values(self, where: str, items: list[str]) -> tuple[Fraction, ...]:
        return tuple(self.quantity(where, item).value for item in items)

    def _uniform(self, where: str, low: Fraction, high: Fraction) -> UniformLaw:
        if low >= high:
            raise self.fail(where, f"uniform({shown(low)}, {shown(high)}): the first number must be below the second")
        return UniformLaw(low, high)

    def _weighted(self, where: str, values: tuple[Fraction, ...], chances: tuple[Fraction, ...]) -> ValuesLaw:
        if len(chances) != len(values):
            raise self.fail(where, f"{len(values)} values and {len(chances)} probabilities: as many are needed")
        if min(chances) <= 0:
            raise self.fail(where, f"the probability {shown(min(chances))} is not positive")
        if sum(chances) != 1:
            raise self.fail(where, f"the probabilities add up to {shown(sum(chances))}, not to 1")
        return ValuesLaw(values, chances)
