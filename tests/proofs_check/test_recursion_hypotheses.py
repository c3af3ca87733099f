"""What is known about the hypotheses of Lemma C.1, recursion by recursion."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from numerics.laws import Discrete, Normal, Uniform
from numerics.recursion import python_recursion
from proofs_check.recursion.hypotheses import Hypotheses, examine, starts_gaussian
from proofs_check.recursion.numeric import numeric
from proofs_check.recursion.reader import read, read_text

U = '[u]\ncolumns = ["u", "g"]\nlaws = ["uniform(-1, 1)", "normal(0, 1)"]\n'


def examined(formula: str, *, head: str = U, at: str = "", horizon: int = 4) -> Hypotheses:
    text = f'{head}[[matrix]]\nname = "W"\nvariance = 1\nz = "{formula}"\n{at}'
    return examine(numeric(read_text(text)), horizon)


LIPSCHITZ = {
    "tanh(q)": 1,
    "relu(q + g)": 2,
    "max(q, 0.1*q)": 1,
    "min(max(q, -1), 1)": 1,
    "u*tanh(q)": 2,
    "2*q + 3*q[t-1]": 5,
    "erf(q)": 2 / sqrt(np.pi),
    "q[0] - sin(q)": 2,
    "exp(-abs(q))": 1,
    "0": 0,
}


@pytest.mark.parametrize("formula", LIPSCHITZ)
def test_a_lipschitz_constant_is_found(formula: str) -> None:
    found = examined(formula)
    assert found.constant == pytest.approx(LIPSCHITZ[formula])
    assert found.broken == found.open == ()


@pytest.mark.parametrize(
    "formula", ["q**2", "exp(q)", "q*g", "q*q[t-1]", "q*u", "sin(q**2)", "step(q)", "q > g", "sqrt(abs(q))"]
)
def test_a_row_function_that_is_not_lipschitz_is_named_with_a_witness(formula: str) -> None:
    found = examined(formula)
    assert found.constant is None
    assert found.broken[0].where.startswith("z of W at t = ")
    assert "slope" in found.broken[0].witness


@pytest.mark.parametrize("formula", ["log(q)", "sqrt(q)", "q**0.5", "sqrt(-1 - q**2)", "log(u)*q", "sqrt(q + 5)"])
def test_a_row_function_that_is_not_a_number_somewhere_is_named_with_the_place(formula: str) -> None:
    (found,) = examined(formula, horizon=1).undefined
    assert found.where == "z of W at t = 0"
    assert found.undefined.startswith("not a number at ")
    assert examined(formula, horizon=1).broken == examined(formula, horizon=1).open == ()


@pytest.mark.parametrize(
    ("formula", "law"),
    [
        ("u*log(u)", "uniform(0, 1)"),
        ("q*sqrt(u**2 - 1)", "values(-1, 1, 2)"),
        ("q*log(u - 1500)", "values(1501, 1502)"),
    ],
)
def test_what_is_not_a_number_where_u_never_is_does_not_matter(formula: str, law: str) -> None:
    head = f'[u]\ncolumns = ["u"]\nlaws = ["{law}"]\n'
    assert examined(formula, head=head).undefined == ()


def test_what_is_not_a_number_far_from_zero_is_found_where_u_is() -> None:
    head = '[u]\ncolumns = ["u"]\nlaws = ["uniform(1000, 2000)"]\n'
    assert len(examined("q + log(1500 - u)", head=head, horizon=1).undefined) == 1


@pytest.mark.parametrize("formula", ["q*step(q)", "q/(1 + q**2)", "log(1 + exp(q))", "q*exp(-q**2)"])
def test_what_is_not_decided_is_open_and_not_broken(formula: str) -> None:
    found = examined(formula)
    assert found.constant is None
    assert found.broken == ()
    assert [one.where for one in found.open] == ["z of W at t = 0"]


@pytest.mark.parametrize("name", ["tanh-rnn", "relu-rnn", "erf-reservoir", "impulse-response", "linearized-rnn"])
def test_every_example_satisfies_the_hypotheses(name: str) -> None:
    assert examine(numeric(read(name)), 12).constant is not None


def test_a_row_function_is_examined_once_for_all_times() -> None:
    assert len(examined("tanh(q + q[t-1])", horizon=10).findings) == 2  # at time 0, without a past, and later


def test_numbers_of_a_series_make_other_row_functions() -> None:
    head = "[series]\nx = [1, 2, 2, 1]\n"
    assert [one.constant for one in examined("x[t]*q", head=head).findings] == [1, 2]


def test_what_is_harmless_at_time_0_may_not_be_later() -> None:
    """q_0 is bounded here, q_1 is not."""
    head = '[q]\nlaws = ["uniform(-1, 1)"]\n'
    assert examined("q**2", head=head, horizon=1).constant == pytest.approx(2)
    assert [one.where for one in examined("q**2", head=head, horizon=3).broken] == ["z of W at t = 1"]


def test_a_row_function_at_one_time_alone_is_examined() -> None:
    found = examined("tanh(q)", at='at = { 2 = "q**2" }')
    assert [one.where for one in found.broken] == ["z of W at t = 2"]


def test_a_time_after_the_horizon_is_not_examined() -> None:
    assert examined("tanh(q)", at='at = { 4 = "q**2" }').broken == ()


def test_the_columns_of_a_row_function_count_together() -> None:
    text = '[q]\ncolumns = ["q", "p"]\n[[matrix]]\nname = "W"\nvariance = 1\nz = ["3*q", "4*p"]\n'
    assert examine(numeric(read_text(text)), 3).constant == pytest.approx(5)


def test_the_largest_constant_of_all_matrices_counts() -> None:
    text = "".join(f'[[matrix]]\nname = "{name}"\nvariance = 1\nz = "{k}*q"\n' for name, k in (("V", 3), ("W", 2)))
    assert examine(numeric(read_text(text)), 3).constant == pytest.approx(3)


def test_slopes_beyond_the_floating_point_range_cause_no_error() -> None:
    for formula in ("exp(400*u)", "exp(400*u)*1e99", "exp(900 + u)*0.5", "exp(exp(exp(q)))"):
        found = examined(formula).constant
        assert found is None or found > 1e100


def test_a_python_function_is_open() -> None:
    found = examine(python_recursion(lambda t, q, u: np.tanh(q[t]), 1.5), 5)
    assert [one.where for one in found.open] == ["z of A at t = 0"]
    assert found.broken == ()
    assert found.constant is None


def test_a_recursion_without_steps_satisfies_everything() -> None:
    assert examined("q**2", horizon=0).constant == 0


@pytest.mark.parametrize(
    ("law", "gaussian"),
    [
        (Normal(((2.0,),)), True),
        (Normal(((0.0,),)), True),
        (Normal(((1.0,),), (0.5,)), False),
        (Uniform(-1.0, 1.0), False),
        (Discrete((0.0,), (1.0,)), False),
    ],
)
def test_the_lemma_starts_from_a_gaussian_of_mean_0(law: Normal, gaussian: bool) -> None:
    assert starts_gaussian(python_recursion(lambda t, q, u: q[t], 1.0, initial=(law,))) is gaussian
