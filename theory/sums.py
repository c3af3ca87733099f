"""Finite sums and products with symbolic limits: what can be done to them without guessing.

``split`` takes the first or the last term off; ``vanishes`` decides whether a combination of sums
is zero, by bringing all of them to one set of limits and comparing summand with summand. Summands
may be words in non-commuting symbols. A Kronecker delta selects one term of a sum when its index
is known to lie within the limits: because it runs over the same range itself, or because
``given`` says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy as sp

Limits = tuple[Any, ...]


def into_sum(product: sp.Expr) -> sp.Expr:
    """Write a product that has sums among its factors as one nested sum of a product.

    Bound indices that occur elsewhere in the product are renamed.
    """
    if not isinstance(product, sp.Mul | sp.Pow) or not product.has(sp.Sum):
        return product
    factors = [f for g in sp.Mul.make_args(product) for f in ([g.base] * g.exp if _is_power_of_sum(g) else [g])]
    where = next((i for i, f in enumerate(factors) if isinstance(f, sp.Sum)), None)
    if where is None:
        return product
    used = set().union(*(f.free_symbols | _bound(f) for i, f in enumerate(factors) if i != where))
    inner = rename_bound(factors[where], used)
    body = sp.Mul(*factors[:where], inner.function, *factors[where + 1 :])
    return sp.Sum(into_sum(sp.expand(body)) if isinstance(body, sp.Mul) else body, *inner.limits)


def rename_bound(total: sp.Sum, used: set[sp.Symbol]) -> sp.Sum:
    """The same sum or product with none of its indices among ``used``."""
    body = total.function
    limits: list[Limits] = []
    taken = set(used) | total.free_symbols | _bound(total)
    for index, low, high in total.limits:
        fresh = index
        if index in used:
            while fresh in taken:
                fresh = sp.Symbol(f"{fresh.name}'", integer=True, nonnegative=True)
        taken.add(fresh)
        body = body.xreplace({index: fresh})
        limits = [tuple(part.xreplace({index: fresh}) for part in limit) for limit in limits]
        limits.append((fresh, low, high))
    return total.func(body, *limits)


def split(expression: sp.Expr, last: sp.Expr, end: str) -> sp.Expr:
    """Take one term off every sum and product whose upper limit is ``last``.

    Parameters
    ----------
    expression : sympy.Expr
    last : sympy.Expr
        The upper limit, such as ``t + 1``.
    end : str
        ``"first"`` or ``"last"``: which term; after the first is taken off the index is shifted.
    """

    def matching(node: sp.Basic) -> bool:
        if not isinstance(node, sp.Sum | sp.Product) or node.limits[-1][2] != last:
            return False
        return is_nonnegative(last - node.limits[-1][1], ())  # there must be a term to take

    def taken(node: sp.Basic) -> sp.Expr:
        join = sp.Add if isinstance(node, sp.Sum) else sp.Mul
        body, (index, low, high) = outermost(node)
        if end == "first":
            return join(body.subs(index, low), node.func(body.xreplace({index: index + 1}), (index, low, high - 1)))
        return join(node.func(body, (index, low, high - 1)), body.subs(index, high))

    return expression.replace(matching, taken)


def carried_out(expression: sp.Expr, indices: Sequence[sp.Symbol], given: Iterable[sp.Expr] = ()) -> sp.Expr:
    """The expression with deltas summed over, constants counted, and sums of equal range merged.

    Parameters
    ----------
    expression : sympy.Expr
    indices : sequence of sympy.Symbol
        Names for the indices that remain, the innermost first.
    given : iterable of sympy.Expr
        As in ``vanishes``.
    """
    names = {_standard(depth): index for depth, index in enumerate(indices)}
    total = sp.S.Zero
    for limits, summand in _merged(_grouped(expression, tuple(given)), tuple(given)).items():
        term = sp.Sum(sp.factor_terms(summand), *limits) if limits else summand
        total += term.xreplace(names)
    return total


def written_out(expression: sp.Basic) -> sp.Basic:
    """Write out sums and products whose limits have become numbers, from the outside in."""

    def short(node: sp.Basic) -> bool:
        if not isinstance(node, sp.Sum | sp.Product):
            return False
        _, low, high = node.limits[-1]
        return bool(low.is_Integer and high.is_Integer and high >= low - 1)  # shorter than empty has no agreed meaning

    def terms(node: sp.Basic) -> sp.Basic:
        body, (index, low, high) = outermost(node)
        join = sp.Add if isinstance(node, sp.Sum) else sp.Mul
        return join(*(written_out(body.subs(index, value)) for value in range(int(low), int(high) + 1)))

    return expression.replace(short, terms)


def merge_deltas(expression: sp.Expr) -> sp.Expr:
    """Where a delta says that two indices agree, write one of them for both: ``δ_jk f(k) = δ_jk f(j)``."""
    total = sp.S.Zero
    for term in _terms(sp.expand(expression)):
        factors = list(sp.Mul.make_args(term))
        for place, factor in enumerate(factors):
            if isinstance(factor, sp.KroneckerDelta) and all(index.is_Symbol for index in factor.args):
                first, second = sorted(factor.args, key=str)
                factors = [
                    f if at == place or {first, second} & _bound(f) else f.xreplace({second: first})
                    for at, f in enumerate(factors)
                ]
        total += sp.Mul(*factors)
    return total


def index_ranges(total: sp.Expr) -> tuple[sp.Expr, ...]:
    """What is non-negative inside a sum or product, by the limits of its indices."""
    return tuple(side for limit in total.limits for side in _range(*limit))


def _range(index: sp.Symbol, low: sp.Expr, high: sp.Expr) -> tuple[sp.Expr, ...]:
    """A limit that mentions the index itself means another one of the same name, and says nothing of it."""
    named = index in (low.free_symbols | high.free_symbols)
    return () if named else (index - low, high - index)


def outermost(total: sp.Expr) -> tuple[sp.Expr, Limits]:
    """A nested sum or product as what is summed over its outermost index, and the limits of that."""
    *inner, limit = total.limits
    return (total.func(total.function, *inner) if inner else total.function), tuple(limit)


def vanishes(expression: sp.Expr, zero: Callable[[sp.Expr], bool], given: Iterable[sp.Expr] = ()) -> bool:
    """Whether a combination of sums is zero because its summands cancel.

    Parameters
    ----------
    expression : sympy.Expr
    zero : callable
        Decides for expressions without sums.
    given : iterable of sympy.Expr
        Quantities known to be non-negative, such as ``n_y - 1 - a`` for an index a below n_y.
    """
    summands = _merged(_grouped(expression, tuple(given)), tuple(given)).values()
    return all(summand == 0 if summand.has(sp.Sum) else zero(summand) for summand in summands)


def _grouped(expression: sp.Expr, given: tuple[sp.Expr, ...]) -> dict[tuple[Limits, ...], sp.Expr]:
    """Limits of a nested sum → the summand of all terms that have them."""
    grouped: dict[tuple[Limits, ...], sp.Expr] = defaultdict(lambda: sp.S.Zero)
    for term in _terms(sp.expand(expression)):
        for limits, summand in _normal(term, given):
            grouped[limits] += summand
    return dict(grouped)


def _peels(limits: tuple[Limits, ...], given: tuple[sp.Expr, ...]) -> bool:
    """Whether terms may be taken off the end of a sum: it is a single one, and not shorter than empty."""
    return len(limits) == 1 and is_nonnegative(limits[0][2] + 1, given)


def _merged(
    grouped: dict[tuple[Limits, ...], sp.Expr], given: tuple[sp.Expr, ...]
) -> dict[tuple[Limits, ...], sp.Expr]:
    """Bring single sums whose upper limits differ by an integer to the least of them."""
    result: dict[tuple[Limits, ...], sp.Expr] = defaultdict(lambda: sp.S.Zero)
    least: dict[sp.Expr, sp.Expr] = {}
    for limits in grouped:
        if _peels(limits, given):
            high = limits[0][2]
            base = high - high.as_coeff_Add()[0]
            least[base] = min(least.get(base, high), high, key=lambda e: e.as_coeff_Add()[0])
    for limits, summand in grouped.items():
        if not _peels(limits, given):
            result[limits] += summand
            continue
        index, low, high = limits[0]
        stop = least[high - high.as_coeff_Add()[0]]
        for position in range(int(high - stop)):
            result[()] += summand.subs(index, stop + 1 + position)
        result[((index, low, stop),)] += summand
    return result


def _terms(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sp.Add.make_args(expression))


def _normal(term: sp.Expr, given: tuple[sp.Expr, ...]) -> list[tuple[tuple[Limits, ...], sp.Expr]]:
    """A term as nested sums with lower limit 0 and standard index names."""
    term = into_sum(term)
    if not isinstance(term, sp.Sum):
        return [((), term)]
    body, (index, low, high) = outermost(term)
    ranges = (*(known for known in given if index not in known.free_symbols), *_range(index, low, high))
    found: list[tuple[tuple[Limits, ...], sp.Expr]] = []
    for part in _terms(sp.expand(body)):
        for inner, summand in _normal(part, ranges):
            found += _attach((index, low, high), inner, summand, given)
    return found


def _attach(
    limit: Limits, inner: tuple[Limits, ...], summand: sp.Expr, given: tuple[sp.Expr, ...]
) -> list[tuple[tuple[Limits, ...], sp.Expr]]:
    """Put one more sum around nested sums: select by a delta, count a constant, or keep it."""
    index, low, high = limit
    length = sp.expand(high - low + 1)
    if length.is_Integer and length >= 0 and not inner:
        return [((), summand.xreplace({index: low + place})) for place in range(int(length))]
    selected = _selected(summand, limit, given)
    if selected is not None:
        value, rest = selected
        return [(tuple(tuple(p.xreplace({index: value}) for p in place) for place in inner), rest)]
    involved = summand.free_symbols.union(*(set().union(*(p.free_symbols for p in place[1:])) for place in inner))
    if index not in involved and is_nonnegative(high - low + 1, given):
        return [(inner, sp.expand(summand * (high - low + 1)))]
    standard = _standard(len(inner))
    replaced = {index: standard + low}
    body = sp.expand(summand.xreplace(replaced))
    shifted = tuple(tuple(p.xreplace(replaced) for p in place) for place in inner)
    return [((*shifted, (standard, sp.S.Zero, sp.expand(high - low))), body)]


def _standard(depth: int) -> sp.Symbol:
    return sp.Symbol(f"#{depth}", integer=True, nonnegative=True)


def _selected(summand: sp.Expr, limit: Limits, given: tuple[sp.Expr, ...]) -> tuple[sp.Expr, sp.Expr] | None:
    """The value of the index that a delta selects, and the summand there."""
    index, low, high = limit
    for factor in sp.Mul.make_args(summand):
        delta = factor.base if isinstance(factor, sp.Pow) else factor
        if not isinstance(delta, sp.KroneckerDelta) or index not in delta.free_symbols:
            continue
        difference = sp.expand(delta.args[0] - delta.args[1])
        slope = difference.coeff(index)
        if slope not in (1, -1):
            continue
        value = sp.expand(-(difference - slope * index) / slope)
        if is_nonnegative(value - low, given) and is_nonnegative(high - value, given):
            rest = sp.Mul(*(f for f in sp.Mul.make_args(summand) if f is not factor))
            return value, rest.xreplace({index: value})
    return None


def is_nonnegative(expression: sp.Expr, given: Iterable[sp.Expr]) -> bool:
    """Whether an index expression is non-negative by its symbols or by what is given."""
    expression = sp.expand(expression)
    if expression.is_nonnegative:
        return True
    return any(bool(sp.expand(expression - known).is_nonnegative) for known in given)


def _is_power_of_sum(factor: sp.Expr) -> bool:
    return bool(
        isinstance(factor, sp.Pow) and isinstance(factor.base, sp.Sum) and factor.exp.is_Integer and factor.exp > 0
    )


def _bound(expression: sp.Expr) -> set[sp.Symbol]:
    return {limit[0] for total in expression.atoms(sp.Sum, sp.Product) for limit in total.limits}
