"""What derivations about a user's recursion have in common: hypotheses, and lines about the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations_with_replacement, product

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.closed_forms import covariances
from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Environment, Equation, Independent, Variance
from theory.justification import Rewriting
from theory.operators import Covariance, Expectation
from theory.recursion import ExactRecursion
from theory.state_evolution import Blocks
from theory.statements.model import LIMIT_LAW, root, variance_identity
from theory.statements.recursion_notation import Notation
from theory.step import Hypothesis, Origin
from theory.symbols import s, t
from theory.wellformed import denominators


def exact_blocks(recursion: ExactRecursion, steps: int) -> Blocks | None:
    """The covariances in exact numbers; None where no closed form is known, or a value is not given."""
    try:
        return covariances(recursion, steps)
    except ValueError:
        return None


def divides_by_random(formula: sp.Expr) -> bool:
    """Whether a formula divides by a random quantity that is not positive by how it is written."""
    return any(divisor.has(AppliedUndef) for divisor in denominators(formula))


def _latex(expression: sp.Expr) -> str:
    from theory.rendering.printer import latex  # which documents derivations, and so imports them

    return latex(expression)


@dataclass(frozen=True)
class Writer:
    """What derivations for all times and for the first ones have in common."""

    recursion: ExactRecursion
    steps: int

    @cached_property
    def notation(self) -> Notation:
        """How it is written."""
        return Notation(self.recursion)

    @property
    def pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs of columns."""
        return combinations_with_replacement(range(len(self.recursion.columns)), 2)

    @property
    def places(self) -> list[tuple[int, int]]:
        """Matrices and columns with a formula that is not 0."""
        return [
            (i, a)
            for i, matrix in enumerate(self.recursion.matrices)
            for a in range(len(self.recursion.columns))
            if any(row[a] != 0 for row in (matrix.row, *(row for _, row in matrix.at)))
        ]

    def state(self, a: int, b: int, first: sp.Expr | int, second: sp.Expr | int) -> sp.Expr:
        """Covariance of two columns of q."""
        return Covariance(self.notation.vector(a)(first), self.notation.vector(b)(second))

    def argument(self, i: int, a: int, b: int, first: sp.Expr | int, second: sp.Expr | int) -> sp.Expr:
        """Covariance of two columns of what matrix i is applied to."""
        return Covariance(self.notation.argument(i, a)(first), self.notation.argument(i, b)(second))

    def common(self) -> tuple[Hypothesis, ...]:
        """The recursion, and what its matrices and its start are."""
        note, columns = self.notation, range(len(self.recursion.columns))
        following = {
            a: sp.Add(*(root * note.matrix(i) * note.argument(i, a)(t) for i, b in self.places if b == a))
            for a in columns
        }
        matrices = [note.matrix(i) for i in range(len(self.recursion.matrices))]
        starts = [note.start(a) for a in columns]
        laws = ", ".join(
            f"${sp.latex(note.matrix(i))}$ of variance ${sp.latex(matrix.variance)}$"
            for i, matrix in enumerate(self.recursion.matrices)
        )
        return (
            variance_identity(),
            Hypothesis(
                "recursion",
                "the recursion (68); what a matrix is applied to is a function of the rows of $q$ and $u$, which (69) "
                "asks to be Lipschitz: that is not examined here",
                (
                    *(Equation(note.vector(a)(0), start) for a, start in zip(columns, starts, strict=True)),
                    *(Equation(note.vector(a)(t + 1), following[a]) for a in columns),
                ),
            ),
            Hypothesis(
                "gaussian matrices",
                f"entries are independent Gaussians, in {laws}; matrices are independent of each other and of $q_0$",
                (
                    *(Variance(note.matrix(i), m.variance) for i, m in enumerate(self.recursion.matrices)),
                    *(
                        Independent(*pair)
                        for k, one in enumerate(matrices)
                        for pair in product([one], matrices[k + 1 :])
                    ),
                    *(Independent(start, matrix) for start in starts for matrix in matrices),
                ),
            ),
            Hypothesis(
                "start",
                "the covariance of the start",
                tuple(Equation(Covariance(starts[a], starts[b]), self.recursion.initial[a, b]) for a, b in self.pairs),
            ),
        )

    def rows_hypothesis(self, rows: Mapping[tuple[int, int, sp.Expr | int], tuple[sp.Expr, sp.Expr]]) -> Hypothesis:
        """What the matrices are applied to; what divides by something random is said in words alone.

        Parameters
        ----------
        rows : mapping
            Matrix, column and time → the formula as derivations use it, and as it was written.
        """
        note = self.notation
        facts, said = [], []
        for (i, a, time), (formula, as_written) in rows.items():
            value = note.argument_limit(i, a)(time)
            if divides_by_random(formula):
                said.append(f"${_latex(value)} = {_latex(note.written(as_written))}$")
            else:
                facts.append(Equation(value, formula))
        words = "what the matrices are applied to, in the limit"
        return Hypothesis("rows", f"{words}: {', '.join(said)}" if said else words, tuple(facts))

    def limit_law(self) -> Hypothesis:
        """(71), with averages over components."""
        note = self.notation
        limits = tuple(
            Equation(
                self.argument(i, a, b, s, t),
                Expectation(note.argument_limit(i, a)(s) * note.argument_limit(i, b)(t)),
            )
            for i in range(len(self.recursion.matrices))
            for a, b in self.pairs
            if (i, a) in self.places and (i, b) in self.places
        )
        words = f"{LIMIT_LAW.words}; averages over components become expectations"
        return replace(LIMIT_LAW, words=words, facts=limits)

    def numbers(self) -> Hypothesis:
        """Values of parameters and series."""
        values = [Equation(symbol, value) for symbol, value in self.recursion.parameters]
        for x in self.recursion.series:
            given = self.notation.series(x.name)
            values += [Equation(given(-lag), 0) for lag in range(1, self._longest_lag(x.name) + 1)]
            values += [Equation(given(time), value) for time, value in enumerate(x.values)]
        return Hypothesis("numbers", "the numbers that are given", tuple(values))

    def _longest_lag(self, name: str) -> int:
        """How far formulas look back in a series."""
        formulas = [formula for matrix in self.recursion.matrices for formula in matrix.row]
        values = set().union(*(formula.atoms(AppliedUndef) for formula in formulas))
        lags = [t - value.args[0] for value in values if str(value.func) == name]
        return max((int(lag) for lag in lags if lag.is_Integer), default=0)

    def needed(self, draft: Draft, expression: sp.Expr, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those names without which the expression would become something else."""
        environment = Environment(draft.finish().facts)
        found = environment.unfold(expression, names)
        for name in dict.fromkeys(names):
            fewer = tuple(other for other in names if other != name)
            if environment.unfold(expression, fewer) == found:
                names = fewer
        return names

    def finished(self, draft: Draft, conclusions: list[str]) -> Derivation:
        """Without the hypotheses whose facts no line uses, but with the formulas, which may be in words alone."""
        used = {name for line in draft.steps for name in line.uses} | {"rows"}
        spoken = {h.name for h in draft.hypotheses if h.origin is not Origin.ASSUMPTION and not h.facts}
        draft.hypotheses = tuple(h for h in draft.hypotheses if h.name in used | spoken)
        return draft.finish(*conclusions)

    def add_start(self, draft: Draft) -> list[str]:
        """Lines about q_0."""
        names = []
        for a, b in self.pairs:
            names.append(f"start {a}{b}")
            uses = self.needed(draft, self.state(a, b, 0, 0), ("recursion", "start"))
            value = draft.unfold(self.state(a, b, 0, 0), *uses)
            draft.add(names[-1], self.state(a, b, 0, 0), value, "at the start", Rewriting(), uses=uses)
        for a, b in product(range(len(self.recursion.columns)), repeat=2):
            names.append(f"independent start {a}{b}")
            draft.add(
                names[-1],
                self.state(a, b, 0, t + 1),
                sp.S.Zero,
                "which is independent of every matrix",
                Rewriting(),
                uses=("recursion", "gaussian matrices"),
            )
        return names
