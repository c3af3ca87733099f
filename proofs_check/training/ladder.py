"""RNNs, their linear NTK models and a scaled convolution, trained alike: how far apart they are at each width.

All start from the same L⁰ and descend at the same rate. Distances are Frobenius norms of differences of impulse
responses, the largest over the steps; or of what two models predict on new sequences.

**How fast they shrink.** ``P_n - D(ρ)`` is of order n^{-1/2}, and so are the distances from the convolution. The RNN is
closer to its own linear NTK model: gradients in C, F and W are sums of rows of Q and P, and the inner product of
a row of Q with one of P is √n times an entry of L. So a change of a Gram matrix ``n^{-1} Q_j^T Q_k`` is ``n^{-1}``
times a polynomial in L and bilinear forms like it, which are of order 1, and so is what L has beyond first order in
the change of (W, F, C). The kernel changes by O(1/n), and the RNN stays within O(1/n) of its linear NTK model.

**Exponents.** The logarithm of the distance of one draw has, at every large width, the same law up to a shift. The
slope of a straight line through these logarithms is the exponent; root mean squares, which are shown, have heavier
tails.

**Movements.** How far does a lag of the RNN move along the convolution's move ``M_j = L_conv,j - L⁰_j``? By
``1 + Σ ⟨L_RNN,j - L_conv,j, M_j/‖M_j‖⟩ / Σ ‖M_j‖`` times as far, sums over the draws. A draw of the inner product is of
order n^{-1/2}, but its mean is O(1/n), since to first order it is linear in the centred fluctuations of the kernel,
which are independent of L⁰ in the limit. After one step the ratio is that of the true ρ_j to the claimed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.lazy_matrix import DEGENERATE
from numerics.statistics import Moments, Slope
from numerics.training import Correlations, NtkModel, train, train_convolution
from numerics.training.correlations import rows
from numerics.training.ensemble import TrainedNetworks

RESOLVED: Final = int(0.1 / DEGENERATE)
"""Up to this n a quantity of order 1/n is ten times the relative length of what the lazy matrix drops, or more."""

FIT: Final = 12
"""Widths of at least ``FIT T² √R`` show an exponent: a correction of relative order T²/n is lost in the error of
R draws."""

SIGNED: Final = 1000
"""Widths of at least ``SIGNED T² R`` show a mean of 0: its O(1/n) is lost in the error of R draws, of order
(n R)^{-1/2}."""

FREE: Final = 4.0
"""The square of a move of (W, F, C) that counts for nothing beside their fluctuations."""

DECADES: Final = (4, 5, 6, 7, 9, 12)
"""Powers of ten that the ladder has, as far as they are large enough."""

HIGHEST: Final = 18
"""The largest power of ten."""

WIDTHS: Final = 4
"""So many widths make a ladder."""

PAIRS: Final = ("RNN–NTK model", "RNN–convolution", "NTK–convolution")


def ladder(given: tuple[int, ...], horizon: int, replicates: int, effort: float = 0.0) -> tuple[int, ...]:
    """The widths of a run: those given, and decades, unless four of those given show an exponent and one a mean of 0.

    Parameters
    ----------
    given : tuple of int
    horizon, replicates : int
    effort : float
        The square of how far (W, F, C) move in the limit.

    Examples
    --------
    >>> ladder((1000,), 10, 64)
    (1000, 10000, 100000, 1000000, 10000000, 1000000000, 1000000000000)
    >>> ladder((10**5, 10**6, 10**7, 10**8), 10, 64)
    (100000, 1000000, 10000000, 100000000)
    >>> ladder((), 5, 64, effort=300.0)
    (1000000, 10000000, 100000000, 1000000000, 1000000000000)
    """
    lowest, signed = (rule(horizon, replicates, effort) for rule in (lowest_fitted, lowest_signed))
    if sum(lowest <= n <= RESOLVED for n in given) >= WIDTHS and max(given) >= signed:
        return given
    powers = {power for power in DECADES if 10**power >= lowest}
    if sum(10**power <= RESOLVED for power in powers) < WIDTHS:
        powers.update(power for power in range(DECADES[0], HIGHEST + 1) if lowest <= 10**power <= RESOLVED)
    if all(10**power < signed for power in powers):
        powers.update(next(([power] for power in range(HIGHEST + 1) if 10**power >= signed), []))
    return tuple(sorted({*given, *(10**power for power in powers)}))


def lowest_fitted(horizon: int, replicates: int, effort: float = 0.0) -> int:
    """The least width from which on exponents are fitted: what training adds is of relative order effort/n."""
    return int(np.ceil(FIT * horizon**2 * replicates**0.5 * max(1.0, effort / FREE)))


def lowest_signed(horizon: int, replicates: int, effort: float = 0.0) -> int:
    """The least width from which on movements are compared: effort/n against an error of order (n R)^(-1/2)."""
    return int(np.ceil(SIGNED * horizon**2 * replicates * max(1.0, effort / FREE) ** 2))


@dataclass(frozen=True, eq=False)
class Distances:
    """Of each replicate of one width.

    Attributes
    ----------
    responses, predictions : dict
        Pair → the largest distance over the steps, (replicates,).
    kernel : array, (replicates,)
        ``‖P_n - D(ρ)‖_F`` of the lag kernel at the start.
    moved : array, (replicates,)
        The largest ``‖L_conv - L⁰‖_F`` over the steps.
    """

    responses: dict[str, Array]
    predictions: dict[str, Array]
    kernel: Array
    moved: Array


def linear_model(networks: TrainedNetworks, correlations: Correlations, eta: float) -> Array:
    """The impulse responses of the linear NTK models, (replicates, steps + 1, T, n_y, n_x).

    Raises
    ------
    DivergenceError
    """
    model = NtkModel(networks.initial, networks.kernel)
    return np.swapaxes(train(model, correlations, range(networks.steps + 1), eta).responses, 0, 1)


def distances(
    networks: TrainedNetworks,
    linear: Array,
    rho: Array,
    *,
    correlations: Correlations,
    new: Correlations,
    eta: float,
) -> Distances:
    """How far RNNs, their linear NTK models and the convolution with weights ρ are apart.

    Parameters
    ----------
    networks : TrainedNetworks
    linear : array
        ``linear_model``.
    rho : array, (T,)
        Positive.
    correlations, new : Correlations
        Of the training data, and of new sequences.
    eta : float

    Raises
    ------
    DivergenceError
        When the convolution diverges.
    """
    steps = range(networks.steps + 1)
    found = train_convolution(correlations, networks.initial, rho, steps, eta)
    convolution = np.swapaxes(found.responses, 0, 1)
    apart = dict(
        zip(
            PAIRS,
            (networks.responses - linear, networks.responses - convolution, linear - convolution),
            strict=True,
        )
    )
    return Distances(
        {name: _largest(difference) for name, difference in apart.items()},
        {name: _largest_prediction(difference, new) for name, difference in apart.items()},
        np.linalg.norm(networks.kernel.matrix() - _diagonal(rho, networks), axis=(1, 2)),
        _largest(convolution - networks.initial[:, None]),
    )


@dataclass(frozen=True, eq=False)
class Movements:
    """How far the RNNs of one width move along a convolution, after ``some_steps``.

    Attributes
    ----------
    excess : Moments
        Of ``⟨L_RNN,j - L_conv,j, M_j/‖M_j‖⟩``, (steps, T).
    length : array, (steps, T)
        The mean of ``‖M_j‖``.
    error : array, (steps, T)
        Standard error of the ratio of ``excess`` to ``length``.
    """

    excess: Moments
    length: Array
    error: Array


def movements(networks: TrainedNetworks, rho: Array, correlations: Correlations, eta: float) -> Movements:
    """How far the RNNs move along the convolution of weights ρ.

    Raises
    ------
    DivergenceError
        When the convolution diverges.
    """
    some = list(some_steps(networks.steps))
    found = train_convolution(correlations, networks.initial, rho, some, eta).responses
    convolution = np.swapaxes(found, 0, 1)
    moved, apart = convolution - networks.initial[:, None], networks.responses[:, some] - convolution
    lengths = np.sqrt(np.einsum("rsjab,rsjab->rsj", moved, moved))
    excess = _ratio(np.einsum("rsjab,rsjab->rsj", apart, moved), lengths)
    length = lengths.mean(axis=0)
    about = excess - _ratio(excess.mean(axis=0), length) * lengths
    return Movements(Moments.of(excess), length, _ratio(Moments.of(about).error, length))


def some_steps(steps: int) -> tuple[int, ...]:
    """Steps at which movements are compared, the first and the last among them.

    Examples
    --------
    >>> some_steps(30), some_steps(1)
    ((1, 3, 10, 30), (1,))
    """
    return tuple(sorted({max(1, round(steps ** (i / 3))) for i in range(4)}))


def exponent(logarithms: dict[int, Array]) -> Slope:
    """The exponent of a quantity in n, from logarithms of single draws at two or more widths.

    Each width counts alike, whatever its spread: a weight that depends on the draws would be a bias.

    Parameters
    ----------
    logarithms : dict
        Width → (replicates,).
    """
    abscissa = np.log([float(n) for n in logarithms])
    abscissa -= abscissa.mean()
    weights = abscissa / np.sum(abscissa**2)
    means = np.array([values.mean() for values in logarithms.values()])
    errors = np.array([values.std(ddof=1) / values.size**0.5 for values in logarithms.values()])
    return Slope(float(weights @ means), float(np.sqrt(weights**2 @ errors**2)))


def _ratio(numerator: Array, denominator: Array) -> Array:
    """0 where the denominator is."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _largest(difference: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("rsjab,rsjab->rs", difference, difference)).max(axis=1))


def _largest_prediction(difference: Array, new: Correlations) -> Array:
    """The largest root of the summed squares of the predictions of an impulse response."""
    flat = rows(difference)
    squares = np.einsum("rsai,rsai->rs", flat, flat @ new.X)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)).max(axis=1))


def _diagonal(rho: Array, networks: TrainedNetworks) -> Array:
    channels = networks.initial[0, 0].size
    return np.diag(np.repeat(rho, channels))
