"""The closing line of a derivation: what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from theory.derivation import Derivation
from theory.rendering.document import Mark, Math, Reference, Text
from theory.rendering.words import spans

Link = Callable[[str], Reference]


def verdict(derivation: Derivation, reference: Link) -> Mark:
    """Proved, proved given what is cited, not proved in general, or not proved.

    Parameters
    ----------
    derivation : Derivation
    reference : callable
        Gives the link to a line, by its name.
    """
    verified = derivation.verified
    if verified.failures:
        failed = _enumerated((step.step.name for step in verified.failures), reference)
        verb = "fails" if len(verified.failures) == 1 else "fail"
        return Mark((Text("NOT PROVED: "), *failed, Text(f" {verb}.")), "failed")
    number = verified.identities
    confirmed = f"{number} {'obligation' if number == 1 else 'obligations'}, all confirmed by both engines"
    seen = [step.step.name for step in verified.instances]
    carrying = [name for name in seen if name in derivation.leaned_on]
    if carrying:
        verb = "is" if len(carrying) == 1 else "are"
        words = f" {verb} checked at instances only; the rest holds given that. Checked: {confirmed}."
        return Mark((Text("Not proved in general: "), *_enumerated(carrying, reference), Text(words)), "instances")
    aside: tuple[Text | Reference, ...] = ()
    if seen:
        verb = "is a check" if len(seen) == 1 else "are checks"
        words = f" {verb} at instances, which the conclusion does not use."
        aside = (Text(" "), *_enumerated(seen, reference), Text(words))
    sources = ", ".join(derivation.cited_sources)
    if sources:
        given = _without_marks(f" given what is cited, here or in what it builds on ({sources}): {confirmed}.")
        return Mark((Text("Proved,", strong=True), *given, *aside), "cited")
    return Mark((Text("Proved:", strong=True), Text(f" {confirmed}."), *aside), "proved")


def _enumerated(names: Iterable[str], reference: Link) -> Iterator[Text | Reference]:
    for place, name in enumerate(names):
        if place:
            yield Text(", ")
        yield reference(name)


def _without_marks(words: str) -> tuple[Text | Math | Reference, ...]:
    return tuple(span for span in spans(words) if not isinstance(span, Mark))
