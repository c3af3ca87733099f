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

**Long moves.** Let the data move (W, F, C) by m, as the convolution does, so that ``m²`` (``effort``) is known before
any RNN is drawn. Gram matrices change by m²/n, which is the relative correction of a quantity of order 1/n; draws of it
differ by only 1/m of its size, so that the correction is lost in their error from n ~ m³ on. The RNN leaves its NTK
model by m³/n, and that leaves the convolution by ``m n^{-1/2}``: the first is lost in the second from n ~ m⁴ on.
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

INVERSE: Final = 1.5
"""The power of the effort that n has to exceed where a quantity is of order 1/n."""

ROOT: Final = 2.0
"""The power of the effort that n has to exceed where a quantity is of order n^{-1/2}, or a mean of such is 0."""

DECADES: Final = (4, 5, 6, 7, 9, 12)
"""Powers of ten of the ladder, before a shift: the lower four are for 1/n, the upper four for the rest."""

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
    >>> [f"{n:.0e}" for n in ladder((2,), 5, 64, effort=400.0)]
    ['2e+00', '1e+07', '1e+08', '1e+09', '1e+10', '1e+11', '1e+13', '1e+16']
    """
    enough = all(
        sum(shows_exponent(n, horizon, replicates, effort, inverse=inverse) for n in given) >= WIDTHS
        for inverse in (True, False)
    )
    if enough and max(given) >= lowest_signed(horizon, replicates, effort):
        return given
    least = lowest_fitted(horizon, replicates)
    inverse, root = (int(np.ceil(power * np.log10(_excess(effort)))) for power in (INVERSE, ROOT))
    lower = (power + inverse for power in DECADES[:WIDTHS] if 10**power >= least)
    upper = (power + root for power in DECADES[-WIDTHS:] if 10**power >= least)
    return tuple(sorted({*given, *(10 ** min(power, HIGHEST) for power in (*lower, *upper))}))


def lowest_fitted(horizon: int, replicates: int, effort: float = 0.0, *, inverse: bool = False) -> int:
    """The least width from which on exponents are fitted; ``inverse``: those of quantities of order 1/n."""
    return int(np.ceil(FIT * horizon**2 * replicates**0.5 * _excess(effort) ** (INVERSE if inverse else ROOT)))


def lowest_signed(horizon: int, replicates: int, effort: float = 0.0) -> int:
    """The least width from which on movements are compared."""
    return int(np.ceil(SIGNED * horizon**2 * replicates * _excess(effort) ** ROOT))


def shows_exponent(n: int, horizon: int, replicates: int, effort: float = 0.0, *, inverse: bool = False) -> bool:
    """Whether a width is large enough, and not so large that a quantity of order effort/n is lost in rounding."""
    highest = RESOLVED * _excess(effort) if inverse else np.inf
    return lowest_fitted(horizon, replicates, effort, inverse=inverse) <= n <= highest


def _excess(effort: float) -> float:
    return float(np.clip(effort / FREE, 1.0, 1e30))


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
