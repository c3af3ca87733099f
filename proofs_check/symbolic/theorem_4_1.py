"""Theorem 4.1, its symbolic part: (24) at every width, and (25) for the scaled convolution.

That a wide RNN follows the convolution during training is Proposition 3.1, which is cited; both are simulated in
``training``. The loss is half the sum of squares.
"""

from __future__ import annotations

from typing import Final

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.descent import PART as MOVEMENT
from proofs_check.symbolic.initial_size import PART as SIZE
from proofs_check.symbolic.statement import SymbolicContext
from proofs_check.theorem import Theorem

TITLE: Final = "How far gradient descent moves the impulse response (symbolic part)"


def theorem() -> Theorem[SymbolicContext]:
    """Both parts."""
    return symbolic_theorem("4.1", TITLE, "Theorem 4.1", SIZE, MOVEMENT)


def initial_size() -> Theorem[SymbolicContext]:
    """(24) alone."""
    return symbolic_theorem("24", TITLE, "Theorem 4.1, (24)", SIZE)


def movement() -> Theorem[SymbolicContext]:
    """(25) alone."""
    return symbolic_theorem("25", TITLE, "Theorem 4.1, (25)", MOVEMENT)
