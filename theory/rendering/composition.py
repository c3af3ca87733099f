"""A statement as a document: what is assumed, every line with its reason, and what was verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import sympy as sp

from theory.derivation import Derivation, VerifiedDerivation
from theory.facts import Equation, Fact, Independent, Nonnegative, Nonzero, Unaffected, Variance
from theory.justification import Bound, Induction, InductiveBound, Instances
from theory.rendering.document import (
    Block,
    Document,
    Formula,
    Heading,
    Item,
    Listing,
    Mark,
    Math,
    Paragraph,
    Reference,
    Span,
    Text,
)
from theory.rendering.layout import LINE, Row, lay_out, lay_out_alone
from theory.rendering.metrics import width
from theory.rendering.necessity import necessity_items
from theory.rendering.numbering import Numbering, label
from theory.rendering.printer import latex, step_sides, sum_latex
from theory.rendering.verdict import verdict
from theory.rendering.words import spans
from theory.statements.catalogue import PARTS, STATEMENTS, Statement
from theory.step import Hypothesis, Origin, Step, VerifiedStep, is_definition
from theory.verification import Outcome

_ITEM_LINE: Final = LINE - 3
_MATRIX_LINES: Final = 1.2
_SHORT: Final = 15.0
_JOINTS: Final = ("and", "or", "by", "with", "that")


def compose(statement: Statement) -> Document:
    """The document of a statement, with the outcome of its verification."""
    derivations = statement.derivations()
    numbering = Numbering(derivations)
    blocks: list[Block] = [Paragraph((Text(f"{_sentence(statement.about)}"),))]
    for derivation in derivations:
        numbered = derivation.id != statement.id and any(map(str.isdigit, derivation.id))
        part = f"{derivation.id}: " if numbered else ""
        blocks += _Composer(derivation, numbering, part).blocks()
    return Document(statement.title, tuple(blocks))


def compose_derivation(derivation: Derivation) -> Document:
    """The document of one derivation."""
    composer = _Composer(derivation, Numbering((derivation,)))
    return Document(f"{derivation.id}", tuple(composer.blocks()))


@dataclass(frozen=True)
class _Composer:
    derivation: Derivation
    numbering: Numbering
    part: str = ""

    def blocks(self) -> Iterator[Block]:
        """All blocks of one derivation."""
        yield Heading(1, spans(f"{self.part}{self.derivation.title}"), label(self.derivation.id))
        yield from self._claim()
        yield from self._hypotheses()
        yield Heading(2, (Text("Derivation"),))
        before = ""
        for verified in self._verified.steps:
            yield from self._line(verified, flows=_is_open(before))
            before = verified.step.reason
        yield from self._necessity()
        yield Paragraph((verdict(self.derivation, self._reference),))

    @cached_property
    def _verified(self) -> VerifiedDerivation:
        return self.derivation.verified

    @property
    def _conclusions(self) -> tuple[Step, ...]:
        names = self.derivation.conclusions or (self.derivation.steps[-1].name,)
        return tuple(self.derivation.step(name) for name in names)

    def _claim(self) -> Iterator[Block]:
        words = self.derivation.statement.rstrip().rstrip(".:")
        yield Paragraph((Text("Statement. ", strong=True), *spans(_sentence(f"{words}:"))))
        for step in self._conclusions:
            yield Formula(_rows(step, LINE - 1), boxed=True)

    def _hypotheses(self) -> Iterator[Block]:
        if not self.derivation.hypotheses:
            return
        yield Heading(2, (Text("Hypotheses"),))
        yield Listing(tuple(self._hypothesis(hypothesis) for hypothesis in self.derivation.hypotheses))

    def _hypothesis(self, hypothesis: Hypothesis) -> Item:
        mark = self.numbering.hypothesis(self.derivation.id, hypothesis.name)
        content: tuple[Span, ...] = (*spans(_sentence(hypothesis.words)), *self._origin(hypothesis))
        said = all(_is_said(fact, hypothesis.words) for fact in hypothesis.facts)
        rows = () if said else tuple(row for fact in hypothesis.facts for row in _fact(fact))
        formulas = (Formula(rows),) if rows else ()
        return Item(mark, content, formulas, label(self.derivation.id, hypothesis.name))

    def _origin(self, hypothesis: Hypothesis) -> tuple[Span, ...]:
        """Where a hypothesis that is not an assumption comes from."""
        if hypothesis.origin is Origin.STATEMENT:
            statement = None if hypothesis.source in self.numbering else _statement_of(hypothesis.source)
            link = Reference(hypothesis.source, label(hypothesis.source), statement.slug if statement else "")
            return (Text(" Proved in "), link, Text("."))
        if hypothesis.origin is Origin.CITED:
            return (Text(" "), Mark(_plain_spans(f"cited, not proved here: {hypothesis.source}"), "cited"))
        return ()

    def _line(self, verified: VerifiedStep, *, flows: bool) -> Iterator[Block]:
        step = verified.step
        yield Paragraph((*spans(_sentence(step.reason, flows=flows)), Text(" "), self._mark(verified)))
        tag = self.numbering.tag(self.derivation.id, step.name)
        yield Formula(_rows(step, LINE), tag, label(self.derivation.id, step.name))
        for name, written in _parts(step):
            if width(written) <= _SHORT:
                yield Paragraph((*spans(f"{name} "), Math(written), Text(".")))
            else:
                yield Paragraph(spans(f"{name}:"))
                yield Formula(lay_out_alone(written))
        for name, value in step.routes:
            alike = latex(value) == latex(step.rhs)
            yield Paragraph(spans(f"Another way gives the same right side: {name}{'.' if alike else ', in the form'}"))
            if not alike:
                yield Formula(lay_out_alone(latex(value)))

    def _mark(self, verified: VerifiedStep) -> Mark:
        content: list[Text | Math | Reference] = [*_plain_spans(_method(verified.step))]
        if not is_definition(verified.step):
            content.append(Text(f", {_outcome(verified)}"))
        for place, name in enumerate(dict.fromkeys(verified.step.uses)):
            content += [Text("; from " if place == 0 else ", "), self._reference(name)]
        return Mark(tuple(content), _standing(verified))

    def _reference(self, name: str) -> Reference:
        return Reference(self.numbering.shown(self.derivation.id, name), label(self.derivation.id, name))

    def _necessity(self) -> Iterator[Block]:
        if not self.derivation.hypotheses:
            return
        yield Heading(2, (Text("What each hypothesis is for"),))
        if not self._verified.proved:
            yield Paragraph((Text("Not examined: the derivation fails with all of them."),))
            return
        yield Paragraph((Text("Each hypothesis is dropped in turn, and the derivation is verified without it."),))
        yield Listing(tuple(necessity_items(self.derivation, self._reference)))


def _rows(step: Step, line: float) -> tuple[Row, ...]:
    """The rows of a step; a matrix that is much wider than a line is written entry by entry."""
    left, relation, right = step_sides(step)
    if not isinstance(step.rhs, sp.MatrixBase) or width(right) <= _MATRIX_LINES * line:
        return lay_out(left, relation, right, line)
    found: list[Row] = []
    for place, entry in enumerate(step.rhs):
        row, column = divmod(place, step.rhs.shape[1])
        found += lay_out(rf"\left[{left}\right]_{{{row + 1},{column + 1}}}", relation, latex(entry), line)
    return tuple(found)


def _is_open(words: str) -> bool:
    """Whether a sentence goes on in the next line."""
    return words.rstrip().endswith((",", ";", *(f" {word}" for word in _JOINTS)))


def _sentence(words: str, *, flows: bool = False) -> str:
    """Words with a capital letter, unless they go on with a sentence, and a full stop, unless it goes on."""
    words = words.strip()
    words = words if flows else words[:1].upper() + words[1:]
    return words if not words or words.endswith((".", ":", "!", "?")) or _is_open(words) else f"{words}."


def _plain_spans(words: str) -> tuple[Text | Math | Reference, ...]:
    return tuple(span for span in spans(words) if not isinstance(span, Mark))


def _statement_of(derivation_id: str) -> Statement | None:
    """The statement that a derivation is part of, by its id."""
    if derivation_id in PARTS:
        return STATEMENTS[PARTS[derivation_id]]
    for known in (derivation_id, derivation_id.rstrip("abcdefgh")):
        if known in STATEMENTS:
            return STATEMENTS[known]
    return None


def _fact(fact: Fact) -> tuple[Row, ...]:
    """What a fact says, as a formula."""
    sides = _sides(fact)
    return lay_out(*sides, line=_ITEM_LINE) if sides else ()


def _is_said(fact: Fact, words: str) -> bool:
    """Whether the words of a hypothesis contain the formula of a fact."""
    return _bare("".join(_sides(fact))) in _bare(words)


def _sides(fact: Fact) -> tuple[str, str, str] | tuple[()]:
    """Left side, relation and right side of a fact, in LaTeX; empty for what only words say."""
    shown = [latex(expression) for expression in fact.expressions()]
    cov = r"\operatorname{Cov}"
    given = rf" \mid {shown[0]}" if shown else ""
    sides: tuple[str, str, str] | tuple[()] = ()
    match fact:
        case Nonnegative():
            sides = _at_least(fact.quantity)
        case Nonzero():
            sides = shown[0], r"\ne", "0"
        case Variance():
            seen = rf"{cov}(u, v{given if fact.conditional else ''})"
            sides = rf"{cov}({shown[0]} u, {shown[0]} v)", "=", rf"n {shown[1]} {seen}"
        case Unaffected():
            sides = rf"{cov}(u, v{given})", "=", rf"{cov}(u, v)"
        case Independent():
            sides = rf"{cov}({shown[0]} u, {shown[1]} v)", "=", "0"
        case Equation():
            sides = shown[0], "=", shown[1]
    return sides


def _at_least(quantity: sp.Expr) -> tuple[str, str, str]:
    """``a - b ≥ 0`` as ``b ≤ a``."""
    negative = [term for term in sp.Add.make_args(quantity) if term.could_extract_minus_sign()]
    less = -sp.Add(*negative)
    return latex(less), r"\le", latex(quantity + less)


def _bare(text: str) -> str:
    """A formula without what does not change its meaning, to tell whether words contain it."""
    return "".join(character for character in text if character not in " {}").replace(r"\,", "")


def _method(step: Step) -> str:
    """The method, with the variable as mathematics."""
    if isinstance(step.by, Induction):
        return f"induction on ${latex(step.by.variable)}$"
    if isinstance(step.by, InductiveBound):
        return f"induction on ${latex(step.by.variable)}$, sign of the gap"
    return step.by.method


def _parts(step: Step) -> Iterator[tuple[str, str]]:
    """What is shown beside a step: what it is, and its formula."""
    if isinstance(step.by, Bound):
        yield "The gap between the sides is", sum_latex(step.by.terms)
    elif isinstance(step.by, InductiveBound):
        variable = f"${latex(step.by.variable)}$"
        yield (
            f"The gap is 0 at {variable} = 0, and at {variable} + 1 it is",
            sum_latex(step.by.terms),
        )
    else:
        for part in step.by.parts:
            yield "Beside it stands", latex(part)


def _standing(verified: VerifiedStep) -> str:
    if verified.outcome is not Outcome.PROVED:
        return "failed"
    if is_definition(verified.step) and not verified.verifications:
        return "definition"
    return "instances" if isinstance(verified.step.by, Instances) else "proved"


def _outcome(verified: VerifiedStep) -> str:
    if verified.outcome is not Outcome.PROVED:
        about = verified.failures[0].identity.about.partition(": ")[2]
        return f"NOT VERIFIED: {verified.outcome.value}" + (f" ({about})" if about else "")
    if not verified.verifications:
        return "NOTHING CHECKED"
    number = len(verified.verifications)
    return "both engines" if number == 1 else f"both engines, {number} obligations"
