"""What a quadrature rule must know of a row function: its affine parts, its factors and its kinks.

The expectations in the state evolution (72) are integrals over jointly Gaussian variables, and their
cost grows exponentially with how many of them the integrand reads. Here every row function is written
as a sum of products of factors, each of which reads as few as possible: an affine combination of
Gaussian variables counts as one, ``Form(k)``. ``tanh(q_3 + 0.7 u)`` is a function of one form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Final

import numpy as np

from numerics.expression import (
    FUNCTIONS,
    Apply,
    Constant,
    Expression,
    Form,
    Input,
    Program,
    State,
    Values,
    Variable,
    product,
    total,
    walk,
)
from numerics.gaussian_matrix import Array
from numerics.recursion import FormulaRows, RowFunction

Combination = tuple[tuple[Variable, float], ...]
"""A linear combination of centred Gaussian variables: each with its coefficient, in order, none 0."""

KINKED: Final = frozenset({"relu", "abs", "step", "sign"})
"""Functions that are smooth but where their argument is 0."""


@dataclass(frozen=True)
class Column:
    """One column of a row function that is not a formula: nothing is known of it but its values.

    Parameters
    ----------
    rows : RowFunction
    column : int
    arguments : tuple
        The Gaussian variables it reads, each with its form and its mean.
    """

    rows: RowFunction
    column: int
    arguments: tuple[tuple[Variable, Form, float], ...]


Factor = Expression | Column
"""Reads forms, and variables that are not Gaussian."""


@dataclass(frozen=True)
class Term:
    """``coefficient`` times the product of ``factors``; a constant if there are none."""

    coefficient: float
    factors: tuple[Factor, ...]


@dataclass
class _Sum:
    """``constant + Σ linear[v]·v + Σ others[factors]·Π factors``, with centred variables v."""

    constant: float = 0.0
    linear: dict[Variable, float] = field(default_factory=dict)
    others: dict[tuple[Expression, ...], float] = field(default_factory=dict)

    @property
    def is_constant(self) -> bool:
        return not self.linear and not self.others

    def plus(self, other: _Sum, scale: float = 1.0) -> _Sum:
        linear, others = dict(self.linear), dict(self.others)
        for variable, coefficient in other.linear.items():
            linear[variable] = linear.get(variable, 0.0) + scale * coefficient
        for factors, coefficient in other.others.items():
            others[factors] = others.get(factors, 0.0) + scale * coefficient
        return _Sum(
            self.constant + scale * other.constant,
            {variable: value for variable, value in linear.items() if value != 0.0},
            {factors: value for factors, value in others.items() if value != 0.0},
        )


class Forms:
    """The linear combinations of Gaussian variables that factors read.

    Parameters
    ----------
    mean : callable
        Variable → its mean if it is Gaussian, None if it is not.

    Examples
    --------
    >>> forms = Forms(lambda variable: 0.0)
    >>> inner = Apply("add", (State(3, 0), Apply("multiply", (Constant(0.7), Input(0)))))
    >>> term = forms.reduced(Apply("tanh", (inner,)))[0]
    >>> term.factors
    (Apply(function='tanh', arguments=(Form(place=0),)),)
    >>> forms.combination(Form(0))
    ((State(time=3, column=0), 1.0), (Input(column=0), 0.7))
    """

    def __init__(self, mean: Callable[[Variable], float | None]) -> None:
        self.mean = mean
        self._places: dict[Combination, Form] = {}
        self._combinations: list[Combination] = []

    def form(self, coefficients: Mapping[Variable, float]) -> Form:
        """The form that is this combination, the same one whenever it is asked for."""
        ordered = sorted(coefficients, key=lambda one: (not isinstance(one, State), one))
        key = tuple((variable, coefficients[variable]) for variable in ordered)
        if key not in self._places:
            self._places[key] = Form(len(self._combinations))
            self._combinations.append(key)
        return self._places[key]

    def combination(self, form: Form) -> Combination:
        """The combination that a form is."""
        return self._combinations[form.place]

    def words(self, variable: Variable, value: float, q_columns: int) -> str:
        """That a form or another variable has a value, the means of what it combines included."""
        name, mean = name_of(variable, q_columns), 0.0
        if isinstance(variable, Form):
            parts = self.combination(variable)
            names = [(name_of(one, q_columns), weight) for one, weight in parts]
            name = " + ".join(one if weight == 1.0 else f"{weight:.6g}·{one}" for one, weight in names)
            mean = sum(weight * (self.mean(one) or 0.0) for one, weight in parts)
        return f"{name} = {value + mean:.6g}"

    def reduced(self, expression: Expression) -> tuple[Term, ...]:
        """The expression as a sum of products: a constant, a single form, then what is not affine."""
        found = self._sum(expression)
        terms = [Term(found.constant, ())] if found.constant != 0.0 else []
        if found.linear:
            terms.append(Term(1.0, (self.form(found.linear),)))
        return (*terms, *(Term(coefficient, factors) for factors, coefficient in found.others.items()))

    def columns(self, rows: RowFunction) -> tuple[tuple[Term, ...], ...]:
        """The terms of each column of a row function."""
        if isinstance(rows, FormulaRows):
            return tuple(self.reduced(expression) for expression in rows.expressions)
        means = {variable: self.mean(variable) for variable in rows.variables}
        arguments = tuple((one, self.form({one: 1.0}), mean) for one, mean in means.items() if mean is not None)
        return tuple((Term(1.0, (Column(rows, column, arguments),)),) for column in range(rows.columns))

    def _sum(self, expression: Expression) -> _Sum:
        if not isinstance(expression, Apply):
            return self._leaf(expression)
        parts = [self._sum(argument) for argument in expression.arguments]
        if expression.function == "add":
            return reduce(_Sum.plus, parts)
        if expression.function == "multiply":
            return self._product(parts)
        if expression.function == "divide":
            return self._product([parts[0], self._applied("divide", [_Sum(1.0), parts[1]])])
        if expression.function in {"maximum", "minimum"}:
            return self._extremum(expression.function, parts)
        return self._applied(expression.function, parts)

    def _leaf(self, leaf: Constant | Variable) -> _Sum:
        if isinstance(leaf, Constant):
            return _Sum(leaf.value)
        mean = self.mean(leaf)
        return _Sum(others={(leaf,): 1.0}) if mean is None else _Sum(mean, {leaf: 1.0})

    def _product(self, parts: list[_Sum]) -> _Sum:
        scale = float(np.prod([part.constant for part in parts if part.is_constant]))
        varying = [part for part in parts if not part.is_constant]
        if len(varying) <= 1:
            return _Sum().plus(varying[0] if varying else _Sum(1.0), scale)
        factors: list[Expression] = []
        for part in varying:
            if len(part.others) == 1 and not part.linear and part.constant == 0.0:
                ((inner, coefficient),) = part.others.items()
                scale *= coefficient
                factors.extend(inner)
            else:
                factors.append(self._collapsed(part))
        return _Sum().plus(_Sum(others={tuple(factors): 1.0}), scale)

    def _extremum(self, function: str, parts: list[_Sum]) -> _Sum:
        """``max(a, b) = a + relu(b - a)``: for affine a and b it reads one form, not two."""
        found, sign = parts[0], 1.0 if function == "maximum" else -1.0
        for part in parts[1:]:
            excess = self._applied("relu", [_Sum().plus(part.plus(found, -1.0), sign)])
            found = found.plus(excess, sign)
        return found

    def _applied(self, function: str, parts: list[_Sum]) -> _Sum:
        if function == "power" and parts[1].constant == 1.0:
            return parts[0]
        if all(part.is_constant for part in parts):
            with np.errstate(all="ignore"):
                return _Sum(float(FUNCTIONS[function](*(np.float64(part.constant) for part in parts))))
        return _Sum(others={(Apply(function, tuple(self._collapsed(part) for part in parts)),): 1.0})

    def _collapsed(self, found: _Sum) -> Expression:
        """A sum as one expression, whose affine part is one form."""
        affine: list[Expression] = [self.form(found.linear)] if found.linear else []
        others = [product(Constant(value), *factors) for factors, value in found.others.items()]
        return total((*affine, *others, Constant(found.constant)))


def name_of(variable: Variable, q_columns: int) -> str:
    """A variable as it is written: ``q_3``, of several columns ``q_3[1]``, or ``u[0]``."""
    if isinstance(variable, State):
        return f"q_{variable.time}" if q_columns == 1 else f"q_{variable.time}[{variable.column}]"
    return f"u[{variable.column}]" if isinstance(variable, Input) else str(variable)


@lru_cache(maxsize=4096)
def program(expression: Expression) -> Program:
    """What evaluates one expression."""
    return Program((expression,))


def reads(factor: Factor) -> tuple[tuple[Form, ...], tuple[Variable, ...]]:
    """The forms and the variables that are not Gaussian which a factor reads."""
    if isinstance(factor, Column):
        gaussian = {variable for variable, _, _ in factor.arguments}
        others = tuple(variable for variable in factor.rows.variables if variable not in gaussian)
        return tuple(form for _, form, _ in factor.arguments), others
    variables = program(factor).variables
    forms = tuple(variable for variable in variables if isinstance(variable, Form))
    return forms, tuple(variable for variable in variables if not isinstance(variable, Form))


def evaluated(factor: Factor, values: Values) -> Array:
    """A factor at nodes, whose coordinates are arrays that broadcast against each other."""
    if not isinstance(factor, Column):
        return np.asarray(program(factor)(values)[0], dtype=np.float64)
    found = {variable: values[form] + mean for variable, form, mean in factor.arguments}
    found |= {variable: values[variable] for variable in reads(factor)[1]}
    shape = np.broadcast_shapes(*(value.shape for value in found.values()))
    with np.errstate(all="ignore"):
        columns = factor.rows({variable: np.broadcast_to(value, shape) for variable, value in found.items()})
    return np.asarray(columns[factor.column], dtype=np.float64)


def kinks(factor: Factor) -> tuple[Expression, ...]:
    """Expressions with a zero wherever the factor has a kink or a jump; none are known of a ``Column``."""
    if isinstance(factor, Column):
        return ()
    found: dict[Expression, None] = {}
    for node in walk(factor):
        if not isinstance(node, Apply):
            continue
        if node.function in KINKED:
            found.update(dict.fromkeys(_zeros(node.arguments[0])))
        elif node.function in {"maximum", "minimum"}:
            for place, other in enumerate(node.arguments):
                for one in node.arguments[:place]:
                    found[total((other, product(Constant(-1.0), one)))] = None
    return tuple(found)


def is_affine_in_forms(expression: Expression) -> bool:
    """Whether it is a form plus what reads no forms: then its zeros on a line need no search."""
    parts = expression.arguments if isinstance(expression, Apply) and expression.function == "add" else (expression,)
    return all(isinstance(part, Form) or not reads(part)[0] for part in parts)


def _zeros(expression: Expression) -> Iterator[Expression]:
    """What vanishes where the expression does: of a product its factors, which change sign."""
    if isinstance(expression, Apply) and expression.function == "multiply":
        for factor in expression.arguments:
            yield from _zeros(factor)
    elif isinstance(expression, Apply) and expression.function in {"abs", "power"}:
        yield from _zeros(expression.arguments[0])
    elif not isinstance(expression, Constant):
        yield expression
