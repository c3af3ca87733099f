"""Expectations of products of linear forms and ridges f(L), f one of relu, step and erf.

Gaussian integration by parts takes the forms away one by one,

    E[L F(X)] = Σ_k Cov(L, X_k) E[∂_k F(X)].

The derivative of a step is a unit mass, which conditions the Gaussian on a hyperplane; that of erf is a
Gaussian weight, which changes its covariance. In both cases a Gaussian remains, with one ridge less, so
that at the end there are ridges alone: the arc-cosine formulas for steps and relus, the arcsine formula
for erf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import sympy as sp

from theory.activations import relu, step
from theory.exact_zeros import UndecidedError, arc_cosine, arc_sine, correlation, is_zero, root

Form = tuple[sp.Expr, ...]
"""Coefficients of a linear form in the Gaussian symbols."""


class NoClosedFormError(ValueError):
    """No closed form of an expectation is known."""


@dataclass(frozen=True)
class Gaussian:
    """A centred Gaussian vector.

    Attributes
    ----------
    symbols : tuple of sympy.Symbol
    sigma : sympy.ImmutableMatrix
        Their covariances.
    null : tuple of tuple of sympy.Expr
        Forms that are known to vanish.
    """

    symbols: tuple[sp.Symbol, ...]
    sigma: sp.ImmutableMatrix
    null: tuple[Form, ...] = ()

    def unit(self, symbol: sp.Symbol) -> Form:
        """The form that is a symbol."""
        return tuple(sp.Integer(symbol == other) for other in self.symbols)

    def form(self, expression: sp.Expr) -> tuple[Form, sp.Expr] | None:
        """Coefficients and constant of an affine expression; None for any other."""
        slopes = tuple(sp.diff(expression, symbol) for symbol in self.symbols)
        if any(slope.has(*self.symbols) for slope in slopes):
            return None
        return slopes, expression.xreplace(dict.fromkeys(self.symbols, sp.S.Zero))

    def covariance(self, u: Form, v: Form) -> sp.Expr:
        """Of two forms."""
        if any(_parallel(form, null) for null in self.null for form in (u, v)):
            return sp.S.Zero
        return sp.expand(sp.Add(*(a * b for a, b in zip(u, self._image(v), strict=True) if a != 0)))

    def variance(self, u: Form) -> sp.Expr:
        """Of a form."""
        return self.covariance(u, u)

    def given_zero(self, u: Form) -> Gaussian:
        """The law given that a form vanishes."""
        return replace(self._less(u, 1 / self.variance(u)), null=(*self.null, u))

    def weighted(self, u: Form) -> Gaussian:
        """The law with the weight exp(-u²), normalized."""
        return self._less(u, 2 / (1 + 2 * self.variance(u)))

    @cached_property
    def components(self) -> tuple[frozenset[sp.Symbol], ...]:
        """Symbols that are independent of all others, together."""
        found: list[set[sp.Symbol]] = []
        for i, symbol in enumerate(self.symbols):
            joined = [group for group in found if any(self.sigma[i, self.symbols.index(o)] != 0 for o in group)]
            found = [group for group in found if group not in joined] + [{symbol}.union(*joined)]
        return tuple(map(frozenset, found))

    def _image(self, u: Form) -> Form:
        size = range(len(self.symbols))
        return tuple(sp.Add(*(self.sigma[i, k] * u[k] for k in size if u[k] != 0)) for i in size)

    def _less(self, u: Form, scale: sp.Expr) -> Gaussian:
        image = sp.Matrix(self._image(u))
        return replace(self, sigma=sp.ImmutableMatrix(self.sigma - scale * image * image.T))


@dataclass(frozen=True)
class Ridge:
    """f(L)."""

    function: type[sp.Function]
    form: Form


def mean(law: Gaussian, forms: tuple[Form, ...], ridges: tuple[Ridge, ...]) -> sp.Expr:
    """The expectation of the product of linear forms and at most two ridges in different directions.

    Raises
    ------
    NoClosedFormError
        When there are more ridges.
    """
    merged = _merged(law, forms, ridges)
    if merged is None:
        return sp.S.Zero
    number, forms, ridges = merged
    return number * _mean(law, forms, ridges)


def shifted_moment(law: Gaussian, forms: tuple[Form, ...], shifts: tuple[sp.Expr, ...]) -> sp.Expr:
    """The expectation of ``Π (L_k + shift_k)``: Isserlis' theorem."""
    if not forms:
        return sp.S.One
    total = shifts[0] * shifted_moment(law, forms[1:], shifts[1:]) if shifts[0] != 0 else sp.S.Zero
    for k in range(1, len(forms)):
        covariance = law.covariance(forms[0], forms[k])
        if covariance != 0:
            total += covariance * shifted_moment(law, forms[1:k] + forms[k + 1 :], shifts[1:k] + shifts[k + 1 :])
    return total


def _mean(law: Gaussian, forms: tuple[Form, ...], ridges: tuple[Ridge, ...]) -> sp.Expr:
    if not ridges:
        return shifted_moment(law, forms, (sp.S.Zero,) * len(forms))
    if not forms:
        return _of_ridges(law, ridges)
    for place, ridge in enumerate(ridges):
        if ridge.function is relu:
            others = (*ridges[:place], Ridge(step, ridge.form), *ridges[place + 1 :])
            return _mean(law, (*forms, ridge.form), others)
    return sp.Add(*_by_parts(law, forms[0], forms[1:], ridges))


def _by_parts(law: Gaussian, first: Form, rest: tuple[Form, ...], ridges: tuple[Ridge, ...]) -> Iterator[sp.Expr]:
    for k, other in enumerate(rest):
        covariance = law.covariance(first, other)
        if not is_zero(covariance):
            yield covariance * _mean(law, rest[:k] + rest[k + 1 :], ridges)
    for k, ridge in enumerate(ridges):
        covariance, variance = law.covariance(first, ridge.form), law.variance(ridge.form)
        if is_zero(covariance):
            continue
        others = ridges[:k] + ridges[k + 1 :]
        if ridge.function is step:
            yield covariance / root(2 * sp.pi * variance) * _mean(law.given_zero(ridge.form), rest, others)
        else:
            weight = 2 / root(sp.pi * (1 + 2 * variance))
            yield covariance * weight * _mean(law.weighted(ridge.form), rest, others)


def _of_ridges(law: Gaussian, ridges: tuple[Ridge, ...]) -> sp.Expr:
    """A step of what has become 0 counts half: that is the limit from all directions."""
    if len(ridges) == 1:
        return _of_ridge(law, *ridges)
    first, second = sorted(ridges, key=lambda ridge: str(ridge.function))
    a, b = law.variance(first.form), law.variance(second.form)
    c = law.covariance(first.form, second.form)
    kinds = (first.function, second.function)
    if kinds == (sp.erf, sp.erf):
        return 2 * arc_sine(2 * c / _root_of_product(1 + 2 * a, 1 + 2 * b)) / sp.pi
    if kinds == (sp.erf, relu):
        return _mean(law, (second.form,), (first, Ridge(step, second.form)))
    if kinds == (sp.erf, step):
        return arc_sine(sp.sqrt(2) * c / root((1 + 2 * a) * b)) / sp.pi
    if kinds == (relu, step):
        return (root(a) + c / root(b)) / (2 * sp.sqrt(2 * sp.pi))
    above = sp.pi - arc_cosine(correlation(a, b, c))
    return (root(a * b - c**2) + c * above if kinds == (relu, relu) else above) / (2 * sp.pi)


def _of_ridge(law: Gaussian, ridge: Ridge) -> sp.Expr:
    if ridge.function is relu:
        return root(law.variance(ridge.form)) / sp.sqrt(2 * sp.pi)
    return sp.S.Half if ridge.function is step else sp.S.Zero


def _root_of_product(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    return first if first == second else root(first * second)


def _merged(
    law: Gaussian, forms: tuple[Form, ...], ridges: tuple[Ridge, ...]
) -> tuple[sp.Expr, tuple[Form, ...], tuple[Ridge, ...]] | None:
    """Steps and relus in one direction as one of them; None when they are never positive together."""
    number = sp.S.One
    while True:
        pairs = ((*pair, _ratio(law, *pair)) for pair in combinations(ridges, 2))
        first, second, ratio = next((one for one in pairs if one[2] is not None), (None, None, None))
        if first is None or second is None or ratio is None:
            break
        if ratio.is_negative:
            return None
        rest = list(ridges)
        rest.remove(first)
        rest.remove(second)
        if first.function is second.function is relu:
            number, forms = number * ratio, (*forms, first.form)
        ridges = (*rest, second if second.function is relu and first.function is step else first)
    if len(ridges) > 2:
        raise NoClosedFormError(f"{len(ridges)} ridges")
    return number, forms, ridges


def _ratio(law: Gaussian, first: Ridge, second: Ridge) -> sp.Expr | None:
    """The ratio of two forms that are multiples of each other; None when they are not, or not known to be."""
    if sp.erf in (first.function, second.function):
        return None
    if first.form == second.form:
        return sp.S.One
    a, b = law.variance(first.form), law.variance(second.form)
    c = law.covariance(first.form, second.form)
    try:
        parallel = is_zero(a * b - c**2)
    except UndecidedError:
        return None
    ratio = c / a
    return ratio if parallel and (ratio.is_positive or ratio.is_negative) else None


def _parallel(u: Form, v: Form) -> bool:
    """Whether one form is a multiple of the other, as they are written."""
    return all(sp.expand(u[i] * v[k] - u[k] * v[i]) == 0 for i, k in combinations(range(len(u)), 2))
