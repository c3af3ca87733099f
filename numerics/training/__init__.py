"""Training by full-batch gradient descent on the half-squared loss (Proposition 3.1, Theorem 4.1).

``correlations`` is all that the loss knows of the data; ``gradient_descent`` is the training loop, its constants
(62), and what it calls divergence. Three models: ``convolution`` (7), the linear NTK model ``ntk_model`` (12), and
the RNN (1) itself, ``recurrent``, with weights that are dense or lazy. ``spectral`` takes a million steps at once,
where the model is linear; ``krylov`` is the chain rule.
"""

from numerics.training.convolution import Convolution, train_convolution
from numerics.training.correlations import Correlations, predictions
from numerics.training.dense_weights import DenseWeights
from numerics.training.gradient_descent import Constants, DivergenceError, Trajectory, train
from numerics.training.krylov import Krylov, LagKernel
from numerics.training.ntk_model import NtkModel, dual_predictions, train_ntk_model
from numerics.training.recurrent import RecurrentNetwork
from numerics.training.space_weights import SpaceWeights, TooManyDirectionsError

__all__ = [
    "Constants",
    "Convolution",
    "Correlations",
    "DenseWeights",
    "DivergenceError",
    "Krylov",
    "LagKernel",
    "NtkModel",
    "RecurrentNetwork",
    "SpaceWeights",
    "TooManyDirectionsError",
    "Trajectory",
    "dual_predictions",
    "predictions",
    "train",
    "train_convolution",
    "train_ntk_model",
]
