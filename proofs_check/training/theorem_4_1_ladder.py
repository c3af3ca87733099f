"""(25) for the RNN, along a ladder of widths: how much of the bound it uses, and where that tends to.

Each RNN is compared with the scaled convolution that starts at the same impulse response, for which the bound is
certain. What an RNN uses of the bound differs from that by a random amount of size n^(-1/2); so the limit superior in
(25) is at most what the convolution uses, which is at most 1.

*Criterion.* At the largest width no RNN exceeds the bound by more than ten times the root mean square of its distance
from the convolution, and that is at most 5 % of the bound. Refuted: some RNN exceeds it by more, which a larger n
would not mend. Undecided: RNNs of that width are farther from the convolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.statistics import root_mean_square
from numerics.training import train_convolution
from numerics.training.ensemble import TrainedNetworks
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.theorem import Evidence, Kind, Status, measured, shown, slope_tests
from proofs_check.training.ladder import exponent
from proofs_check.training.theorem_4_1_context import BOUND, DescentContext, lowest_fitted

MENDED: Final = 10.0
"""An excess of so many root mean squares is not for lack of width."""

CLOSE: Final = 0.05
"""Wide enough is where that many are at most this share of the bound."""


@dataclass(frozen=True, eq=False)
class Use:
    """What RNNs of one width use of the bound, and the convolutions that start where they do.

    Attributes
    ----------
    n : int
    rnn, convolution : array, (replicates, T)
        Largest ``‖L_j^ℓ - L_j⁰‖_F / (B_2 ρ_j η ℓ)`` over the steps, with the claimed weights in the bound.
    distance : array, (replicates,)
        What the RNN uses less what the convolution uses, over all lags, with the derived weights.
    alone : array, (replicates,)
        The same of the one lag where the convolution uses most. A lag of little weight may use more in a narrow RNN
        and nothing in the limit, so that the distance over all lags falls faster than n^(-1/2) at first.
    """

    n: int
    rnn: Array
    convolution: Array
    distance: Array
    alone: Array

    @property
    def largest(self) -> Array:
        """Over the lags, (replicates,)."""
        return np.asarray(self.rnn.max(axis=1))

    @property
    def size(self) -> float:
        """The root mean square of the distance."""
        return root_mean_square(self.distance**2).value


def uses(context: DescentContext) -> list[Use]:
    """At each width where no RNN diverged."""
    return [use_of(context, n, found) for n, found in context.laboratory.train_all(context.widths).items()]


def use_of(context: DescentContext, n: int, networks: TrainedNetworks) -> Use:
    """At one width."""
    rho = np.array([float(weight) for weight in context.rho])
    followed = train_convolution(
        context.laboratory.correlations, networks.initial, rho, range(context.steps + 1), context.eta
    )
    B_2 = np.array([one.B_2 for one in context.constants(networks.initial)])
    moved = [_moved(networks.responses), _moved(np.swapaxes(followed.responses, 0, 1))]
    limits = B_2[:, None, None] * context.eta * np.arange(1, context.steps + 1)[:, None]
    claimed = np.array([float(weight) for weight in context.claimed])
    rnn, convolution = (_share(each, limits * claimed) for each in moved)
    apart, followed_by = (_share(each, limits * rho) for each in moved)
    most = np.argmax(followed_by, axis=1)[:, None]
    alone = np.take_along_axis(apart - followed_by, most, axis=1)[:, 0]
    return Use(n, rnn, convolution, apart.max(axis=1) - followed_by.max(axis=1), alone)


def within(context: DescentContext) -> Iterator[Evidence]:
    """Whether the RNNs are within the bound, by the criterion above."""
    found = uses(context)
    for n, divergence in sorted(context.laboratory.diverged.items()):
        yield shown(
            f"{BOUND}.diverged",
            f"diverged, n = {width_in_words(n)}",
            f"at step {divergence.step}: B_1 is that of the limit, and too large for RNNs of this width",
        )
    if not found:
        yield Evidence(
            f"{BOUND}.rnn",
            Kind.EXPERIMENT,
            "bound (25), RNNs",
            Status.UNDECIDED,
            "at every width gradient descent diverged: take wider RNNs or a smaller --eta",
        )
        return
    status, words = _judge(found[-1], context.steps)
    yield Evidence(
        f"{BOUND}.rnn",
        Kind.EXPERIMENT,
        "bound (25), RNNs",
        status,
        f"{words}; criterion: there, no excess that the width does not explain",
        details={"table": _table(found)},
    )


def approach(context: DescentContext) -> Iterator[Evidence]:
    """What the RNN uses of the bound tends to what the convolution uses, like n^(-1/2)."""
    lowest = lowest_fitted(context.settings.horizon, context.laboratory.effort)
    found = [use for use in uses(context) if use.n >= lowest]
    title = "use of the bound → limit"
    if len(found) < 2 or not all((use.alone != 0).all() for use in found):
        yield shown(f"{BOUND}.approach", title, f"two widths from {width_in_words(lowest)} on would show the rate")
        return
    slope = exponent({use.n: np.log(np.abs(use.alone)) for use in found})
    low, high = slope.interval()
    yield measured(
        f"{BOUND}.approach",
        title,
        f"distance to the convolution's, at the lag that uses most: slope {slope.slope:.3f} over n (95 %: {low:.3f} to "
        f"{high:.3f}) from n = {width_in_words(found[0].n)} to {width_in_words(found[-1].n)}",
        slope_tests({"slope": slope}, -0.5),
        widths=[use.n for use in found],
        distances=[use.size for use in found],
    )


def _judge(use: Use, steps: int) -> tuple[Status, str]:
    where = f"n = {width_in_words(use.n)}"
    count, inside = use.largest.size, int(np.sum(use.largest <= 1))
    replicate = int(np.argmax(use.largest))
    largest, lag = float(use.largest[replicate]), int(np.argmax(use.rnn[replicate]))
    words = f"{inside} of {count} RNNs of {where} within at every step up to {steps}"
    if inside == count:
        words = f"all {count} RNNs of {where} within at every step up to {steps}; at most {largest:.3g} of it is used"
    else:
        excess = f"exceeds it by {largest - 1:.2g} of it at most" if np.isfinite(largest) else "is allowed nothing"
        words += f"; lag {lag} {excess}"
    explained = MENDED * use.size
    if explained > CLOSE:
        return Status.UNDECIDED, f"{words}; RNNs of this width are far from the limit, by {use.size:.2g} of the bound"
    if largest - 1 > explained:
        return Status.REFUTED, f"{words}, where the width explains {explained:.1g}"
    return Status.CONFIRMED, words if inside == count else f"{words}, which the width explains"


def _moved(responses: Array) -> Array:
    """``‖L_j^ℓ - L_j⁰‖_F``; (replicates, steps + 1, …) to (replicates, steps, T)."""
    return np.asarray(np.linalg.norm(responses - responses[:, :1], axis=(-2, -1))[:, 1:])


def _share(moved: Array, limits: Array) -> Array:
    """The largest share of a limit over the steps, (replicates, T); infinite where nothing is allowed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(limits > 0, moved / limits, np.inf)
    return np.asarray(np.where(moved > 0, shares, 0.0).max(axis=1))


def _table(found: list[Use]) -> dict[str, Any]:
    rows = [
        [
            width_in_words(use.n),
            str(use.largest.size),
            f"{100 * float(np.mean(use.largest <= 1)):.3g} %",
            f"{use.largest.max():.4g}",
            f"{use.convolution.max():.4g}",
            f"{use.size:.2g}",
        ]
        for use in found
    ]
    return {
        "title": "share of the bound (25) that RNNs use, and convolutions that start where they do",
        "columns": ["n", "RNNs", "within", "largest", "convolution", "rms distance"],
        "rows": rows,
    }
