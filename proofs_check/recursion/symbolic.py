"""A recursion as ``theory`` derives from it: formulas at a symbolic time, parameters by name, exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, Final

import sympy as sp

from proofs_check.errors import InputError
from proofs_check.recursion.formula import (
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
from proofs_check.recursion.model import (
    GaussianLaw,
    LawData,
    MatrixData,
    Quantity,
    RecursionData,
    TableLaw,
    UniformLaw,
    ValuesLaw,
)
from theory.activations import relu, step
from theory.recursion import (
    ExactRecursion,
    Matrix,
    Noise,
    Series,
    gaussian,
    noise,
    parameter,
    series,
    state,
    uniform,
)
from theory.symbols import t

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": sp.Add,
    "multiply": sp.Mul,
    "divide": lambda one, other: one / other,
    "power": sp.Pow,
    "maximum": sp.Max,
    "minimum": sp.Min,
    "abs": sp.Abs,
    "relu": relu,
    "step": step,
    "sign": sp.sign,
    "tanh": sp.tanh,
    "sigmoid": lambda one: 1 / (1 + sp.exp(-one)),
    "softplus": lambda one: sp.log(1 + sp.exp(one)),
    "erf": sp.erf,
    "sin": sp.sin,
    "cos": sp.cos,
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
}


def exact(data: RecursionData) -> ExactRecursion:
    """The recursion in exact terms.

    Raises
    ------
    InputError
        When the law of q_0 or u has no form that derivations know.
    """
    if not data.gaussian_start:
        raise InputError(f"{data.source}, q: derivations are written for a Gaussian q_0 of mean 0")
    laws = [law for law in data.initial if isinstance(law, GaussianLaw)]
    initial = sp.diag(*(sp.Matrix([[_quantity(data, one) for one in row] for row in law.covariance]) for law in laws))
    names = iter(data.u_columns)
    noises = [one for law in data.inputs for one in _noises(data, law, names)]
    try:
        return ExactRecursion(
            data.q_columns,
            tuple(_matrix(data, matrix) for matrix in data.matrices),
            sp.ImmutableMatrix(initial),
            tuple(noises),
            tuple((_symbol(data, name), _number(value)) for name, value in data.parameters.items()),
            tuple(Series(name, tuple(map(_number, values))) for name, values in data.series.items()),
            data.title,
        )
    except ValueError as error:  # such as a time that is not known yet
        raise InputError(f"{data.source}: {error}") from None


def _matrix(data: RecursionData, matrix: MatrixData) -> Matrix:
    def rows(formulas: tuple[Formula, ...]) -> tuple[sp.Expr, ...]:
        return tuple(expression(data, formula.part) for formula in formulas)

    other = tuple((time, rows(formulas)) for time, formulas in matrix.at.items())
    return Matrix(matrix.name, _quantity(data, matrix.variance), rows(matrix.z), other)


def _noises(data: RecursionData, law: LawData, names: Any) -> list[Noise]:
    """The columns of one law."""
    columns = [next(names) for _ in range(law.columns)]
    if isinstance(law, UniformLaw):
        return [uniform(columns[0], _number(law.low), _number(law.high))]
    if isinstance(law, ValuesLaw):
        return [_discrete(columns[0], law.values, law.probabilities)]
    if isinstance(law, TableLaw):
        if law.columns == 1:
            count = len(law.rows)
            return [_discrete(columns[0], tuple(row[0] for row in law.rows), (Fraction(1, count),) * count)]
        raise InputError(f"{data.source}, u.rows: derivations know independent columns of u; a table is for simulation")
    if any(law.covariance[i][j].value for i in range(law.columns) for j in range(i)):
        raise InputError(f"{data.source}, u.covariance: derivations know independent columns of u")
    return [
        _normal(name, _quantity(data, law.mean[place]), _quantity(data, law.covariance[place][place]))
        for place, name in enumerate(columns)
    ]


def _normal(name: str, mean: sp.Expr, variance: sp.Expr) -> Noise:
    if mean == 0:
        return gaussian(name, variance)

    def moment(k: int) -> sp.Expr:
        even = range(0, k + 1, 2)
        spread = {i: variance ** (i // 2) * sp.factorial2(i - 1) for i in even}
        return sp.Add(*(sp.binomial(k, i) * mean ** (k - i) * spread[i] for i in even))

    return Noise(name, rf"$N({sp.latex(mean)}, {sp.latex(variance)})$", moment=moment)


def _discrete(name: str, values: tuple[Fraction, ...], probabilities: tuple[Fraction, ...]) -> Noise:
    chances = tuple(zip(map(_number, values), map(_number, probabilities), strict=True))
    listed = ", ".join(sp.latex(value) for value, _ in chances[:6]) + (r", \dots" if len(chances) > 6 else "")
    words = f"one of ${listed}$" + ("" if len(set(probabilities)) > 1 else ", each equally likely")
    return Noise(name, f"${listed}$" if len(chances) == 1 else words, moment=partial(_moment, chances))


def _moment(chances: tuple[tuple[sp.Expr, sp.Expr], ...], k: int) -> sp.Expr:
    return sp.Add(*(chance * value**k for value, chance in chances))


def expression(data: RecursionData, part: Part) -> sp.Expr:
    """A part of a formula at the symbolic time t."""
    if isinstance(part, Call):
        return FUNCTIONS[part.function](*(expression(data, argument) for argument in part.arguments))
    if isinstance(part, StateColumn):
        return _at(state(part.name), part.moment)
    if isinstance(part, Term):
        return _at(series(part.name), part.moment)
    if isinstance(part, InputColumn):
        return noise(part.name)
    return _constant(data, part)


def _constant(data: RecursionData, part: Number | Parameter | Time) -> sp.Expr:
    if isinstance(part, Number):
        return _number(part.value)
    return _symbol(data, part.name) if isinstance(part, Parameter) else t


def _at(sequence: Any, moment: Moment) -> sp.Expr:
    """What was before time 0 is 0."""
    if not moment.relative and moment.offset < 0:
        return sp.S.Zero
    return sequence(t + moment.offset if moment.relative else sp.Integer(moment.offset))


def _quantity(data: RecursionData, quantity: Quantity) -> sp.Expr:
    return _symbol(data, quantity.parameter) if quantity.parameter else _number(quantity.value)


def _symbol(data: RecursionData, name: str) -> sp.Symbol:
    return parameter(name, positive=True) if data.parameters[name] > 0 else parameter(name)


def _number(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)
