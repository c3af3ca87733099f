"""The vocabulary of a verdict: theorems, checks, evidence, controls.

A ``Theorem`` is a statement with its hypotheses, its checks and its controls. A ``Check`` turns a
context (settings, claims, and what has been derived and measured) into ``Evidence``. A ``Control``
is a deliberately false variant that the same machinery must refute: a checker that cannot fail
proves nothing. A ``Verdict`` is all of it, judged together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from numerics.gaussian_matrix import Array

if TYPE_CHECKING:
    from numerics.extrapolation import Rate
    from numerics.statistics import Slope
    from proofs_check.picture import Picture
    from proofs_check.progress import Progress
    from proofs_check.settings import Settings


class Kind(StrEnum):
    """What sort of evidence it is.

    The first three are proof; a search found no counterexample among many examples; numerical
    evidence holds to rounding in every draw; an experiment is judged by a criterion that it states; an attack shows
    that the machinery notices what is false.
    """

    IDENTITY = "identity"
    EXACT = "exact"
    CERTIFIED = "certified"
    SEARCH = "search"
    NUMERICAL = "numerical"
    STATISTICAL = "statistical"
    EXPERIMENT = "experiment"
    ATTACK = "attack"
    INFORMATION = "information"

    @property
    def is_proof(self) -> bool:
        """Whether a confirmation is a proof rather than a measurement."""
        return self in (Kind.IDENTITY, Kind.EXACT, Kind.CERTIFIED)


class Status(StrEnum):
    """What a piece of evidence says."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    INFORMATION = "information"


class Outcome(Enum):
    """What a verdict says, with the exit status of the command and a word of explanation."""

    PASSED = ("passed", 0, "every check holds and every control is refuted")
    REFUTED = ("refuted", 1, "at least one check contradicts the claim")
    INCONCLUSIVE = ("inconclusive", 3, "something could not be decided")
    INTERRUPTED = ("interrupted", 130, "stopped by the user; what was measured so far is shown")

    def __init__(self, word: str, exit_status: int, explanation: str) -> None:
        self.word = word
        self.exit_status = exit_status
        self.explanation = explanation


@dataclass(frozen=True)
class FamilyOfTests:
    """Statistical tests that belong together, one entry each.

    Attributes
    ----------
    labels : sequence of str, or callable from index to str
        What is tested, such as ``"lag 3"``.
    found, expected, error, p_values : array, (tests,)
        ``error`` is a standard error; NaN where a test is not of a mean.
    """

    label: Callable[[int], str]
    found: Array
    expected: Array
    error: Array
    p_values: Array

    @property
    def size(self) -> int:
        """Number of tests."""
        return int(self.p_values.size)

    def entry(self, index: int) -> dict[str, Any]:
        """One test, for a report."""
        return {
            "what": self.label(index),
            "found": float(self.found[index]),
            "expected": float(self.expected[index]),
            "standard_error": float(self.error[index]),
            "p_value": float(self.p_values[index]),
        }


@dataclass(frozen=True)
class Evidence:
    """One finding.

    Attributes
    ----------
    check : str
        Identifier of the check, such as ``"b.kernel"``; it begins with the part of the statement.
    kind : Kind
    title : str
        What was confronted.
    status : Status
        For statistical evidence UNDECIDED until the whole family is judged.
    summary : str
        What was found, in a line or two.
    tests : FamilyOfTests or None
    details : mapping
        Whatever a report wants to show; JSON-serializable.
    """

    check: str
    kind: Kind
    title: str
    status: Status
    summary: str
    tests: FamilyOfTests | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """The part of the statement, such as ``"b"``."""
        return self.check.rpartition(".")[0]


def measured(check: str, title: str, summary: str, tests: FamilyOfTests, **details: Any) -> Evidence:
    """Statistical evidence, undecided until its run is judged."""
    return Evidence(check, Kind.STATISTICAL, title, Status.UNDECIDED, summary, tests, details)


def shown(check: str, title: str, summary: str, **details: Any) -> Evidence:
    """Information: shown, not judged."""
    return Evidence(check, Kind.INFORMATION, title, Status.INFORMATION, summary, None, details)


class InterruptedRunError(Exception):
    """The user stopped the run before anything of what is needed here was found."""


class Context(Protocol):
    """What the checks of one run share: the request, read and understood."""

    @property
    def formulas(self) -> Mapping[str, str]:
        """Target → the formula that is checked."""
        ...

    @property
    def says(self) -> Mapping[str, str]:
        """Part of the statement → what is checked of it, in words."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        ...

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped a check that kept what it had."""
        ...


ContextType = TypeVar("ContextType", bound=Context)


@dataclass(frozen=True)
class Check(Generic[ContextType]):
    """A function from a context to evidence, for one part of a statement."""

    name: str
    part: str
    title: str
    run: Callable[[ContextType], Iterable[Evidence]]


@dataclass(frozen=True)
class Control:
    """A false variant of a claim, and why it is false."""

    name: str
    claim: str
    why: str


@dataclass(frozen=True)
class ControlResult:
    """How a control fared.

    Attributes
    ----------
    control : Control
    applicable : bool
        False when the variant coincides with the truth at this run's parameters and lags.
    symbolic : bool
        Whether the symbolic side refuted it.
    numeric : bool
        Whether the measurements, or the exact computations, alone refuted it.
    symbolic_reason, numeric_reason : str
    remark : str
        Why it is not applicable, where that is not because it is true.
    """

    control: Control
    applicable: bool
    symbolic: bool
    numeric: bool
    symbolic_reason: str
    numeric_reason: str
    remark: str = ""

    @property
    def refuted(self) -> bool:
        """Whether both sides refuted it, each on its own."""
        return self.symbolic and self.numeric


@dataclass(frozen=True)
class Theorem(Generic[ContextType]):
    """A statement that can be checked.

    Attributes
    ----------
    id, title, source : str
        ``source`` says where the statement is published.
    parts : mapping of str to str
        Part → what it says.
    hypotheses : tuple of str
    checks : tuple of Check
    controls : tuple of Control
    prepare : callable
        Reads the request; nothing is computed yet.
    refute : callable
        Attacks the machinery with a control.
    rests_on : Kind
        The evidence, besides the derivation, without which there is no pass.
    picture : callable, optional
        What is to be drawn of a run, as far as it came.
    """

    id: str
    title: str
    source: str
    parts: Mapping[str, str]
    hypotheses: tuple[str, ...]
    checks: tuple[Check[ContextType], ...]
    controls: tuple[Control, ...]
    prepare: Callable[[Settings, Progress | None], ContextType]
    refute: Callable[[Control, ContextType], ControlResult]
    rests_on: Kind = Kind.STATISTICAL
    picture: Callable[[ContextType], Picture | None] | None = None


def named_tests(found: Mapping[str, float]) -> FamilyOfTests:
    """Tests that are not of a mean: what is tested → p-value."""
    values = np.array(list(found.values()))
    unknown = no_error(values)
    return FamilyOfTests(list(found).__getitem__, unknown, unknown, unknown, values)


def slope_tests(slopes: Mapping[str, Slope | Rate], expected: float) -> FamilyOfTests:
    """Tests that exponents are the expected one: what is tested → its slope."""
    found = list(slopes.values())
    return FamilyOfTests(
        list(slopes).__getitem__,
        np.array([slope.slope for slope in found]),
        np.full(len(found), expected),
        np.array([slope.error for slope in found]),
        np.array([slope.p_value(expected) for slope in found]),
    )


def no_error(values: Array) -> Array:
    """The error column of tests that are not of a mean."""
    return np.full(values.shape, np.nan)
