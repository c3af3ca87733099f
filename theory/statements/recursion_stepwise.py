"""The covariances of a user's recursion for the first times, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import sympy as sp

from theory.closed_forms import gaussian_recursion
from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation
from theory.justification import Evaluation, Rewriting
from theory.operators import Expectation
from theory.state_evolution import Blocks
from theory.statements.recursion_writer import Writer, exact_blocks
from theory.step import Hypothesis

_LONGEST: Final = 400
"""Steps whose numbers have more operations than this are not written out."""


@dataclass(frozen=True)
class Stepwise(Writer):
    """For the first times, one by one."""

    def derivation(self) -> Derivation:
        """Each second moment by the closed forms, or left standing."""
        draft = Draft(
            "recursion",
            self.recursion.title,
            r"As $n \to \infty$, the rows of $q_0, q_1, \dots$ become jointly Gaussian (71), with these covariances at "
            "the first times:",
            (*self.common(), *self._laws()),
        )
        blocks = exact_blocks(self.recursion, self.steps)
        if blocks is None:
            draft.statement = draft.statement.rstrip(":") + "; no closed form of the expectations is known:"
        conclusions = self.add_start(draft)
        for last in range(self.steps):
            if blocks is not None and last and _is_long(blocks, last + 1):
                break
            for first in range(last + 1):
                conclusions += self._add_step(draft, first, last, blocks)
        return self.finished(draft, conclusions)

    def _laws(self) -> Iterator[Hypothesis]:
        formulas = {
            (i, a, sp.Integer(time)): self.recursion.rows(i, time)[a]
            for i, a in self.places
            for time in range(self.steps)
        }
        yield self.limit_law()
        yield self.rows_hypothesis({place: (self.notation.translated(one), one) for place, one in formulas.items()})

    def _add_step(self, draft: Draft, first: int, last: int, blocks: Blocks | None) -> Iterator[str]:
        def covariance(x: int, y: int) -> sp.Matrix:
            assert blocks is not None
            return blocks[x][y]

        engine = gaussian_recursion(self.recursion)
        columns = [(a, b) for a, b in product(range(len(self.recursion.columns)), repeat=2) if first < last or a <= b]
        moments = []
        for i, matrix in enumerate(engine.matrices):
            found = None if blocks is None else matrix.row.cross_moment(first, last, covariance)
            for a, b in columns:
                if (i, a) in self.places and (i, b) in self.places:
                    value = None if found is None else sp.expand(found[a, b])
                    moments.append(self._add_moment(draft, (i, a, b), (first, last), value))
        for a, b in columns:
            following = self.state(a, b, first + 1, last + 1)
            uses = self.needed(draft, following, ("recursion", "gaussian matrices", *moments))
            name = f"at times {first + 1} {last + 1} {a}{b}"
            value = draft.unfold(following, *uses)
            draft.add(name, following, value, "by the variance identity", Rewriting(), uses=uses)
            yield name

    def _add_moment(
        self, draft: Draft, place: tuple[int, int, int], times: tuple[int, int], value: sp.Expr | None
    ) -> str:
        """A second moment as it stands, and its value where one is known; the name of the last line."""
        moment = self.argument(*place, *times)
        tail = f"{place[0]}{place[1]}{place[2]} {times[0]} {times[1]}"
        uses = self.needed(draft, moment, ("limit law", "rows"))
        standing = draft.unfold(moment, *uses)
        reason = "second moments of what a matrix is applied to"
        draft.add(f"moment {tail}", moment, standing, reason, Rewriting(), uses=uses)
        if value is None or not standing.has(Expectation):
            return f"moment {tail}"
        by = Evaluation(Equation(standing, value), "a closed form of Gaussian expectations")
        draft.add(f"value {tail}", moment, value, "which is", by, uses=(f"moment {tail}",))
        return f"value {tail}"


def _is_long(blocks: Blocks, time: int) -> bool:
    return any(sp.count_ops(entry) > _LONGEST for block in blocks[time][: time + 1] for entry in block)
