"""The operators that derivations are written in: slopes, covariances, expectations, traces.

Each is a node of a SymPy expression that shows itself as written and that ``expand_operators``
works out by the rules which define it:

- ``Slope(f, ε)`` is the derivative of f at ε = 0;
- ``Covariance(u, v)`` is bilinear and symmetric: the large-n limit of ``u·v / n`` for vectors of n
  components, and of the covariance of two components otherwise;
- ``Expectation(f)`` is linear over everything that is not random;
- ``WideLimit(f)`` is the limit as n → ∞, which constants come out of;
- ``Trace(w)`` is linear and does not change when its word is rotated.

A name is random when it was made with ``sequence(..., random=True)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sympy as sp

from theory.sums import into_sum
from theory.symbols import INDICES, VARIANCES, T, n_x, n_y, path

TEMPLATES: Final[dict[str, str]] = {}
"""Name of a sequence → its LaTeX, with ``{0}``, ``{1}``, … for the arguments."""

_RANDOM: Final[set[str]] = set()


def sequence(name: str, latex: str, *, commutative: bool = True, random: bool = False, **assumptions: Any) -> Any:
    """A sequence of unknown values: an undefined function together with how it is written.

    Parameters
    ----------
    name : str
    latex : str
        Such as ``"h_{{{0}}}"``: a format string of the printed arguments.
    commutative : bool
        False for vectors and matrices.
    random : bool
        Whether ``Expectation`` averages over it.
    **assumptions
        Assumptions that SymPy knows, such as ``positive=True``.

    Raises
    ------
    ValueError
        When the name is taken by a sequence that is written differently.
    """
    if TEMPLATES.setdefault(name, latex) != latex:
        raise ValueError(f"sequence {name!r} is already written {TEMPLATES[name]!r}")
    if random:
        _RANDOM.add(name)
    if not commutative:
        assumptions["commutative"] = False
    return sp.Function(name, **assumptions)


def is_random(expression: sp.Basic) -> bool:
    """Whether a random sequence occurs in the expression, outside of what is averaged."""
    if isinstance(expression, Expectation | Covariance):
        return False
    if isinstance(expression, sp.core.function.AppliedUndef) and str(expression.func) in _RANDOM:
        return True
    return any(is_random(argument) for argument in expression.args)


class Slope(sp.Function):  # type: ignore[misc]
    """The derivative of a polynomial in the second argument, at 0."""

    nargs = 2


class Covariance(sp.Function):  # type: ignore[misc]
    """The covariance of two components, a number even where its arguments are vectors."""

    nargs = 2
    is_commutative = True

    @classmethod
    def eval(cls, left: sp.Expr, right: sp.Expr) -> sp.Expr | None:
        """Symmetric: the arguments are put in order."""
        if left == 0 or right == 0:
            return sp.S.Zero
        if sp.default_sort_key(left) > sp.default_sort_key(right):
            return cls(right, left)
        return None


class Given(sp.Function):  # type: ignore[misc]
    """A covariance, the second argument, when the first, a matrix, is known."""

    nargs = 2
    is_commutative = True


class Expectation(sp.Function):  # type: ignore[misc]
    """The average over everything random in the argument."""

    nargs = 1


class WideLimit(sp.Function):  # type: ignore[misc]
    """The limit as the width n goes to infinity; constants come out of it."""

    nargs = 1


class Trace(sp.Function):  # type: ignore[misc]
    """The trace of a word in non-commuting symbols."""

    nargs = 1
    is_commutative = True


def expand_operators(expression: sp.Expr) -> sp.Expr:
    """Work every operator out by its rules, innermost first."""
    if isinstance(expression, sp.MatrixBase):
        return expression.applyfunc(expand_operators)
    if not expression.has(*_RULES):
        return expression
    arguments = [
        expand_operators(argument) if isinstance(argument, sp.Expr) else argument for argument in expression.args
    ]
    rule = _RULES.get(expression.func)
    return rule(*arguments) if rule else expression.func(*arguments)


def words(expression: sp.Expr) -> list[tuple[sp.Expr, tuple[sp.Expr, ...]]]:
    """A polynomial in non-commuting symbols as pairs of a coefficient and a word."""
    found = []
    for term in sp.Add.make_args(sp.expand(expression)):
        numbers, letters = term.args_cnc()
        spelled: list[sp.Expr] = []
        for letter in letters:
            base, power = letter.as_base_exp()
            spelled += [base ** sp.sign(power)] * abs(int(power)) if power.is_Integer else [letter]
        found.append((sp.Mul(*numbers), tuple(spelled)))
    return found


def depends_on(expression: sp.Basic, variable: sp.Symbol) -> bool:
    """Whether a variable occurs outside of the slopes that are taken in it."""
    if isinstance(expression, Slope) and expression.args[1] == variable:
        return False
    return expression == variable or any(depends_on(argument, variable) for argument in expression.args)


def is_smooth(node: sp.Basic, variable: sp.Symbol) -> bool:
    """Whether an expression is a smooth function of a variable everywhere, by how it is written.

    Sequences whose argument is the variable itself are smooth, if what is said of their derivatives is true.
    Powers and exponentials of what does not commute have other derivatives than SymPy gives them.
    """
    if not node.has(variable) or node == variable:
        return True
    if not isinstance(node, sp.Add | sp.Mul | sp.core.function.AppliedUndef) and not node.is_commutative:
        return False
    if isinstance(node, sp.core.function.AppliedUndef):
        return all(argument == variable or not argument.has(variable) for argument in node.args)
    power = isinstance(node, sp.Pow) and node.exp.is_Integer and node.exp > 0
    combined = power or isinstance(node, sp.Add | sp.Mul | sp.sin | sp.cos | sp.exp)
    return combined and all(is_smooth(argument, variable) for argument in node.args)


def _slope(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """Left alone where it is not known yet how a sequence, or a symbolic power, depends on the variable."""
    unknown = any(f.has(variable) for f in expression.atoms(sp.core.function.AppliedUndef))
    powers = expression.atoms(sp.Pow)
    symbolic = any(p.base.is_commutative is False and p.base.has(variable) and not p.exp.is_Integer for p in powers)
    if unknown or symbolic or expression.has(Slope):
        return Slope(expression, variable)
    return sp.expand(sp.diff(sp.expand(expression), variable).subs(variable, 0))


def _covariance(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    terms = [*words(left), *words(right)]
    if any(not letters or is_random(number) for number, letters in terms if number != 0):
        return Covariance(left, right)  # not a combination of vectors with constant coefficients
    return sp.Add(
        *(
            a * b * Covariance(sp.Mul(*u), sp.Mul(*v))
            for a, u in words(left)
            for b, v in words(right)
            if a != 0 and b != 0
        )
    )


def _expectation(expression: sp.Expr) -> sp.Expr:
    expression = sp.expand(expression)
    if isinstance(expression, sp.Add):
        return sp.Add(*(_expectation(term) for term in expression.args))
    if isinstance(expression, sp.Sum):
        return sp.Sum(_expectation(expression.function), *expression.limits)
    joined = into_sum(expression)
    if isinstance(joined, sp.Sum):
        return _expectation(joined)
    return _constants_out(expression) if is_random(expression) else expression


def _constants_out(product: sp.Expr) -> sp.Expr:
    """Take constants out of an expectation: numbers, and the ends of a word."""
    numbers, letters = product.args_cnc()
    constants = [number for number in numbers if not is_random(number)]
    random = [number for number in numbers if is_random(number)]
    places = [place for place, letter in enumerate(letters) if is_random(letter)]
    start, stop = (places[0], places[-1] + 1) if places else (len(letters), len(letters))
    inside = Expectation(sp.Mul(*random, *letters[start:stop]))
    return sp.Mul(*constants, *letters[:start], inside, *letters[stop:])


def _limit(expression: sp.Expr) -> sp.Expr:
    """Only what cannot depend on the width comes out: numbers, variances, sizes and indices."""
    factors = sp.Mul.make_args(sp.expand(expression, power_base=False, power_exp=False))
    wide = [f for f in factors if f.has(sp.Function, sp.Sum, sp.Product) or not f.free_symbols <= _CONSTANTS]
    constants = sp.Mul(*(f for f in factors if f not in wide))
    return constants * WideLimit(sp.powsimp(sp.Mul(*wide))) if wide else constants


_CONSTANTS: Final = frozenset({*VARIANCES, n_x, n_y, T}) | INDICES


def _trace(expression: sp.Expr) -> sp.Expr:
    return sp.Add(*(number * Trace(_necklace(letters)) for number, letters in words(expression)))


def _necklace(letters: tuple[sp.Expr, ...]) -> sp.Expr:
    """The rotation of a word in which most letters cancel; the first in order among equals."""
    rotations = [sp.Mul(*letters[i:], *letters[:i]) for i in range(len(letters))] or [sp.S.One]
    shortest = min(rotations, key=lambda word: (len(_letters(word)), sp.default_sort_key(word)))
    return shortest if len(_letters(shortest)) == len(letters) else _necklace(_letters(shortest))


def _letters(word: sp.Expr) -> tuple[sp.Expr, ...]:
    return words(word)[0][1]


def _derivative(body: sp.Expr, *variables: sp.Tuple) -> sp.Expr:
    """Carried out along the path where the body is smooth; of a sequence nobody knows that it has a derivative."""
    unknown = any(value.has(path) for value in body.atoms(sp.core.function.AppliedUndef))
    known = {variable for variable, _ in variables} == {path} and not unknown and is_smooth(body, path)
    return sp.diff(body, *variables) if known else sp.Derivative(body, *variables)


_RULES: Final[dict[Any, Callable[..., sp.Expr]]] = {
    sp.Derivative: _derivative,
    Slope: _slope,
    Covariance: _covariance,
    Expectation: _expectation,
    WideLimit: _limit,
    Trace: _trace,
}
