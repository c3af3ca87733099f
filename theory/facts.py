"""What a step of a derivation may use, as data: rewriting rules and signs.

A fact holds for all values of the index symbols in it: ``h(t) = …`` may be used at ``h(s + 1)``,
as long as ``s + 1`` is a value that ``t`` may take. Facts come from hypotheses, from statements
proved elsewhere, and from the earlier steps of a derivation. Removing the hypothesis removes the
fact, and then whatever leaned on it no longer holds: that is how hypotheses are shown to be needed.

A fact may hold under conditions only, such as ``T - j ≥ 0``; it is used where its conditions, at the
values of the indices found there, are known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.matrices.exceptions import NonSquareMatrixError, ShapeError

from theory.matching import instantiate, is_bare, match, replace_word
from theory.operators import Covariance, Given, Trace, depends_on, expand_operators, is_random
from theory.sums import index_ranges, is_nonnegative, written_out
from theory.symbols import INDICES, n, path, size

Ranges = tuple[sp.Expr, ...]
"""Quantities in bare symbols that are known to be non-negative."""

_BINDERS: Final = (ExprWithLimits, sp.Subs, sp.Limit, sp.Lambda)


class Fact(ABC):
    """Something that may be used in a proof."""

    when: tuple[sp.Expr, ...]
    """Quantities that must be non-negative for it to hold."""

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:  # noqa: ARG002
        """The expression after one pass of this fact; facts about signs change nothing.

        Parameters
        ----------
        expression : sympy.Basic
        ranges : tuple of sympy.Expr
            What is known of the indices, to meet conditions with.
        """
        return expression

    @abstractmethod
    def expressions(self) -> tuple[sp.Basic, ...]:
        """What it is made of, for display."""

    def sequences(self) -> tuple[str, ...]:
        """Names of sequences that it speaks of as a whole, whatever their arguments."""
        return ()


@dataclass(frozen=True)
class Equation(Fact):
    """``lhs`` may be replaced by ``rhs``.

    Attributes
    ----------
    lhs : sympy.Basic
        A symbol, a value of a sequence, an operator applied to such, or a word.
    rhs : sympy.Basic
        An expression, or an explicit matrix. What depends on the size of a perturbation must say so
        on the left side.
    fixed : frozenset of sympy.Symbol
        Index symbols that mean themselves only, such as the variable of an induction.
    when : tuple of sympy.Expr

    Raises
    ------
    ValueError
        When the right side depends on the size of a perturbation, or on a place on a path, and the left
        side does not.
    """

    lhs: sp.Basic
    rhs: sp.Basic
    fixed: frozenset[sp.Symbol] = frozenset()
    when: tuple[sp.Expr, ...] = ()

    def __post_init__(self) -> None:
        for side in ("lhs", "rhs"):  # plain numbers are welcome
            object.__setattr__(self, side, sp.sympify(getattr(self, side), strict=True))
        if depends_on(self.rhs, size) and not depends_on(self.lhs, size):
            raise ValueError(f"{self.lhs} = {self.rhs}: the left side must depend on {size} as well")
        if path in self.rhs.free_symbols and path not in self.lhs.free_symbols:
            raise ValueError(f"{self.lhs} = {self.rhs}: the left side must depend on {path} as well")
        if is_random(self.rhs) and not is_random(self.lhs):
            raise ValueError(f"{self.lhs} = {self.rhs}: the left side must be random as well")

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        if isinstance(expression, sp.MatrixBase):
            return expression.applyfunc(lambda entry: self.rewrite(entry, ranges))
        word = isinstance(self.lhs, sp.Mul | sp.Pow) and self.lhs.is_commutative is False
        depends = any(part.free_symbols & (INDICES | {path}) for part in self.when) or path in self.lhs.free_symbols
        if word and not self.fixed and not depends:
            return replace_word(expression, self.lhs, self.rhs) if hold(self.when, {}, ranges) else expression
        return self._everywhere(expression, ranges)

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.lhs, self.rhs)

    def _everywhere(self, node: sp.Basic, ranges: Ranges) -> sp.Basic:
        binding = match(self.lhs, node, self.fixed, ranges)
        if binding is not None and hold(self.when, binding, ranges):
            return instantiate(self.rhs, binding)
        if not node.args or isinstance(node, sp.MatrixBase) or not self._holds_inside(node):
            return node
        if isinstance(node, sp.Sum | sp.Product):
            bound = {limit[0] for limit in node.limits}
            outside = tuple(known for known in ranges if not known.free_symbols & bound)
            inside = index_ranges(node)
            limits = [
                (index, self._everywhere(low, outside), self._everywhere(high, outside))
                for index, low, high in node.limits
            ]
            return node.func(self._everywhere(node.function, (*outside, *inside)), *limits)
        arguments = [self._everywhere(argument, ranges) for argument in node.args]
        return node.func(*arguments) if arguments != list(node.args) else node

    def _holds_inside(self, node: sp.Basic) -> bool:
        """Whether it may be used in the arguments of a node, which may have variables of its own."""
        if isinstance(node, sp.Sum | sp.Product):
            return not {limit[0] for limit in node.limits} & (self.fixed | {path})  # others of the same name
        if isinstance(node, sp.Derivative):  # it must hold all around
            return set(node.variables) == {path} and not any(path in known.free_symbols for known in self.when)
        return not isinstance(node, (Given, *_BINDERS))  # what is known given a matrix is another matter


@dataclass(frozen=True)
class Variance(Fact):
    """Entries of a matrix are independent, of mean 0 and this variance: ``Cov(Au, Av) = n ν Cov(u, v)``.

    For u, v independent of A, or earlier images of it: the variance identity behind (72).

    Attributes
    ----------
    matrix : sympy.Symbol
    variance : sympy.Expr
    when : tuple of sympy.Expr
    conditional : bool
        Whether the covariance on the right is that given A; that it is not affected by A is then
        something else to know.
    """

    matrix: sp.Symbol
    variance: sp.Expr
    when: tuple[sp.Expr, ...] = ()
    conditional: bool = False

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        if not hold(self.when, {}, ranges):
            return expression
        return _outside_given(
            expression,
            lambda e: isinstance(e, Covariance) and all(_first(word) == self.matrix for word in e.args),
            lambda e: n * self.variance * self._seen(Covariance(*(_rest(word) for word in e.args))),
        )

    def _seen(self, covariance: sp.Expr) -> sp.Expr:
        return Given(self.matrix, covariance) if self.conditional else covariance

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.matrix, self.variance)


@dataclass(frozen=True)
class Unaffected(Fact):
    """What a matrix is applied to is independent of it: covariances given the matrix are covariances."""

    matrix: sp.Symbol
    when: tuple[sp.Expr, ...] = ()

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        if not hold(self.when, {}, ranges):
            return expression
        return expression.replace(lambda e: isinstance(e, Given) and e.args[0] == self.matrix, lambda e: e.args[1])

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.matrix,)


@dataclass(frozen=True)
class Independent(Fact):
    """Two matrices are independent, of mean 0: covariances of their images vanish."""

    left: sp.Symbol
    right: sp.Symbol
    when: tuple[sp.Expr, ...] = ()

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        if not hold(self.when, {}, ranges):
            return expression
        pair = {self.left, self.right}
        return _outside_given(
            expression,
            lambda e: isinstance(e, Covariance) and {_first(word) for word in e.args} == pair,
            lambda _: sp.S.Zero,
        )

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Nonnegative(Fact):
    """The quantity is at least zero: for all values of its indices, or, in bare symbols, for these."""

    quantity: sp.Expr
    when: tuple[sp.Expr, ...] = ()

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.quantity,)

    @property
    def is_range(self) -> bool:
        """Whether it says where symbols range, and nothing of sequences."""
        return is_bare(self.quantity)

    def covers(self, quantity: sp.Basic, ranges: Ranges) -> bool:
        """Whether it says that another quantity is non-negative."""
        binding = match(self.quantity, quantity, INDICES if self.is_range else frozenset(), ranges)
        return binding is not None and hold(self.when, binding, ranges)


@dataclass(frozen=True)
class Nonzero(Fact):
    """The quantity is not zero; a non-commuting one has an inverse."""

    quantity: sp.Expr
    when: tuple[sp.Expr, ...] = ()

    def expressions(self) -> tuple[sp.Basic, ...]:
        return (self.quantity,)


def ranges_among(signs: Iterable[Nonnegative]) -> Ranges:
    """What facts about signs say of bare symbols, unconditionally."""
    return tuple(fact.quantity for fact in signs if fact.is_range and not fact.when)


def _outside_given(
    node: sp.Basic, applies: Callable[[sp.Basic], bool], rule: Callable[[sp.Basic], sp.Expr]
) -> sp.Basic:
    """Apply a rule everywhere but to what is known given a matrix."""
    if applies(node):
        return rule(node)
    if not node.args or isinstance(node, Given):
        return node
    return node.func(*(_outside_given(argument, applies, rule) for argument in node.args))


def hold(conditions: Iterable[sp.Expr], binding: Mapping[sp.Symbol, sp.Expr], ranges: Ranges) -> bool:
    """Whether conditions are known to hold at some values of their indices."""
    return all(is_nonnegative(instantiate(condition, dict(binding)), ranges) for condition in conditions)


@dataclass(frozen=True)
class Environment:
    """All facts at hand, by the name of the hypothesis or step that gives them."""

    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)

    def among(self, names: Iterable[str]) -> Iterator[Fact]:
        """The facts of these names, in order; a name that gives none is passed over."""
        for name in names:
            yield from self.facts.get(name, ())

    def unfold(
        self, expression: sp.Basic, names: Iterable[str], more: Iterable[Fact] = (), first: Iterable[Fact] = ()
    ) -> sp.Basic:
        """Rewrite with each of the facts in turn, working operators out in between.

        Parameters
        ----------
        expression : sympy.Basic
        names : iterable of str
            Whose facts to use.
        more, first : iterable of Fact
            Further facts, used after and before these.
        """
        names = tuple(names)
        ranges = self.ranges(names)
        matrices: dict[sp.Basic, sp.MatrixBase] = {}
        for fact in (*first, *self.among(names), *more):
            if isinstance(fact, Equation) and isinstance(fact.rhs, sp.MatrixBase):
                matrices[fact.lhs] = fact.rhs
            else:
                expression = written_out(fact.rewrite(expand_operators(expression), ranges))
        expression = expand_operators(expression)
        return assemble(expression, matrices) if matrices else expression

    def signs(self, names: Iterable[str]) -> tuple[Nonnegative, ...]:
        """The facts about signs."""
        return tuple(fact for fact in self.among(names) if isinstance(fact, Nonnegative))

    def ranges(self, names: Iterable[str]) -> Ranges:
        """What is known of bare symbols, unconditionally."""
        return ranges_among(self.signs(names))

    def nonzero(self, names: Iterable[str]) -> tuple[sp.Expr, ...]:
        """The quantities known not to vanish."""
        return tuple(fact.quantity for fact in self.among(names) if isinstance(fact, Nonzero) and not fact.when)

    def restrictions(self, names: Iterable[str]) -> tuple[sp.Expr, ...]:
        """What is known not to vanish at these values of indices, or at this place on the path, only."""
        bare = (known for known in self.nonzero(names) if is_bare(known) and known.free_symbols & (INDICES | {path}))
        return tuple(known for known in bare if not known.is_nonzero)


def assemble(expression: sp.Basic, matrices: Mapping[sp.Basic, sp.MatrixBase]) -> sp.Basic:
    """Put explicit matrices in place of symbols and carry out sums, products, powers and traces.

    Where shapes do not fit, or an operator has no meaning for matrices, the result is a symbol that
    says so, equal to nothing else.
    """
    try:
        return _evaluated(expression, matrices)
    except (ShapeError, NonSquareMatrixError, TypeError):
        return sp.Symbol(f"shapes that do not fit: {expression}")


def _evaluated(node: sp.Basic, matrices: Mapping[sp.Basic, sp.MatrixBase]) -> sp.Basic:
    if node in matrices:
        return matrices[node]
    if not any(node.has(symbol) for symbol in matrices):
        return node
    parts = [_evaluated(argument, matrices) for argument in node.args]
    if isinstance(node, Trace):
        return parts[0].trace()
    if not isinstance(node, sp.Add | sp.Mul | sp.Pow):
        raise TypeError(f"{node.func} of an explicit matrix")
    total = parts[0]
    for part in parts[1:]:
        total = total**part if isinstance(node, sp.Pow) else total + part if isinstance(node, sp.Add) else total * part
    return total


def _first(word: sp.Expr) -> sp.Expr:
    """The first letter of a word, a whole power taken apart; None for other powers."""
    letter = word.args[0] if isinstance(word, sp.Mul) else word
    base, power = letter.as_base_exp()
    return base if power.is_Integer and power > 0 else None


def _rest(word: sp.Expr) -> sp.Expr:
    head, *tail = word.args if isinstance(word, sp.Mul) else (word,)
    base, power = head.as_base_exp()
    return sp.Mul(base ** (power - 1), *tail)
