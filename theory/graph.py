"""What each derivation builds on, and how far that has been verified.

A node is a derivation, or a theorem of the literature that one of them cites. A derivation is no
better than what it uses: one whose lines are all proved, but which uses another that cites a
theorem, is proved given that theorem.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from theory.derivation import Derivation

WIDTH: Final = 80


class Status(Enum):
    """How far a derivation has been verified, from best to worst; a cited theorem is not."""

    PROVED = "proved"
    GIVEN = "proved, given a cited theorem"
    INSTANCES = "some lines checked at instances only"
    FAILED = "a line is not proved"
    CITED = "a theorem of the literature, cited"

    @property
    def mark(self) -> str:
        """A character for it, so that colour is not needed."""
        return {"PROVED": "✓", "GIVEN": "◇", "INSTANCES": "~", "FAILED": "✗", "CITED": "“"}[self.name]


SEVERITY: Final = (Status.PROVED, Status.GIVEN, Status.INSTANCES, Status.FAILED)


INHERITED: Final = {
    Status.GIVEN: "proved given a cited theorem",
    Status.INSTANCES: "of which some lines are checked at instances only",
    Status.FAILED: "of which a line is not proved",
}


@dataclass(frozen=True)
class Node:
    """A derivation in the graph, or a cited theorem.

    Attributes
    ----------
    id, title : str
    own : Status
        What its own lines and citations make it; see ``Graph.status`` for what it is.
    uses : tuple of str
        Ids of the derivations that it builds on.
    cites : tuple of (str, str)
        Reference of each theorem that it cites, and what that says.
    lines, obligations : int
        How many lines it has, and how many identities and signs both engines were asked about.
    instances, failures : tuple of str
        Names of the lines that are checked at instances only, if the conclusion uses them, and of the
        lines that are not proved.
    """

    id: str
    title: str
    own: Status = Status.PROVED
    uses: tuple[str, ...] = ()
    cites: tuple[tuple[str, str], ...] = ()
    lines: int = 0
    obligations: int = 0
    instances: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def node(derivation: Derivation) -> Node:
    """Verify a derivation and note what it builds on."""
    from theory.rendering.words import plain

    verified = derivation.verified
    cites = tuple((plain(h.source or h.name), plain(h.words)) for h in verified.cited)
    failures = tuple(step.step.name for step in verified.failures)
    used = derivation.leaned_on
    instances = tuple(step.step.name for step in verified.instances if step.step.name in used)
    return Node(
        id=derivation.id,
        title=plain(derivation.title),
        own=_own(failures, instances, cites),
        uses=derivation.uses,
        cites=cites,
        lines=len(verified.steps),
        obligations=verified.identities,
        instances=instances,
        failures=failures,
    )


def _own(failures: tuple[str, ...], instances: tuple[str, ...], cites: tuple[tuple[str, str], ...]) -> Status:
    if failures:
        return Status.FAILED
    if instances:
        return Status.INSTANCES
    return Status.GIVEN if cites else Status.PROVED


@dataclass(frozen=True)
class Graph:
    """Derivations with what they build on.

    Attributes
    ----------
    derivations : tuple of Node
        In the order of the statements.
    parts : mapping of str to tuple of str
        Ids of the derivations that a statement consists of: what uses the statement uses all of them.
    """

    derivations: tuple[Node, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, derivations: Iterable[Derivation], parts: Mapping[str, tuple[str, ...]] | None = None) -> Graph:
        """The graph of these derivations, each verified."""
        return cls(tuple(node(derivation) for derivation in derivations), parts or {})

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Cited theorems and derivations by id; the id of a cited theorem is its reference.

        What is used but not derived is there as well, as something that is not proved.
        """
        cited: dict[str, list[str]] = {}
        for source, words in (citation for one in self.derivations for citation in one.cites):
            if words not in cited.setdefault(source, []):
                cited[source].append(words)
        leaves = {source: Node(source, "; ".join(words), Status.CITED) for source, words in cited.items()}
        found = leaves | {one.id: one for one in self.derivations}
        used = (name for one in self.derivations for name in self._expand(one.uses))
        missing = {name: Node(name, "not derived", Status.FAILED) for name in used if name not in found}
        return found | missing

    def _expand(self, names: Iterable[str]) -> tuple[str, ...]:
        """Derivations in place of statements."""
        own = {one.id for one in self.derivations}
        expanded = (part for name in names for part in ((name,) if name in own else self.parts.get(name, (name,))))
        return tuple(dict.fromkeys(expanded))

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Pairs of what is used and what uses it."""
        return tuple((used, one.id) for one in self.derivations for used in self.behind(one.id))

    def uses(self, identifier: str) -> tuple[str, ...]:
        """Ids of the derivations that this one builds on."""
        return tuple(used for used in self._expand(self.nodes[identifier].uses) if used != identifier)

    def cites(self, identifier: str) -> tuple[str, ...]:
        """References of the theorems that this one cites."""
        return tuple(dict.fromkeys(source for source, _ in self.nodes[identifier].cites))

    def behind(self, identifier: str) -> tuple[str, ...]:
        """What this one cites and builds on."""
        return (*self.cites(identifier), *self.uses(identifier))

    @cached_property
    def _statuses(self) -> dict[str, Status]:
        """The status of every node, each after what it uses."""
        found: dict[str, Status] = {}
        for identifier in (i for layer in self.layers for i in layer):
            own = self.nodes[identifier].own
            used = (found[name] for name in self.uses(identifier))
            found[identifier] = own if own is Status.CITED else max((own, *used), key=SEVERITY.index)
        return found

    def status(self, identifier: str) -> Status:
        """The weakest status among this one and everything that it uses."""
        return self._statuses[identifier]

    def inherited(self, identifier: str) -> tuple[str, ...]:
        """Which of those that it uses make its status weaker than its own lines do; mostly none."""
        status = self.status(identifier)
        if self.nodes[identifier].own is status:
            return ()
        return tuple(used for used in self.uses(identifier) if self.status(used) is status)

    @cached_property
    def _layer_of(self) -> dict[str, int]:
        """Length of the longest path from something that builds on nothing; what is cited lies at the start."""
        layers: dict[str, int] = {}

        def layer(identifier: str, path: tuple[str, ...]) -> int:
            if identifier in path:
                raise ValueError(f"a circle: {' uses '.join((*path[path.index(identifier) :], identifier))}")
            if identifier not in layers:
                below = [layer(used, (*path, identifier)) for used in self.uses(identifier)]
                layers[identifier] = max(below, default=-1) + 1
            return layers[identifier]

        for identifier in self.nodes:
            layer(identifier, ())
        return layers

    @cached_property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Ids by layer: what something uses lies in an earlier one, and what is cited in the first."""
        depth = max(self._layer_of.values(), default=-1) + 1
        return tuple(tuple(i for i in self.nodes if self._layer_of[i] == level) for level in range(depth))

    def text(self) -> str:
        """The graph in words, at 80 columns."""
        cited = [name for name, one in self.nodes.items() if one.own is Status.CITED]
        lines = ["What each derivation builds on", ""]
        if cited:
            lines += ["cited", *(line for name in cited for line in self._citation(name)), ""]
        for level, identifiers in enumerate(self.layers):
            derived = [name for name in identifiers if name not in cited]
            lines.append("builds on nothing else that is derived" if level == 0 else f"level {level}")
            lines += [line for name in derived for line in self._entry(name)] or ["  nothing"]
            lines.append("")
        lines += [f"{status.mark} {status.value}" for status in Status]
        return "\n".join(lines) + "\n"

    def _citation(self, identifier: str) -> list[str]:
        """A cited theorem: its reference and what it says."""
        head = f"  {Status.CITED.mark} "
        return _wrapped(f"{identifier}: {self.nodes[identifier].title}", head, " " * len(head))

    def _entry(self, identifier: str) -> list[str]:
        """A derivation: its mark, id and title, and what it builds on."""
        head = f"  {self.status(identifier).mark} "
        column = 1 + max(len(one.id) for one in self.derivations)
        rest = " " * (len(head) + column)
        found = _wrapped(f"{identifier:<{column}}{self.nodes[identifier].title}", head, rest)
        for words, names in (("uses", self.uses(identifier)), ("cites", self.cites(identifier))):
            if names:
                found += _wrapped(f"{words} {', '.join(names)}", rest, rest + " " * (len(words) + 1))
        for words in self.remarks(identifier):
            found += _wrapped(words, rest, rest + "  ")
        return found

    def remarks(self, identifier: str) -> tuple[str, ...]:
        """What keeps it from being proved outright, in words."""
        one, inherited = self.nodes[identifier], self.inherited(identifier)
        found = []
        if one.failures:
            found.append(f"not proved: {', '.join(one.failures)}")
        if one.instances:
            found.append(f"checked at instances only: {', '.join(one.instances)}")
        if inherited:
            found.append(f"builds on {', '.join(inherited)}, {INHERITED[self.status(identifier)]}")
        return tuple(found)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
