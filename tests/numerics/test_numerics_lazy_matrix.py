"""The lazy matrix is exact in law at every width.

Statistical tests have a fixed seed. Each comparison raises a false alarm with probability 1e-6;
there are about 230 of them here, so that a new seed fails with probability below 3e-4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from numerics.gaussian_matrix import Block, DenseBlock, DenseSpace, Space
from numerics.lazy_matrix import LazyBlock, LazySpace

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
"""Of each statistical comparison."""

REPLICATES = 20_000
WIDTHS = (1, 2, 3, 5, 16)
NU = 1.7


def spaces(n: int, replicates: int, seed: int) -> tuple[DenseSpace, LazySpace]:
    """The same R^n twice, with independent randomness."""
    dense, lazy = np.random.default_rng(seed).spawn(2)
    return DenseSpace(n, replicates, dense), LazySpace(n, replicates, lazy)


def block_of(space: Space, values: Array) -> Block:
    """The block with these coordinates in the basis of its space."""
    return LazyBlock(space, values) if isinstance(space, LazySpace) else DenseBlock(values)


def coordinates(space: Space, block: Block) -> Array:
    return block.coordinates(space.dimension if isinstance(space, LazySpace) else space.n)


def mixture(space: Space, blocks: list[Block], mix: Array) -> Block:
    """Linear combinations of all columns of the blocks; ``mix`` has one row for each column."""
    return block_of(space, np.concatenate([coordinates(space, block) for block in blocks], axis=2) @ mix)


def column(block: Block, i: int) -> Array:
    return np.diagonal(block.inner(block), axis1=1, axis2=2)[:, i]


def alike(one: Array, other: Array) -> float:
    """Two-sample Kolmogorov–Smirnov p-value."""
    return float(stats.ks_2samp(one, other, method="asymp").pvalue)


# ------------------------------------------------------------------------------------------------
# The same law as the dense matrix
# ------------------------------------------------------------------------------------------------


def vectors_of_a_session(space: Space, *, forget_the_transpose: bool = False) -> dict[str, Block]:
    """Ask one matrix 16 products (8 of two columns) from both sides; more than n of them for small n."""
    W = space.gaussian_matrix(NU)
    Wt = space.gaussian_matrix(NU) if forget_the_transpose else W.T
    v = {"q": space.gaussian_vectors(2, 1.3), "p": space.gaussian_vectors(2, 0.6)}
    v["Wq"] = W @ v["q"]
    v["Wtp"] = Wt @ v["p"]
    v["WtWq"] = Wt @ v["Wq"]
    v["WWq"] = W @ v["Wq"]
    v["Wtq"] = Wt @ v["q"]
    v["WWtp"] = W @ v["Wtp"]
    v["WWtWq"] = W @ v["WtWq"]
    v["WtWWq"] = Wt @ v["WWq"]
    return v


def inner(left: str, right: str, i: int = 0, k: int = 0) -> Callable[[dict[str, Block]], Array]:
    return lambda v: v[left].inner(v[right])[:, i, k]


def gram_determinant(names: str) -> Callable[[dict[str, Block]], Array]:
    def statistic(v: dict[str, Block]) -> Array:
        blocks = [v[name] for name in names.split()]
        return np.linalg.det(np.block([[one.inner(other)[:, :1, :1] for other in blocks] for one in blocks]))

    return statistic


STATISTICS: dict[str, Callable[[dict[str, Block]], Array]] = {
    "|q|²": inner("q", "q"),
    "⟨q, p⟩": inner("q", "p", 0, 1),
    "|W q|²": inner("Wq", "Wq"),
    "⟨W q_1, W q_2⟩": inner("Wq", "Wq", 0, 1),
    "|Wᵀ p|²": inner("Wtp", "Wtp", 1, 1),
    "pᵀ W q": inner("p", "Wq"),
    "qᵀ W q": inner("q", "Wq"),
    "p_2ᵀ W² q_1": inner("p", "WWq", 1, 0),
    "|Wᵀ W q|²": inner("WtWq", "WtWq"),
    "|W² q|²": inner("WWq", "WWq"),
    "⟨W q, Wᵀ q⟩": inner("Wq", "Wtq"),
    "⟨Wᵀ W q_1, Wᵀ p_2⟩": inner("WtWq", "Wtp", 0, 1),
    "|W Wᵀ p|²": inner("WWtp", "WWtp"),
    "|W Wᵀ W q|²": inner("WWtWq", "WWtWq", 1, 1),
    "⟨Wᵀ W² q, q⟩": inner("WtWWq", "q"),
    "⟨W Wᵀ W q, Wᵀ q⟩": inner("WWtWq", "Wtq"),
    "det Gram(q, W q)": gram_determinant("q Wq"),
    "⟨W q, Wᵀ q⟩² / |W q|² |Wᵀ q|²": lambda v: (
        v["Wq"].inner(v["Wtq"])[:, 0, 0] ** 2 / (column(v["Wq"], 0) * column(v["Wtq"], 0))
    ),
}

CONSTANT_AT_WIDTH_ONE = ("det Gram(q, W q)", "⟨W q, Wᵀ q⟩² / |W q|² |Wᵀ q|²")


@cache
def session(n: int) -> tuple[dict[str, Block], dict[str, Block]]:
    dense, lazy = spaces(n, REPLICATES, seed=100 + n)
    return vectors_of_a_session(dense), vectors_of_a_session(lazy)


@pytest.mark.parametrize(
    ("statistic", "n"),
    [(name, n) for name in STATISTICS for n in WIDTHS if n > 1 or name not in CONSTANT_AT_WIDTH_ONE],
)
def test_a_lazy_matrix_has_the_law_of_a_dense_one(statistic: str, n: int) -> None:
    dense, lazy = session(n)
    assert alike(STATISTICS[statistic](dense), STATISTICS[statistic](lazy)) > FALSE_ALARM


def test_all_vectors_of_width_one_are_parallel() -> None:
    _, v = session(1)
    for one in v.values():
        for other in v.values():
            lengths = column(one, 0) * column(other, 1)
            np.testing.assert_allclose(one.inner(other)[:, 0, 1] ** 2, lengths, rtol=1e-10)


@pytest.mark.parametrize("statistic", ["|Wᵀ W q|²", "⟨Wᵀ W q_1, Wᵀ p_2⟩", "|W Wᵀ W q|²"])
@pytest.mark.parametrize("n", [2, 5, 16])
def test_a_transpose_that_is_another_matrix_would_be_told_apart(statistic: str, n: int) -> None:
    wrong = vectors_of_a_session(DenseSpace(n, REPLICATES, np.random.default_rng(7)), forget_the_transpose=True)
    assert alike(STATISTICS[statistic](wrong), STATISTICS[statistic](session(n)[1])) < FALSE_ALARM


@pytest.mark.parametrize("statistic", ["|W q|²", "⟨W q_1, W q_2⟩", "|W² q|²", "|W Wᵀ p|²"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_another_width_would_be_told_apart(statistic: str, n: int) -> None:
    wrong = vectors_of_a_session(DenseSpace(n + 1, REPLICATES, np.random.default_rng(7)))
    assert alike(STATISTICS[statistic](wrong), STATISTICS[statistic](session(n)[1])) < FALSE_ALARM


@pytest.mark.parametrize("n", WIDTHS)
def test_a_fresh_vector_has_a_chi_square_length(n: int) -> None:
    space = LazySpace(n, REPLICATES, np.random.default_rng(200 + n))
    space.gaussian_vectors(2, 1.0)
    later = space.gaussian_vectors(3, 0.4)
    assert stats.kstest(column(later, 2) / 0.4, "chi2", args=(n,)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("n", WIDTHS)
def test_one_product_has_a_chi_square_length_after_queries_from_the_other_side(n: int) -> None:
    space = LazySpace(n, REPLICATES, np.random.default_rng(300 + n))
    W, q = space.gaussian_matrix(NU), space.gaussian_vectors(1, 2.0)
    _ = W.T @ space.gaussian_vectors(2, 1.0)
    answer = W @ q
    assert stats.kstest(column(answer, 0) / (NU * column(q, 0)), "chi2", args=(n,)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("n", WIDTHS)
def test_a_bilinear_form_is_normal_given_its_vectors(n: int) -> None:
    space = LazySpace(n, REPLICATES, np.random.default_rng(400 + n))
    W, p, q = space.gaussian_matrix(NU), space.gaussian_vectors(1, 1.0), space.gaussian_vectors(1, 1.0)
    form = p.inner(W @ q)[:, 0, 0] / np.sqrt(NU * column(p, 0) * column(q, 0))
    assert stats.kstest(form, "norm").pvalue > FALSE_ALARM


def products_of_powers(j: int, n: int) -> float:
    """``m_j(n)``: exact expectations of ``n^{-j} |G^j q|² / |q|²``, for n×n standard normal G."""
    return {1: 1.0, 2: 1 + 2 / n**2, 3: 1 + 10 / n**2 + 4 / n**3}[j]


@cache
def growth(n: int) -> Array:
    """``|W^j q|² / (n ν)^j |q|²`` for j = 1, 2, 3."""
    space = LazySpace(n, 40_000, np.random.default_rng(500 + n))
    W, q = space.gaussian_matrix(NU), space.gaussian_vectors(1, 1.0)
    start, rows = column(q, 0), []
    for j in (1, 2, 3):
        q = W @ q
        rows.append(column(q, 0) / start / (n * NU) ** j)
    return np.array(rows)


@pytest.mark.parametrize("n", [2, 3, 4, 8])
@pytest.mark.parametrize("j", [1, 2, 3])
def test_powers_grow_by_the_exact_finite_width_moments(j: int, n: int) -> None:
    """Two-sided z-tests; z = 4.9 is a probability of 1e-6 for a normal mean."""
    sample = growth(n)[j - 1]
    z = (sample.mean() - products_of_powers(j, n)) / (sample.std(ddof=1) / np.sqrt(sample.size))
    assert abs(z) < 4.9


@pytest.mark.parametrize("n", [2, 3, 4, 8])
@pytest.mark.parametrize("j", [2, 3])
def test_the_infinite_width_moment_is_refuted_at_small_width(j: int, n: int) -> None:
    sample = growth(n)[j - 1]
    assert (sample.mean() - 1.0) / (sample.std(ddof=1) / np.sqrt(sample.size)) > 4.9


# ------------------------------------------------------------------------------------------------
# Several matrices in one space
# ------------------------------------------------------------------------------------------------


def two_matrices(space: Space) -> dict[str, Array]:
    one, two = space.gaussian_matrix(NU), space.gaussian_matrix(0.5)
    q, p = space.gaussian_vectors(1, 1.0), space.gaussian_vectors(1, 1.0)
    a, b = one @ q, two @ q
    c, d = two @ a, one @ b
    e, f = one.T @ c, two.T @ (one.T @ p)
    return {
        "|W_1 q|²": column(a, 0),
        "⟨W_1 q, W_2 q⟩": a.inner(b)[:, 0, 0],
        "|W_2 W_1 q|²": column(c, 0),
        "⟨W_2 W_1 q, W_1 W_2 q⟩": c.inner(d)[:, 0, 0],
        "|W_1ᵀ W_2 W_1 q|²": column(e, 0),
        "⟨W_2ᵀ W_1ᵀ p, q⟩": f.inner(q)[:, 0, 0],
        "⟨W_2ᵀ W_1ᵀ p, W_1 q⟩": f.inner(a)[:, 0, 0],
    }


@cache
def two_matrix_session(n: int) -> tuple[dict[str, Array], dict[str, Array]]:
    dense, lazy = spaces(n, REPLICATES, seed=600 + n)
    return two_matrices(dense), two_matrices(lazy)


@pytest.mark.parametrize("n", [1, 3, 16])
@pytest.mark.parametrize(
    "statistic",
    [
        "|W_1 q|²",
        "⟨W_1 q, W_2 q⟩",
        "|W_2 W_1 q|²",
        "⟨W_2 W_1 q, W_1 W_2 q⟩",
        "|W_1ᵀ W_2 W_1 q|²",
        "⟨W_2ᵀ W_1ᵀ p, q⟩",
        "⟨W_2ᵀ W_1ᵀ p, W_1 q⟩",
    ],
)
def test_two_matrices_in_one_space_have_the_joint_law_of_two_dense_ones(statistic: str, n: int) -> None:
    dense, lazy = two_matrix_session(n)
    assert alike(dense[statistic], lazy[statistic]) > FALSE_ALARM


@pytest.mark.parametrize("n", [1, 3, 16])
@pytest.mark.parametrize("seen", ["forms", "lengths"])
def test_two_matrices_in_one_space_are_independent(seen: str, n: int) -> None:
    """Spearman's correlation of what the two matrices do to the same vectors."""
    space = LazySpace(n, REPLICATES, np.random.default_rng(700 + n))
    q, p = space.gaussian_vectors(1, 1.0), space.gaussian_vectors(1, 1.0)
    answers = [space.gaussian_matrix(1.0) @ q for _ in range(2)]
    if seen == "forms":
        one, two = (p.inner(answer)[:, 0, 0] / np.sqrt(column(p, 0) * column(q, 0)) for answer in answers)
    else:
        one, two = (column(answer, 0) / column(q, 0) for answer in answers)
    assert stats.spearmanr(one, two).pvalue > FALSE_ALARM


def test_one_matrix_is_not_independent_of_itself() -> None:
    """What the test above would say if the two matrices shared their randomness."""
    space = LazySpace(3, REPLICATES, np.random.default_rng(703))
    W, q, p = space.gaussian_matrix(1.0), space.gaussian_vectors(1, 1.0), space.gaussian_vectors(1, 1.0)
    one, two = p.inner(W @ q)[:, 0, 0], q.inner(W.T @ p)[:, 0, 0]
    assert stats.spearmanr(one, two).pvalue < FALSE_ALARM


# ------------------------------------------------------------------------------------------------
# Degenerate queries next to regular ones
# ------------------------------------------------------------------------------------------------


def session_with_degenerate_replicates(space: Space) -> dict[str, Block]:
    """A second query that is zero in a third of the replicates and twice the first in another third."""
    W = space.gaussian_matrix(NU)
    v = {"p": space.gaussian_vectors(1, 1.0), "first": space.gaussian_vectors(1, 1.0)}
    v["Wtp"], v["Wfirst"] = W.T @ v["p"], W @ v["first"]
    values = coordinates(space, space.gaussian_vectors(1, 1.0)).copy()
    first = coordinates(space, v["first"])
    values[0::3] = 0.0
    values[1::3] = 2.0 * first[1::3]
    v["second"] = block_of(space, values)
    v["Wsecond"] = W @ v["second"]
    v["third"] = mixture(space, [v["Wsecond"], v["Wfirst"], v["p"]], np.array([[1.0], [0.5], [1.0]]))
    v["Wthird"] = W @ v["third"]
    v["Wtthird"] = W.T @ v["third"]
    v["r"] = space.gaussian_vectors(1, 1.0)
    v["Wtr"] = W.T @ v["r"]
    return v


@cache
def degenerate_session(n: int) -> tuple[dict[str, Block], dict[str, Block]]:
    dense, lazy = spaces(n, REPLICATES, seed=800 + n)
    return session_with_degenerate_replicates(dense), session_with_degenerate_replicates(lazy)


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_a_zero_query_in_one_replicate_is_answered_by_zero(n: int) -> None:
    _, v = degenerate_session(n)
    assert np.all(column(v["Wsecond"], 0)[0::3] == 0.0)


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_a_repeated_query_in_one_replicate_is_answered_as_before(n: int) -> None:
    _, v = degenerate_session(n)
    first = v["Wfirst"].coordinates(v["Wsecond"].dimension)[1::3]
    np.testing.assert_allclose(v["Wsecond"].values[1::3], 2 * first, rtol=0, atol=1e-11 * np.abs(first).max())


@pytest.mark.parametrize("kind", [0, 1, 2], ids=["zero", "repeated", "regular"])
@pytest.mark.parametrize("n", [1, 2, 5, 16])
@pytest.mark.parametrize(
    ("left", "right"),
    [("Wthird", "Wthird"), ("Wtthird", "Wtthird"), ("p", "Wthird"), ("Wtr", "Wtr"), ("Wtr", "third"), ("Wtr", "first")],
)
def test_replicates_keep_their_law_when_others_are_degenerate(left: str, right: str, n: int, kind: int) -> None:
    dense, lazy = (v[left].inner(v[right])[kind::3, 0, 0] for v in degenerate_session(n))
    assert alike(dense, lazy) > FALSE_ALARM


@pytest.mark.parametrize("n", [2, 5, 16])
def test_a_regular_query_keeps_its_law_when_other_replicates_are_degenerate(n: int) -> None:
    dense, lazy = (v["Wsecond"].inner(v["Wsecond"])[2::3, 0, 0] for v in degenerate_session(n))
    assert alike(dense, lazy) > FALSE_ALARM


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_a_matrix_stays_one_matrix_through_degenerate_queries(n: int) -> None:
    _, v = degenerate_session(n)
    for p, Wtp in (("p", "Wtp"), ("r", "Wtr"), ("third", "Wtthird")):
        for q, Wq in (("first", "Wfirst"), ("second", "Wsecond"), ("third", "Wthird")):
            scale = np.sqrt(column(v[p], 0) * column(v[q], 0)) + 1e-300
            gap = (v[p].inner(v[Wq]) - v[Wtp].inner(v[q]))[:, 0, 0]
            assert np.max(np.abs(gap) / scale) < 1e-8 * np.sqrt(NU * n)
