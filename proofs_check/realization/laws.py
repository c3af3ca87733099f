"""All laws of Proposition 2.1; the tests try every one, the command those that say what the proposition says."""

from __future__ import annotations

from typing import Final

from proofs_check.realization import floating_laws, rank_laws, response_laws, vandermonde_laws
from proofs_check.realization.arithmetic_laws import ARITHMETIC_LAWS
from proofs_check.realization.examples import Example
from proofs_check.realization.invariance_laws import INVARIANCE_LAWS
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

ALL: Final[tuple[Law[Machine, Example], ...]] = (
    *response_laws.RESPONSE_LAWS,
    *INVARIANCE_LAWS,
    *ARITHMETIC_LAWS,
    *vandermonde_laws.VANDERMONDE_LAWS,
    *rank_laws.RANK_LAWS,
    *floating_laws.FLOATING_LAWS,
)

SEARCHED: Final[tuple[Law[Machine, Example], ...]] = (
    response_laws.CONVOLUTION,
    response_laws.FORMULA,
    vandermonde_laws.REPRODUCED,
    vandermonde_laws.SIZE,
    floating_laws.PRECISE,
    rank_laws.REPRODUCED,
    rank_laws.NO_FEWER,
)
"""What ``check-theorem 2.1`` searches."""
