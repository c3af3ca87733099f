"""A recursion as ``numerics`` simulates it: formulas bound to a time, numbers in floating point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isfinite

import numpy as np

from numerics.expression import FUNCTIONS, Apply, Constant, Expression, Input, State, product, total
from numerics.laws import Discrete, Law, Normal, Table, Uniform
from numerics.recursion import FormulaRows, Matrix, Recursion, RowFunction
from proofs_check.errors import InputError
from proofs_check.recursion.formula import (
    MAX_EXPONENT,
    Call,
    Formula,
    InputColumn,
    Moment,
    Number,
    Parameter,
    Part,
    StateColumn,
    Term,
    Time,
)
from proofs_check.recursion.model import GaussianLaw, LawData, MatrixData, RecursionData, TableLaw, UniformLaw


def numeric(data: RecursionData) -> Recursion:
    """The recursion in floating point.

    Raises
    ------
    InputError
        Later, when a formula is bound to a time for which a series has no number, or for which it does
        not make sense.
    """
    return Recursion(
        tuple(_matrix(data, matrix) for matrix in data.matrices),
        tuple(_law(law) for law in data.initial),
        tuple(_law(law) for law in data.inputs),
    )


def numeric_functions(data: RecursionData, formulas: Iterable[Formula]) -> tuple[Expression, ...]:
    """Test functions, whose times are fixed."""
    return tuple(
        _Binder(data, 0, f"functions: {formula.text}", causal=False).expression(formula.part) for formula in formulas
    )


def _matrix(data: RecursionData, matrix: MatrixData) -> Matrix:
    @cache
    def rows(t: int) -> RowFunction:
        where = f"matrix {matrix.name} at t = {t}"
        binder = _Binder(data, t, where)
        return FormulaRows(tuple(binder.expression(formula.part) for formula in matrix.formulas(t)))

    return Matrix(matrix.name, float(matrix.variance.value), rows)


def _law(law: LawData) -> Law:
    if isinstance(law, GaussianLaw):
        covariance = tuple(tuple(float(one.value) for one in row) for row in law.covariance)
        return Normal(covariance, tuple(float(one.value) for one in law.mean))
    if isinstance(law, UniformLaw):
        return Uniform(float(law.low), float(law.high))
    if isinstance(law, TableLaw):
        return Table(tuple(tuple(map(float, row)) for row in law.rows))
    return Discrete(tuple(map(float, law.values)), tuple(map(float, law.probabilities)))


@dataclass(frozen=True)
class _Binder:
    """Formulas at one time."""

    data: RecursionData
    time: int
    where: str
    causal: bool = True

    def expression(self, part: Part) -> Expression:
        """A part of a formula, with what is constant worked out."""
        if isinstance(part, Call):
            return self._call(part)
        if isinstance(part, StateColumn):
            time = part.moment.at(self.time)
            if self.causal and time > self.time:
                raise InputError(
                    f"{self.data.source}, {self.where}: {part.name}[{part.moment.offset}] is not known yet (write "
                    f'at = {{ {self.time} = ["…"] }} in its [[matrix]] for another formula at this time)'
                )
            return State(time, self.data.q_columns.index(part.name)) if time >= 0 else Constant(0.0)
        if isinstance(part, InputColumn):
            return Input(self.data.u_columns.index(part.name))
        return Constant(float(self._number(part)))

    def _number(self, part: Number | Parameter | Time | Term) -> Fraction:
        if isinstance(part, Number):
            return part.value
        if isinstance(part, Parameter):
            return self.data.parameters[part.name]
        if isinstance(part, Time):
            return Fraction(self.time)
        return self._term(part.name, part.moment)

    def _term(self, name: str, moment: Moment) -> Fraction:
        values, time = self.data.series[name], moment.at(self.time)
        if time >= len(values):
            raise InputError(
                f"{self.data.source}, {self.where}: the series {name} has {len(values)} numbers, for t = 0 to "
                f"{len(values) - 1}; a shorter --horizon or a longer series is needed"
            )
        return values[time] if time >= 0 else Fraction(0)

    def _call(self, part: Call) -> Expression:
        arguments = tuple(self.expression(argument) for argument in part.arguments)
        if all(isinstance(argument, Constant) for argument in arguments):
            return self._folded(part.function, [one.value for one in arguments if isinstance(one, Constant)])
        match part.function:
            case "add":
                return total(arguments)
            case "multiply":
                return product(*arguments)
            case "divide" if isinstance(arguments[1], Constant):
                return product(self._folded("divide", [1.0, arguments[1].value]), arguments[0])
            case "power" if isinstance(arguments[1], Constant):
                return self._power(arguments[0], arguments[1].value)
        return Apply(part.function, arguments)

    def _power(self, base: Expression, exponent: float) -> Expression:
        if abs(exponent) > MAX_EXPONENT:
            raise InputError(
                f"{self.data.source}, {self.where}: the exponent {exponent:g} is not between -{MAX_EXPONENT} and "
                f"{MAX_EXPONENT}"
            )
        if exponent in (0.0, 1.0):
            return base if exponent else Constant(1.0)
        return Apply("power", (base, Constant(exponent)))

    def _folded(self, function: str, values: list[float]) -> Constant:
        with np.errstate(all="ignore"):
            value = float(FUNCTIONS[function](*map(np.float64, values)))
        if not isfinite(value):
            inside = ", ".join(f"{one:g}" for one in values)
            raise InputError(f"{self.data.source}, {self.where}: {function}({inside}) is not a finite number")
        return Constant(value)
