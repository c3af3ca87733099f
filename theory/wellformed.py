"""What a line must respect before it is looked at: free names, and divisors that do not vanish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.facts import Environment, Equation
from theory.matching import is_bare, match
from theory.operators import depends_on, is_random
from theory.symbols import INDICES, PARAMETERS, path, size


def introduces(name: sp.Basic, meaning: sp.Basic, environment: Environment) -> bool:
    """Whether ``name := meaning`` is a definition: it says what a name means that meant nothing before.

    The name is a symbol or a value of a sequence, not one of the paper's parameters and not an index.
    Its meaning has no index that the name has not, and refers to the same sequence at smaller indices
    only. No fact so far says anything of the name, not even indirectly: facts may refer to it only in
    saying what something else means.
    """
    if not isinstance(name, sp.Symbol | AppliedUndef) or name in PARAMETERS or name in INDICES:
        return False
    if (meaning.free_symbols & (INDICES | {path})) - name.free_symbols:
        return False
    if any(argument.is_integer and not argument.is_nonnegative for argument in name.args):
        return False  # it may be another value of the sequence than it seems
    if any(argument != path and argument.has(path) for argument in name.args):
        return False  # it may be the same value at several places
    if meaning.has(sp.Derivative):
        return False  # there may be none
    return _is_apart(name, environment) and _descends(name, meaning) and _is_harmless(name, environment, ())


def keeps_assumptions(name: sp.Basic, meaning: sp.Basic) -> bool:
    """Whether what is assumed of a name, such as that it is positive, is true of its meaning."""
    if bool(name.is_commutative) is not bool(meaning.is_commutative) and not meaning.is_number:
        return False
    if is_random(name) is not is_random(meaning) or depends_on(name, size) is not depends_on(meaning, size):
        return False
    return all(getattr(meaning, f"is_{known}") for known in _ASSUMPTIONS if getattr(name, f"is_{known}"))


_ASSUMPTIONS: Final = ("positive", "nonnegative", "negative", "real", "integer", "nonzero", "zero")


def _like(name: sp.Basic, expression: sp.Basic) -> Iterator[sp.Basic]:
    """The values in an expression that have the same head as the name."""
    if isinstance(name, sp.Symbol):
        yield from (symbol for symbol in expression.free_symbols if symbol == name)
    else:
        yield from (value for value in expression.atoms(AppliedUndef) if value.func == name.func)


def _descends(name: sp.Basic, meaning: sp.Basic) -> bool:
    """Whether one and the same index is smaller in all references of a sequence to itself."""
    references = list(_like(name, meaning))
    if not references:
        return True
    return any(
        all(bool((there - r.args[place]).is_positive) for r in references) for place, there in enumerate(name.args)
    )


def _is_apart(name: sp.Basic, environment: Environment) -> bool:
    """Whether a value along a path is of a sequence that nothing else is said of, and any other is not of such."""
    facts = (fact for facts in environment.facts.values() for fact in facts)
    values = [value for fact in facts for side in fact.expressions() for value in _like(name, side)]
    return not values or not any(path in value.free_symbols for value in (name, *values))


def _overlap(first: sp.Basic, second: sp.Basic) -> bool:
    return match(first, second) is not None or match(second, first) is not None


def _is_harmless(name: sp.Basic, environment: Environment, sources: tuple[sp.Basic, ...]) -> bool:
    """Whether facts constrain a value no further than by saying, once, what it means.

    Parameters
    ----------
    name : symbol or value of a sequence
    environment : Environment
    sources : tuple of sympy.Basic
        Left sides of the facts by which it was reached; empty for a name that must have no meaning yet.
    """
    meanings = 0
    for fact in (fact for facts in environment.facts.values() for fact in facts):
        if isinstance(name, AppliedUndef) and str(name.func) in fact.sequences():
            return False
        if not isinstance(fact, Equation):
            if any(_mentions(expression, name) for expression in fact.expressions()):
                return False
        elif isinstance(fact.lhs, sp.Symbol | AppliedUndef) and _overlap(fact.lhs, name):
            meanings += 1
        elif _mentions(fact.lhs, name):
            return False
        elif _mentions(fact.rhs, name) and fact.lhs not in sources:
            speaks = isinstance(fact.lhs, sp.Symbol | AppliedUndef) and fact.lhs not in PARAMETERS
            if not (speaks and _is_harmless(fact.lhs, environment, (*sources, fact.lhs))):
                return False
    return meanings <= bool(sources)


def _mentions(expression: sp.Basic, name: sp.Basic) -> bool:
    return any(_overlap(name, value) for value in _like(name, expression))


def denominators(expression: sp.Basic) -> Iterator[sp.Expr]:
    """What an expression divides by, or inverts, for some values of its symbols."""
    for power in expression.atoms(sp.Pow):
        if not power.exp.is_nonnegative and not power.base.is_positive:
            yield power.base


def does_not_vanish(expression: sp.Expr, nonzero: tuple[sp.Expr, ...]) -> bool:
    """Whether it is not zero, or has an inverse, by its symbols or by what is known."""
    if expression.is_positive or (expression.is_number and expression.is_zero is False):
        return True
    for known in nonzero:
        fixed = INDICES if is_bare(known) else frozenset()
        if any(match(known, sp.expand(sign * expression), fixed) is not None for sign in (1, -1)):
            return True
    if isinstance(expression, sp.Mul):
        return all(does_not_vanish(factor, nonzero) for factor in expression.args)
    return isinstance(expression, sp.Pow) and does_not_vanish(expression.base, nonzero)
