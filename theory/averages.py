"""Facts about expectations: integration by parts for Gaussian families, and independent factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.facts import Fact, Ranges, hold
from theory.operators import Expectation, Given, is_random


@dataclass(frozen=True)
class IntegrationByParts(Fact):
    """Stein's identity, for products of values of a centred Gaussian family.

    ``E[X F] = Σ_Y E[X Y] E[∂F/∂Y]``, until second moments are left. Factors that are random but do not
    belong to the family leave an expectation as it is.

    Attributes
    ----------
    family : tuple of str
        Names of random sequences, jointly Gaussian of mean 0.
    when : tuple of sympy.Expr
    """

    family: tuple[str, ...]
    when: tuple[sp.Expr, ...] = ()

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        return _each_expectation(expression, self._by_parts) if hold(self.when, {}, ranges) else expression

    def expressions(self) -> tuple[sp.Basic, ...]:
        return ()

    def sequences(self) -> tuple[str, ...]:
        return self.family

    def _by_parts(self, product: sp.Expr) -> sp.Expr | None:
        values: list[sp.Expr] = []
        for factor in sp.Mul.make_args(product):
            base, power = factor.as_base_exp()
            if not (isinstance(base, AppliedUndef) and str(base.func) in self.family):
                return None
            if not (power.is_Integer and power > 0):
                return None
            values += [base] * int(power)
        return None if len(values) == 2 else _pairings(values)


def _pairings(values: list[sp.Expr]) -> sp.Expr:
    """The first value with each of the others."""
    if not values:
        return sp.S.One
    first, *rest = values
    return sp.Add(*(Expectation(first * other) * _pairings(rest[:k] + rest[k + 1 :]) for k, other in enumerate(rest)))


@dataclass(frozen=True)
class IndependentFactors(Fact):
    """Some random sequences are independent of others: ``E[f g] = E[f] E[g]``.

    Attributes
    ----------
    apart, others : tuple of str
        Names of sequences: those apart, together, are independent of the others, together. Of what is not
        named here nothing is known.
    when : tuple of sympy.Expr
    """

    apart: tuple[str, ...]
    others: tuple[str, ...]
    when: tuple[sp.Expr, ...] = ()

    def rewrite(self, expression: sp.Basic, ranges: Ranges = ()) -> sp.Basic:
        return _each_expectation(expression, self._split) if hold(self.when, {}, ranges) else expression

    def expressions(self) -> tuple[sp.Basic, ...]:
        return ()

    def sequences(self) -> tuple[str, ...]:
        return (*self.apart, *self.others)

    def _split(self, product: sp.Expr) -> sp.Expr | None:
        here: list[sp.Expr] = []
        there: list[sp.Expr] = []
        for factor in sp.Mul.make_args(product):
            names = {str(value.func) for value in factor.atoms(AppliedUndef) if is_random(value)}
            if names and names <= set(self.apart):
                here.append(factor)
            elif names <= set(self.others):
                there.append(factor)
            else:
                return None
        return Expectation(sp.Mul(*here)) * Expectation(sp.Mul(*there)) if here and there else None


def _each_expectation(node: sp.Basic, rule: Callable[[sp.Expr], sp.Expr | None]) -> sp.Basic:
    """Apply a rule to the argument of every expectation of a product of scalars."""
    if isinstance(node, Expectation):
        argument = node.args[0]
        found = rule(argument) if argument.is_commutative and not argument.has(sp.Sum, Expectation) else None
        return node if found is None else found
    if not node.args or not node.has(Expectation) or isinstance(node, Given):  # another average
        return node
    return node.func(*(_each_expectation(argument, rule) for argument in node.args))
