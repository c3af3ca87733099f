"""Mistakes, at least one for each law: the search must find a counterexample to every one of them."""

from __future__ import annotations

from typing import Final

from proofs_check.realization.examples import Mistake
from proofs_check.realization.rank_mistakes import RANK_MISTAKES
from proofs_check.realization.realization_mistakes import REALIZATION_MISTAKES
from proofs_check.realization.response_mistakes import RESPONSE_MISTAKES

MISTAKES: Final[tuple[Mistake, ...]] = (*RESPONSE_MISTAKES, *REALIZATION_MISTAKES, *RANK_MISTAKES)
