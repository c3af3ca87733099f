from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.state_evolution import (
    GaussianRecursion,
    LinearRow,
    RandomMatrix,
    StateEvolution,
    induct,
    unknown_covariance,
)
from theory.symbols import epsilon_W, nu_F, nu_W, t
from theory.tangent_kernel import perturbed_law, perturbed_recursion
from theory.verification import Identity, Outcome, verify

STEPS = 3
ZERO = sp.zeros(2, 2)
PROJECTION = sp.ImmutableMatrix([[1, 0], [0, 0]])
NILPOTENT = sp.ImmutableMatrix([[0, 1], [0, 0]])

cells = st.integers(-2, 2)
blocks = st.builds(lambda *c: sp.ImmutableMatrix(2, 2, c), cells, cells, cells, cells)
rows = st.lists(blocks, min_size=1, max_size=3).map(lambda coefficients: LinearRow(tuple(coefficients)))
variances = st.sampled_from([sp.Rational(1, 2), sp.S.One, sp.Rational(3), sp.S.Zero])
initials = blocks.map(lambda root: sp.ImmutableMatrix(root * root.T))  # singular whenever the root is
recursions = st.builds(
    lambda matrices, initial: GaussianRecursion(
        tuple(RandomMatrix(f"A_{i}", nu, row) for i, (nu, row) in enumerate(matrices)), initial
    ),
    st.lists(st.tuples(variances, rows), min_size=1, max_size=2),
    initials,
)


def covariances_by_words(recursion, steps):
    """``E[Q_s^T Q_t]`` without Gram matrices or predictors.

    Each q_t is a sum over words in the A_i applied to q_0. In the limit different words give
    independent images of q_0, and the word w gives the variance ``ν_w = Π ν_i`` times P_0.
    """
    expansion = [{(): sp.eye(2)}]
    for time in range(steps):
        following = {}
        for i, matrix in enumerate(recursion.matrices):
            for back, coefficient in enumerate(matrix.row.coefficients[: time + 1]):
                for word, block in expansion[time - back].items():
                    following[(i, *word)] = following.get((i, *word), ZERO) + block * coefficient
        expansion.append(following)

    def covariance(s, t):
        total = ZERO
        for word in expansion[s].keys() & expansion[t].keys():
            nu = sp.prod(recursion.matrices[i].variance for i in word)
            total += nu * expansion[s][word].T * recursion.initial * expansion[t][word]
        return total

    return {(s, t): covariance(s, t) for s, t in product(range(steps + 1), repeat=2)}


def run(recursion, steps=STEPS):
    evolution = StateEvolution(recursion)
    return evolution, [evolution.advance() for _ in range(steps)]


def singular_recursion():
    """Two columns of which one is the other, delayed: every Gram matrix is singular."""
    row = LinearRow((PROJECTION, NILPOTENT))
    return GaussianRecursion((RandomMatrix("A", sp.Rational(2, 3), row),), sp.ImmutableMatrix([[1, 1], [1, 1]]))


@settings(deadline=None, max_examples=40)
@given(recursions)
def test_the_predictor_form_equals_the_variance_identity(recursion):
    _, history = run(recursion)
    assert all(image.with_past == image.direct for images in history for image in images)


@settings(deadline=None, max_examples=40)
@given(recursions)
def test_covariances_agree_with_the_expansion_in_words(recursion):
    evolution, _ = run(recursion)
    expected = covariances_by_words(recursion, STEPS)
    assert {times: evolution.covariance(*times) for times in expected} == expected


@settings(deadline=None, max_examples=15)
@given(recursions)
def test_innovations_are_positive_semidefinite(recursion):
    _, history = run(recursion)
    for image in (image for images in history for image in images):
        assert image.innovation == image.innovation.T
        assert min(image.innovation[0, 0], image.innovation[1, 1], image.innovation.det()) >= 0


@settings(deadline=None, max_examples=15)
@given(recursions)
def test_covariances_of_exchanged_times_are_transposed(recursion):
    evolution, _ = run(recursion)
    for s, later in product(range(STEPS + 1), repeat=2):
        assert evolution.covariance(s, later) == evolution.covariance(later, s).T


def test_singular_gram_matrices_are_predicted_with_the_pseudo_inverse():
    recursion = singular_recursion()
    evolution, _ = run(recursion, 4)
    expected = covariances_by_words(recursion, 4)
    assert {times: evolution.covariance(*times) for times in expected} == expected
    assert evolution.covariance(1, 1).det() == 0


def test_an_argument_that_repeats_is_predicted_without_innovation():
    """With ``z_t = q_0`` for every t the images repeat, and their mean is the shortest predictor."""

    class Start:
        def cross_moment(self, s, t, covariance):
            return covariance(0, 0)

    recursion = GaussianRecursion((RandomMatrix("A", nu_W, Start()),), sp.ImmutableMatrix([[nu_F]]))
    _, (_, (second,), (third,)) = run(recursion, 3)
    assert (second.predictor, third.predictor) == ((sp.Matrix([[1]]),), (sp.Matrix([[sp.S.Half]]),) * 2)
    assert second.innovation == third.innovation == sp.zeros(1)
    assert third.with_past == (sp.Matrix([[nu_W * nu_F]]),) * 3


def test_a_matrix_with_memory_predicts_its_second_image_from_its_first():
    """``z_1 = q_1 + q_0`` and ``z_0 = q_0`` share q_0: the predictor is 1 and the innovation ν E[q_1²]."""
    one = sp.ImmutableMatrix([[1]])
    recursion = GaussianRecursion((RandomMatrix("A", nu_W, LinearRow((one, one))),), sp.ImmutableMatrix([[nu_F]]))
    _, (_, (second,)) = run(recursion, 2)
    assert second.predictor == (sp.Matrix([[1]]),)
    assert second.innovation == sp.Matrix([[nu_F * nu_W**2]])


def test_images_of_independent_matrices_add_without_cross_terms():
    row = LinearRow((sp.ImmutableMatrix(sp.eye(2)),))
    matrices = (RandomMatrix("A", nu_W, row), RandomMatrix("B", 3 * nu_F, row))
    evolution, _ = run(GaussianRecursion(matrices, sp.ImmutableMatrix(sp.eye(2))), 1)
    assert evolution.covariance(1, 1) == (nu_W + 3 * nu_F) * sp.eye(2)


def test_one_matrix_in_two_places_correlates_what_two_matrices_would_not():
    """Reusing A for both columns gives E[q q̃] ≠ 0; two matrices A, B give 0."""
    both = sp.ImmutableMatrix([[1, 1], [0, 0]])
    left, right = sp.ImmutableMatrix([[1, 0], [0, 0]]), sp.ImmutableMatrix([[0, 1], [0, 0]])
    reused = GaussianRecursion((RandomMatrix("A", nu_W, LinearRow((both,))),), sp.ImmutableMatrix(sp.eye(2)))
    separate = GaussianRecursion(
        (RandomMatrix("A", nu_W, LinearRow((left,))), RandomMatrix("B", nu_W, LinearRow((right,)))),
        sp.ImmutableMatrix(sp.eye(2)),
    )
    assert run(reused, 1)[0].covariance(1, 1) == nu_W * sp.ones(2, 2)
    assert run(separate, 1)[0].covariance(1, 1) == nu_W * sp.eye(2)


def test_the_initial_state_is_independent_of_every_later_one():
    evolution, _ = run(singular_recursion())
    assert [evolution.covariance(0, later) for later in range(1, STEPS + 1)] == [ZERO] * STEPS


def test_time_counts_the_advances():
    evolution, _ = run(singular_recursion(), 2)
    assert evolution.time == 2


def test_terms_that_reach_before_time_zero_are_dropped():
    row = LinearRow((PROJECTION, NILPOTENT, NILPOTENT))
    assert row.cross_moment(0, 0, lambda *_: sp.eye(2)) == PROJECTION


def test_a_row_with_two_coefficients_is_not_memoryless():
    assert LinearRow((PROJECTION,)).memoryless
    assert not LinearRow((PROJECTION, NILPOTENT)).memoryless


@pytest.mark.parametrize("time", range(5))
def test_the_recursion_45_run_step_by_step_agrees_with_the_solution_for_every_t(time):
    solutions = {str(sequence): solution for sequence, solution in perturbed_law().sequences.items()}
    evolution, _ = run(perturbed_recursion(), time)
    sigma, kappa, tau = (solutions[f"{name}(t)"].subs(t, time) for name in ("sigma", "kappa", "tau"))
    expected = sp.Matrix([[sigma, kappa], [kappa, tau]])
    assert (evolution.covariance(time, time) - expected).applyfunc(sp.expand) == ZERO


def test_the_recursion_45_is_independent_over_time():
    evolution, _ = run(perturbed_recursion(), 4)
    assert all(evolution.covariance(s, later) == ZERO for later in range(5) for s in range(later))


def test_the_recursion_45_needs_no_prediction():
    _, history = run(perturbed_recursion(), 4)
    assert all(block == ZERO for images in history for image in images for block in image.predictor)


def test_induction_reads_off_the_recurrence_of_45():
    induction = induct(perturbed_recursion(), [["sigma", "kappa"], ["kappa", "tau"]])
    sigma, kappa, tau = (sp.Function(name)(t) for name in ("sigma", "kappa", "tau"))
    expected = sp.Matrix([[nu_W * sigma, nu_W * kappa], [nu_W * kappa, nu_W * tau + epsilon_W * sigma]])
    assert verify(Identity(induction.following, expected)).outcome is Outcome.PROVED


def test_induction_closes_with_independence_of_the_past():
    induction = induct(perturbed_recursion(), [["sigma", "kappa"], ["kappa", "tau"]])
    assert induction.with_initial == induction.with_earlier == ZERO


def test_induction_leaves_earlier_and_present_times_apart():
    induction = induct(perturbed_recursion(), [["sigma", "kappa"], ["kappa", "tau"]])
    assert t not in induction.earlier.free_symbols
    assert induction.present == unknown_covariance([["sigma", "kappa"], ["kappa", "tau"]], t)


def test_induction_refuses_a_row_with_memory_by_the_name_of_its_matrix():
    one = sp.ImmutableMatrix([[1]])
    matrices = (RandomMatrix("W", nu_W, LinearRow((one,))), RandomMatrix("V_late", nu_W, LinearRow((one, one))))
    with pytest.raises(ValueError, match="that of V_late does not"):
        induct(GaussianRecursion(matrices, one), [["sigma"]])


def test_induction_refuses_a_row_that_is_not_linear():
    class Square:
        def cross_moment(self, s, t, covariance):
            return covariance(s, t)

    recursion = GaussianRecursion((RandomMatrix("W_squared", nu_W, Square()),), sp.ImmutableMatrix([[1]]))
    with pytest.raises(ValueError, match="that of W_squared does not"):
        induct(recursion, [["sigma"]])


def test_a_row_function_of_ones_own_needs_only_its_second_moments():
    """``z = q²`` by Isserlis: E[z_s z_t] = E[q_s²]E[q_t²] + 2 E[q_s q_t]²."""

    class Square:
        def cross_moment(self, s, t, covariance):
            return sp.Matrix([[covariance(s, s)[0] * covariance(t, t)[0] + 2 * covariance(s, t)[0] ** 2]])

    recursion = GaussianRecursion((RandomMatrix("A", nu_W, Square()),), sp.ImmutableMatrix([[1]]))
    evolution, history = run(recursion, 2)
    assert evolution.covariance(1, 1)[0] == 3 * nu_W
    assert history[1][0].predictor == (sp.Matrix([[nu_W]]),)  # E[q_0²q_1²] / E[q_0⁴] = 3 ν_W / 3
    assert evolution.covariance(2, 2)[0] == 27 * nu_W**3
    assert evolution.covariance(1, 2)[0] == 3 * nu_W**2
