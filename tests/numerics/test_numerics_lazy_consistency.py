"""The lazy matrix is one matrix: what holds sample by sample, whatever was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.gaussian_matrix import Block
from numerics.lazy_matrix import LazyBlock, LazyMatrix, LazySpace

Array = NDArray[np.float64]

NU = 1.7


def coordinates(space: LazySpace, block: Block) -> Array:
    return block.coordinates(space.dimension)


def squared_norm(block: Block) -> Array:
    """Of the only column of a block, for each replicate."""
    return block.inner(block)[:, 0, 0]


def mixture(space: LazySpace, blocks: list[Block], mix: Array) -> LazyBlock:
    """Linear combinations of all columns of the blocks; ``mix`` has one row for each column."""
    return LazyBlock(space, np.concatenate([coordinates(space, block) for block in blocks], axis=2) @ mix)


# ------------------------------------------------------------------------------------------------
# Laws that hold sample by sample
# ------------------------------------------------------------------------------------------------

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 9)
STEPS = st.lists(
    st.tuples(st.sampled_from(["right", "left"]), st.sampled_from(["fresh", "last", "mixed"]), st.integers(1, 3)),
    min_size=1,
    max_size=7,
)

Asked = dict[str, list[tuple[Block, Block]]]


def normalized(space: LazySpace, block: Block) -> LazyBlock:
    values = coordinates(space, block)
    return LazyBlock(space, values / np.linalg.norm(values, axis=1, keepdims=True))


def play(n: int, steps: list[tuple[str, str, int]], seed: int) -> tuple[LazySpace, LazyMatrix, Asked]:
    """Ask products of unit vectors: fresh ones, the last answer again, or mixtures of all vectors so far."""
    rng, choices = np.random.default_rng(seed).spawn(2)
    space = LazySpace(n, 2, rng)
    W = space.gaussian_matrix(1.0)
    seen: list[Block] = []
    asked: Asked = {"right": [], "left": []}
    for side, source, columns in steps:
        if source == "fresh" or not seen:
            query = space.gaussian_vectors(columns, 1.0)
        elif source == "last":
            query = seen[-1]
        else:
            total = sum(block.columns for block in seen)
            query = mixture(space, seen, choices.standard_normal((total, columns)))
        query = normalized(space, query)
        answer = W @ query if side == "right" else W.T @ query
        asked[side].append((query, answer))
        seen += [query, normalized(space, answer)]
    return space, W, asked


@settings(deadline=None, max_examples=80)
@given(SIZES, STEPS, SEEDS)
def test_the_transpose_is_the_adjoint_for_all_asked(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    _, _, asked = play(n, steps, seed)
    for q, Wq in asked["right"]:
        for p, Wtp in asked["left"]:
            np.testing.assert_allclose(p.inner(Wq), Wtp.inner(q), rtol=0, atol=1e-8 * n)


@settings(deadline=None, max_examples=80)
@given(SIZES, STEPS, SEEDS)
def test_a_repeated_query_gives_the_same_answer(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space, W, asked = play(n, steps, seed)
    for side, matrix in (("right", W), ("left", W.T)):
        for query, answer in asked[side]:
            again = matrix @ query
            np.testing.assert_allclose(again.values, coordinates(space, answer), rtol=0, atol=1e-8 * n)


@settings(deadline=None, max_examples=80)
@given(SIZES, STEPS, st.integers(1, 3), SEEDS)
def test_a_combination_of_earlier_queries_gives_the_combination_of_the_answers(
    n: int, steps: list[tuple[str, str, int]], columns: int, seed: int
) -> None:
    space, W, asked = play(n, steps, seed)
    for side, matrix in (("right", W), ("left", W.T)):
        queries, answers = [q for q, _ in asked[side]], [a for _, a in asked[side]]
        if queries:
            total = sum(q.columns for q in queries)
            mix = np.random.default_rng(seed).standard_normal((total, columns))
            answer = matrix @ mixture(space, queries, mix)
            np.testing.assert_allclose(
                answer.values, coordinates(space, mixture(space, answers, mix)), rtol=0, atol=1e-7 * n
            )


@settings(deadline=None, max_examples=80)
@given(SIZES, STEPS, SEEDS)
def test_the_basis_never_has_more_than_n_vectors(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space, _, asked = play(n, steps, seed)
    assert space.dimension <= n
    assert all(answer.dimension <= n for side in asked.values() for _, answer in side)


@settings(deadline=None, max_examples=40)
@given(SIZES, STEPS, SEEDS)
def test_n_independent_queries_determine_every_answer(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space, W, _ = play(n, steps, seed)
    space.gaussian_vectors(n, 1.0)
    complete = LazyBlock(space, np.tile(np.eye(n), (2, 1, 1)))
    entries = (W @ complete).values  # the whole matrix, in a complete basis
    vector = space.gaussian_vectors(1, 1.0)
    np.testing.assert_allclose((W @ vector).values, entries @ vector.values, rtol=0, atol=1e-7 * n)


@settings(deadline=None, max_examples=40)
@given(SIZES, STEPS, SEEDS)
def test_both_sides_show_the_same_whole_matrix(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space, W, asked = play(n, steps, seed)
    space.gaussian_vectors(n, 1.0)
    complete = LazyBlock(space, np.tile(np.eye(n), (2, 1, 1)))
    entries, transposed = (W @ complete).values, (W.T @ complete).values
    np.testing.assert_allclose(transposed, entries.transpose(0, 2, 1), rtol=0, atol=1e-7 * n)
    for query, answer in asked["right"]:
        np.testing.assert_allclose(
            entries @ coordinates(space, query), coordinates(space, answer), rtol=0, atol=1e-7 * n
        )


@settings(deadline=None, max_examples=40)
@given(SIZES, STEPS, SEEDS)
def test_the_transpose_of_the_transpose_is_the_same_matrix(
    n: int, steps: list[tuple[str, str, int]], seed: int
) -> None:
    space, W, asked = play(n, steps, seed)
    for query, answer in asked["right"]:
        again = W.T.T @ query
        np.testing.assert_allclose(again.values, coordinates(space, answer), rtol=0, atol=1e-8 * n)


@settings(deadline=None, max_examples=40)
@given(SIZES, STEPS, SEEDS)
def test_a_view_taken_before_the_queries_knows_them(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space = LazySpace(n, 2, np.random.default_rng(seed))
    W = space.gaussian_matrix(1.0)
    early = W.T
    q, p = space.gaussian_vectors(steps[0][2], 1.0), space.gaussian_vectors(2, 1.0)
    Wq = W @ q
    np.testing.assert_allclose((early @ p).inner(q), p.inner(Wq), rtol=0, atol=1e-8 * n**2)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 3), st.integers(2, 4), SEEDS)
def test_repeated_columns_inside_one_block_have_one_answer(n: int, columns: int, times: int, seed: int) -> None:
    space = LazySpace(n, 3, np.random.default_rng(seed))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(columns, 1.0)
    answer = (W @ LazyBlock(space, np.tile(q.values, (1, 1, times)))).values
    for copy in range(1, times):
        np.testing.assert_allclose(
            answer[:, :, copy * columns : (copy + 1) * columns], answer[:, :, :columns], rtol=0, atol=1e-8 * n**2
        )


@settings(deadline=None, max_examples=40)
@given(SIZES, SEEDS)
def test_dependent_columns_inside_one_block_have_dependent_answers(n: int, seed: int) -> None:
    space = LazySpace(n, 3, np.random.default_rng(seed))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
    mix = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -2.0]])
    answer = (W @ mixture(space, [q], mix)).values
    np.testing.assert_allclose(
        answer[:, :, 2], 3 * answer[:, :, 0] - 2 * answer[:, :, 1], rtol=0, atol=1e-8 * (n + 3) ** 2
    )


@settings(deadline=None, max_examples=40)
@given(SIZES, STEPS, SEEDS)
def test_the_zero_vector_is_answered_by_zero(n: int, steps: list[tuple[str, str, int]], seed: int) -> None:
    space, W, _ = play(n, steps, seed)
    zero = LazyBlock(space, np.zeros((2, space.dimension, 2)))
    assert not (W @ zero).values.any()
    assert not (W.T @ zero).values.any()


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 3), SEEDS)
def test_a_matrix_without_variance_is_zero_from_both_sides(n: int, columns: int, seed: int) -> None:
    space = LazySpace(n, 3, np.random.default_rng(seed))
    W, q = space.gaussian_matrix(0.0), space.gaussian_vectors(columns, 1.0)
    assert not (W @ q).values.any()
    assert not (W.T @ q).values.any()


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 3), st.floats(-5, 5).filter(lambda c: abs(c) > 1e-3), SEEDS)
def test_a_multiple_of_a_query_gives_the_multiple_of_the_answer(n: int, columns: int, factor: float, seed: int) -> None:
    space = LazySpace(n, 2, np.random.default_rng(seed))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(columns, 1.0)
    answer, multiple = W @ q, W @ (q * factor)
    np.testing.assert_allclose(
        multiple.values, factor * coordinates(space, answer), rtol=0, atol=1e-8 * (n + 3) ** 2 * abs(factor)
    )


@pytest.mark.parametrize("scale", [1e-100, 1e-30, 1e30, 1e100])
def test_a_fresh_query_of_any_size_is_a_new_direction(scale: float) -> None:
    answers = []
    for factor in (1.0, scale):
        space = LazySpace(6, 20, np.random.default_rng(0))
        W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
        answers.append((W @ (W.T @ (q * factor))).values / factor)
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.sampled_from([1e-3, 1e-5, 1e-7]), SEEDS)
def test_nearly_dependent_queries_are_held_by_an_orthonormal_basis(columns: int, tiny: float, seed: int) -> None:
    """Without reorthogonalization the error would be the rounding error divided by ``tiny``."""
    choices = np.random.default_rng(seed)
    space = LazySpace(50, 2, np.random.default_rng(seed))
    W = space.gaussian_matrix(1.0)
    seen: list[Block] = [space.gaussian_vectors(5, 1.0)]
    seen.append(W.T @ seen[0])
    queries = normalized(space, mixture(space, seen, choices.standard_normal((10, 6))))
    _ = W @ queries
    start = mixture(space, [queries], choices.standard_normal((6, columns)))
    step = mixture(space, seen, choices.standard_normal((10, columns)))
    _ = W @ mixture(space, [start, step], np.vstack([np.eye(columns), tiny * np.eye(columns)]))
    held = W._right.queries
    np.testing.assert_allclose(held @ held.transpose(0, 2, 1), np.tile(np.eye(6 + columns), (2, 1, 1)), atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 3), SEEDS)
def test_the_variance_only_scales_the_matrix(n: int, columns: int, seed: int) -> None:
    answers = []
    for variance in (1.0, 4.0):
        space = LazySpace(n, 2, np.random.default_rng(seed))
        W, q = space.gaussian_matrix(variance), space.gaussian_vectors(columns, 1.0)
        answers.append((W @ (W.T @ q)).values)
    np.testing.assert_allclose(answers[1], 4 * answers[0], rtol=0, atol=1e-7 * (n + 3) ** 3)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), SEEDS)
def test_replicates_differ(n: int, seed: int) -> None:
    space = LazySpace(n, 2, np.random.default_rng(seed))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(1, 1.0)
    lengths = squared_norm(W @ q) / squared_norm(q)
    assert lengths[0] != lengths[1]


# ------------------------------------------------------------------------------------------------
# Width, shapes, refusals
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10**12, 10**18, 10**24])
def test_a_huge_width_neither_overflows_nor_fluctuates(n: int) -> None:
    """``|W q|² / n ν |q|²`` has standard deviation √(2/n); 100 of them are allowed, and rounding."""
    space = LazySpace(n, 50, np.random.default_rng(9))
    W = space.gaussian_matrix(NU)
    for matrix in (W, W.T):
        q = space.gaussian_vectors(1, 1.0)
        for _ in range(4):
            answer = (matrix @ q) * float(n) ** -0.5
            tolerance = 100 * np.sqrt(2 / n) + 1e-12
            np.testing.assert_allclose(squared_norm(answer) / (NU * squared_norm(q)), 1.0, rtol=0, atol=tolerance)
            q = answer


def test_the_basis_grows_with_the_queries_and_not_with_the_width() -> None:
    dimensions = []
    for n in (10**3, 10**6, 10**18):
        space = LazySpace(n, 1, np.random.default_rng(0))
        W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
        _ = W.T @ (W @ q)
        dimensions.append(space.dimension)
    assert dimensions == [6, 6, 6]


def test_a_block_from_another_space_is_refused() -> None:
    here, there = (LazySpace(5, 2, np.random.default_rng(seed)) for seed in (0, 1))
    stranger = there.gaussian_vectors(1, 1.0)
    with pytest.raises(ValueError, match="another space"):
        _ = here.gaussian_matrix(1.0) @ stranger


def test_a_transpose_refuses_a_block_from_another_space_too() -> None:
    here, there = (LazySpace(5, 2, np.random.default_rng(seed)) for seed in (0, 1))
    stranger = there.gaussian_vectors(1, 1.0)
    with pytest.raises(ValueError, match="another space"):
        _ = here.gaussian_matrix(1.0).T @ stranger


@pytest.mark.parametrize("n", [1, 7, 10**18])
def test_the_shape_is_that_of_a_square_matrix(n: int) -> None:
    W = LazySpace(n, 1, np.random.default_rng(0)).gaussian_matrix(1.0)
    assert W.shape == W.T.shape == (n, n)


@pytest.mark.parametrize(("n", "replicates"), [(0, 1), (-3, 1), (1, 0)])
def test_an_empty_space_is_refused_with_its_sizes(n: int, replicates: int) -> None:
    with pytest.raises(ValueError, match=f"n = {n} and replicates = {replicates}"):
        LazySpace(n, replicates, np.random.default_rng(0))


def test_earlier_blocks_keep_their_inner_products_while_the_basis_grows() -> None:
    space = LazySpace(20, 4, np.random.default_rng(0))
    q = space.gaussian_vectors(2, 1.0)
    before = q.inner(q)
    later = space.gaussian_matrix(1.0) @ q
    assert later.dimension > q.dimension
    np.testing.assert_array_equal(q.inner(q), before)
    np.testing.assert_allclose(
        q.inner(later), np.matmul(q.coordinates(later.dimension).transpose(0, 2, 1), later.values), rtol=1e-13
    )


def test_asking_does_not_change_the_query() -> None:
    space = LazySpace(4, 3, np.random.default_rng(0))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
    before = q.values.copy()
    _ = W @ (W.T @ q)
    np.testing.assert_array_equal(q.values, before)


def test_a_query_in_the_span_of_earlier_ones_draws_nothing() -> None:
    space = LazySpace(100, 3, np.random.default_rng(5))
    matrix = space.gaussian_matrix(1.0)
    block = space.gaussian_vectors(2, 1.0)
    matrix @ block
    dimension = space.dimension
    matrix @ (block * 2.0)
    assert space.dimension == dimension


def test_inner_products_of_different_spaces_are_refused() -> None:
    one, other = (LazySpace(10, 1, np.random.default_rng(seed)).gaussian_vectors(1, 1.0) for seed in (0, 1))
    with pytest.raises(ValueError, match="different spaces"):
        one.inner(other)
