"""The covariances of a user's recursion for all times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import Final

import sympy as sp

from theory.activations import relu, step
from theory.averages import IndependentFactors, IntegrationByParts
from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation, Nonzero
from theory.justification import Evaluation, Rewriting
from theory.operators import Covariance, Expectation
from theory.recursion import Noise
from theory.statements.arc_cosine import H, arc_cosine, sigma
from theory.statements.arcsine import arcsine
from theory.statements.isserlis import STEIN
from theory.statements.recursion_notation import Notation
from theory.statements.recursion_writer import Writer, divides_by_random, exact_blocks
from theory.step import Hypothesis, Origin
from theory.symbols import s, t

ORDER: Final = (
    "limit law", "rows", "independence", "moments", "arc-cosine", "arcsine", "standard deviations", "linear forms",
    "independence", "moments", "stein", "second moments",
)  # fmt: skip
"""In which order facts are used to work out a second moment of Z."""

_LONGEST: Final = 160
"""Numbers with more operations than this are not written out."""


_OF_FORMS: Final = ("linear forms", "independence", "moments", "stein", "second moments")
"""In which order facts are used to work out the variance of a linear form."""


@dataclass(frozen=True)
class General(Writer):
    """For all times s and t."""

    @cached_property
    def rows(self) -> dict[tuple[int, int], sp.Expr]:
        """Formulas of the arguments, with numbered linear forms."""
        note = self.notation
        return {
            (i, a): note.with_numbered_forms(note.translated(self.recursion.matrices[i].row[a])) for i, a in self.places
        }

    @cached_property
    def standing(self) -> bool:
        """Whether some expectations are left standing."""
        return any(line.rhs.has(Expectation) for line in self.derivation().steps)

    def derivation(self) -> Derivation:
        """The recursion of the covariances, and the first of them in numbers."""
        rows = self.rows
        draft = Draft(
            "recursion",
            self.recursion.title,
            r"As $n \to \infty$, the rows of $q_0, q_1, \dots$ become jointly Gaussian (71), with these covariances:",
            (*self.common(), *self._laws(rows), self.numbers()),
        )
        self._add_moments(draft)
        conclusions = [self._add_covariance(draft, a, b) for a, b in self.pairs]
        conclusions += self.add_start(draft)
        if not any(line.rhs.has(Expectation) for line in draft.steps):
            conclusions += self._add_numbers(draft)
        else:
            draft.statement = draft.statement.rstrip(":") + "; no closed form of the expectations is known:"
        return self.finished(draft, conclusions)

    def _laws(self, rows: dict[tuple[int, int], sp.Expr]) -> Iterator[Hypothesis]:
        note = self.notation
        yield self.limit_law()
        yield self.rows_hypothesis(
            {(i, a, t): (formula, self.recursion.matrices[i].row[a]) for (i, a), formula in rows.items()}
        )
        yield from _noise_laws(note)
        plain = [formula for formula in rows.values() if not divides_by_random(formula)]
        functions = {f for f in (relu, step, sp.erf) if any(formula.has(f) for formula in plain)}
        if functions & {relu, step}:
            lines = [("relus", "relu alone"), ("steps", "step alone")]
            wanted = [name for f, names in zip((relu, step), lines, strict=True) if f in functions for name in names]
            yield arc_cosine().as_hypothesis(*wanted)
        if sp.erf in functions:
            yield arcsine().as_hypothesis("erfs", "erf alone", "spread")
        numbered = [(H(k, t), form) for k, form in enumerate(note.forms, start=1)]
        yield Hypothesis(
            "linear forms",
            r"$H$ are linear forms in Gaussian variables, and so Gaussian",
            tuple(Equation(*pair) for pair in numbered),
        )
        deviations = [Equation(sigma(k, t), sp.sqrt(Expectation(H(k, t) ** 2))) for k in range(1, len(numbered) + 1)]
        yield Hypothesis("standard deviations", r"with standard deviations $\sigma$", tuple(deviations))
        yield Hypothesis("stein", STEIN, (IntegrationByParts(note.family),), Origin.CITED, "Stein's identity")
        yield Hypothesis("second moments", r"$Q$ has the covariances of $q$", tuple(self._second_moments()))

    def _second_moments(self) -> Iterator[Equation]:
        limit = self.notation.limit
        for a, b in self.pairs:
            yield Equation(Expectation(limit(a)(s) * limit(b)(t)), self.state(a, b, s, t))
            if a == b:
                yield Equation(Expectation(limit(a)(t) ** 2), self.state(a, a, t, t))

    def _add_moments(self, draft: Draft) -> None:
        known = {h.name for h in draft.hypotheses}
        names = tuple(name for name in ORDER if name in known)
        places = [(i, a, b) for i in range(len(self.recursion.matrices)) for a, b in self.pairs]
        moments = {
            (i, a, b): self.argument(i, a, b, s, t) for i, a, b in places if {(i, a), (i, b)} <= self.rows.keys()
        }
        values = {place: draft.unfold(moment, *names) for place, moment in moments.items()}
        draft.hypotheses = (*draft.hypotheses, *self._nondegenerate(draft, sp.Tuple(*values.values())))
        for (i, a, b), moment in moments.items():
            uses = self.needed(draft, moment, names)
            if _divides(values[i, a, b]):
                uses = (*uses, "nondegenerate")
            reason = "what a matrix is applied to has these second moments"
            draft.add(f"moment {i}{a}{b}", moment, values[i, a, b], reason, Rewriting(), uses=uses)

    def _nondegenerate(self, draft: Draft, value: sp.Basic) -> Iterator[Hypothesis]:
        """Variances that are divided by do not vanish."""
        if not _divides(value):
            return
        facts = []
        for k in range(1, len(self.notation.forms) + 1):
            variance = self._variance(draft, k, t)
            facts += [Nonzero(sp.expand(e)) for e in (variance, 1 + 2 * variance) if _divides_by(value, e)]
        words = "formulas are written for times at which standard deviations do not vanish"
        yield Hypothesis("nondegenerate", words, tuple(facts))

    def _variance(self, draft: Draft, k: int, time: sp.Expr | int, *more: str) -> sp.Expr:
        """Of a linear form."""
        known = {h.name for h in draft.hypotheses}
        return draft.unfold(Expectation(H(k, time) ** 2), *(name for name in _OF_FORMS if name in known), *more)

    def _is_degenerate(self, draft: Draft, times: tuple[int, int], names: tuple[str, ...]) -> bool:
        """Whether formulas would divide by a standard deviation that vanishes."""
        if not any(h.name == "nondegenerate" for h in draft.hypotheses):
            return False
        forms = range(1, len(self.notation.forms) + 1)
        return any(self._variance(draft, k, time, *names) == 0 for k in forms for time in times)

    def _add_covariance(self, draft: Draft, a: int, b: int) -> str:
        covariance = self.state(a, b, s + 1, t + 1)
        draft.add(
            f"identity {a}{b}",
            covariance,
            draft.unfold(covariance, "recursion", "gaussian matrices"),
            "the variance identity of Lemma C.1",
            Rewriting(),
            uses=("recursion", "gaussian matrices"),
            equation="72h",
        )
        known = [line.name for line in draft.steps if line.name.startswith("moment ")]
        uses = self.needed(draft, covariance, (f"identity {a}{b}", *known))
        value = draft.unfold(covariance, *uses)
        if _divides(value):
            uses = (*uses, "nondegenerate")
        draft.add(f"covariance {a}{b}", covariance, value, "so covariances go on like this", Rewriting(), uses=uses)
        return f"covariance {a}{b}"

    def _add_numbers(self, draft: Draft) -> list[str]:
        blocks = exact_blocks(self.recursion, self.steps)
        names: list[str] = []
        if blocks is None:
            return names
        size = range(len(self.recursion.columns))
        for first, last in sorted(combinations_with_replacement(range(self.steps), 2), key=lambda pair: pair[1]):
            for a, b in product(size, repeat=2):
                if first < last or a <= b:
                    names += self._add_number(draft, (a, b), (first, last), blocks[first + 1][last + 1][a, b])
        return names

    def _add_number(
        self, draft: Draft, columns: tuple[int, int], times: tuple[int, int], value: sp.Expr
    ) -> Iterator[str]:
        (a, b), (first, last) = columns, times
        covariance = self.state(a, b, first + 1, last + 1)
        rule = f"covariance {min(a, b)}{max(a, b)}"
        before = tuple(
            line.name for line in draft.steps if line.name.startswith(("start", "independent start", "at times"))
        )
        name = f"at times {first + 1} {last + 1} {a}{b}"
        names = ("numbers",) if any(h.name == "numbers" and h.facts for h in draft.hypotheses) else ()
        uses = self.needed(draft, covariance, (rule, *before, *names))
        found = draft.unfold(covariance, *uses)
        if found.has(Covariance) or sp.count_ops(found) > _LONGEST:
            return
        if self._is_degenerate(draft, times, names + before):
            by = Evaluation(Equation(covariance, value), "the closed form where a variance vanishes")
            draft.add(name, covariance, value, "in numbers,", by)
        else:
            shown = found if _agree(found, value) else value  # which then fails
            draft.add(name, covariance, shown, "in numbers", Rewriting(), uses=uses)
        yield name


def _noise_laws(note: Notation) -> Iterator[Hypothesis]:
    noises = note.recursion.noises
    if not noises:
        return
    words = "; ".join(f"${sp.latex(u.symbol)}$ is {u.words}" for u in noises)
    apart = tuple(_apart(note, u) for u in noises)
    yield Hypothesis("independence", "the columns of $u$ are independent of each other and of $q$", apart)
    moments = [
        Equation(Expectation(note.noises[u.symbol] ** k), _moment(u, k))
        for u in noises
        for k in range(1, _degree(note, u) + 1)
    ]
    yield Hypothesis("moments", f"the laws of the columns of $u$: {words}", tuple(moments))


def _apart(note: Notation, u: Noise) -> IndependentFactors:
    """A column of u is independent of the others, of q, and of linear forms unless it is part of one."""
    own = note.noises[u.symbol]
    others = [str(value.func) for value in note.noises.values() if value != own]
    forms = () if any(form.has(own) for form in note.forms) else (str(H(0, t).func),)
    return IndependentFactors((str(own.func),), (*others, *note.family, *forms))


def _moment(u: Noise, k: int) -> sp.Expr:
    if u.moment is not None:
        return sp.sympify(u.moment(k))
    return sp.S.Zero if k % 2 else sp.factorial2(k - 1) * sp.sympify(u.variance) ** (k // 2)


def _degree(note: Notation, u: Noise) -> int:
    """The highest power of a noise in a product of two formulas."""
    rows = [sp.expand(formula) for matrix in note.recursion.matrices for formula in matrix.row]
    powers = [p.exp for row in rows for p in row.atoms(sp.Pow) if p.base == u.symbol and p.exp.is_Integer]
    return 2 * max([1, *map(int, powers)])


def _divides(value: sp.Basic) -> bool:
    """Whether it divides by an expression in covariances."""
    return any(power.exp.is_negative and power.base.has(Covariance) for power in value.atoms(sp.Pow))


def _divides_by(value: sp.Basic, divisor: sp.Expr) -> bool:
    powers = [power for power in value.atoms(sp.Pow) if power.exp.is_negative]
    return any(sp.expand(power.base - divisor.subs(t, time)) == 0 for power in powers for time in (s, t))


def _agree(found: sp.Expr, value: sp.Expr) -> bool:
    """Whether two numbers, or two expressions in parameters at some values of these, are the same."""
    difference = found - value
    parameters = sorted(difference.free_symbols, key=str)
    number = difference.subs({symbol: sp.Rational(k + 2, 7) for k, symbol in enumerate(parameters)})
    return bool(abs(number.evalf(30)) < sp.Float("1e-20"))
