"""Exact expectations of functions of jointly Gaussian variables, where a closed form is known.

An expression is expanded, and each term taken apart into factors that are independent of each other.
Polynomials are done by Isserlis' theorem; polynomials times at most two of relu, step and erf of linear
forms by ``theory.gaussian_ridges``; polynomials times sines, cosines and exponentials of linear forms by
shifting the mean. What is odd, and integrable, has expectation 0. Where no closed form is known the answer
is None, never an approximation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import sympy as sp

from theory.activations import in_ridges, relu, step
from theory.exact_zeros import UndecidedError, is_zero
from theory.gaussian_ridges import Form, Gaussian, NoClosedFormError, Ridge, mean, shifted_moment

Covariances = Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]
"""Covariances of pairs of Gaussian symbols, in either order; pairs that are missing are independent."""

Moments = Mapping[sp.Symbol, Callable[[int], sp.Expr]]
"""For each independent variable that is not Gaussian: k ↦ E u^k."""

_RIDGES: Final = (relu, step, sp.erf)
_WAVES: Final = (sp.cos, sp.sin)


def expectation(expression: sp.Expr, covariance: Covariances, moments: Moments | None = None) -> sp.Expr | None:
    """The expectation of an expression in Gaussian and other independent variables, or None.

    Parameters
    ----------
    expression : sympy.Expr
        In real symbols; those that are not random are constants.
    covariance : mapping of pairs of sympy.Symbol to sympy.Expr
        The Gaussian symbols are those that occur in a pair.
    moments : mapping of sympy.Symbol to callable, optional

    Examples
    --------
    >>> x, y = sp.symbols("x y", real=True)
    >>> expectation(relu(x) * relu(y), {(x, x): 1, (y, y): 1, (x, y): sp.Rational(1, 2)})
    (sqrt(3)/2 + pi/3)/(2*pi)
    >>> expectation(sp.tanh(x) ** 2, {(x, x): 1}) is None
    True
    """
    try:
        law, still = gaussian(covariance)
        expanded = sp.expand(in_ridges(sp.sympify(expression).xreplace(still)))
        return sp.Add(*(_Term.read(term, law, moments or {}).mean() for term in sp.Add.make_args(expanded)))
    except (NoClosedFormError, UndecidedError):
        return None


def gaussian(covariance: Covariances) -> tuple[Gaussian, dict[sp.Symbol, sp.Expr]]:
    """The law of the symbols that vary, and 0 for each that does not."""
    known = {pair: sp.sympify(value) for pair, value in covariance.items()}
    every = sorted({symbol for pair in known for symbol in pair}, key=str)
    still = {symbol: sp.S.Zero for symbol in every if is_zero(known.get((symbol, symbol), sp.S.Zero))}
    symbols = tuple(symbol for symbol in every if symbol not in still)

    def entry(i: int, k: int) -> sp.Expr:
        pair = (symbols[i], symbols[k])
        return known.get(pair, known.get(pair[::-1], sp.S.Zero))

    return Gaussian(symbols, sp.ImmutableMatrix(len(symbols), len(symbols), entry)), still


@dataclass(frozen=True)
class _Wave:
    """cos or sin of L + phase."""

    function: type[sp.Function]
    form: Form
    phase: sp.Expr


@dataclass(frozen=True)
class _Term:
    """A number times a product of forms, exponentials of forms, ridges and waves.

    ``source`` is the whole product, and ``foreign`` whether it has a factor for which there is no rule.
    """

    law: Gaussian
    number: sp.Expr = sp.S.One
    forms: tuple[Form, ...] = ()
    exponents: tuple[Form, ...] = ()
    ridges: tuple[Ridge, ...] = ()
    waves: tuple[_Wave, ...] = ()
    source: sp.Expr = sp.S.One
    foreign: bool = False

    @classmethod
    def read(cls, term: sp.Expr, law: Gaussian, moments: Moments) -> _Term:
        """A product, factor by factor."""
        found = cls(law, source=term)
        for factor in sp.Mul.make_args(term):
            if not factor.free_symbols & {*law.symbols, *moments}:
                found = replace(found, number=found.number * factor)
            else:
                found = found.times(factor, moments)
        return found

    def times(self, factor: sp.Expr, moments: Moments) -> _Term:
        """The product with a factor that is random."""
        base, power = (factor, sp.S.One) if isinstance(factor, sp.exp) else factor.as_base_exp()
        if not (power.is_Integer and power > 0):
            return replace(self, foreign=True)
        if base in moments:
            return replace(self, number=self.number * sp.sympify(moments[base](int(power))))
        if base in self.law.symbols:
            return replace(self, forms=(*self.forms, *[self.law.unit(base)] * int(power)))
        affine = self.law.form(base.args[0]) if isinstance(base, (*_RIDGES, *_WAVES, sp.exp)) else None
        if affine is None or any(part.free_symbols & set(moments) for part in (*affine[0], affine[1])):
            return replace(self, foreign=True)
        return self._times_function(base.func, int(power), *affine)

    def _times_function(self, function: type[sp.Function], power: int, form: Form, offset: sp.Expr) -> _Term:
        if function is sp.exp:
            return replace(self, number=self.number * sp.exp(offset), exponents=(*self.exponents, form))
        if function in _WAVES:
            return replace(self, waves=(*self.waves, *[_Wave(function, form, offset)] * power))
        if is_zero(self.law.variance(form)):
            return replace(self, number=self.number * function(offset) ** power)
        if not is_zero(offset):
            return replace(self, foreign=True)
        if function is sp.erf:
            return replace(self, ridges=(*self.ridges, *[Ridge(function, form)] * power))
        more = (form,) * (power - 1) if function is relu else ()
        return replace(self, forms=(*self.forms, *more), ridges=(*self.ridges, Ridge(function, form)))

    def mean(self) -> sp.Expr:
        """The expectation: a product over groups that are independent of each other."""
        if self.foreign:  # it may depend on what moments were taken of
            if not (self._is_odd() and _grows_slowly(self.source)):
                raise NoClosedFormError(str(self.source))
            return sp.S.Zero
        if self.number == 0 or self._is_odd():
            return sp.S.Zero
        total = self.number
        for group in self._groups():
            total *= group.mean_of_group()
        return total

    def _is_odd(self) -> bool:
        """Whether it changes sign with some of the symbols, which are independent of the others."""
        for component in self.law.components:
            if self.source.free_symbols & component:
                mirrored = self.source.xreplace({symbol: -symbol for symbol in component})
                if in_ridges(mirrored) == -self.source:
                    return True
        return False

    def _groups(self) -> list[_Term]:
        """Factors that are correlated, together."""
        kinds = ("forms", "exponents", "ridges", "waves")
        items = [(kind, item) for kind in kinds for item in getattr(self, kind)]
        groups: list[list[tuple[str, Form | Ridge | _Wave]]] = []
        for item in items:
            joined = [group for group in groups if any(self._correlated(item[1], other) for _, other in group)]
            groups = [group for group in groups if group not in joined]
            groups.append([*(other for group in joined for other in group), item])
        return [
            _Term(self.law, **{kind: tuple(item for name, item in group if name == kind) for kind in kinds})  # type: ignore[arg-type]
            for group in groups
        ]

    def _correlated(self, one: Form | Ridge | _Wave, other: Form | Ridge | _Wave) -> bool:
        u, v = (item if isinstance(item, tuple) else item.form for item in (one, other))
        return u == v or not is_zero(self.law.covariance(u, v))

    def mean_of_group(self) -> sp.Expr:
        """The expectation of factors that belong together; the number is left out."""
        if not (self.waves or self.exponents):
            return mean(self.law, self.forms, self.ridges)
        if self.ridges:
            raise NoClosedFormError("a ridge and an exponential or a wave")
        growth = _sum([(sp.S.One, form) for form in self.exponents], len(self.law.symbols))
        waves = reduce(_product, ([(sp.S.One, wave)] for wave in self.waves), [(sp.S.One, _CONSTANT)])
        return sp.Add(*(number * self._mean_of_wave(growth, wave) for number, wave in waves))

    def _mean_of_wave(self, growth: Form, wave: _Wave) -> sp.Expr:
        """``E[Π L_k exp(M) cos(K + phase)]``: real or imaginary part of a moment with a shifted mean."""
        turn, law = wave.form or (sp.S.Zero,) * len(growth), self.law
        shifts = tuple(law.covariance(form, growth) + sp.I * law.covariance(form, turn) for form in self.forms)
        moment = sp.expand(shifted_moment(law, self.forms, shifts))
        real, imaginary = moment.coeff(sp.I, 0), moment.coeff(sp.I, 1)
        angle = law.covariance(growth, turn) + wave.phase
        size = sp.exp((law.variance(growth) - law.variance(turn)) / 2)
        if wave.function is sp.cos:
            return size * (real * sp.cos(angle) - imaginary * sp.sin(angle))
        return size * (real * sp.sin(angle) + imaginary * sp.cos(angle))


def _grows_slowly(node: sp.Expr) -> bool:
    """Whether it has no poles and grows slower than the density of a Gaussian falls, by how it is written."""
    if not node.args or isinstance(node, _BOUNDED):
        return True
    if isinstance(node, sp.exp):
        (exponent,) = node.args
        return bool(exponent.is_polynomial()) and sp.Poly(exponent, *exponent.free_symbols).total_degree() <= 1
    if isinstance(node, sp.Pow):
        harmless = bool(node.exp.is_integer and node.exp.is_nonnegative) or node.base.is_positive
        return bool(node.exp.is_Rational and harmless) and _grows_slowly(node.base)
    return isinstance(node, sp.Add | sp.Mul | relu) and all(map(_grows_slowly, node.args))


_BOUNDED: Final = (sp.tanh, sp.erf, sp.sin, sp.cos, sp.atan, step)
_CONSTANT: Final = _Wave(sp.cos, (), sp.S.Zero)


def _sum(terms: list[tuple[sp.Expr, Form]], size: int) -> Form:
    return tuple(sp.Add(*(number * form[k] for number, form in terms if form)) for k in range(size))


def _product(left: list[tuple[sp.Expr, _Wave]], right: list[tuple[sp.Expr, _Wave]]) -> list[tuple[sp.Expr, _Wave]]:
    """Products of waves as sums of waves."""
    found = []
    for a, one in left:
        for b, other in right:
            size = max(len(one.form), len(other.form))
            same = one.function is other.function
            function = sp.cos if same else sp.sin
            for sign in (1, -1):
                form = _sum([(sp.S.One, one.form), (sp.Integer(sign), other.form)], size)
                flipped = other.function is sp.sin and (sign == 1) == same
                number = a * b * (-1 if flipped else 1) / 2
                found.append((number, _Wave(function, form, one.phase + sign * other.phase)))
    return found
