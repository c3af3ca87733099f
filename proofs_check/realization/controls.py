"""Mistakes that ``check-theorem 2.1`` shows: the search must find a counterexample, the derivation refute each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import sympy as sp

from proofs_check.realization import realization_mistakes, response_mistakes
from proofs_check.realization.draws import any_nodes, impulse_responses
from proofs_check.realization.examples import law
from proofs_check.realization.machine import MACHINE
from proofs_check.realization.response_laws import FORMULA
from proofs_check.realization.vandermonde_laws import REPRODUCED, targets_reproduced
from proofs_check.search.statement import SearchControl, another_line, without_hypothesis
from proofs_check.symbolic.proposition_2_1 import IMPULSE, SIZE, SYSTEM
from proofs_check.theorem import Control
from theory.statements.model import root
from theory.statements.proposition_2_1 import node, realization, unrolling, weight
from theory.symbols import C, F, T, W, i, j, n_x, n_y

LATE: Final = root ** (j + 2) * C * W ** (j + 1) * F
UNSCALED: Final = root ** (j + 1) * sp.Sum(weight(i) * node(i) ** j, (i, 0, T - 1))
TRANSPOSED: Final = sp.Sum(weight(i) * node(j) ** i, (i, 0, T - 1))
TOO_FEW: Final = (T - 1) * n_x * n_y

ANY_NODES: Final = law("any nodes", "b", REPRODUCED.words, targets_reproduced, L=impulse_responses(), nodes=any_nodes)
"""What would be true if the nodes need not be distinct."""

SEARCH_CONTROLS: Final[tuple[SearchControl[Any, Any], ...]] = (
    SearchControl(
        Control("impulse one step too early", f"L(j) = {LATE}", "lag 0 is the response at once"),
        FORMULA,
        replace(MACHINE, response=response_mistakes.late_response),
        another_line(unrolling, IMPULSE, LATE),
    ),
    SearchControl(
        Control("nodes may repeat", "any T nodes realize every L_0 … L_(T-1)", "equal nodes make V singular"),
        ANY_NODES,
        replace(MACHINE, realize=realization_mistakes.merged_nodes),
        without_hypothesis(realization, "nodes", "invertible"),
    ),
    SearchControl(
        Control("√n missing in W and C", "W = diag(λ), C = α^T", "every W and C comes with a factor n^(-1/2)"),
        REPRODUCED,
        replace(MACHINE, weights=response_mistakes.missing_root),
        another_line(realization, SYSTEM, UNSCALED),
    ),
    SearchControl(
        Control("V transposed", f"ell(j) = {TRANSPOSED}", "a row of V belongs to a lag, a column to a node"),
        REPRODUCED,
        replace(MACHINE, realize=realization_mistakes.transposed_V),
        another_line(realization, SYSTEM, TRANSPOSED),
    ),
    SearchControl(
        Control("one state too few", f"N = {TOO_FEW}", "T lags need T nodes"),
        REPRODUCED,
        replace(MACHINE, realize=realization_mistakes.one_state_too_few),
        another_line(realization, SIZE, TOO_FEW),
    ),
)
