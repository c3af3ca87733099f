"""Plant errors in the lines of a derivation: each must make it fail.

An error is a wrong sign, exponent, index, factor or variance in one place of one line, or a term
too many. Lines that stay true are not errors and are not planted: ``0 = 0`` with a sign, a line whose
indices are renamed throughout, a multiple or a power of something that is zero, a line that
explicit matrices satisfy (the square of a projection).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.facts import Environment
from theory.justification import Relation, Rewriting, SignOfTerms, at_case
from theory.step import Step, VerifiedStep
from theory.symbols import INDICES, VARIANCES, epsilon_C, epsilon_F, epsilon_W
from theory.verification import Outcome, verify

GAP: Final = "term of the gap"


@dataclass(frozen=True)
class Tampered:
    """A derivation with one error in it.

    Attributes
    ----------
    derivation : Derivation
    place : int
        Which step is wrong.
    side : str
        ``"lhs"``, ``"rhs"``, or which term of the gap.
    error : str
        What was done to it.
    wrong : sympy.Basic
        What stands there now.
    """

    derivation: Derivation
    place: int
    side: str
    error: str
    wrong: sp.Basic

    def caught(self) -> VerifiedStep | None:
        """The step that fails, or None when the error went unnoticed."""
        failures = self.derivation.verify(from_step=self.place, stop=True).failures
        return failures[0] if failures else None

    def __str__(self) -> str:
        step = self.derivation.steps[self.place]
        return f"{self.derivation.id}, {step.name}: {self.error} in {self.side}, now {self.wrong}"


def planted(derivation: Derivation) -> Iterator[Tampered]:
    """Every error that can be planted in one place of one step."""
    for place, (step, environment) in enumerate(derivation.environments()):
        for side, error, wrong in _errors(step):
            tampered = Tampered(_with(derivation, place, side, wrong), place, side, error, wrong)
            if not _true_at_all_cases(tampered.derivation.steps[place], environment):
                yield tampered


def _true_at_all_cases(step: Step, environment: Environment) -> bool:
    """Whether the line holds in numbers at every explicit case of its own: then it is no error."""
    cases = step.by.cases if isinstance(step.by, Rewriting) else ()
    obligations = [at_case(step, environment, case) for case in cases]
    return bool(cases) and all(verify(obligation).outcome is Outcome.PROVED for obligation in obligations)


def survivors(derivation: Derivation) -> list[Tampered]:
    """The planted errors that the derivation survives: there should be none."""
    return [tampered for tampered in planted(derivation) if tampered.caught() is None]


def _errors(step: Step) -> Iterator[tuple[str, str, sp.Basic]]:
    for side in ("lhs", "rhs"):
        expression = getattr(step, side)
        other = step.rhs if side == "lhs" else step.lhs
        for error, wrong in mutations(expression):
            if not _stays_true(step, expression, wrong, other):
                yield side, error, wrong
    if isinstance(step.by, SignOfTerms):
        for position, term in enumerate(step.by.terms):
            for error, wrong in mutations(term):
                yield f"{GAP} {position}", error, wrong


def _with(derivation: Derivation, place: int, side: str, wrong: sp.Basic) -> Derivation:
    step = derivation.steps[place]
    if side in ("lhs", "rhs"):
        step = replace(step, **{side: wrong})
    elif isinstance(step.by, SignOfTerms):
        terms = list(step.by.terms)
        terms[int(side.removeprefix(GAP))] = wrong
        step = replace(step, by=replace(step.by, terms=tuple(terms)))
    return replace(derivation, steps=(*derivation.steps[:place], step, *derivation.steps[place + 1 :]))


def _stays_true(step: Step, right: sp.Basic, wrong: sp.Basic, other: sp.Basic) -> bool:
    if _is_zero(other) or step.relation is Relation.NOT_EQUAL:
        quotient = sp.simplify(wrong / right) if not isinstance(right, sp.MatrixBase) and right != 0 else None
        powers = isinstance(wrong, sp.Pow) and wrong.base == right
        if powers or (quotient is not None and quotient.is_number):
            return True
    if step.relation is Relation.NOT_EQUAL and (wrong - other).is_nonzero:
        return True
    renamed = [(right.subs(v, v + 1), other.subs(v, v + 1)) for v in right.free_symbols & INDICES]
    return any(wrong == here and other == there for here, there in renamed)


def _is_zero(side: sp.Basic) -> bool:
    return bool(side.is_zero_matrix if isinstance(side, sp.MatrixBase) else side == 0)


def mutations(expression: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    """All expressions with one error, each with a word for it; never the expression itself."""
    if isinstance(expression, sp.MatrixBase):
        for index, entry in enumerate(expression):
            for error, wrong in mutations(entry):
                entries = list(expression)
                entries[index] = wrong
                yield error, sp.ImmutableMatrix(*expression.shape, entries)
        return
    seen = {expression}
    for error, wrong in _candidates(expression):
        if wrong not in seen and sp.expand(wrong - expression) != 0:
            seen.add(wrong)
            yield error, wrong


def _candidates(expression: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    yield "sign", -expression
    yield "factor", 2 * expression
    if expression.is_commutative is not False:
        yield "term", expression + 1
    for error, exchange in _EXCHANGES:
        yield error, expression.xreplace(exchange)
    for node in sp.preorder_traversal(expression):
        for error, wrong in _at(node):
            yield error, _replace_once(expression, node, wrong)


def _at(node: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    """Errors in one node."""
    if isinstance(node, sp.Add):
        for position, term in enumerate(node.args):
            yield "sign of a term", sp.Add(*node.args[:position], -term, *node.args[position + 1 :])
    if isinstance(node, sp.Pow):
        yield "exponent", node.base ** (node.exp + 1)
    if isinstance(node, sp.Mul):
        for position, factor in enumerate(node.args):
            if factor.is_Symbol:
                yield "exponent", sp.Mul(*node.args[:position], factor**2, *node.args[position + 1 :])
    if isinstance(node, sp.core.function.AppliedUndef):
        for position, argument in enumerate(node.args):
            yield "index", node.func(*node.args[:position], argument + 1, *node.args[position + 1 :])
    if isinstance(node, sp.Sum | sp.Product):
        index, low, high = node.limits[-1]
        yield "range", node.func(node.function, *node.limits[:-1], (index, low, high + 1))


def _replace_once(expression: sp.Expr, node: sp.Basic, wrong: sp.Basic) -> sp.Expr:
    """The first occurrence of a node replaced, the others kept."""
    if expression == node:
        return wrong
    arguments = list(expression.args)
    for position, argument in enumerate(arguments):
        if argument == node or (isinstance(argument, sp.Basic) and argument.has(node)):
            arguments[position] = _replace_once(argument, node, wrong)
            break
    try:
        return expression.func(*arguments)
    except (TypeError, ValueError):  # an index of a sum cannot become an expression
        return expression


def _exchange(first: sp.Symbol, second: sp.Symbol) -> dict[sp.Symbol, sp.Symbol]:
    return {first: second, second: first}


_W, _F, _C = VARIANCES
_EXCHANGES: Final[tuple[tuple[str, dict[sp.Symbol, sp.Symbol]], ...]] = (
    ("variances of W and F exchanged", _exchange(_W, _F)),
    ("variances of F and C exchanged", _exchange(_F, _C)),
    ("variances of W and C exchanged", _exchange(_W, _C)),
    ("perturbations of W and F exchanged", _exchange(epsilon_W, epsilon_F)),
    ("perturbations of F and C exchanged", _exchange(epsilon_F, epsilon_C)),
)
