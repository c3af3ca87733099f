"""Nodes of a Vandermonde realization: chosen, checked, and what they cost."""

from __future__ import annotations

import doctest
import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import numerics.realization.nodes
import numerics.realization.vandermonde
from numerics.realization import NodeError, NumberError, realize
from numerics.realization.arithmetic import exact
from numerics.realization.nodes import (
    NAMED,
    choose,
    condition_number,
    leja_order,
    nearest,
    remarks_about,
    scientific,
    short,
)
from numerics.realization.vandermonde import solve

Array = np.ndarray[Any, Any]


def nodes_of(*values: Any) -> Array:
    return exact(list(values), "nodes")


@pytest.mark.parametrize("module", [numerics.realization.nodes, numerics.realization.vandermonde])
def test_the_examples_in_the_docstrings_hold(module: Any) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("horizon", [1, 2, 3, 4, 7, 32, 101])
def test_nodes_by_name_are_distinct_other_than_zero_and_within_the_unit_interval(name: str, horizon: int) -> None:
    nodes = choose(name, horizon)
    assert nodes.shape == (horizon,)
    assert len(set(nodes)) == horizon
    assert all(node != 0 and abs(node) <= 1 for node in nodes)


@pytest.mark.parametrize("name", ["chebyshev", "leja"])
@pytest.mark.parametrize("horizon", [1, 8, 101])
def test_nodes_by_name_are_doubles(name: str, horizon: int) -> None:
    assert all(Fraction(float(node)) == node for node in choose(name, horizon))


@pytest.mark.parametrize("horizon", [2, 6, 20])
def test_chebyshev_nodes_are_the_roots_of_the_polynomial(horizon: int) -> None:
    roots = np.cos((2 * np.arange(horizon) + 1) * np.pi / (2 * horizon))
    found = np.sort(choose("chebyshev", horizon).astype(float))
    assert found == pytest.approx(np.sort(roots), abs=0.5 / (256 * horizon**2))


def test_uniform_nodes_are_equally_spaced_and_ascend() -> None:
    steps = np.diff(choose("uniform", 6))
    assert set(steps) == {Fraction(1, 3)}


@pytest.mark.parametrize("name", ["chebyshev", "uniform"])
def test_an_odd_number_of_nodes_lacks_the_negative_one_next_to_zero(name: str) -> None:
    missing = set(choose(name, 8)) - set(choose(name, 7))
    assert len(missing) == 1
    assert max(missing) == max(node for node in choose(name, 8) if node < 0)


def test_leja_points_are_each_as_far_as_possible_from_those_before() -> None:
    nodes = choose("leja", 6).astype(float)
    grid = np.linspace(-1, 1, 4001)
    for count in range(1, 6):
        best = max(np.prod(np.abs(point - nodes[:count])) for point in grid)
        assert np.prod(np.abs(nodes[count] - nodes[:count])) > 0.995 * best


def test_the_order_of_leja_is_that_of_products_of_distances() -> None:
    nodes = nodes_of(1, -3, 2, Fraction(1, 2))
    assert leja_order(nodes) == [1, 2, 3, 0]


@pytest.mark.parametrize("size", [200, -200, 400, -400])
def test_the_order_of_leja_is_found_beyond_doubles(size: int) -> None:
    scale = Fraction(10) ** size
    assert leja_order(nodes_of(1, -3, 2, Fraction(1, 2)) * scale) == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([1, 0, 2], "node 1 is 0: nodes must differ from 0"),
        ([1, -0.0, 2], "node 1 is 0"),
        ([Fraction(1, 2), 3, 0.5], "nodes 0 and 2 are both 1/2: nodes must be distinct"),
        ([1e200, 1, 1e200], r"nodes 0 and 2 are both 1e\+200"),
        ([1, 2], r"nodes: 3 are needed, one for each lag, .* of shape \(2,\)"),
        ([[1, 2, 3]], r"nodes: 3 are needed, .* of shape \(1, 3\)"),
        (5, r"nodes: 3 are needed, .* of shape \(\)"),
        ("Chebyshev", "nodes='Chebyshev': known by name are chebyshev, leja, uniform; or give 3 numbers"),
    ],
)
def test_nodes_that_no_realization_can_use_are_refused_by_name(nodes: Any, message: str) -> None:
    with pytest.raises(NodeError, match=message):
        realize([1, 2, 3], nodes=nodes)


@pytest.mark.parametrize(("nodes", "place"), [([1, math.nan, 2], 1), ([1, 2, math.inf], 2), ([None, 1, 2], 0)])
def test_a_node_that_is_no_number_is_refused_with_its_place(nodes: Any, place: int) -> None:
    with pytest.raises(NumberError, match=rf"nodes\[{place}\] is"):
        realize([1, 2, 3], nodes=nodes)


def test_nodes_equal_zero_only_when_rounded_are_kept() -> None:
    tiny = Fraction(1, 10**400)
    assert choose([tiny, 1], 2)[0] == tiny


def test_the_gap_is_relative_to_the_larger_of_the_two() -> None:
    assert nearest(nodes_of(10, 1, 9)) == (Fraction(1, 10), (0, 2))
    assert nearest(nodes_of(-10, 1, -8)) == (Fraction(1, 5), (0, 2))
    assert nearest(nodes_of(7)) is None


def test_near_nodes_are_reported_with_their_gap() -> None:
    remarks = remarks_about(nodes_of(1, Fraction(1, 2), 1 - Fraction(1, 2**40)))
    assert remarks == ("nodes 0 and 2 (about 1) differ by 9.1e-13 of their size only",)


def test_a_gap_below_the_smallest_double_is_not_reported_as_zero() -> None:
    (remark,) = remarks_about(nodes_of(1, 1 - Fraction(1, 10**400)))
    assert remark == "nodes 0 and 1 (about 1) differ by 1e-400 of their size only"


def test_nodes_far_apart_are_not_reported() -> None:
    assert remarks_about(choose("chebyshev", 100)) == ()


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (Fraction(3), "size 3 >"),
        (Fraction(-(10**400)), "size 1e+400 >"),
        (1 + Fraction(1, 2**60), "size 1 + 8.7e-19 >"),
    ],
)
def test_an_unstable_node_is_reported_with_its_size(node: Fraction, words: str) -> None:
    (remark,) = remarks_about(nodes_of(node))
    assert words in remark
    assert "unstable" in remark


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(3, 4), "3/4"),
        (Fraction(7), "7"),
        (Fraction(0.1), "0.1"),
        (Fraction(10) ** 200, "1e+200"),
        (Fraction(10) ** 400, "1e+400"),
        (-(Fraction(10) ** 400), "-1e+400"),
        (Fraction(10) ** -400, "1e-400"),
    ],
)
def test_numbers_of_any_size_are_short_in_messages(value: Fraction, text: str) -> None:
    assert short(value) == text


def test_a_number_beyond_doubles_has_the_digits_asked_for() -> None:
    assert scientific(Fraction(12345) * 10**500, 3) == "1.23e+504"
    assert scientific(Fraction(-12345, 10**600), 2) == "-1.2e-596"
    assert scientific(Fraction(0), 2) == "0"


def exact_condition(nodes: list[Fraction]) -> Fraction:
    """With SymPy's inverse."""
    size = len(nodes)
    matrix = sympy.Matrix(size, size, lambda j, i: sympy.Rational(nodes[i].numerator, nodes[i].denominator) ** j)
    inverse = matrix.inv()

    def norm(each: sympy.Matrix) -> Any:
        return max(sum(abs(each[i, j]) for j in range(size)) for i in range(size))

    return Fraction(str(norm(matrix) * norm(inverse)))


@pytest.mark.parametrize("seed", range(12))
def test_the_condition_number_is_that_of_the_exact_inverse(seed: int) -> None:
    draw = random.Random(seed)
    far = seed % 3 == 0
    nodes: set[Fraction] = set()
    while len(nodes) < 1 + seed % 6:
        small = Fraction(draw.randint(1, 30) * draw.choice((1, -1)), draw.randint(1, 9))
        nodes.add(small * Fraction(10) ** draw.randint(-20, 20) if far else small)
    given = sorted(nodes)
    assert condition_number(nodes_of(*given)) == pytest.approx(float(exact_condition(given)), rel=1e-6)


@pytest.mark.parametrize("power", [*range(100, 150, 5), 300])
def test_the_condition_number_of_nearly_equal_nodes_has_its_digits(power: int) -> None:
    given = [Fraction(1), 1 + Fraction(1, 2**power), Fraction(-1, 3)]
    assert condition_number(nodes_of(*given)) == pytest.approx(float(exact_condition(given)), rel=1e-6)


@pytest.mark.parametrize("horizon", [1, 2, 5, 12])
@pytest.mark.parametrize("name", NAMED)
def test_the_condition_number_is_that_of_numpy(name: str, horizon: int) -> None:
    nodes = choose(name, horizon)
    matrix = np.vander(nodes.astype(float), increasing=True).T
    assert condition_number(nodes) == pytest.approx(np.linalg.cond(matrix, np.inf), rel=1e-6)


def test_the_condition_number_grows_as_gautschi_and_inglese_say() -> None:
    low, high = (math.log(condition_number(choose("chebyshev", horizon))) for horizon in (40, 80))
    assert (high - low) / 40 == pytest.approx(math.log(1 + math.sqrt(2)), rel=0.03)


def test_a_condition_number_beyond_doubles_is_infinite_and_said_so() -> None:
    nodes = [1, 1 + Fraction(1, 2**5000)]
    assert condition_number(nodes_of(*nodes)) == math.inf
    assert "condition number beyond 1.8e308" in str(realize([1, 2], nodes=nodes).certificate)


@pytest.mark.parametrize("size", [1, 2, 6])
def test_the_vandermonde_system_is_solved_as_sympy_solves_it(size: int) -> None:
    nodes = [Fraction(2 * k + 1, 3) * (-1) ** k for k in range(size)]
    right = [[Fraction(k * k - 3), Fraction(1, k + 1)] for k in range(size)]
    matrix = sympy.Matrix(size, size, lambda j, i: sympy.Rational(str(nodes[i])) ** j)
    wanted = matrix.LUsolve(sympy.Matrix([[sympy.Rational(str(x)) for x in row] for row in right]))
    found = solve(nodes_of(*nodes), exact(right, "L"))
    assert [[sympy.Rational(str(x)) for x in row] for row in found] == wanted.tolist()


def test_solving_leaves_the_right_side_alone() -> None:
    right = np.array([[3.0], [5.0]])
    solve(np.array([1.0, 2.0]), right)
    assert right.tolist() == [[3.0], [5.0]]
