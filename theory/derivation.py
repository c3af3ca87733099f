"""A derivation is a sequence of steps that a machine can check against its hypotheses.

What is checked is what is shown. A step displays ``lhs = rhs`` (or ``≤``, or ``≠``), names the
hypotheses and the earlier steps it uses, and says by which method it follows from them
(``theory.justification``). To verify a derivation, each step's two sides are rewritten with the facts
it names, and both engines of ``theory.verification`` must confirm what remains. The facts that
earlier steps give are taken from their displayed sides: an error in any line, a definition included,
makes that line or one that leans on it fail.

Hypotheses are data as well. Taking one away removes its facts and nothing else, so that the checks
which needed it fail by themselves: see ``Derivation.without``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from theory.facts import Environment, Fact
from theory.justification import Instances
from theory.matching import is_bare
from theory.step import Hypothesis, Origin, Step, VerifiedStep, verify_step
from theory.symbols import INDICES
from theory.verification import Outcome


@dataclass(frozen=True)
class Derivation:
    """A named sequence of steps.

    Attributes
    ----------
    id : str
        Such as ``"3.3b"``.
    title : str
    statement : str
        What is derived, in words; the formula is the conclusion's.
    hypotheses : tuple of Hypothesis
    steps : tuple of Step
    conclusions : tuple of str
        Names of the steps that state the result; the last step by default.
    """

    id: str
    title: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[Step, ...]
    conclusions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = {hypothesis.name for hypothesis in self.hypotheses}
        for step in self.steps:
            unknown = [name for name in step.uses if name not in known]
            if unknown:
                raise ValueError(f"{self.id}, step {step.name!r} uses {unknown[0]!r}, which does not come before it")
            if step.name in known:
                raise ValueError(f"{self.id}: the name {step.name!r} is taken")
            known.add(step.name)
        for name in self.conclusions:
            self.step(name)

    def step(self, name: str) -> Step:
        """The step of this name.

        Raises
        ------
        KeyError
            When there is none.
        """
        return named(self.steps, name, self.id)

    @property
    def result(self) -> sp.Basic:
        """The right side of the first conclusion, or of the last step."""
        return (self.step(self.conclusions[0]) if self.conclusions else self.steps[-1]).rhs

    @property
    def uses(self) -> tuple[str, ...]:
        """Ids of the statements that it builds on."""
        return tuple(dict.fromkeys(h.source for h in self.hypotheses if h.origin is Origin.STATEMENT))

    @cached_property
    def facts(self) -> dict[str, tuple[Fact, ...]]:
        """What each hypothesis and each step gives."""
        given = {h.name: h.facts for h in self.hypotheses}
        return given | {step.name: step.facts(environment) for step, environment in self.environments()}

    def environments(self) -> Iterator[tuple[Step, Environment]]:
        """Each step with the facts that come before it."""
        facts: dict[str, tuple[Fact, ...]] = {h.name: h.facts for h in self.hypotheses}
        for step in self.steps:
            yield step, Environment(dict(facts))
            facts[step.name] = step.facts(Environment(facts))

    def verify(self, *, from_step: int = 0, stop: bool = False) -> VerifiedDerivation:
        """Verify with both engines.

        Parameters
        ----------
        from_step : int
            Leave out the steps before this one.
        stop : bool
            End with the first step that fails.
        """
        verified = []
        for place, (step, environment) in enumerate(self.environments()):
            if place < from_step:
                continue
            verified.append(verify_step(step, environment, stop=stop))
            if stop and verified[-1].outcome is not Outcome.PROVED:
                break
        return VerifiedDerivation(self, tuple(verified))

    @cached_property
    def verified(self) -> VerifiedDerivation:
        """The outcome of ``verify``, computed once."""
        return self.verify()

    def without(self, name: str) -> Derivation:
        """The same steps when a hypothesis is dropped: its facts are gone, nothing else.

        Raises
        ------
        KeyError
            When there is no such hypothesis.
        """
        if name not in {h.name for h in self.hypotheses}:
            raise KeyError(f"{self.id} has no hypothesis {name!r}")
        return replace(self, hypotheses=tuple(replace(h, facts=()) if h.name == name else h for h in self.hypotheses))

    def as_hypothesis(self, *steps: str, name: str = "") -> Hypothesis:
        """The conclusions as something that another derivation may use.

        They keep the conditions on symbols under which they were shown, such as ``ν_W < 1``.

        Parameters
        ----------
        *steps : str
            Names of the steps to use; the conclusions by default.
        name : str
            Name of the hypothesis; the id by default.

        Raises
        ------
        ValueError
            When the derivation is not proved, or when steps lean on a symbol that does not vanish, which is no
            condition that a fact can have.
        """
        if not self.verified.proved:
            raise ValueError(f"{self.id} is not proved: {self.verified.failures[0].step.name!r} fails")
        for step in steps or self.conclusions or (self.steps[-1].name,):
            names = [h.name for h in self.hypotheses if h.name in self._closure((step,))]
            bare = [known for known in Environment(self.facts).nonzero(names) if is_bare(known)]
            if any(not known.is_nonzero for known in bare):
                raise ValueError(f"{self.id}, step {step!r} leans on {bare[0]} ≠ 0")
        facts = tuple(
            replace(fact, when=(*fact.when, *self._conditions(step)))  # type: ignore[type-var]
            for step in steps or self.conclusions or (self.steps[-1].name,)
            for fact in self.facts[step]
        )
        return Hypothesis(name or self.id, self.title, facts, Origin.STATEMENT, self.id, self.cited_sources)

    @property
    def cited_sources(self) -> tuple[str, ...]:
        """The theorems of the literature taken for granted, here and in the derivations it builds on."""
        own = [h.source or h.name for h in self.hypotheses if h.origin is Origin.CITED]
        return tuple(dict.fromkeys((*own, *(source for h in self.hypotheses for source in h.cites))))

    @cached_property
    def leaned_on(self) -> frozenset[str]:
        """Names of the lines and hypotheses that the conclusions use, directly or not, themselves included."""
        return self._closure(self.conclusions or (self.steps[-1].name,))

    def _closure(self, names: Iterable[str]) -> frozenset[str]:
        uses = {step.name: step.uses for step in self.steps}
        waiting, found = list(names), set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += uses.get(name, ())
        return frozenset(found)

    def _conditions(self, name: str) -> tuple[sp.Expr, ...]:
        """The ranges of symbols, not of indices, that a step leans on, directly or not."""
        closure = self._closure((name,))
        given = [h.name for h in self.hypotheses if h.name in closure]
        ranges = Environment(self.facts).ranges(given)
        return tuple(known for known in ranges if not known.free_symbols & INDICES)

    def _repr_latex_(self) -> str:
        from theory.rendering.printer import derivation_latex

        return derivation_latex(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        from theory.rendering import bundle

        return bundle(self)


@dataclass(frozen=True)
class VerifiedDerivation:
    """A derivation with the outcome of each of its steps."""

    derivation: Derivation
    steps: tuple[VerifiedStep, ...]

    @property
    def proved(self) -> bool:
        """Whether both engines confirmed every obligation of every step."""
        return all(step.outcome is Outcome.PROVED for step in self.steps)

    @property
    def failures(self) -> tuple[VerifiedStep, ...]:
        """The steps that are not proved."""
        return tuple(step for step in self.steps if step.outcome is not Outcome.PROVED)

    @property
    def instances(self) -> tuple[VerifiedStep, ...]:
        """The steps of which only instances are checked."""
        return tuple(step for step in self.steps if isinstance(step.step.by, Instances))

    @property
    def cited(self) -> tuple[Hypothesis, ...]:
        """The theorems that are taken from the literature."""
        return tuple(h for h in self.derivation.hypotheses if h.origin is Origin.CITED)

    @property
    def identities(self) -> int:
        """How many obligations were confirmed or tried."""
        return sum(len(step.verifications) for step in self.steps)

    @cached_property
    def necessity(self) -> Mapping[str, VerifiedStep | None]:
        """For each hypothesis that gives facts, the first step that fails without it."""
        return {h.name: first_failure(self.derivation, h.name) for h in self.derivation.hypotheses if h.facts}


def first_failure(derivation: Derivation, dropped: str) -> VerifiedStep | None:
    """The first step that is not proved once a hypothesis is dropped; None when all still are.

    Steps that do not name the hypothesis see the same facts as before.
    """
    for step, environment in derivation.without(dropped).environments():
        if dropped in step.uses:
            verified = verify_step(step, environment, stop=True)
            if verified.outcome is not Outcome.PROVED:
                return verified
    return None


def named(steps: Iterable[Step], name: str, where: str) -> Step:
    """The step of this name; KeyError when there is none."""
    for step in steps:
        if step.name == name:
            return step
    raise KeyError(f"{where} has no step {name!r}")
