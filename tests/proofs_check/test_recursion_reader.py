"""Recursions from TOML: exact numbers, and one clear message for everything that is wrong."""

from __future__ import annotations

import json
import string
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.errors import InputError
from proofs_check.recursion.formula import TRANSPOSED, Number, StateColumn, Term
from proofs_check.recursion.hypotheses import examine
from proofs_check.recursion.model import GaussianLaw, Quantity, TableLaw, UniformLaw, ValuesLaw
from proofs_check.recursion.numeric import numeric, numeric_functions
from proofs_check.recursion.reader import examples, read, read_text

MATRIX = '[[matrix]]\nname = "W"\nvariance = 1.5\nz = "tanh(q)"\n'
TWO = '[q]\ncolumns = ["q", "p"]\n{}\n[[matrix]]\nname = "W"\nvariance = 1\nz = ["q", "p"]\n'
ONE_INPUT = '[u]\ncolumns = ["u"]\n{}\n' + MATRIX
PARAMETERS = "[parameters]\nnu = 0.8\nmu = -0.5\n"


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_text(text, "mine.toml")
    return str(caught.value)


def exactly(value: object) -> Quantity:
    return Quantity(Fraction(value))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------
# What is read
# ------------------------------------------------------------------------------------------------


def test_the_shortest_recursion_is_one_matrix() -> None:
    data = read_text(MATRIX)
    assert data.q_columns == ("q",)
    assert data.u_columns == data.inputs == data.functions == ()
    assert data.initial == (GaussianLaw(((exactly(1),),), (exactly(0),)),)
    assert data.gaussian_start
    (matrix,) = data.matrices
    assert (matrix.name, matrix.variance, matrix.z[0].text) == ("W", exactly("1.5"), "tanh(q)")


@pytest.mark.parametrize("name", ["tanh-rnn", "relu-rnn", "erf-reservoir", "impulse-response", "linearized-rnn"])
def test_every_example_can_be_read_and_has_a_title(name: str) -> None:
    data = read(name)
    assert data.source == name
    assert data.title == examples()[name] != "A Gaussian recursion"
    assert data.about


@settings(deadline=None, max_examples=100)
@given(st.decimals("0.000000001", 999_999_999, places=9))
def test_decimals_are_exact_fractions(value: object) -> None:
    text = (
        f'[parameters]\na = {value:f}\n[series]\nx = [{value:f}, "1/3"]\n[q]\ncovariance = {value:f}\n'
        f"[u]\ncolumns = ['u']\nlaws = ['uniform(-{value:f}, {value:f})']\n"
        f"[[matrix]]\nname = 'W'\nvariance = {value:f}\nz = {value:f}\n"
    )
    data, exact = read_text(text), Fraction(str(value))
    assert data.parameters["a"] == exact
    assert data.series["x"] == (exact, Fraction(1, 3))
    assert data.initial == (GaussianLaw(((exactly(exact),),), (exactly(0),)),)
    assert data.inputs == (UniformLaw(-exact, exact),)
    assert data.matrices[0].variance == exactly(exact)
    assert data.matrices[0].z[0].part == Number(exact)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.1", "1/10"),
        ("1e-3", "1/1000"),
        ("+2", "2"),
        ("1_000.5", "2001/2"),
        ("0x10", "16"),
        ('"1/3"', "1/3"),
        ('"2.5e1"', "25"),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
    ],
)
def test_numbers_are_what_is_written(written: str, value: str) -> None:
    assert read_text(f"[parameters]\na = {written}\n{MATRIX}").parameters["a"] == Fraction(value)


def test_parameters_are_kept_by_name_in_variances_and_covariances() -> None:
    data = read_text(PARAMETERS + TWO.replace("= 1\n", '= "nu"\n').format('covariance = [["nu", "mu"], [-0.5, 1]]'))
    nu, mu = Quantity(Fraction(4, 5), "nu"), Quantity(Fraction(-1, 2), "mu")
    assert data.matrices[0].variance == nu
    assert data.initial == (GaussianLaw(((nu, mu), (exactly("-0.5"), exactly(1))), (exactly(0),) * 2),)


LAWS = {
    "normal(0.5, 2)": GaussianLaw(((exactly(2),),), (exactly("0.5"),)),
    "normal(mu, nu)": GaussianLaw(((Quantity(Fraction(4, 5), "nu"),),), (Quantity(Fraction(-1, 2), "mu"),)),
    " normal ( 0 , 0 ) ": GaussianLaw(((exactly(0),),), (exactly(0),)),
    "uniform(-1, 1/3)": UniformLaw(Fraction(-1), Fraction(1, 3)),
    "uniform(mu, nu)": UniformLaw(Fraction(-1, 2), Fraction(4, 5)),
    "constant(0.1)": ValuesLaw((Fraction(1, 10),), (Fraction(1),)),
    "values(-1, 1, 3)": ValuesLaw((Fraction(-1), Fraction(1), Fraction(3)), (Fraction(1, 3),) * 3),
    "values(-1, 1; 1/4, 0.75)": ValuesLaw((Fraction(-1), Fraction(1)), (Fraction(1, 4), Fraction(3, 4))),
    "values(2; 1)": ValuesLaw((Fraction(2),), (Fraction(1),)),
}


@pytest.mark.parametrize("law", LAWS)
def test_laws_are_read(law: str) -> None:
    assert read_text(PARAMETERS + ONE_INPUT.format(f'laws = ["{law}"]')).inputs == (LAWS[law],)


def test_a_start_that_is_not_gaussian_is_known() -> None:
    for law, gaussian in (("normal(0, 2)", True), ("normal(1, 2)", False), ("values(-1, 1)", False)):
        assert read_text(f'[q]\nlaws = ["{law}"]\n{MATRIX}').gaussian_start is gaussian


def test_rows_make_a_table() -> None:
    data = read_text(TWO.format("rows = [[1, 0.5], [0, -1], [2, 2]]"))
    assert data.initial == (TableLaw(((1, Fraction(1, 2)), (0, -1), (2, 2))),)


def test_rows_of_one_column_need_no_brackets() -> None:
    assert read_text(ONE_INPUT.format("rows = [1, 2, [3]]")).inputs == (TableLaw(((1,), (2,), (3,))),)


@pytest.mark.parametrize(
    "covariance",
    ["[[1, 1], [1, 1]]", "[[0, 0], [0, 0]]", "[[0, 0], [0, 2]]", "[[4, -6], [-6, 9]]", "[[1e9, 0], [0, 1e-9]]"],
)
def test_a_covariance_may_be_singular(covariance: str) -> None:
    assert len(read_text(TWO.format(f"covariance = {covariance}")).initial[0].covariance) == 2  # type: ignore[union-attr]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(-9, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_every_gram_matrix_is_a_covariance(factor: list[list[int]]) -> None:
    gram = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in factor] for one in factor]
    text = f"[q]\ncolumns = ['a', 'b', 'c']\ncovariance = {gram}\n" + MATRIX.replace('"tanh(q)"', "['a', 'b', 'c']")
    (law,) = read_text(text).initial
    assert isinstance(law, GaussianLaw)
    assert [[one.value for one in row] for row in law.covariance] == gram


def test_other_formulas_may_hold_at_some_times() -> None:
    (matrix,) = read_text(MATRIX + 'at = { 0 = "0", 2 = ["q[1]"], 10 = ["q"] }').matrices
    assert list(matrix.at) == [0, 2, 10]
    assert matrix.formulas(2)[0].text == "q[1]"
    assert matrix.formulas(1) == matrix.z
    assert len(list(matrix.all_formulas())) == 4


def test_test_functions_name_their_times() -> None:
    data = read_text('functions = ["abs(q[2])", "q[1]*q[0]"]\n' + MATRIX)
    assert [one.text for one in data.functions] == ["abs(q[2])", "q[1]*q[0]"]


def test_white_space_in_titles_is_made_even() -> None:
    assert read_text('title = """\n a\n  title"""\n' + MATRIX).title == "a title"


# ------------------------------------------------------------------------------------------------
# What is refused
# ------------------------------------------------------------------------------------------------

REFUSED = {
    "not TOML": ("q = = 1", "mine.toml is not TOML: .*line 1"),
    "no matrix": ("", "matrix: at least one .*name, variance and z"),
    "misspelt key": ("titel = 'x'\n" + MATRIX, "unknown key 'titel'; did you mean 'title'. .allowed: title, about"),
    "misspelt key of q": ("[q]\ncolums = ['q']\n" + MATRIX, "q: unknown key 'colums'; did you mean 'columns'"),
    "misspelt key of a matrix": (MATRIX + "varianze = 1", "matrix 1: unknown key 'varianze'; did you mean 'variance'"),
    "title": ("title = 3\n" + MATRIX, "title: 3: a text"),
    "long title": (f"title = '{'x' * 2001}'\n" + MATRIX, "title: .*at most 2000 characters"),
    "single table": ("[matrix]\nname = 'W'", "matrix: .*\\[\\[matrix\\]\\] is needed"),
    "q is a number": ("q = 1\n" + MATRIX, "q: 1: a table .q. is needed"),
    "missing name": ("[[matrix]]\nvariance = 1\nz = 'q'", "matrix 1: 'name' is missing"),
    "missing variance": ("[[matrix]]\nname = 'W'\nz = 'q'", "matrix 1: 'variance' is missing"),
    "missing z": (MATRIX + "[[matrix]]\nname = 'V'\nvariance = 1", "matrix 2: 'z' is missing"),
    "negative variance": (MATRIX.replace("1.5", "-0.5"), "matrix W, variance: -0.5: .*not be negative"),
    "negative by name": (
        PARAMETERS + MATRIX.replace("1.5", "'mu'"),
        "matrix W, variance: mu = -0.5: .*not be negative",
    ),
    "variance is nan": (MATRIX.replace("1.5", "nan"), "matrix W, variance: 'nan' is not a finite number"),
    "variance is inf": (MATRIX.replace("1.5", "inf"), "matrix W, variance: 'inf' is not a finite number"),
    "variance is true": (MATRIX.replace("1.5", "true"), "matrix W, variance: True is not a finite number"),
    "variance is too large": (MATRIX.replace("1.5", "1e10"), "matrix W, variance: 10000000000 is larger than 10.9"),
    "unknown parameter": (
        PARAMETERS + MATRIX.replace("1.5", "'rho'"),
        "matrix W, variance: 'rho' is not .*parameter's name .nu, mu.",
    ),
    "digits of another script": (MATRIX.replace("1.5", "'١'"), "'١' is not a finite number"),
    "thousands of digits": (MATRIX.replace("1.5", "9" * 5000), "mine.toml is not TOML: .*digits"),
    "thousands of hexadecimal digits": (
        MATRIX.replace("1.5", "0x" + "f" * 5000),
        "variance: a very large int is larger",
    ),
    "unknown function": (
        MATRIX.replace("tanh", "sinh"),
        "matrix W, z: unknown function 'sinh' .there is tanh.*column 1",
    ),
    "unknown name": (MATRIX.replace("(q)", "(z)"), "matrix W, z: unknown name 'z' .allowed: q, t"),
    "formula of a wrong type": (MATRIX.replace('"tanh(q)"', "[true]"), "matrix W, z: True is not a formula"),
    "formula that is nan": (MATRIX.replace('"tanh(q)"', "nan"), "matrix W, z: unknown name 'nan'"),
    "no formula": (MATRIX.replace('"tanh(q)"', "[]"), "0 formulas, but q has 1 column .q."),
    "too many formulas": (MATRIX.replace('"tanh(q)"', "['q', 'q']"), "2 formulas, but q has 1 column .q."),
    "too few formulas": (
        TWO.format("").replace('["q", "p"]\n[[', '["q", "p"]\n[[').replace('z = ["q", "p"]', 'z = "q"'),
        "1 formula, but q has 2 columns .q, p.",
    ),
    "future": (MATRIX.replace("tanh(q)", "q[t+1]"), "z: q.t.1. is not known at time t"),
    "at is a number": (MATRIX + "at = 3", "matrix W, at: 3: a table of times"),
    "at a negative time": (MATRIX + "at = { -1 = 'q' }", "matrix W, at: .*a table of times"),
    "at one time twice": (MATRIX + "at = { 1 = 'q', 01 = 'q' }", "matrix W, at: .*a table of times"),
    "at, with the future": (MATRIX + "at = { 2 = 'q[3]' }", "matrix W, at 2: q.3. is not known at time 2"),
    "at, two formulas": (MATRIX + "at = { 2 = ['q', 'q'] }", "matrix W, at 2: 2 formulas, but q has 1 column"),
    "not symmetric": (TWO.format("covariance = [[1, 0.5], [0.25, 1]]"), "q.covariance: is not symmetric.*0.25.*0.5"),
    "negative on the diagonal": (
        TWO.format("covariance = [[1e9, 0], [0, -1e-6]]"),
        "q.covariance.1..1.: -0.000001: a variance must not be negative",
    ),
    "correlated with a constant": (TWO.format("covariance = [[0, 1], [1, 1]]"), "q.covariance.1..0.: 1: the square"),
    "correlation above 1": (TWO.format("covariance = [[1, 2], [2, 1]]"), "q.covariance.1..0.: 2: the square"),
    "indefinite": (
        "[q]\ncolumns = ['a', 'b', 'c']\ncovariance = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]\n" + MATRIX,
        "3 columns",
    ),
    "not square": (TWO.format("covariance = [[1, 0]]"), "1 rows for 2 columns: a square matrix"),
    "rows of different lengths": (TWO.format("rows = [[1, 0], [1]]"), "q.rows: .*rows of 2 numbers"),
    "no rows": (TWO.format("rows = []"), "q.rows: .*rows of 2 numbers"),
    "two ways": (TWO.format("rows = [[1, 0]]\nlaws = []"), "q: has laws and rows: give one"),
    "text in a covariance": (TWO.format("covariance = [[1, 'a'], [0, 1]]"), "q.covariance.0..1.: 'a' is not a finite"),
    "no law of u": (ONE_INPUT.format(""), "u: laws, covariance or rows must say"),
    "u without columns": ("[u]\nlaws = ['normal(0, 1)']\n" + MATRIX, "u.columns: is missing"),
    "too few laws": (TWO.format("laws = ['normal(0, 1)']"), "q.laws: 1 laws for 2 columns"),
    "laws is a text": (ONE_INPUT.format("laws = 'normal(0, 1)'"), "u.laws: 'normal.0, 1.' is no list of laws"),
    "unknown law": (ONE_INPUT.format("laws = ['cauchy(0, 1)']"), "u.laws.0.: 'cauchy.*normal.mean, variance.*uniform"),
    "negative variance of a law": (ONE_INPUT.format("laws = ['normal(0, -1)']"), "u.laws.0.: -1: .*not be negative"),
    "empty interval": (ONE_INPUT.format("laws = ['uniform(1, 1)']"), "u.laws.0.: uniform.1, 1.: the first .* below"),
    "probabilities": (ONE_INPUT.format("laws = ['values(1, 2; 0.5, 0.4)']"), "u.laws.0.: .* add up to 0.9, not to 1"),
    "negative probability": (ONE_INPUT.format("laws = ['values(1, 2; -1, 2)']"), "probability -1 is not positive"),
    "probability of 0": (ONE_INPUT.format("laws = ['values(1, 2; 0, 1)']"), "probability 0 is not positive"),
    "missing probability": (ONE_INPUT.format("laws = ['values(1, 2; 1)']"), "2 values and 1 probabilities"),
    "missing value": (ONE_INPUT.format("laws = ['values(1, , 2)']"), "u.laws.0.: '' is not a finite number"),
    "no value": (ONE_INPUT.format("laws = ['values()']"), "u.laws.0.: 'values..' is not a law"),
    "law of a wrong type": (ONE_INPUT.format("laws = [[0, 1]]"), "u.laws.0.: .0, 1. is not a law"),
    "division by zero": (ONE_INPUT.format("laws = ['constant(1/0)']"), "u.laws.0.: '1/0' is not a finite number"),
    "empty series": ("[series]\nx = []\n" + MATRIX, "series.x: ..: a list of numbers for t = 0, 1"),
    "series of texts": ("[series]\nx = [1, 'a']\n" + MATRIX, "series.x.1.: 'a' is not a finite number"),
    "name is reserved": ("[parameters]\nt = 1\n" + MATRIX, "parameters: the name 't' has a meaning of its own"),
    "name is python's": ("[q]\ncolumns = ['lambda']\n" + MATRIX, "q.columns: the name 'lambda' has a meaning"),
    "name is a function": ("[q]\ncolumns = ['tanh']\n" + MATRIX, "q.columns: the name 'tanh' has a meaning"),
    "name is no name": ("[q]\ncolumns = ['1q']\n" + MATRIX, "q.columns: '1q' is not a name"),
    "name of another script": ("[q]\ncolumns = ['ｑ']\n" + MATRIX, "q.columns: 'ｑ' is not a name"),
    "name is a number": ("[q]\ncolumns = [1]\n" + MATRIX, "q.columns: 1 is not a name"),
    "no columns": ("[q]\ncolumns = []\n" + MATRIX, "q.columns: ..: a list of 1 to 64 names"),
    "too many columns": (f"[q]\ncolumns = {[f'a{i}' for i in range(65)]}\n" + MATRIX, "q.columns: .*1 to 64 names"),
    "one name twice": ("[parameters]\nq = 1\n" + MATRIX, "names: 'q' is used twice"),
    "one matrix twice": (MATRIX + MATRIX, "names: 'W' is used twice"),
    "functions is a text": ("functions = 'q[1]'\n" + MATRIX, "functions: 'q.1.': a list of at most 64 formulas"),
    "function without a time": ("functions = ['q']\n" + MATRIX, "functions: 'q': a test function names its times"),
    "function with t": ("functions = ['q[1]*t']\n" + MATRIX, "functions: .*names its times.* has no t"),
    "function with a series": ("functions = ['q[1]*x']\n[series]\nx = [1]\n" + MATRIX, "functions: .*names its times"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_with_one_clear_message(name: str) -> None:
    import re

    text, message = REFUSED[name]
    found = refusal(text)
    assert found.startswith("mine.toml")
    assert re.search(message, found), found
    assert "\n" not in found
    assert len(found) < 600


def test_an_indefinite_covariance_is_refused_though_each_pair_is_possible() -> None:
    text = TWO.format("covariance = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]")
    text = text.replace('["q", "p"]', '["q", "p", "r"]')
    assert "q.covariance: its correlations have the eigenvalue -0.8" in refusal(text)


@pytest.mark.parametrize("scale", [1, 10**-9, 10**9])
def test_an_indefinite_covariance_is_refused_on_every_scale(scale: Fraction) -> None:
    values = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]
    rows = [[float(value * scale) for value in row] for row in values]
    text = TWO.format(f"covariance = {rows}").replace('["q", "p"]', '["q", "p", "r"]')
    assert "eigenvalue" in refusal(text)


TRANSPOSES = {
    "z of W.T": MATRIX.replace("tanh(q)", "W.T @ q"),
    "z of transpose(W)": MATRIX.replace("tanh(q)", "transpose(W)"),
    "z of W'": MATRIX.replace("tanh(q)", "W'*q"),
    "z of W_T": MATRIX.replace("tanh(q)", "W_T*q"),
    "at": MATRIX + "at = { 0 = 'transpose(q)' }",
    "test function": 'functions = ["W\' * q[0]"]\n' + MATRIX,
    "transposed = true": MATRIX + "transposed = true",
    "transpose = true": MATRIX + "transpose = true",
    "T = true": MATRIX + "T = true",
    "A_T": MATRIX + "A_T = 1",
    "transposed at the top": "transposed = ['W']\n" + MATRIX,
    "named W.T": MATRIX.replace('"W"', '"W.T"'),
    "named W'": MATRIX.replace('"W"', '"W\'"'),
    "named W^T": MATRIX.replace('"W"', '"W^T"'),
    "named W_T": MATRIX.replace('"W"', '"W_T"'),
    "named Wᵀ": MATRIX.replace('"W"', '"Wᵀ"'),
    "named WT beside W": MATRIX + MATRIX.replace('"W"', '"WT"'),
}


@pytest.mark.parametrize("name", TRANSPOSES)
def test_a_transposed_matrix_is_refused_by_name_and_pointed_to_the_lazy_matrix(name: str) -> None:
    assert TRANSPOSED in refusal(TRANSPOSES[name])


def test_a_matrix_may_be_called_wt_where_there_is_no_w() -> None:
    assert read_text(MATRIX.replace('"W"', '"WT"')).matrices[0].name == "WT"


# ------------------------------------------------------------------------------------------------
# Files
# ------------------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MATRIX, encoding="utf-8")
    assert read(str(path)) == read_text(MATRIX, str(path))


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MATRIX, encoding="utf-8-sig")
    assert len(read(str(path)).matrices) == 1


@pytest.mark.parametrize("source", ["missing.toml", "", ".", "a\x00b", "x" * 5000, "/dev/null/x", "\ud800"])
def test_a_file_that_cannot_be_read_is_refused_with_the_examples(source: str) -> None:
    with pytest.raises(InputError, match=r"--recursion .*cannot be read.*examples.*tanh-rnn"):
        read(source)


def test_a_file_that_is_not_a_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a text in UTF-8"):
        read(str(path))


def test_a_large_file_is_refused_for_its_size(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(InputError, match="more than 1 MiB"):
        read(str(path))


def test_an_endless_file_is_refused_for_its_size() -> None:
    with pytest.raises(InputError, match="more than 1 MiB"):
        read("/dev/zero")


def test_a_name_is_not_a_way_out_of_the_folder_of_examples() -> None:
    with pytest.raises(InputError):
        read("../recursion/examples/tanh-rnn")


# ------------------------------------------------------------------------------------------------
# Anything
# ------------------------------------------------------------------------------------------------

WORDS = ["q", "u", "W", "nu", "x", "0", "1/3", "q[t-1]", "tanh(q)", "normal(0,1)", "uniform(0,1)", "W.T", "lambda", "t"]
WORDS += [
    "values(1;1)",
    "log(q)",
    "1/0",
    "q/0",
    "x[t]*q",
    "q[5]",
    "exp(exp(u))",
    "q**nu",
    "nan",
    "abs(q[1])",
    "sqrt(-1)",
]

strings = (st.sampled_from(WORDS) | st.text(max_size=10)).map(json.dumps).filter(lambda s: "\\ud" not in s.lower())
scalars = (
    strings
    | st.integers(-(10**12), 10**12).map(str)
    | st.sampled_from(["0x" + "f" * 5000, "9" * 200, "0b1", "1e99", "-1e-99", "1e999", "inf", "-inf", "nan", "-0.0"])
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.sampled_from(["true", "false", "2020-01-01", "12:00:00", "1979-05-27T07:32:00Z", '""', '"""\na\n"""'])
)
keys = st.sampled_from(
    ["q", "u", "0", "1", "nu", "x", "columns", "laws", "rows", "covariance", "name", "variance", "z", "at", "T"]
) | st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=5)
literals = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(keys, inner, max_size=2).map(
            lambda table: "{" + ", ".join(f"{k} = {v}" for k, v in table.items()) + "}"
        )
    ),
    max_leaves=6,
)

GOOD = {
    "": {"title": '"A"', "about": '"b"', "functions": '["abs(q[1])", "u*p[0]"]'},
    "[parameters]": {"nu": "0.5", "g": '"1/3"'},
    "[series]": {"x": "[1, 0.5, -1]"},
    "[q]": {"columns": '["q", "p"]', "covariance": '[["nu", 0], [0, 1]]'},
    "[u]": {"columns": '["u"]', "laws": '["uniform(-1, 1)"]'},
    "[[matrix]]": {"name": '"W"', "variance": '"nu"', "z": '["tanh(g*q + x[t])", "u*p[t-1]"]', "at": '{0 = ["q", 0]}'},
}
PLACES = [(section, key) for section, table in GOOD.items() for key in table]


def written(document: dict[str, dict[str, str]]) -> str:
    lines = [line for head, table in document.items() for line in (head, *(f"{k} = {v}" for k, v in table.items()))]
    return "\n".join(lines)


def complaint(text: str) -> str:
    """Read, put in floating point, and bind to some times: only an InputError may come out."""
    try:
        data = read_text(text, "mine.toml")
        recursion = numeric(data)
        for place in range(len(data.matrices)):
            for t in range(3):
                recursion.rows(place, t)
        numeric_functions(data, data.functions)
        examine(recursion, 2)
    except InputError as error:
        return str(error)
    return ""


def assert_read_or_refused(text: str) -> None:
    found = complaint(text)
    assert not found or (found.startswith("mine.toml") and len(found) < 1500)


def test_the_document_that_is_spoilt_below_is_good() -> None:
    assert complaint(written(GOOD)) == ""


@settings(deadline=None, max_examples=600)
@given(st.lists(st.tuples(st.sampled_from(PLACES), literals), min_size=1, max_size=2))
def test_any_value_at_any_key_is_read_or_refused(changes: list[tuple[tuple[str, str], str]]) -> None:
    document = {head: dict(table) for head, table in GOOD.items()}
    for (head, key), literal in changes:
        document[head][key] = literal
    assert_read_or_refused(written(document))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([head for head in GOOD if head]), literals)
def test_any_value_in_place_of_a_table_is_read_or_refused(head: str, literal: str) -> None:
    document = {one: dict(table) for one, table in GOOD.items() if one != head}
    document[""][head.strip("[]")] = literal
    assert_read_or_refused(written(document))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(GOOD)), keys, literals)
def test_any_further_key_is_read_or_refused(head: str, key: str, literal: str) -> None:
    document = {one: dict(table) for one, table in GOOD.items()}
    document[head].setdefault(key, literal)
    assert_read_or_refused(written(document))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PLACES))
def test_any_key_may_be_missing(place: tuple[str, str]) -> None:
    document = {head: dict(table) for head, table in GOOD.items()}
    del document[place[0]][place[1]]
    assert_read_or_refused(written(document))


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=80) | st.dictionaries(keys, literals, max_size=3).map(lambda d: written({"": d})))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert_read_or_refused(text)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_document_with_a_piece_cut_out_is_read_or_refused(data: st.DataObject) -> None:
    text = written(GOOD)
    start = data.draw(st.integers(0, len(text)))
    assert_read_or_refused(text[:start] + text[data.draw(st.integers(start, len(text))) :])


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 3000 + "]" * 3000,
        "parameters = " + "{a = " * 400 + "1" + "}" * 400,
        "q" + ".a" * 2000 + " = 1",
        "q = " + "[" * 200 + "]" * 200,
        "[" + "x" * 100_000 + "]",
        MATRIX.replace("1.5", '"' + "x" * 100_000 + '"'),
        ONE_INPUT.format(f"laws = ['{'(' * 100_000}']"),
        ONE_INPUT.format(f"laws = ['values({'1,' * 100_000}']"),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_deep_or_long_is_refused_in_few_words(text: str) -> None:
    assert len(refusal(text)) < 600


def test_formulas_speak_of_what_the_file_declares() -> None:
    data = read_text(written(GOOD))
    first, second = data.matrices[0].z
    assert {part.name for part in first.parts() if isinstance(part, StateColumn | Term)} == {"q", "x"}
    assert {part.name for part in second.parts() if isinstance(part, StateColumn | Term)} == {"p"}
