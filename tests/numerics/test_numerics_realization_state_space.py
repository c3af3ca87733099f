"""RNNs as systems and back: against scipy.signal's simulations, python-control's, and exactly as a law."""

from __future__ import annotations

import doctest
import importlib.util
import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import numerics.realization.state_space
from numerics.realization.arithmetic import Arbitrary, NumberError
from numerics.realization.errors import InaccurateRealizationError
from numerics.realization.realize import realize
from numerics.realization.rnn import LinearRNN, ShapeError
from numerics.realization.state_space import NoStateSpaceError, from_state_space, to_control, to_dlti

Array = np.ndarray[Any, Any]

SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.fractions(-3, 3, max_denominator=4)

HAS_CONTROL = importlib.util.find_spec("control") is not None
with_control = pytest.mark.skipif(not HAS_CONTROL, reason="python-control is not installed")


def random_rnn(n: int, n_x: int, n_y: int, seed: int = 0) -> LinearRNN:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n)) / max(n, 1) ** 0.5
    return LinearRNN(W, rng.normal(size=(n, n_x)), rng.normal(size=(n_y, n)))


def simulated(system: Any, horizon: int) -> Array:
    """SciPy's impulse response, (T, n_y, n_x)."""
    return np.stack(signal.dimpulse(system, n=horizon)[1], axis=-1)


def matrices(data: st.DataObject, n: int, n_x: int, n_y: int) -> tuple[Array, Array, Array, Array]:
    """A, B, C and D of small fractions."""

    def matrix(rows: int, columns: int) -> Array:
        values = np.empty(rows * columns, dtype=object)
        values[:] = data.draw(st.lists(SMALL, min_size=rows * columns, max_size=rows * columns))
        return values.reshape(rows, columns)

    return matrix(n, n), matrix(n, n_x), matrix(n_y, n), matrix(n_y, n_x)


def lags(A: Array, B: Array, C: Array, D: Array, horizon: int) -> list[Any]:
    """D, C B, C A B, … as they are defined."""
    found = [D.tolist()]
    for _ in range(horizon - 1):
        product = C.dot(B) if len(A) else 0 * D
        found.append(product.tolist())
        B = A.dot(B) if len(A) else B
    return found


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.realization.state_space)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(("n", "n_x", "n_y"), [(1, 1, 1), (4, 2, 3), (5, 3, 2), (30, 1, 1)])
def test_scipy_simulates_the_impulse_response_of_the_rnn(n: int, n_x: int, n_y: int) -> None:
    rnn = random_rnn(n, n_x, n_y)
    np.testing.assert_allclose(simulated(to_dlti(rnn), 12), rnn.impulse_response(12), rtol=1e-10, atol=1e-12)


def test_scipy_simulates_the_outputs_of_the_rnn() -> None:
    rnn = random_rnn(4, 2, 3)
    x = np.random.default_rng(1).normal(size=(20, 2))
    np.testing.assert_allclose(signal.dlsim(to_dlti(rnn, 0.5), x)[1], rnn(x), rtol=1e-10, atol=1e-12)


def test_a_diagonal_rnn_is_the_same_system_as_its_dense_form() -> None:
    rnn = LinearRNN([0.5, -0.25], [[1.0], [2.0]], [[3.0, 1.0]])
    one, other = to_dlti(rnn), to_dlti(rnn.dense())
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in "ABCD")


def test_an_rnn_without_states_is_the_gain_0() -> None:
    system = to_dlti(LinearRNN(np.zeros((0, 0)), np.zeros((0, 2)), np.zeros((3, 0))))
    assert system.A.shape == (0, 0)
    assert np.array_equal(simulated(system, 3), np.zeros((3, 3, 2)))


@pytest.mark.parametrize("dt", [0.1, 1, True])
def test_the_time_step_is_the_given_one(dt: Any) -> None:
    assert to_dlti(random_rnn(2, 1, 1), dt).dt is dt


@pytest.mark.parametrize("dt", [0, -1.0, False, None, math.nan, math.inf, "1"])
def test_an_impossible_time_step_is_refused(dt: Any) -> None:
    with pytest.raises(ValueError, match=r"dt=.*: a positive number, or True"):
        to_dlti(random_rnn(2, 1, 1), dt)


def test_products_are_exact_before_they_are_rounded() -> None:
    third = Fraction(1, 3)
    system = to_dlti(LinearRNN([third, third], [[10**17], [1 - 10**17]], [[1, 1]]), tolerance=math.inf)
    assert system.D.item() == 1.0


def test_rounding_that_spoils_the_lags_is_refused() -> None:
    rnn = realize([Fraction((-3) ** k % 7, k + 1) for k in range(40)], "vandermonde")
    with pytest.raises(
        InaccurateRealizationError, match=r"reproduces the first 40 lags to .* of the largest"
    ) as caught:
        to_dlti(rnn)
    assert caught.value.rnn.n == 41


def test_the_error_that_is_named_is_the_exact_one() -> None:
    rnn = LinearRNN([[Fraction(1, 3)]], [[1]], [[1]])
    A, exact = Fraction(1 / 3), [Fraction(1, 3) ** k for k in range(5)]
    rounded = [Fraction(1)] + [A * A**k for k in range(4)]
    far = float(max(abs(a - b) for a, b in zip(exact, rounded, strict=True)))
    to_dlti(rnn, horizon=5, tolerance=far * 1.01)
    with pytest.raises(InaccurateRealizationError):
        to_dlti(rnn, horizon=5, tolerance=far * 0.99)


def test_numbers_of_arbitrary_precision_are_checked_too() -> None:
    context = Arbitrary(200).context
    large = context.mpf(10) ** 30
    rnn = LinearRNN([context.mpf("0.5"), context.mpf("0.5") + 1 / large], [[1], [1]], [[large, -large]])
    with pytest.raises(InaccurateRealizationError):
        to_dlti(rnn)


def test_lags_that_vanish_exactly_are_no_error() -> None:
    third = Fraction(1, 3)
    assert to_dlti(LinearRNN([third, third], [[1], [1]], [[1, -1]])).D.item() == 0.0


def test_the_lags_of_the_certificate_are_those_that_count() -> None:
    rnn = realize([Fraction(1), Fraction(1, 2), Fraction(1, 3)], "vandermonde")
    np.testing.assert_allclose(simulated(to_dlti(rnn), 3).ravel(), [1, 1 / 2, 1 / 3], rtol=1e-12)


def test_a_weight_beyond_double_precision_is_named() -> None:
    with pytest.raises(NumberError, match="a number of size about 1e400"):
        to_dlti(LinearRNN([[0]], [[1]], [[10**400]]))


@pytest.mark.parametrize("options", [{"tolerance": 0.0}, {"tolerance": math.nan}, {"horizon": 0}], ids=str)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        to_dlti(random_rnn(2, 1, 1), **options)


def test_an_rnn_without_inputs_is_no_system() -> None:
    with pytest.raises(ShapeError, match="n_x = 0"):
        to_dlti(LinearRNN([0.5], np.zeros((1, 0)), [[1.0]]))


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 10), st.integers(1, 3), st.integers(1, 3))
def test_doubles_come_back_with_the_same_weights(seed: int, n: int, n_x: int, n_y: int) -> None:
    rnn = random_rnn(n, n_x, n_y, seed)
    found = from_state_space(to_dlti(rnn), tolerance=1e-9)
    assert found.n == n
    assert np.array_equal(found.scaled_W, rnn.scaled_W)
    assert np.array_equal(found.F, rnn.F)
    response, scale = rnn.impulse_response(8), np.abs(rnn.impulse_response(8)).max()
    assert np.abs(found.impulse_response(8) - response).max() < 1e-9 * scale


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3))
def test_the_system_of_a_rational_rnn_is_an_rnn_of_as_many_states(
    data: st.DataObject, n: int, n_x: int, n_y: int
) -> None:
    A, B, X, _ = matrices(data, n, n_x, n_y)
    rnn = LinearRNN(A, B, X)
    C, D = (X.dot(each) if n else np.full((n_y, each.shape[1]), Fraction(0)) for each in (A, B))
    found = from_state_space((A, B, C, D))
    assert found.n == n
    assert found.impulse_response(2 * n + 2).tolist() == rnn.impulse_response(2 * n + 2).tolist()
    if np.linalg.matrix_rank(np.concatenate([A, B], axis=1).astype(float)) == n:
        assert found.scaled_C.tolist() == X.tolist()


@settings(deadline=None, max_examples=80)
@given(st.data(), st.integers(0, 4), st.integers(0, 3), st.integers(1, 3))
def test_any_rational_system_is_an_rnn_exactly(data: st.DataObject, n: int, n_x: int, n_y: int) -> None:
    system = matrices(data, n, n_x, n_y)
    rnn = from_state_space(system)
    assert rnn.n in (n, n + min(n_x, n_y))
    assert rnn.impulse_response(2 * n + 4).tolist() == lags(*system, 2 * n + 4)


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 8), st.integers(1, 3), st.integers(1, 3))
def test_any_system_of_doubles_is_an_rnn(seed: int, n: int, n_x: int, n_y: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = ((n, n), (n, n_x), (n_y, n), (n_y, n_x))
    system = signal.StateSpace(*(rng.normal(size=shape) for shape in shapes), dt=1.0)
    rnn = from_state_space(system)
    assert rnn.n == n + min(n_x, n_y)
    scale = np.abs(simulated(system, 12)).max()
    assert np.abs(rnn.impulse_response(12) - simulated(system, 12)).max() < 1e-12 * scale


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
def test_units_of_inputs_outputs_and_states_do_not_matter(seed: int, n: int, n_x: int, n_y: int) -> None:
    rng = np.random.default_rng(seed)
    rnn, units = random_rnn(n, n_x, n_y, seed), [2.0 ** rng.integers(-60, 60, size=size) for size in (n, n_x, n_y)]
    states, inputs, outputs = units
    scaled = LinearRNN(
        rnn.scaled_W * states[:, None] / states,
        rnn.F * states[:, None] * inputs,
        rnn.scaled_C / states * outputs[:, None],
    )
    assert from_state_space(to_dlti(scaled, tolerance=math.inf), tolerance=1e-9).n == n


@pytest.mark.parametrize("unit", [1.0, 1e-30, 1e30])
def test_an_error_in_an_output_of_small_unit_is_not_hidden_by_another(unit: float) -> None:
    A, B, C, D = [[0.5]], [[1.0]], [[0.5], [0.5 * unit]], [[1.0], [1.1 * unit]]
    rnn = from_state_space((A, B, C, D))
    assert rnn.n == 2
    assert rnn.impulse_response(2)[:, :, 0].tolist() == [[1.0, 1.1 * unit], [0.5, 0.5 * unit]]


def test_a_nearly_singular_system_that_is_not_solved_gets_more_states() -> None:
    A, B = np.array([[0.5, 0.5], [0.5, 0.5 + 1e-15]]), np.array([[1.0], [1.0]])
    system = signal.StateSpace(A, B, np.array([[1.0, 2.0]]), np.array([[3.0]]), dt=1.0)
    rnn = from_state_space(system)
    np.testing.assert_allclose(rnn.impulse_response(6), simulated(system, 6), rtol=1e-12)


def test_without_a_tolerance_doubles_are_never_trusted() -> None:
    assert from_state_space(([[0.5]], [[1.0]], [[1.0]], [[2.0]]), tolerance=0).n == 2
    assert from_state_space(([[0.5]], [[1.0]], [[1.0]], [[2.0]])).n == 1


def test_numbers_of_arbitrary_precision_stay_so() -> None:
    context = Arbitrary(100).context
    rnn = from_state_space(([[context.mpf("0.5")]], [[1]], [[context.mpf(1)]], [[2]]))
    assert (rnn.n, rnn.arithmetic) == (1, Arbitrary(100))


def test_a_pure_gain_is_an_rnn() -> None:
    rnn = from_state_space(([], [], [], [[3, 2]]))
    assert rnn.impulse_response(2).tolist() == [[[3, 2]], [[0, 0]]]


@pytest.mark.parametrize(
    "system",
    [
        signal.TransferFunction([1.0, 0.3], [1, -0.5, 0.1], dt=0.1),
        signal.TransferFunction([1.0, 0.3, 0.0], [1, -0.5, 0.1], dt=True),
        signal.ZerosPolesGain([0.2], [0.5, 0.1], 2.0, dt=1.0),
        signal.dlti([3.0], [1.0]),
    ],
    ids=str,
)
def test_every_kind_of_scipy_s_systems_is_read(system: Any) -> None:
    np.testing.assert_allclose(from_state_space(system).impulse_response(15), simulated(system, 15), atol=1e-13)


@pytest.mark.parametrize(
    "system",
    [
        signal.lti([1.0], [1.0, 2.0]),
        signal.StateSpace([[1.0]], [[1.0]], [[1.0]], [[0.0]]),
        SimpleNamespace(A=1, B=1, C=1, D=1, dt=0),
    ],
    ids=["transfer function", "state space", "python-control's"],
)
def test_continuous_time_is_refused_with_the_remedy(system: Any) -> None:
    with pytest.raises(NoStateSpaceError, match=r"continuous time.*scipy\.signal\.cont2discrete"):
        from_state_space(system)


@pytest.mark.parametrize("system", [7, "abc", None, np.eye(2), (1, 2, 3)], ids=str)
def test_what_is_no_system_is_refused(system: Any) -> None:
    with pytest.raises(NoStateSpaceError):
        from_state_space(system)


def test_an_improper_transfer_function_has_no_state_space() -> None:
    with pytest.raises(NoStateSpaceError, match="has no state space: Improper"):
        from_state_space(signal.TransferFunction([1.0, 0, 0], [1, -0.5], dt=1.0))


@pytest.mark.parametrize(
    "system",
    [(1, 1, 1, 1), ([[1, 2]], [[1]], [[1]], [[1]]), ([[1]], [[1]], [[1, 2]], [[1]]), ([], [], [], [])],
    ids=str,
)
def test_shapes_that_do_not_fit_are_named(system: Any) -> None:
    with pytest.raises(ShapeError, match=r"A \(.*: needed are \(n, n\)"):
        from_state_space(system)


@pytest.mark.parametrize("value", [math.nan, 1j, "x"])
def test_an_entry_that_is_no_number_is_named(value: Any) -> None:
    with pytest.raises(NumberError, match=r"B\[1, 0\]"):
        from_state_space(([[1, 0], [0, 1]], [[1], [value]], [[1, 1]], [[1]]))


@pytest.mark.parametrize("tolerance", [-1.0, 1.0, math.nan])
def test_an_impossible_tolerance_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance="):
        from_state_space(([[1]], [[1]], [[1]], [[1]]), tolerance=tolerance)


@pytest.mark.skipif(HAS_CONTROL, reason="python-control is installed")
def test_without_python_control_the_remedy_is_named() -> None:
    with pytest.raises(ImportError, match="install python-control"):
        to_control(random_rnn(2, 1, 1))


@with_control
@pytest.mark.parametrize("dt", [1.0, 0.1, True])
def test_python_control_simulates_the_impulse_response(dt: Any) -> None:
    import control

    rnn = random_rnn(4, 2, 3)
    system = to_control(rnn, dt)
    assert (system.nstates, system.dt) == (4, dt)
    outputs = control.impulse_response(system, T=np.arange(6) * float(dt)).outputs * float(dt)
    np.testing.assert_allclose(outputs.transpose(2, 0, 1), rnn.impulse_response(6), atol=1e-12)


@with_control
def test_a_python_control_system_comes_back() -> None:
    rnn = random_rnn(4, 2, 3)
    found = from_state_space(to_control(rnn))
    np.testing.assert_allclose(found.scaled_C, rnn.scaled_C, rtol=1e-9)


@with_control
def test_a_python_control_transfer_function_is_read() -> None:
    import control

    found = from_state_space(control.tf([1, 0.2], [1, -0.5], True))
    np.testing.assert_allclose(found.impulse_response(4).ravel(), [1, 0.7, 0.35, 0.175])


@with_control
def test_python_control_keeps_an_rnn_without_states() -> None:
    assert to_control(LinearRNN(np.zeros((0, 0)), np.zeros((0, 2)), np.zeros((3, 0)))).nstates == 0


@with_control
def test_python_control_s_continuous_time_is_refused() -> None:
    import control

    with pytest.raises(NoStateSpaceError, match="continuous"):
        from_state_space(control.tf([1], [1, 2]))


def test_exact_zeros_are_a_system_without_states():
    system = to_dlti(realize([0, 0], "ho-kalman"))
    assert system.A.shape == (0, 0)
    assert system.D.tolist() == [[0.0]]


def test_a_transfer_function_given_as_two_lists_is_told_how_to_be_given():
    with pytest.raises(NoStateSpaceError, match=r"a transfer function, scipy.signal.dlti\(b, a\)"):
        from_state_space(([1], [1, 0.5]))
