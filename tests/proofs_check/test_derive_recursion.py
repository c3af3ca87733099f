"""``derive-theorem C.1 --recursion``: the covariances of somebody's recursion, as a document."""

import re
from fractions import Fraction

import numpy as np
import pytest

from numerics.state_evolution import state_evolution
from proofs_check.derive.cli import main
from proofs_check.errors import InputError
from proofs_check.recursion.numeric import numeric
from proofs_check.recursion.reader import examples, read, read_text
from proofs_check.recursion.symbolic import exact
from theory.closed_forms import covariances
from theory.gaussian_ridges import NoClosedFormError

MATRIX = '[[matrix]]\nname = "A"\nvariance = "nu"\nz = ["{z}"]\n[parameters]\nnu = 0.9\n'


@pytest.fixture
def derive(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


@pytest.mark.parametrize("name", sorted(examples()))
def test_every_example_is_derived_and_proved(derive, name):
    status, text, _ = derive("C.1", "--recursion", name, "--steps", "1", "--format", "markdown")
    assert status == 0
    assert read(name).title in text
    assert "**Proved" in text


def test_a_recursion_without_closed_form_says_so(derive):
    _, text, _ = derive("C.1", "--recursion", "tanh-rnn", "--format", "markdown")
    assert "no closed form" in text
    assert "tanh" in text


def test_irrational_numbers_are_shown_as_decimals_too(derive):
    _, text, _ = derive("C.1", "--recursion", "relu-rnn", "--steps", "2", "--format", "markdown")
    limit = state_evolution(numeric(read("relu-rnn")), 2).covariance[1, 2]
    shown = [float(value) for value in re.findall(r"\\approx *\{?([\d. ]+)\}?", text.replace(" . ", "."))]
    assert any(value == pytest.approx(limit, rel=1e-5) for value in shown)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("3.3", "--recursion", "tanh-rnn"), "goes with C.1"),
        (("--list", "--recursion", "tanh-rnn"), "goes with C.1"),
        (("C.1", "--steps", "2"), "is about a recursion"),
        (("C.1", "--recursion", "tanh-rnn", "--steps", "0"), "--steps 0"),
        (("C.1", "--recursion", "nowhere.toml"), "cannot be read"),
    ],
)
def test_requests_that_make_no_sense_are_refused(derive, arguments, words):
    status, _, complaint = derive(*arguments)
    assert status == 2
    assert words in complaint


@pytest.mark.parametrize(
    "z",
    [
        "relu(q)",
        "abs(q[t-1]) - q/3",
        "max(q, 0.2*q)",
        "erf(q - q[t-1])",
        "u*relu(q) + v",
        "(q + u)**2/4",
        "sin(q) + cos(u*0 + q)",
        "w*w + step(q)",
        "q[0]*q/2 + t",
    ],
)
def test_closed_forms_are_what_the_quadrature_finds(z):
    columns = '[u]\ncolumns = ["u", "v", "w"]\nlaws = ["normal(0, 0.5)", "uniform(-1, 2)", "normal(1, 1/4)"]\n'
    data = read_text(MATRIX.format(z=z) + columns)
    blocks = covariances(exact(data), 4, digits=30)
    found = np.array([[float(block[0]) for block in row] for row in blocks])
    law = state_evolution(numeric(data), 4)
    np.testing.assert_allclose(found, law.covariance, atol=1e-9, rtol=1e-9)


def test_moments_of_discrete_columns_are_exact():
    data = read_text(MATRIX.format(z="u*q") + '[u]\ncolumns = ["u"]\nlaws = ["values(-1, 2; 2/3, 1/3)"]\n')
    (column,) = exact(data).noises
    assert [column.moment(k) for k in (1, 2, 3)] == [0, 2, 2]
    assert covariances(exact(data), 1)[1][1][0] == Fraction(9, 5)


def test_a_table_of_several_columns_has_no_exact_form():
    data = read_text(MATRIX.format(z="q + u*v") + '[u]\ncolumns = ["u", "v"]\nrows = [[1, 2], [3, 4]]\n')
    with pytest.raises(InputError, match="a table is for simulation"):
        exact(data)


def test_a_sigmoid_has_no_closed_form():
    with pytest.raises(NoClosedFormError):
        covariances(exact(read_text(MATRIX.format(z="1/(1 + exp(-q))"))), 2)
