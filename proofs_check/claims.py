"""Claims: the paper's by default, the user's own with ``--claim``, and how one is confronted.

A claim says what a limit is: ``rho = …`` for the weights of the kernel, ``var = …`` for the variance
of the impulse response. It is read as true for all values of its symbols, except those that the
command line fixes. It is proved by both engines as an identity with the derived formula, or
refuted by an exact counterexample: a lag, and values at which the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Final

import sympy as sp

from proofs_check.errors import FormulaError, InputError
from proofs_check.formula import parse_formula
from proofs_check.registry import Entry, claimable
from theory import symbols
from theory.verification import Identity, Outcome, verify

if TYPE_CHECKING:
    from proofs_check.settings import Settings

SYMBOLS: Final[dict[str, sp.Symbol]] = {
    str(s): s for s in (symbols.j, symbols.T, symbols.n_x, symbols.n_y, symbols.nu_W, symbols.nu_F, symbols.nu_C)
}

TARGETS: Final[dict[str, str]] = {
    "rho": "weight of lag j in the limit kernel (20)",
    "var": "limit variance of a component of L_j",
}

EXTRA_LAGS: Final = 64
"""How far beyond the horizon a counterexample is looked for."""

Values = Mapping[sp.Symbol, sp.Rational]

GENERIC: Final[tuple[dict[str, sp.Rational], ...]] = tuple(
    {name: sp.Rational(value) for name, value in zip(("nu_W", "nu_F", "nu_C", "T", "n_x", "n_y"), point, strict=True)}
    for point in (
        ("17/29", "31/23", "41/37", 13, 5, 7),
        ("23/31", "3/19", "47/13", 11, 7, 3),
        ("67/53", "59/61", "5/43", 17, 2, 11),
    )
)
"""Values at which formulas that differ are unlikely to agree by accident, in several orders of size."""


@dataclass(frozen=True)
class Claim:
    """A formula for a target.

    Attributes
    ----------
    target : str
        ``"rho"`` or ``"var"``.
    text : str
        The formula as it was written.
    formula : sympy.Expr
    """

    target: str
    text: str
    formula: sp.Expr

    @classmethod
    def parse(cls, text: str) -> Claim:
        """Read ``"rho = …"`` or ``"var = …"``; ρ and ν_W are read as rho and nu_W.

        Raises
        ------
        FormulaError
            When the target is unknown or the formula is not understood.
        """
        target, equals, formula = text.replace("ν_", "nu_").replace("ρ", "rho").partition("=")
        name = target.strip().removesuffix("_j")
        if not equals or name not in TARGETS:
            raise FormulaError(f"a claim reads 'rho = …' or 'var = …', not {text!r}")
        return cls(name, formula.strip(), parse_formula(formula, SYMBOLS))

    def _repr_latex_(self) -> str:
        name = {"rho": r"\rho_{j}", "var": r"\operatorname{Var} L_{j}"}[self.target]
        return f"$\\displaystyle {name} = {sp.latex(self.formula)}$"

    def value(self, lag: int, values: Values) -> sp.Expr:
        """The claimed value at a lag, exactly; ``nan`` where the formula is undefined."""
        return evaluate(self.formula, lag, values)

    def numbers(self, horizon: int, values: Values) -> list[float]:
        """The claimed values at lags 0 … horizon-1; NaN where undefined."""
        return [as_float(self.value(lag, values)) for lag in range(horizon)]


@dataclass(frozen=True)
class Counterexample:
    """A lag and values of the symbols at which a claim is false.

    Attributes
    ----------
    lag : int
    values : mapping
    claimed, derived : sympy.Expr
        Exact numbers; ``claimed`` is ``nan`` where the formula is undefined.
    at_run : bool
        Whether the values are those of this run.
    """

    lag: int
    values: Values
    claimed: sp.Expr
    derived: sp.Expr
    at_run: bool

    def describe(self) -> str:
        """In words: the lag, both values, and by how much they differ."""
        where = " (beyond the horizon; a claim is about every lag)" if self.lag >= int(self.values[symbols.T]) else ""
        if not self.at_run:
            where += " at " + ", ".join(f"{s} = {v}" for s, v in self.values.items())
        if not _is_finite(self.claimed):
            return f"lag {self.lag}{where}: the claim is undefined, {_decimal(self.derived)} is derived"
        claimed, derived = _decimal(self.claimed), _decimal(self.derived)
        words = f"lag {self.lag}{where}: claimed {claimed}, derived {derived}"
        return f"{words} ({_difference(self.claimed, self.derived)})"


@dataclass(frozen=True)
class Comparison:
    """A claim held against the derived formula.

    ``outcome`` is PROVED or REFUTED, or UNVERIFIED when neither a proof nor a counterexample was
    found. ``counterexample`` is given when, and only when, the claim is refuted. ``scope`` says for
    which values of the symbols a proved claim holds.
    """

    outcome: Outcome
    counterexample: Counterexample | None
    scope: str = ""

    @property
    def is_refuted(self) -> bool:
        """Whether the claim is false."""
        return self.outcome is Outcome.REFUTED

    @property
    def reason(self) -> str:
        """The counterexample, or the outcome where there is none."""
        return self.counterexample.describe() if self.counterexample else self.outcome.value


def compare(claim: Claim, derived: sp.Expr, run: Values, fixed: frozenset[sp.Symbol]) -> Comparison:
    """Prove or refute ``claim = derived`` for all lags and all values of the symbols not fixed.

    Parameters
    ----------
    claim : Claim
    derived : sympy.Expr
    run : mapping
        Values of all symbols but j in this run.
    fixed : frozenset of sympy.Symbol
        Those that the user fixed: the claim is about these values only.
    """
    counterexample = next(_counterexamples(claim, derived, run, fixed), None)
    if counterexample is not None:
        return Comparison(Outcome.REFUTED, counterexample)
    nonzero = {s: run[s] for s in fixed if run[s] != 0}
    here = ", ".join(sorted(f"{symbol} = {value}" for symbol, value in nonzero.items()))
    for substitution, scope in (({}, "all positive variances"), (nonzero, here)):
        found = verify(Identity(claim.formula.subs(substitution), derived.subs(substitution), claim.target))
        if found.outcome is Outcome.PROVED:
            return Comparison(Outcome.PROVED, None, scope)
    return Comparison(Outcome.UNVERIFIED, None)


def _counterexamples(
    claim: Claim, derived: sp.Expr, run: Values, fixed: frozenset[sp.Symbol]
) -> Iterator[Counterexample]:
    """Where the claim fails: first at this run's values, then at generic ones."""
    horizon = int(run[symbols.T])
    generic = [{s: v if s in fixed else point[str(s)] for s, v in run.items()} for point in GENERIC]
    for values in (run, *generic):
        for lag in range(horizon + EXTRA_LAGS):
            claimed, true = claim.value(lag, values), evaluate(derived, lag, values)
            if not _equal(claimed, true):
                yield Counterexample(lag, values, claimed, true, at_run=values is run)


def evaluate(formula: sp.Expr, lag: int, values: Values) -> sp.Expr:
    """A formula at a lag, exactly: the lag first, so that ``j*nu_W**(j-1)`` is 0 at lag 0."""
    return formula.subs(symbols.j, lag).subs(values)


def as_float(number: sp.Expr) -> float:
    """A real number as a float; NaN for anything else."""
    if not _is_finite(number):
        return float("nan")
    try:
        value = float(number)
    except (TypeError, OverflowError):
        return float("nan")
    return value if isfinite(value) else float("nan")


def as_fraction(number: sp.Rational) -> Fraction:
    """A SymPy rational as a Fraction."""
    return Fraction(int(number.p), int(number.q))


def _is_finite(number: sp.Expr) -> bool:
    return bool(number.is_number and number.is_finite and number.is_real)


def _equal(a: sp.Expr, b: sp.Expr) -> bool:
    """Exact for rationals; otherwise to 60 digits, which separates what users write."""
    if a.is_Rational and b.is_Rational:
        return bool(a == b)
    if not _is_finite(a):
        return False
    difference = sp.N(a - b, 60)
    scale = max(abs(sp.N(a, 60)), abs(sp.N(b, 60)), sp.Float("1e-300", 60))
    return bool(abs(difference) < scale * sp.Float("1e-45", 60))


def _decimal(number: sp.Expr) -> str:
    value = as_float(number)
    return f"{value:.6g}" if isfinite(value) else str(sp.N(number, 6))


def _difference(claimed: sp.Expr, derived: sp.Expr) -> str:
    """By how much a claim is off: in percent where that says it, else the difference itself."""
    relative = as_float(claimed / derived - 1) if derived != 0 else float("nan")
    if isfinite(relative) and 1e-5 <= abs(relative) < 100:
        return f"{relative:+.2%}"
    return f"difference {_decimal(claimed - derived)}"


def contradiction(claimed: sp.Expr, true: sp.Expr) -> str:
    """A claimed value beside the true one, in words: what is not a real number is undefined."""
    if not _is_finite(claimed):
        return f"the claim is undefined, true is {_decimal(true)}"
    return f"claimed {_decimal(claimed)}, true {_decimal(true)} ({_difference(claimed, true)})"


def check_claims(entry: Entry, settings: Settings) -> None:
    """Complain about claims that are not understood, or that a statement says nothing about.

    Raises
    ------
    InputError
        Naming the claim and what is allowed.
    """
    seen = set()
    for text in settings.claims:
        try:
            target = Claim.parse(text).target
        except FormulaError as error:
            raise InputError(f"--claim: {error}") from None
        if target not in entry.targets:
            raise InputError(f"--claim {text!r}: {entry.id} says nothing about {target!r}; there is {claimable()}")
        if target in seen:
            raise InputError(f"--claim {text!r}: {target!r} is claimed twice")
        seen.add(target)
