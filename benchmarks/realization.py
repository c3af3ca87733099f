"""Vandermonde and Ho–Kalman realizations: what each costs and how accurate it is, beside what a user would do instead.

    python benchmarks/realization.py [--horizons 5,10,20,40,60,100,150,200] [--repeat 3]

First table: for each choice of nodes and each T, the condition number of the Vandermonde matrix, and the residual
(certified, relative to the largest entry) of weights found in doubles by NumPy's solver, in doubles by ours, and in
as many bits as the program chose. Second table: seconds, ours and the alternative, for one random L with n_x = 3,
n_y = 2. The floor is the multiplications of the algorithm, at the rate measured here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import mpmath
import numpy as np
import sympy as sp
from flint import fmpq

from numerics.realization import LinearRNN, realize, vandermonde
from numerics.realization import ho_kalman as algorithms
from numerics.realization.arithmetic import Array, Float, exact
from numerics.realization.nodes import NAMED, choose
from numerics.realization.residual import residual

HORIZONS = "5,10,20,40,60,100,150,200"
OUTPUTS, INPUTS = 2, 3
TOLERANCE = 1e-12


def seconds(run: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def by_numpy(L: Array, nodes: Array) -> LinearRNN:
    """What a user would write: the matrix, and NumPy's solver."""
    points = Float().array(nodes)
    weights = np.linalg.solve(np.vander(points, increasing=True).T, L.ravel())
    return LinearRNN(points, np.ones((len(points), 1)), weights[None, :])


def accuracy_table(horizons: list[int]) -> None:
    print("relative residual, one input and one output; in doubles, and in as many bits as 1e-12 takes\n")
    names = ("nodes", "T", "condition", "NumPy", "doubles", "chosen", "bits", "seconds")
    print(("{:10}{:>4}" + "{:>11}" * 4 + "{:>6}{:>9}").format(*names))
    for name in NAMED:
        for horizon in horizons:
            L = np.random.default_rng(horizon).standard_normal(horizon)
            target = exact(L, "L")[:, None, None]
            alternative = residual(by_numpy(L, choose(name, horizon)), target, TOLERANCE).relative
            doubles = realize(L, nodes=name, arithmetic="float", refuse=False).certificate
            start = time.perf_counter()
            chosen = realize(L, nodes=name, tolerance=TOLERANCE).certificate
            took = time.perf_counter() - start
            print(
                f"{name:10}{horizon:4}{chosen.condition_number:11.1e}{alternative:11.1e}"
                f"{doubles.residual.relative:11.1e}{chosen.residual.relative:11.1e}{chosen.bits:6}{took:9.3f}"
            )
        print()


def multiplication(bits: int) -> float:
    """Seconds for one multiplication of mpmath numbers."""
    with mpmath.workprec(bits):
        x, y = mpmath.mpf(1) / 3, mpmath.mpf(1) / 7
        count = 20000
        return seconds(lambda: [x * y for _ in range(count)], 3) / count


def lu(L: Array, nodes: Array, bits: int) -> object:
    """The alternative in arbitrary precision: mpmath's LU decomposition of the matrix."""
    with mpmath.workprec(bits):
        points = [mpmath.mpf(node.numerator) / node.denominator for node in nodes]
        matrix = mpmath.matrix([[point**lag for point in points] for lag in range(len(points))])
        right = mpmath.matrix(L.reshape(len(points), -1).tolist())
        return [mpmath.lu_solve(matrix, right[:, column]) for column in range(right.cols)]


def arbitrary(horizon: int, repeat: int) -> tuple[str, float, float, float]:
    """In as many bits as it takes, with the certificate; the alternative has none."""
    L = np.random.default_rng(0).standard_normal((horizon, OUTPUTS, INPUTS))
    certificate = realize(L).certificate
    ours = seconds(lambda: realize(L), repeat)
    other = seconds(lambda: lu(L, certificate.nodes, certificate.bits), 1)
    # two triangular sweeps for each of the right sides, one multiplication or division an entry
    floor = multiplication(certificate.bits) * horizon * (horizon - 1) * OUTPUTS * INPUTS
    return f"arbitrary, certified to {certificate.accuracy:.0e}; mpmath's lu_solve", ours, other, floor


def rational(horizon: int, repeat: int) -> tuple[str, float, float, float]:
    """Exactly, with the proof that it is exact; the alternative has none."""
    L = [int(value) for value in np.random.default_rng(0).integers(-99, 100, horizon)]
    nodes = choose("uniform", horizon)
    ours = seconds(lambda: realize(L, nodes=nodes), repeat)
    rows = [[sp.Rational(node.numerator, node.denominator) ** lag for node in nodes] for lag in range(horizon)]
    matrix, right = sp.Matrix(rows).to_DM(), sp.Matrix(L).to_DM().convert_to(sp.QQ)
    weights = np.array([fmpq(value.numerator, value.denominator) for value in nodes], dtype=object)
    lags = np.array([[fmpq(value)] for value in L], dtype=object)
    floor = seconds(lambda: vandermonde.solve(weights, lags), repeat)
    return (
        "rational, n_x = n_y = 1; SymPy's DomainMatrix",
        ours,
        seconds(lambda: matrix.lu_solve(right), 1),
        floor,
    )


def ho_kalman(horizon: int, repeat: int) -> tuple[str, float, float, float]:
    """In doubles, certified; the alternative is the bare algorithm."""
    L = np.random.default_rng(0).standard_normal((horizon, OUTPUTS, INPUTS))
    rnn = realize(L, "ho-kalman")
    ours = seconds(lambda: realize(L, "ho-kalman"), repeat)
    other = seconds(lambda: algorithms.ho_kalman(L, beyond="zero"), repeat)
    zeros = np.zeros_like(L[0])
    blocks = [[L[i + k] if i + k < horizon else zeros for k in range(horizon)] for i in range(horizon)]
    hankel = np.block(blocks)
    floor = seconds(lambda: np.linalg.svd(hankel), repeat)
    return f"Ho-Kalman, {rnn.n} states, certified; uncertified", ours, other, floor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizons", default=HORIZONS)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    accuracy_table([int(text) for text in options.horizons.split(",")])
    print(f"seconds, n_x = {INPUTS}, n_y = {OUTPUTS} unless said otherwise: ours; the alternative\n")
    print(f"{'':58}{'T':>4}{'ours':>8}{'other':>8}{'ratio':>7}{'x floor':>9}")
    for run, horizons in ((arbitrary, (20, 50, 100)), (rational, (20, 40, 60)), (ho_kalman, (20, 50, 100))):
        for horizon in horizons:
            name, ours, other, floor = run(horizon, options.repeat)
            print(f"{name:58}{horizon:4}{ours:8.3f}{other:8.3f}{other / ours:7.2g}{ours / floor:9.1f}")


if __name__ == "__main__":
    main()
