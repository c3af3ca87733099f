"""Nodes of a Vandermonde realization (35): how they are chosen, and what they cost.

Real Vandermonde matrices are ill-conditioned: their condition number grows at least like ``(1 + √2)^T``
whatever the nodes (Gautschi and Inglese, 1988). Chebyshev points come close to that rate, equally spaced ones do
not. Nodes chosen by name are short binary fractions, so that they are the same numbers in every arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import numpy as np
from flint import arb

from numerics.realization.arithmetic import Array, ball, entrywise, exact, precision

NEAR: Final = Fraction(1, 1 << 26)
"""Nodes closer than this, relative to their size, are reported: half of the digits of a double are lost."""


class NodeError(ValueError):
    """Nodes that no realization can use; the message says which."""


def choose(nodes: str | Sequence[Any] | Array, horizon: int) -> Array:
    """Nodes by name, or those given.

    Parameters
    ----------
    nodes : str or sequence of numbers
        ``"chebyshev"``: the roots of the Chebyshev polynomial, in Leja order; ``"leja"``: Leja points of
        [-1, 1]; ``"uniform"``: equally spaced in [-1, 1], ascending; or distinct numbers other than 0.
    horizon : int
        T, the number of nodes.

    Returns
    -------
    array of Fraction, (T,)

    Raises
    ------
    NodeError
        For an unknown name, another number of nodes, and equal or zero nodes.
    NumberError
        For a node that is no finite real number.

    Examples
    --------
    >>> [str(node) for node in choose("uniform", 4)]
    ['-3/4', '-1/4', '1/4', '3/4']
    """
    if isinstance(nodes, str):
        if nodes not in NAMED:
            raise NodeError(f"nodes={nodes!r}: known by name are {', '.join(NAMED)}; or give {horizon} numbers")
        return NAMED[nodes](horizon)
    given = exact(nodes, "nodes")
    if given.shape != (horizon,):
        raise NodeError(
            f"nodes: {horizon} are needed, one for each lag, in a list; given is an array of shape {given.shape}"
        )
    _check(given)
    return given


def _check(nodes: Array) -> None:
    places: dict[Fraction, int] = {}
    for place, node in enumerate(nodes):
        if node == 0:
            raise NodeError(f"node {place} is 0: nodes must differ from 0, and from each other")
        if node in places:
            raise NodeError(f"nodes {places[node]} and {place} are both {short(node)}: nodes must be distinct")
        places[node] = place


def nearest(nodes: Array) -> tuple[Fraction, tuple[int, int]] | None:
    """The smallest gap between two nodes relative to the larger of them, and their places; None for a single node.

    Parameters
    ----------
    nodes : array of Fraction, (T,)
    """
    order = sorted(range(len(nodes)), key=lambda place: nodes[place])
    gaps = [
        ((nodes[b] - nodes[a]) / max(abs(nodes[a]), abs(nodes[b])), (min(a, b), max(a, b))) for a, b in pairwise(order)
    ]
    return min(gaps) if gaps else None


def remarks_about(nodes: Array) -> tuple[str, ...]:
    """What the user of these nodes should know."""
    remarks = []
    gap = nearest(nodes)
    if gap and gap[0] < NEAR:
        first, second = gap[1]
        which = f"nodes {first} and {second} (about {short(nodes[first])})"
        remarks.append(f"{which} differ by {scientific(gap[0], 2)} of their size only")
    largest = max(map(abs, nodes))
    if largest > 1:
        size = short(largest) if largest > Fraction(1001, 1000) else f"1 + {scientific(largest - 1, 2)}"
        remarks.append(f"a node of size {size} > 1: the RNN is unstable, and grows beyond lag T")
    return tuple(remarks)


def leja_order(nodes: Array) -> list[int]:
    """Places of the nodes such that each is as far as possible from those before it.

    The order in which Björck and Pereyra's algorithm loses least (Higham, *Accuracy and Stability of
    Numerical Algorithms*, 22.3).

    Parameters
    ----------
    nodes : array of Fraction, (T,)
    """
    remaining = list(range(len(nodes)))
    distances = np.array([_log(node) for node in nodes])
    order: list[int] = []
    while remaining:
        best = max(remaining, key=lambda place: distances[place])
        remaining.remove(best)
        order.append(best)
        if len(order) == 1:
            distances[:] = 0.0  # the first is the largest; from then on it is distances that count
        distances[remaining] += [_log(nodes[place] - nodes[best]) for place in remaining]
    return order


def _log(value: Fraction) -> float:
    """``log |x|``, of numbers beyond double precision too."""
    return math.log(abs(value.numerator)) - math.log(value.denominator) if value else -math.inf


def condition_number(nodes: Array) -> float:
    """``‖V‖_∞ ‖V⁻¹‖_∞`` of the Vandermonde matrix ``V_ji = λ_i^j`` (35), by ball arithmetic.

    The rows of ``V⁻¹`` are the coefficients of the Lagrange polynomials of the nodes.

    Parameters
    ----------
    nodes : array of Fraction, (T,)
        Distinct.

    Returns
    -------
    float
        Correct to six digits at least; infinite beyond 1.8e308.
    """
    bits = 128 + 4 * len(nodes)
    while True:
        with precision(bits):
            found = _norm(nodes) * _inverse_norm(nodes)
            if found.rel_accuracy_bits() >= 20:
                return float(found)
        bits *= 2


def _norm(nodes: Array) -> Any:
    powers = np.array([arb(1)] * len(nodes), dtype=object)
    sizes = np.abs(entrywise(ball, nodes))
    largest = sum(powers)
    for _ in range(len(nodes) - 1):
        powers = powers * sizes
        largest = largest.max(sum(powers))
    return largest


def _inverse_norm(nodes: Array) -> Any:
    points = entrywise(ball, nodes)
    zero = np.array([arb(0)], dtype=object)
    product = zero + 1  # Π (z - λ_i), highest power first
    for point in points:
        product = np.concatenate([product, zero]) - np.concatenate([zero, product * point])
    quotient = points * 0  # synthetic division by every z - λ_i at once
    total, slope = quotient, quotient
    for coefficient in product[:-1]:
        quotient = quotient * points + coefficient
        total = total + np.abs(quotient)
        slope = slope * points + quotient  # at last Π_(k≠i) (λ_i - λ_k)
    rows = total / np.abs(slope)
    largest = rows[0]
    for row in rows[1:]:
        largest = largest.max(row)
    return largest


def short(value: Fraction) -> str:
    """A number in few characters, for messages."""
    text = str(value) if value.denominator.bit_length() + value.numerator.bit_length() < 64 else ""
    return text if text and len(text) <= 12 else scientific(value, 6)


def scientific(value: Fraction, digits: int) -> str:
    """A number in some digits, beyond double precision too."""
    power = _log(value) / math.log(10)
    if not value or abs(power) < 300:
        return f"{float(value):.{digits}g}"
    exponent = math.floor(power + 1e-9)
    return f"{'-' if value < 0 else ''}{10 ** (power - exponent):.{digits}g}e{exponent:+d}"


def _chebyshev(horizon: int) -> Array:
    count = horizon + horizon % 2
    points = [math.cos((2 * place + 1) * math.pi / (2 * count)) for place in range(count // 2)]
    nodes = _symmetric(_rounded(points, count), horizon)
    return nodes[leja_order(nodes)]


def _uniform(horizon: int) -> Array:
    count = horizon + horizon % 2
    points = [Fraction(2 * place + 1, count) for place in range(count // 2)]
    return np.array(sorted(_symmetric(points, horizon)), dtype=object)


def _symmetric(positive: list[Fraction], horizon: int) -> Array:
    """Points and their negatives, one more where an odd number would contain 0, less the negative one next to 0."""
    points = [*positive, *(-point for point in positive)]
    if horizon % 2:
        points.remove(-min(positive))
    return np.array(points, dtype=object)


def _rounded(points: list[float], count: int) -> list[Fraction]:
    """To short binary fractions, fine enough that points closer than those of Chebyshev stay distinct."""
    unit = 1 << (2 * count.bit_length() + 8)
    return [Fraction(round(point * unit), unit) for point in points]


def _leja(horizon: int) -> Array:
    count = 16 * (horizon + 1)
    half = [math.cos((2 * place + 1) * math.pi / (4 * count)) for place in range(count)]
    candidates = _symmetric([Fraction(1), *_rounded(half, 2 * count)], 0)
    places = np.array([float(candidate) for candidate in candidates])
    distances = np.zeros(len(places))
    chosen: list[int] = [0]
    with np.errstate(divide="ignore"):
        while len(chosen) < horizon:
            distances += np.log(np.abs(places - places[chosen[-1]]))
            chosen.append(int(np.argmax(distances)))
    return candidates[chosen]


NAMED: Final[dict[str, Callable[[int], Array]]] = {"chebyshev": _chebyshev, "leja": _leja, "uniform": _uniform}
