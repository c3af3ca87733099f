"""What fails when a hypothesis is dropped, and what remains there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.justification import NonvanishingFactors
from theory.rendering.document import Formula, Item, Reference, Span, Text
from theory.rendering.layout import LINE, lay_out_alone
from theory.rendering.printer import latex
from theory.step import VerifiedStep
from theory.verification import Obligation, Outcome, Sign

_TERMS: Final = 12
"""How many terms of a remainder are written out."""


def necessity_items(derivation: Derivation, reference: Callable[[str], Reference]) -> Iterator[Item]:
    """One entry for each hypothesis.

    Parameters
    ----------
    derivation : Derivation
    reference : callable
        Gives the link to a hypothesis or a line, by its name.
    """
    necessity = derivation.verified.necessity
    for hypothesis in derivation.hypotheses:
        mark = reference(hypothesis.name)
        if hypothesis.name not in necessity:
            words = " gives no formula: it is relied on in words only, and no check covers it."
            yield Item("", (mark, Text(words)))
            continue
        failed = necessity[hypothesis.name]
        if failed is None:
            yield Item("", (mark, Text(" is not used by any check: every line is verified without it as well.")))
            continue
        yield _failure(mark, failed, reference(failed.step.name))


def _failure(mark: Reference, failed: VerifiedStep, line: Reference) -> Item:
    obligation = failed.failures[0].identity
    about = obligation.about.partition(": ")[2]
    content: list[Span] = [mark, Text(": without it, "), line, Text(" fails" + (f" ({about})" if about else ""))]
    if isinstance(failed.step.by, NonvanishingFactors) and not isinstance(obligation, Sign):
        content = [mark, Text(": without it, "), line, Text(" fails; nothing then says that this is not zero:")]
        return Item("", tuple(content), (_formula(obligation.lhs),))
    if isinstance(obligation, Sign):
        content.append(Text("; the sign of this is not known:"))
        return Item("", tuple(content), (_formula(obligation.quantity),))
    refuted = failed.failures[0].outcome is Outcome.REFUTED
    known = "the left side less the right side leaves" if refuted else "this is not known to be zero:"
    content.append(Text(f"; {known}"))
    return Item("", tuple(content), (_formula(remainder(obligation)),))


def remainder(obligation: Obligation) -> sp.Basic:
    """What a failing identity leaves: left side less right side, or its first entry that is not zero."""
    if isinstance(obligation, Sign):
        return obligation.quantity
    try:
        differences = [sp.expand(difference) for difference in obligation.differences()]
    except ValueError:
        return sp.Symbol(r"\text{sides of different shapes}")
    return next((difference for difference in differences if difference != 0), sp.S.Zero)


def _formula(expression: sp.Basic) -> Formula:
    terms = sp.Add.make_args(expression)
    written = latex(expression)
    if len(terms) > _TERMS:
        kept = latex(sp.Add(*expression.as_ordered_terms()[:_TERMS]))
        written = rf"{kept} + \cdots \quad \text{{({len(terms) - _TERMS} more terms)}}"
    return Formula(lay_out_alone(written, line=LINE - 3))
