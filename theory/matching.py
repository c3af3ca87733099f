"""Where a rule applies: patterns with indices, and words in non-commuting symbols.

A pattern such as ``h(t)`` stands for all values that its indices may take. Matching solves for them;
it never gives an index a value that the index may not take (``t - 1`` is no value of a non-negative t),
nor one that is bound where the match was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, permutations, product
from typing import Final

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.operators import Covariance, Trace, words
from theory.sums import is_nonnegative, rename_bound
from theory.symbols import INDICES

Binding = dict[sp.Symbol, sp.Expr]
_Equation = tuple[sp.Expr, sp.Expr, frozenset[sp.Symbol]]
"""An index expression of the pattern, what stands there in the node, and the indices that are bound there."""

_MOST_ORDERS: Final = 4
"""Products of up to this many commuting factors are matched in every order."""


def match(
    pattern: sp.Basic, node: sp.Basic, fixed: frozenset[sp.Symbol] = frozenset(), ranges: tuple[sp.Expr, ...] = ()
) -> Binding | None:
    """Find values of the indices in ``pattern`` at which it is ``node``; None when there are none.

    Parameters
    ----------
    pattern, node : sympy.Basic
    fixed : frozenset of sympy.Symbol
        Indices that mean themselves only.
    ranges : tuple of sympy.Expr
        What is known to be non-negative, beyond what symbols say.
    """
    own = {
        index: sp.Symbol(f"{index.name}?", **index.assumptions0) for index in (pattern.free_symbols & INDICES) - fixed
    }
    for equations in _equations(pattern.xreplace(own), node, frozenset()):
        binding = _solve(equations, frozenset(own.values()), ranges)
        if binding is not None:
            return {index: binding[name] for index, name in own.items() if name in binding}
    return None


def instantiate(expression: sp.Basic, binding: Binding) -> sp.Basic:
    """Put values in place of indices; bound indices that would capture them are renamed."""
    values = set().union(*(value.free_symbols for value in binding.values())) if binding else set()
    apart = expression.replace(lambda e: isinstance(e, sp.Sum | sp.Product), lambda e: rename_bound(e, values))
    return apart.subs(binding, simultaneous=True)


def is_bare(quantity: sp.Basic) -> bool:
    """Whether a quantity speaks of symbols only, so that its sign says where they range."""
    return not quantity.has(AppliedUndef, sp.Function)


def replace_word(expression: sp.Basic, word: sp.Expr, by: sp.Expr) -> sp.Basic:
    """Replace a word, for any values of its indices, wherever it is part of a longer one.

    Only whole powers are taken apart.
    """
    spelling = words(word)
    if len(spelling) != 1 or not _is_invertible(spelling[0][0]):
        return expression  # nothing follows for a word from a multiple that may be zero
    ((number, letters),) = spelling
    pattern = sp.Tuple(*letters)

    def spelled(node: sp.Expr) -> sp.Expr:
        return sp.Add(*(coefficient * in_letters(found) for coefficient, found in words(node)))

    def in_letters(found: tuple[sp.Expr, ...]) -> sp.Expr:
        for start in range(len(found) - len(letters) + 1):
            stop = start + len(letters)
            binding = match(pattern, sp.Tuple(*found[start:stop]))
            if binding is not None:
                return sp.Mul(*found[:start]) * instantiate(by / number, binding) * in_letters(found[stop:])
        return sp.Mul(*found)

    def rotated(node: sp.Expr) -> sp.Expr:
        """The argument of a trace, each of its words turned so that it begins with the word, if it can be."""
        return sp.Add(*(coefficient * sp.Mul(*_turned(found, pattern)) for coefficient, found in words(node)))

    return _through(expression, spelled, rotated)


def _turned(found: tuple[sp.Expr, ...], pattern: sp.Tuple) -> tuple[sp.Expr, ...]:
    """The rotation of a word that begins with the pattern; the word itself when there is none."""
    for start in range(len(found)):
        turned = found[start:] + found[:start]
        if match(pattern, sp.Tuple(*turned[: len(pattern)])) is not None:
            return turned
    return found


def _is_invertible(number: sp.Expr) -> bool:
    return bool(number.is_positive or (number.is_number and number.is_zero is False))


def _through(node: sp.Basic, spelled: Callable[[sp.Expr], sp.Expr], rotated: Callable[[sp.Expr], sp.Expr]) -> sp.Basic:
    """Apply a rule for words to every polynomial in non-commuting symbols, the innermost first."""
    if not node.args:
        return node
    if isinstance(node, Trace):
        node = Trace(rotated(node.args[0]))
    inner = node.func(*(_through(argument, spelled, rotated) for argument in node.args))
    polynomial = isinstance(inner, sp.Add | sp.Mul | sp.Pow) and inner.is_commutative is False
    return spelled(inner) if polynomial else inner


def _equations(pattern: sp.Basic, node: sp.Basic, bound: frozenset[sp.Symbol]) -> Iterator[list[_Equation]]:
    """Lists of equations between indices, any of which makes the pattern the node."""
    if isinstance(pattern, sp.Expr) and pattern.is_integer and not isinstance(pattern, AppliedUndef):
        if isinstance(node, sp.Expr):
            yield [(pattern, node, bound)]
    elif pattern == node:
        yield []
    elif pattern.args and pattern.func == node.func and len(pattern.args) == len(node.args):
        inside = bound | _bound_in(node)
        for arguments in _orders(node):
            choices = (_equations(p, n, inside) for p, n in zip(pattern.args, arguments, strict=True))
            yield from (list(chain(*found)) for found in product(*choices))


def _bound_in(node: sp.Basic) -> frozenset[sp.Symbol]:
    return frozenset(limit[0] for limit in node.limits) if isinstance(node, sp.Sum | sp.Product) else frozenset()


def _orders(node: sp.Basic) -> Iterator[tuple[sp.Basic, ...]]:
    """The orders in which the arguments of a node may be read."""
    symmetric = isinstance(node, Covariance) or (isinstance(node, sp.Mul | sp.Add) and node.is_commutative)
    yield from permutations(node.args) if symmetric and len(node.args) <= _MOST_ORDERS else [node.args]


def _solve(equations: list[_Equation], unknowns: frozenset[sp.Symbol], ranges: tuple[sp.Expr, ...]) -> Binding | None:
    """Solve linear equations for one index at a time; None when one does not hold or cannot be solved."""
    binding: Binding = {}
    waiting = equations
    while waiting:
        later = []
        for pattern, node, bound in waiting:
            unknown = (pattern.free_symbols & unknowns) - set(binding)
            if len(unknown) > 1:
                later.append((pattern, node, bound))
            elif not unknown:
                if sp.expand(pattern.xreplace(binding) - node) != 0:
                    return None
            else:
                (index,) = unknown
                value = _value(pattern.xreplace(binding), node, index)
                if value is None or not _may_be(index, value, ranges):
                    return None
                binding[index] = value
        if len(later) == len(waiting):
            return None
        waiting = later
    captured = any(
        binding[index].free_symbols & bound
        for pattern, _, bound in equations
        for index in pattern.free_symbols & unknowns
    )
    return None if captured else binding


def _value(pattern: sp.Expr, node: sp.Expr, index: sp.Symbol) -> sp.Expr | None:
    slope = pattern.coeff(index)
    rest = sp.expand(pattern - index * slope)
    return sp.expand((node - rest) / slope) if slope in (1, -1) and index not in rest.free_symbols else None


def _may_be(index: sp.Symbol, value: sp.Expr, ranges: tuple[sp.Expr, ...]) -> bool:
    """Whether a value is one that the index may take."""
    return bool(value.is_integer) and (not index.is_nonnegative or is_nonnegative(value, ranges))
