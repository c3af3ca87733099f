"""Realization (Proposition 2.1): from an impulse response to a linear RNN, and what can be done with it.

``realize`` is the entrance; ``rnn`` is what it gives, ``certificate`` says how good that is, ``residual`` how this is
known. ``nodes`` and ``vandermonde`` are the proof of the proposition, ``partial_realization`` and ``ho_kalman`` the
realization with the fewest states; ``state_space`` and ``storage`` lead to other programs.
"""

from numerics.realization.arithmetic import NumberError
from numerics.realization.certificate import Certificate
from numerics.realization.errors import InaccurateRealizationError
from numerics.realization.nodes import NodeError
from numerics.realization.realize import realize
from numerics.realization.residual import Residual
from numerics.realization.rnn import LinearRNN, ShapeError
from numerics.realization.rounding import to_float
from numerics.realization.state_space import NoStateSpaceError, from_state_space, to_control, to_dlti
from numerics.realization.storage import StorageError, load, save

__all__ = [
    "Certificate",
    "InaccurateRealizationError",
    "LinearRNN",
    "NoStateSpaceError",
    "NodeError",
    "NumberError",
    "Residual",
    "ShapeError",
    "StorageError",
    "from_state_space",
    "load",
    "realize",
    "save",
    "to_control",
    "to_dlti",
    "to_float",
]
