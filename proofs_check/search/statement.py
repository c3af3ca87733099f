"""Laws as a statement that can be checked, and mistakes that their searches must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from proofs_check.progress import Progress
from proofs_check.search.evidence import search_evidence
from proofs_check.search.law import Example, Law, Machine, Search, search
from proofs_check.settings import Settings
from proofs_check.symbolic.statement import Formula
from proofs_check.theorem import Check, Control, ControlResult, Evidence, Kind, Theorem
from theory.derivation import Derivation
from theory.verification import Outcome

if TYPE_CHECKING:
    import sympy as sp


@dataclass(frozen=True)
class Refutation:
    """What a derivation says of a mistake.

    Attributes
    ----------
    refuted : bool
    reason : str
    """

    refuted: bool
    reason: str


@dataclass(frozen=True)
class SearchControl(Generic[Machine, Example]):
    """A mistake: the search must find a counterexample to it, and the derivation must refute it.

    Attributes
    ----------
    control : Control
        As the report shows it.
    law : Law
        The law that the mistake breaks.
    machine : object
        The operations with the mistake in them.
    symbolic : callable
        What the derivation says of it, without any example: ``another_line`` or ``without_hypothesis``.
    """

    control: Control
    law: Law[Machine, Example]
    machine: Machine
    symbolic: Callable[[], Refutation]


def another_line(derivation: Callable[[], Derivation], formula: Formula, rhs: sp.Basic) -> Callable[[], Refutation]:
    """The mistake computes ``rhs``; the derived line says something else."""

    def compare() -> Refutation:
        outcome = formula.compare(derivation(), rhs)
        return Refutation(
            outcome is Outcome.REFUTED, f"compared with the line {formula.step!r}, {rhs}: {outcome.value}"
        )

    return compare


def without_hypothesis(derivation: Callable[[], Derivation], hypothesis: str, line: str) -> Callable[[], Refutation]:
    """The mistake ignores a hypothesis; without it a line is not proved any more, with it it is."""

    def drop() -> Refutation:
        whole = derivation()
        proved, kept = (_proves(one, line) for one in (whole, whole.without(hypothesis)))
        words = "still proved" if kept else "no longer proved" if proved else "not proved anyway"
        return Refutation(proved and not kept, f"without {hypothesis!r}, the line {line!r} is {words}")

    return drop


def _proves(derivation: Derivation, line: str) -> bool:
    (found,) = (one for one in derivation.verified.steps if one.step.name == line)
    return found.outcome is Outcome.PROVED


@dataclass(frozen=True)
class SearchContext:
    """One run.

    Attributes
    ----------
    settings : Settings
    progress : Progress or None
    laws : tuple of Law
        What is searched.
    formulas : mapping of str to str
        What is claimed.
    says : mapping of str to str
        Part of the statement → what is claimed of it, where that is not what the statement says.
    searches : list of Search
        What was searched so far, mistakes excepted.
    """

    settings: Settings
    progress: Progress | None
    laws: tuple[Law[Any, Any], ...]
    formulas: Mapping[str, str]
    says: Mapping[str, str]
    searches: list[Search] = field(default_factory=list)

    warnings: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped a search."""
        return any(one.interrupted for one in self.searches)

    def search(self, law: Law[Machine, Example], machine: Machine) -> Search:
        """Search with this run's seed."""
        return search(law, machine, self.settings.examples, self.settings.seed, self.progress)


@dataclass(frozen=True)
class Claimed(Generic[Machine]):
    """What is claimed in one run.

    Attributes
    ----------
    formulas : mapping of str to str
        Target → the formula.
    says : mapping of str to str
        Part of the statement → what is claimed of it, in words, where that is not what the statement says.
    laws : tuple of Law
        What the claims must obey.
    """

    formulas: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    laws: tuple[Law[Machine, Any], ...] = ()


@dataclass(frozen=True)
class Laws(Generic[Machine]):
    """Laws of a statement, to be joined to it; they say nothing that it does not say.

    Attributes
    ----------
    always : tuple of Law
    machine : object
        The operations under test.
    controls : tuple of SearchControl
    claimed : callable, optional
        From the settings to what is claimed.
    checks : tuple of Check
        What is decided without a search.
    """

    always: tuple[Law[Machine, Any], ...]
    machine: Machine
    controls: tuple[SearchControl[Any, Any], ...]
    claimed: Callable[[Settings], Claimed[Machine]] = lambda _: Claimed()
    checks: tuple[Check[SearchContext], ...] = ()

    def theorem(self, part: str = "") -> Theorem[SearchContext]:
        """The laws as a theorem.

        Parameters
        ----------
        part : str
            Only what belongs to this part of the statement; all of it by default.
        """
        mistakes = {one.control: one for one in self.controls if part in ("", one.law.part)}
        parts = dict.fromkeys(law.part for law in self.always if part in ("", law.part))

        def prepare(settings: Settings, progress: Progress | None) -> SearchContext:
            claimed = self.claimed(settings)
            if not {law.part for law in claimed.laws} <= {*parts}:
                claimed = Claimed()
            laws = tuple(law for law in (*self.always, *claimed.laws) if law.part in parts)
            return SearchContext(settings, progress, laws, claimed.formulas, claimed.says)

        return Theorem(
            id="",
            title="",
            source="",
            parts={},
            hypotheses=(),
            checks=(
                *(check for check in self.checks if check.part in parts),
                *(Check(f"{one}.search", one, "search", partial(self._search, one)) for one in parts),
            ),
            controls=tuple(mistakes),
            prepare=prepare,
            refute=lambda control, context: _refute(mistakes[control], context),
            rests_on=Kind.SEARCH,
        )

    def _search(self, part: str, context: SearchContext) -> Iterator[Evidence]:
        """Search; the last one shows how many examples there were of which sizes."""
        for law in context.laws:
            if law.part == part:
                found = context.search(law, self.machine)
                context.searches.append(found)
                last = found.interrupted or len(context.searches) == len(context.laws)
                yield search_evidence(law, found, context.searches if last else ())
                if found.interrupted:
                    raise KeyboardInterrupt


def _refute(mistake: SearchControl[Any, Any], context: SearchContext) -> ControlResult:
    found = context.search(mistake.law, mistake.machine)
    if found.interrupted:
        raise KeyboardInterrupt
    symbolic = mistake.symbolic()
    return ControlResult(
        mistake.control,
        applicable=True,
        symbolic=symbolic.refuted,
        numeric=found.counterexample is not None and not found.crashed,
        symbolic_reason=symbolic.reason,
        numeric_reason=found.counterexample or f"{mistake.law.name}: none of {found.tried} examples contradicts it",
    )
