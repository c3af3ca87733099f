"""First-order linear recurrences, solved for symbolic time and proved by induction.

The solver may be as clever as it likes (SymPy's ``rsolve``): what it returns counts only after the
base case and the induction step have been verified.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.symbols import t
from theory.verification import Identity


@dataclass(frozen=True)
class Recurrence:
    """``sequence(t+1) = following`` with ``sequence(0) = initial``.

    Attributes
    ----------
    sequence : applied undefined function of t
        Such as ``tau(t)``.
    initial, following : sympy.Expr
        ``following`` is an expression in ``sequence(t)`` and in sequences already solved.
    """

    sequence: sp.Expr
    initial: sp.Expr
    following: sp.Expr

    def __post_init__(self) -> None:
        for part in ("initial", "following"):  # plain numbers are welcome
            object.__setattr__(self, part, sp.sympify(getattr(self, part), strict=True))

    @property
    def name(self) -> str:
        """Name of the sequence."""
        return str(self.sequence.func)

    def obligations(self, solutions: dict[sp.Expr, sp.Expr]) -> tuple[Identity, Identity]:
        """Base case and induction step that make the solution right for every t ≥ 0.

        Parameters
        ----------
        solutions : dict
            Sequence → closed form in t, for this sequence and those that it uses.
        """
        solution = solutions[self.sequence]
        base = Identity(solution.subs(t, 0), self.initial, f"{self.name}: base case")
        step = Identity(solution.subs(t, t + 1), self.following.subs(solutions), f"{self.name}: induction step")
        return base, step


def solve(recurrences: list[Recurrence]) -> dict[sp.Expr, sp.Expr]:
    """Solve a triangular system of recurrences for symbolic t.

    Parameters
    ----------
    recurrences : list of Recurrence
        In any order; each may use the others as long as the dependence is acyclic.

    Returns
    -------
    dict
        Sequence → closed form in t. To be confirmed with ``Recurrence.obligations``.

    Raises
    ------
    ValueError
        When sequences depend on each other in a circle, or the solver finds no closed form.
    """
    solutions: dict[sp.Expr, sp.Expr] = {}
    waiting = list(recurrences)
    while waiting:
        ready = next((r for r in waiting if _unknowns(r, solutions) <= {r.sequence}), None)
        if ready is None:
            raise ValueError(f"the recurrences of {', '.join(r.name for r in waiting)} are coupled")
        waiting.remove(ready)
        solutions[ready.sequence] = _solve_one(ready, solutions)
    return solutions


def _unknowns(recurrence: Recurrence, solutions: dict[sp.Expr, sp.Expr]) -> set[sp.Expr]:
    return set(recurrence.following.atoms(sp.core.function.AppliedUndef)) - set(solutions)


def _solve_one(recurrence: Recurrence, solutions: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    sequence = recurrence.sequence
    following = sp.expand(recurrence.following.subs(solutions))
    if recurrence.initial == 0 and following.subs(sequence, 0) == 0:
        return sp.S.Zero  # rsolve returns None for the zero sequence
    equation = sequence.subs(t, t + 1) - following
    solution = sp.rsolve(equation, sequence, {sequence.subs(t, 0): recurrence.initial})
    if solution is None:
        raise ValueError(f"no closed form found for {recurrence.name}")
    return sp.expand(sp.powsimp(sp.expand(solution)))


def geometric(factor: sp.Expr, index: sp.Symbol, initial: sp.Expr) -> sp.Expr:
    """Closed form of ``v_{j+1} = factor v_j``, ``v_0 = initial``, for a factor of at most one letter.

    Parameters
    ----------
    factor : sympy.Expr
        A number times at most one non-commuting symbol.
    index : sympy.Symbol
    initial : sympy.Expr
        Stands to the right of the factors.
    """
    numbers, letters = factor.args_cnc()
    return sp.powsimp(sp.Mul(*numbers) ** index, deep=True) * sp.Mul(*(letter**index for letter in letters)) * initial
