"""How many states suffice: the paper's number T n_x n_y, or the user's conjecture ``n = …`` in T, n_x and n_y.

A claim is true where every impulse response of T lags has an RNN of at most so many states. The largest number
that any of them needs is ``T min(n_x, n_y)``: a realization with the fewest states never has more, and
``L = (0, …, 0, I)`` has a regular minor of that size in its Hankel matrix. So a claim is compared with this number:
refuted at a size, or proved for all. And it is searched, which finds a small response that refutes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

import sympy as sp

from numerics.realization.arithmetic import Array
from numerics.realization.certificate import count
from proofs_check.errors import FormulaError, InputError
from proofs_check.formula import parse_formula
from proofs_check.realization.draws import impulse_responses
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law
from proofs_check.search.statement import Claimed, SearchContext
from proofs_check.settings import Settings
from proofs_check.theorem import Check, Evidence, Kind, Status
from theory.symbols import T, n_x, n_y

if TYPE_CHECKING:
    from proofs_check.registry import Entry

PAPERS: Final = "n = T*n_x*n_y"
TITLE: Final = "enough states"
SAYS: Final = "every L_0 … L_(T-1) is the impulse response of a linear RNN with at most n = {} states"
SYMBOLS: Final[dict[str, sp.Symbol]] = {str(symbol): symbol for symbol in (T, n_x, n_y)}
SMALL: Final = (16, 5, 5)
LARGE: Final = (1, 10, 100, 10**4, 10**6, 10**9)
"""All T, n_x and n_y up to the first, and all triples of the second, are tried before a proof."""


@dataclass(frozen=True)
class StatesClaim:
    """A formula for a number of states.

    Attributes
    ----------
    text : str
        As it was written.
    formula : sympy.Expr
        In T, n_x, n_y.
    """

    text: str
    formula: sp.Expr

    @classmethod
    def parse(cls, text: str) -> StatesClaim:
        """Read ``"n = …"``.

        Raises
        ------
        FormulaError
            When it is not understood.

        Examples
        --------
        >>> StatesClaim.parse("n = T*min(n_x, n_y)").at(3, 2, 5)
        6
        """
        name, equals, formula = text.partition("=")
        if not equals or name.strip() != "n":
            raise FormulaError(f"a claim about this statement reads 'n = …' in T, n_x, n_y, not {text!r}")
        parsed = parse_formula(formula, SYMBOLS, choices=True)
        if any(not power.exp.is_number for power in parsed.atoms(sp.Pow)):
            raise FormulaError(f"{formula.strip()!r}: exponents must be numbers here")
        return cls(formula.strip(), parsed)

    def at(self, horizon: int, inputs: int, outputs: int) -> sp.Expr:
        """The claimed number of states."""
        return self.formula.subs({T: horizon, n_x: inputs, n_y: outputs})

    def contradiction(self, sizes: tuple[int, ...], needed: int) -> str:
        """What is wrong when a response with these T, n_x and n_y needs so many states."""
        claimed = self.at(*sizes)
        if not (claimed.is_number and claimed.is_real and claimed.is_finite):
            return f"{count(needed, 'state')} needed, the claim is no number there"
        return f"{count(needed, 'state')} needed, {claimed} claimed" if needed > claimed else ""

    def is_proved(self) -> bool:
        """Whether it is at least ``T min(n_x, n_y)`` for all sizes: the difference has no negative coefficient.

        It is looked at for ``n_x ≤ n_y`` and for ``n_y ≤ n_x``, in ``T - 1``, the smaller number less 1, and what the
        larger one has more.
        """
        steps, fewer, more = sp.symbols("a b c", nonnegative=True)
        for less, greater in ((n_x, n_y), (n_y, n_x)):
            values = {T: 1 + steps, less: 1 + fewer, greater: 1 + fewer + more}
            difference = self.formula.xreplace(values) - (1 + steps) * (1 + fewer)
            try:
                polynomial = sp.Poly(sp.expand(difference), steps, fewer, more)
            except sp.PolynomialError:
                return False
            if not all(coefficient.is_nonnegative for coefficient in polynomial.coeffs()):
                return False
        return True


def check_claims(entry: Entry, settings: Settings) -> None:
    """Complain about claims that are not understood.

    Raises
    ------
    InputError
        Naming the claim and what is allowed.
    """
    if len(settings.claims) > 1:
        raise InputError(f"--claim {settings.claims[1]!r}: one claim about the states of {entry.id} at a time")
    for text in settings.claims:
        try:
            StatesClaim.parse(text)
        except FormulaError as error:
            raise InputError(f"--claim: {error}") from None


def claim_of(settings: Settings) -> StatesClaim:
    """The user's claim, or the paper's."""
    return StatesClaim.parse(settings.claims[0] if settings.claims else PAPERS)


def claimed(settings: Settings) -> Claimed[Machine]:
    """What is claimed, and the law that it must obey."""
    claim = claim_of(settings)
    says = {"b": SAYS.format(claim.text)} if settings.claims else {}
    return Claimed({"n": claim.text}, says, (_law(claim),))


def _law(claim: StatesClaim) -> Law[Machine, Example]:
    def too_few(machine: Machine, L: Array) -> str:
        horizon, outputs, inputs = L.shape
        return claim.contradiction((horizon, inputs, outputs), machine.degree(L))

    words = f"no response of T lags needs more than n = {claim.text} states"
    return law("so many states suffice", "b", words, too_few, L=impulse_responses())


def decided(context: SearchContext) -> Iterator[Evidence]:
    """The claim against the response that needs the most states: proved, or refuted at a size."""
    claim = claim_of(context.settings)
    small = product(*(range(1, most + 1) for most in SMALL))
    for sizes in sorted({*small, *product(LARGE, repeat=3)}, key=lambda sizes: (prod(sizes), sizes)):
        horizon, inputs, outputs = sizes
        needed = horizon * min(inputs, outputs)
        wrong = claim.contradiction(sizes, needed)
        if wrong:
            words = f"T = {horizon}, n_x = {inputs}, n_y = {outputs}, L = (0, …, 0, I): {wrong}"
            yield Evidence("b.states", Kind.EXACT, TITLE, Status.REFUTED, words)
            return
    if claim.is_proved():
        words = f"{claim.text} is at least T min(n_x, n_y) for all sizes; no response needs more, (0, …, 0, I) as many"
        yield Evidence("b.states", Kind.EXACT, TITLE, Status.CONFIRMED, words)
        return
    words = f"{claim.text} is at least T min(n_x, n_y) at the sizes tried, but not proved to be for all"
    yield Evidence("b.states", Kind.EXACT, TITLE, Status.UNDECIDED, words)


CHECK: Final[Check[SearchContext]] = Check("b.states", "b", TITLE, decided)
