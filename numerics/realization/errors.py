"""Why a realization is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numerics.realization.rnn import LinearRNN


class InaccurateRealizationError(ValueError):
    """Weights that do not reproduce an impulse response to the tolerance; the message says why, and what would.

    Attributes
    ----------
    rnn : LinearRNN
        The weights all the same, with their certificate.
    """

    def __init__(self, message: str, rnn: LinearRNN) -> None:
        super().__init__(message)
        self.rnn = rnn
