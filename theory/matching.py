"""Where a rule applies: patterns with indices, and words in non-commuting symbols.

A pattern such as ``h(t)`` stands for all values that its indices may take. Matching solves for them;
it never gives an index a value that the index may not take (``t - 1`` is no value of a non-negative t),
nor one that is bound where the match was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Final

import sympy as sp

from theory.operators import Covariance, words
from theory.sums import rename_bound
from theory.symbols import INDICES

Binding = dict[sp.Symbol, sp.Expr]

_MOST_ORDERS: Final = 4
"""Products of up to this many commuting factors are matched in every order."""


def match(pattern: sp.Basic, node: sp.Basic, fixed: frozenset[sp.Symbol] = frozenset()) -> Binding | None:
    """Find values of the indices in ``pattern`` at which it is ``node``; None when there are none.

    Parameters
    ----------
    pattern, node : sympy.Basic
    fixed : frozenset of sympy.Symbol
        Indices that mean themselves only.
    """
    indices = frozenset(pattern.free_symbols & INDICES) - fixed
    own = {index: sp.Symbol(f"{index.name}?", **index.assumptions0) for index in indices}
    for binding in _matches(pattern.xreplace(own), node, {}, frozenset(own.values())):
        return {index: binding[name] for index, name in own.items() if name in binding}
    return None


def instantiate(expression: sp.Basic, binding: Binding) -> sp.Basic:
    """Put values in place of indices; bound indices that would capture them are renamed."""
    values = set().union(*(value.free_symbols for value in binding.values())) if binding else set()
    apart = expression.replace(lambda e: isinstance(e, sp.Sum | sp.Product), lambda e: rename_bound(e, values))
    return apart.subs(binding, simultaneous=True)


def is_bare(quantity: sp.Basic) -> bool:
    """Whether a quantity speaks of symbols only, so that its sign says where they range."""
    return not quantity.has(sp.core.function.AppliedUndef, sp.Function)


def replace_word(expression: sp.Basic, word: sp.Expr, by: sp.Expr) -> sp.Basic:
    """Replace a word wherever it is part of a longer one; only whole powers are taken apart."""
    ((number, letters),) = words(word)

    def spelled(node: sp.Expr) -> sp.Expr:
        return sp.Add(*(_in_letters(coefficient, found) for coefficient, found in words(node)))

    def _in_letters(coefficient: sp.Expr, found: tuple[sp.Expr, ...]) -> sp.Expr:
        for start in range(len(found) - len(letters) + 1):
            if found[start : start + len(letters)] == letters:
                rest = _in_letters(sp.S.One, found[start + len(letters) :])
                return coefficient * sp.Mul(*found[:start]) * (by / number) * rest
        return coefficient * sp.Mul(*found)

    return _through(expression, spelled)


def _through(node: sp.Basic, spelled: Callable[[sp.Expr], sp.Expr]) -> sp.Basic:
    """Apply a rule for words to every polynomial in non-commuting symbols, the innermost first."""
    if not node.args:
        return node
    inner = node.func(*(_through(argument, spelled) for argument in node.args))
    polynomial = isinstance(inner, sp.Add | sp.Mul | sp.Pow) and inner.is_commutative is False
    return spelled(inner) if polynomial else inner


def _matches(pattern: sp.Basic, node: sp.Basic, binding: Binding, unknowns: frozenset[sp.Symbol]) -> Iterator[Binding]:
    if isinstance(pattern, sp.Expr) and pattern.is_integer and not isinstance(pattern, sp.core.function.AppliedUndef):
        yield from _solve_index(pattern, node, binding, unknowns)
    elif pattern == node:
        yield binding
    elif pattern.args and pattern.func == node.func and len(pattern.args) == len(node.args):
        bound = {limit[0] for limit in node.limits} if isinstance(node, sp.Sum | sp.Product) else set()
        for arguments in _orders(node):
            for found in _match_all(pattern.args, arguments, binding, unknowns):
                if not any(value.free_symbols & bound for value in found.values()):
                    yield found


def _match_all(
    patterns: tuple[sp.Basic, ...], nodes: tuple[sp.Basic, ...], binding: Binding, unknowns: frozenset[sp.Symbol]
) -> Iterator[Binding]:
    if not patterns:
        yield binding
        return
    # the argument with the fewest unknown indices first: it settles them for the others
    first = min(range(len(patterns)), key=lambda place: len((patterns[place].free_symbols & unknowns) - set(binding)))
    for extended in _matches(patterns[first], nodes[first], binding, unknowns):
        yield from _match_all(_without(patterns, first), _without(nodes, first), extended, unknowns)


def _without(items: tuple[sp.Basic, ...], place: int) -> tuple[sp.Basic, ...]:
    return (*items[:place], *items[place + 1 :])


def _orders(node: sp.Basic) -> Iterator[tuple[sp.Basic, ...]]:
    """The orders in which the arguments of a node may be read."""
    symmetric = isinstance(node, Covariance) or (isinstance(node, sp.Mul | sp.Add) and node.is_commutative)
    yield from permutations(node.args) if symmetric and len(node.args) <= _MOST_ORDERS else [node.args]


def _solve_index(
    pattern: sp.Expr, node: sp.Basic, binding: Binding, unknowns: frozenset[sp.Symbol]
) -> Iterator[Binding]:
    """Solve ``pattern = node`` for the one index that is still free, if its value may be taken."""
    if not isinstance(node, sp.Expr):
        return
    unknown = (pattern.free_symbols & unknowns) - set(binding)
    open_pattern = pattern.xreplace(binding)
    if not unknown:
        if sp.expand(open_pattern - node) == 0:
            yield binding
        return
    index = min(unknown, key=str)
    slope = open_pattern.coeff(index)
    rest = sp.expand(open_pattern - index * slope)
    if len(unknown) > 1 or slope not in (1, -1) or index in rest.free_symbols:
        return
    value = sp.expand((node - rest) / slope)
    if value.is_integer and (value.is_nonnegative or not index.is_nonnegative):
        yield binding | {index: value}
