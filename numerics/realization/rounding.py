"""An RNN rounded to doubles: only where what it computes survives it."""

from __future__ import annotations

from dataclasses import replace

from numerics.realization.arithmetic import Float, as_double
from numerics.realization.certificate import certified
from numerics.realization.errors import InaccurateRealizationError
from numerics.realization.rnn import LinearRNN


def to_float(rnn: LinearRNN, horizon: int | None = None, tolerance: float = 1e-9) -> LinearRNN:
    """The RNN with its weights rounded to doubles.

    Parameters
    ----------
    rnn : LinearRNN
    horizon : int, optional
        The lags that must survive; by default those that it was realized for, else 2n.
    tolerance : float
        The largest distance of the impulse response, as it is and as it is run in doubles, relative to its largest
        entry.

    Returns
    -------
    LinearRNN
        With a certificate of its own.

    Raises
    ------
    InaccurateRealizationError
        When the rounded weights miss the tolerance.
    NumberError
        When a weight is beyond double precision.
    """
    tolerance = as_double(tolerance, "tolerance")
    if horizon is None:
        horizon = rnn.decisive_horizon
    precise = rnn.exact()
    target = precise.impulse_response(horizon)
    rounding = Float().array
    rounded = LinearRNN(rounding(precise.scaled_W), rounding(precise.F), rounding(precise.scaled_C))
    method = f"rounded from {rnn.certificate.method}" if rnn.certificate else "rounded"
    certificate = certified(rounded, target, method, tolerance)
    rounded = replace(rounded, certificate=certificate)
    if not certificate.holds:
        raise InaccurateRealizationError(
            f"rounded to doubles, the weights have an impulse response that is off by {certificate.accuracy:.2g} times "
            f"its largest entry, the tolerance is {tolerance:.2g}: large weights cancel. "
            "realize(L, 'ho-kalman', arithmetic='float') finds weights that need not be rounded",
            rounded,
        )
    return rounded
