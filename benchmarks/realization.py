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

from numerics.realization import LinearRNN, realize
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
    print("relative residual against T, one input and one output, tolerance 1e-12 where the precision is chosen\n")
    print(f"{'nodes':10} {'T':>4} {'condition':>10} {'NumPy':>9} {'doubles':>9} {'chosen':>9} {'bits':>5} {'seconds':>8}")
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
                f"{name:10} {horizon:4} {chosen.condition_number:10.1e} {alternative:9.1e} "
                f"{doubles.residual.relative:9.1e} {chosen.residual.relative:9.1e} {chosen.bits:5} {took:8.3f}"
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


def arbitrary_row(horizon: int, repeat: int) -> None:
    L = np.random.default_rng(0).standard_normal((horizon, OUTPUTS, INPUTS))
    rnn = realize(L)
    bits = rnn.certificate.bits
    ours = seconds(lambda: realize(L), repeat)
    solving = seconds(lambda: lu(L, rnn.certificate.nodes, bits), 1)
    # two triangular sweeps for each of the right sides, one multiplication or division an entry
    floor = multiplication(bits) * horizon * (horizon - 1) * OUTPUTS * INPUTS
    print(
        f"arbitrary, T = {horizon:3}: ours {ours:8.3f} s, certified to {rnn.certificate.accuracy:.0e}; mpmath's lu_solve "
        f"{solving:8.2f} s, not certified: ratio {solving / ours:6.0f}; {ours / floor:4.1f} x the floor of {floor:.3f} s"
    )


def rational_row(horizon: int, repeat: int) -> None:
    L = [int(value) for value in np.random.default_rng(0).integers(-99, 100, horizon)]
    nodes = choose("uniform", horizon)
    ours = seconds(lambda: realize(L, nodes=list(nodes)), repeat)
    rows = [[sp.Rational(node.numerator, node.denominator) ** lag for node in nodes] for lag in range(horizon)]
    matrix, right = sp.Matrix(rows).to_DM(), sp.Matrix(L).to_DM().convert_to(sp.QQ)
    other = seconds(lambda: matrix.lu_solve(right), 1)
    print(
        f"rational,  T = {horizon:3}, one input and one output: ours {ours:8.3f} s with the proof that it is exact; "
        f"SymPy's DomainMatrix.lu_solve {other:8.3f} s: ratio {other / ours:6.1f}"
    )


def ho_kalman_row(horizon: int, repeat: int) -> None:
    L = np.random.default_rng(0).standard_normal((horizon, OUTPUTS, INPUTS))
    rnn = realize(L, "ho-kalman")
    ours = seconds(lambda: realize(L, "ho-kalman"), repeat)
    blocks = [[L[i + k] if i + k < horizon else 0 * L[0] for k in range(horizon)] for i in range(horizon)]
    hankel = np.block(blocks)
    floor = seconds(lambda: np.linalg.svd(hankel), repeat)
    print(
        f"Ho-Kalman, T = {horizon:3}: {rnn.n} states, ours {ours:8.3f} s, certified to "
        f"{rnn.certificate.residual.relative:.0e}; {ours / floor:4.1f} x one singular value decomposition of its "
        f"Hankel matrix ({floor:.3f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizons", default=HORIZONS)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    accuracy_table([int(text) for text in options.horizons.split(",")])
    print(f"seconds, n_x = {INPUTS}, n_y = {OUTPUTS} unless said otherwise\n")
    for horizon in (20, 50, 100):
        arbitrary_row(horizon, options.repeat)
    for horizon in (20, 40, 60):
        rational_row(horizon, options.repeat)
    for horizon in (20, 50, 100):
        ho_kalman_row(horizon, options.repeat)


if __name__ == "__main__":
    main()
