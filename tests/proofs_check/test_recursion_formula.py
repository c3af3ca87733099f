"""Formulas of row functions: understood as arithmetic, exact, and never evaluated."""

from __future__ import annotations

import ast
import warnings
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.errors import FormulaError
from proofs_check.recursion.formula import (
    SEVERAL,
    TRANSPOSED,
    UNARY,
    Call,
    Formula,
    InputColumn,
    Moment,
    Number,
    Parameter,
    Part,
    StateColumn,
    Term,
    Time,
    Vocabulary,
    parse,
)

WORDS = Vocabulary(("q", "p"), ("u",), ("a", "nu_W"), ("x",), ("W", "dW"))
NOW = Moment(relative=True, offset=0)
Q, P, U, A, X = StateColumn("q", NOW), StateColumn("p", NOW), InputColumn("u"), Parameter("a"), Term("x", NOW)


def understood(text: object) -> Part:
    return parse(text, WORDS).part


def number(value: object) -> Number:
    return Number(Fraction(value))  # type: ignore[arg-type]


UNDERSTOOD = {
    "q": Q,
    "q[t]": Q,
    "q[t-2]": StateColumn("q", Moment(relative=True, offset=-2)),
    "q[3]": StateColumn("q", Moment(relative=False, offset=3)),
    "u": U,
    "a": A,
    "t": Time(),
    "x": X,
    "x[t+1]": Term("x", Moment(relative=True, offset=1)),
    "x[0]": Term("x", Moment(relative=False, offset=0)),
    "0.1": number("0.1"),
    "1_000.5e-2": number("10.005"),
    "-2": number(-2),
    "+q": Q,
    "-q": Call("multiply", (number(-1), Q)),
    "q + p - u + 1": Call("add", (Q, P, Call("multiply", (number(-1), U)), number(1))),
    "q - (p + u)": Call("add", (Q, Call("multiply", (number(-1), Call("add", (P, U)))))),
    "2*q*p": Call("multiply", (number(2), Q, P)),
    "q/p*u": Call("multiply", (Call("divide", (Q, P)), U)),
    "q**2": Call("power", (Q, number(2))),
    "q**-0.5": Call("power", (Q, number("-0.5"))),
    "q**a": Call("power", (Q, A)),
    "tanh(q + x[t]*u)": Call("tanh", (Call("add", (Q, Call("multiply", (X, U)))),)),
    "max(q, p, 0)": Call("maximum", (Q, P, number(0))),
    "min(q, 1)": Call("minimum", (Q, number(1))),
    "q > 0": Call("step", (Q,)),
    "q < 0": Call("step", (Call("add", (number(0), Call("multiply", (number(-1), Q)))),)),
    "q > p": Call("step", (Call("add", (Q, Call("multiply", (number(-1), P)))),)),
    "p < q": Call("step", (Call("add", (Q, Call("multiply", (number(-1), P)))),)),
    "(q > 0)*q": Call("multiply", (Call("step", (Q,)), Q)),
    "  q\n  + p ": Call("add", (Q, P)),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_formula_is_understood_as_arithmetic(text: str) -> None:
    assert understood(text) == UNDERSTOOD[text]


@pytest.mark.parametrize("name", UNARY)
def test_every_function_of_one_argument_is_known(name: str) -> None:
    assert understood(f"{name}(q)") == Call(name, (Q,))


@pytest.mark.parametrize("value", [3, -1, Fraction(1, 10), Fraction("0.12345678901234567891"), Fraction(-7, 3)])
def test_a_number_of_a_file_is_a_formula_and_stays_exact(value: int | Fraction) -> None:
    assert understood(value) == number(value)


def test_a_number_of_a_file_is_shown_as_a_decimal() -> None:
    assert parse(Fraction("-0.125"), WORDS).text == "-0.125"
    assert parse(Fraction(1, 3), WORDS).text == "1/3"


@settings(deadline=None, max_examples=100)
@given(st.decimals(-9999, 9999, places=9))
def test_decimals_are_exact(value: object) -> None:
    assert understood(f"{abs(value):f}") == number(str(abs(value)))  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["q", "u", "a", "2"]), min_size=2, max_size=190))
def test_a_long_sum_or_product_is_not_deep(names: list[str]) -> None:
    for operator, function in (("+", "add"), ("*", "multiply")):
        part = understood(operator.join(names))
        assert isinstance(part, Call)
        assert (part.function, part.arguments) == (function, tuple(map(understood, names)))


def test_the_parts_of_a_formula_are_all_of_them() -> None:
    formula = parse("tanh(q + u)*2", WORDS)
    assert {type(part) for part in formula.parts()} == {Call, StateColumn, InputColumn, Number}
    assert sum(1 for _ in formula.parts()) == 6


# ------------------------------------------------------------------------------------------------
# What is refused
# ------------------------------------------------------------------------------------------------

REFUSED = {
    "": "empty",
    "q +": "at column 4.*not arithmetic",
    "q p": "not arithmetic",
    "z": "unknown name 'z' .*allowed: q, p, u, a, nu_W, x.t., t.*tanh.* at column 1",
    "1 + sinh(q)": "unknown function 'sinh' .there is tanh.* at column 5",
    "tanh": "'tanh' needs an argument",
    "tanh()": "tanh takes one argument, not 0",
    "tanh(q, p)": "tanh takes one argument, not 2",
    "max(q)": "max takes two or more arguments, not 1",
    "tanh(x=q)": "arguments of tanh have no names",
    "tanh(*q)": "Starred is not allowed",
    "q.real": "attributes are not allowed, at column 1",
    "2*q.__class__": "attributes are not allowed, at column 3",
    "np.tanh(q)": "attributes are not allowed",
    "q[t+1]": "not known at time t",
    "q[-1]": "index of 'q' must be t, t-1",
    "q[1.5]": "index of 'q'",
    "q[t-True]": "index of 'q'",
    "q[True]": "index of 'q'",
    "q[t-a]": "index of 'q'",
    "q[t, 0]": "index of 'q'",
    "q[0:2]": "index of 'q'",
    "q[t-1][0]": "has an index: q, p, x",
    "u[t]": "has an index: q, p, x",
    "a[0]": "has an index",
    "W[0]": "has an index",
    "W": "'W' is a matrix",
    "q @ p": "matrices are not multiplied",
    "lambda: q": "Lambda is not allowed .only numbers, q, p",
    "[q for q in q]": "ListComp is not allowed",
    "(q, p)": "Tuple is not allowed",
    "{q}": "Set is not allowed",
    "{q: p}": "Dict is not allowed",
    "q if p else u": "if is not allowed",
    "1if q else 2": "if is not allowed",
    "q and p": "operator is not allowed",
    "not q": "operator is not allowed",
    "~q": "operator is not allowed",
    "q // 2": "operator is not allowed",
    "q % 2": "operator is not allowed",
    "q << 2": "operator is not allowed",
    "q ^ 2": "write \\*\\*",
    "q >= 0": "comparison is not allowed .only .*>, <",
    "0 < q < 1": "comparison is not allowed",
    "q == 0": "comparison is not allowed",
    "q := 1": "not arithmetic",
    "q; p": "not arithmetic",
    "import os": "not arithmetic",
    "eval(q)": "unknown function 'eval'",
    "__import__(q)": "unknown function '__import__'",
    "f(q)(p)": "unknown function",
    "True": "'True' is not a number",
    "None": "'None' is not a number",
    "...": "is not a number",
    "1j": "is not a number",
    "0x10": "plain decimal",
    "1e100": "plain decimal",
    "1e-100": "plain decimal",
    "9" * 31: "plain decimal",
    "9" * 1999: "plain decimal",
    "q**q": "exponent must not depend on q",
    "2**u": "exponent must not depend on q or u",
    "q**65": "up to 64",
    "q**-65": "up to 64",
    "q**(8*9)": "up to 64",
    "(q**8)**9": "up to 64",
    "(2*q**-8 + 1)**9": "up to 64",
    "9**9**9": "power in an exponent",
    "2**(a**2)": "power in an exponent",
    "-" * 50 + "q": "nested too deeply",
    "tanh(" * 45 + "q" + ")" * 45: "nested too deeply",
    "+".join(["q"] * 600): "about .* parts: at most 400",
    "q" * 2001: "2001 characters: at most 2000",
    "(" * 1999: "not arithmetic",
    "'q'": 'character "\'" is not allowed, at column 1',
    'tanh("q")': "not allowed, at column 6",
    "q # comment": "'#' is not allowed, at column 3",
    "q \\": "not allowed, at column 3",
    "1 + ｑ": "'ｑ' is not allowed, at column 5",
    "𝐭anh(q)": "'𝐭' is not allowed, at column 1",
    "٣*q": "'٣' is not allowed, at column 1",
    "q × p": "'×' is not allowed, at column 3",
    "q\u200b": "u200b' is not allowed, at column 2",
    "q\x00": "not allowed, at column 2",
    "\ud800": "not allowed, at column 1",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:24]))
def test_everything_else_is_refused_with_what_it_is(text: str) -> None:
    with pytest.raises(FormulaError, match=REFUSED[text]):
        parse(text, WORDS)


@pytest.mark.parametrize(
    "value",
    [True, None, 1.5, [], {}, b"q", ["q"] * 10_000, 1 << 100_000, Fraction(1, 1 << 600)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_a_text_is_refused(value: object) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(value, WORDS)
    assert len(str(caught.value)) < 200


TRANSPOSES = [
    "W.T @ q",
    "W.T",
    "W.mT @ q",
    "W.transpose()",
    "np.transpose(W)",
    "transpose(W)",
    "transpose(W)*q",
    "q + transpose(q)",
    "W'",
    "W' * q",
    "W'q",
    "dW ' * q",
    "W^T*q",
    "W ^ T",
    "Wᵀ*q",
    "W⊤ q",
    "W†",
    "W_T*q",
    "tanh(WT)",
]


@pytest.mark.parametrize("text", TRANSPOSES)
def test_a_transpose_is_refused_by_name_and_pointed_to_the_lazy_matrix(text: str) -> None:
    with pytest.raises(FormulaError, match=r"needs A\^T is outside Lemma C\.1.*numerics\.lazy_matrix") as caught:
        parse(text, WORDS)
    assert TRANSPOSED in str(caught.value)


def test_a_name_that_ends_in_t_is_no_transpose_of_a_matrix_that_is_not_there() -> None:
    with pytest.raises(FormulaError, match="unknown name 'AT'"):
        parse("AT*q", WORDS)


def test_quotes_are_not_taken_for_a_transpose() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("tanh('q')", WORDS)
    assert TRANSPOSED not in str(caught.value)


def test_nothing_is_printed_about_a_formula_that_python_finds_odd() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for text in ("1if 2else 3", "0x1for q in p", "1or 2"):
            with pytest.raises(FormulaError):
                parse(text, WORDS)
    assert caught == []


@pytest.mark.parametrize("text", ["__import__('os').abort()", "exit()", "().__class__.__base__.__subclasses__()"])
def test_nothing_is_ever_executed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.eval", None)
    monkeypatch.setattr("builtins.exec", None)
    with pytest.raises(FormulaError):
        parse(text, WORDS)


# ------------------------------------------------------------------------------------------------
# Any text
# ------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            *UNARY,
            *SEVERAL,
            "q",
            "p",
            "u",
            "a",
            "x",
            "W",
            "t",
            "T",
            "j",
            "_",
            "lambda",
            "if",
            "else",
            "for",
            "in",
            "not",
        ),
        *("None", "0", "1.5", "1e9", "2", "64", "9" * 40, "+", "-", "*", "/", "**", "(", ")", "[", "]", "{", "}", ","),
        *(".", ">", "<", "=", "'", "f'", '"', ":", ":=", "@", "^", "\\", "#", "\n", " ", "\t", "\x00", "ᵀ", "…", "é"),
        "\ud800",
    ]
)
ANY_TEXT = (
    st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join) | st.lists(PIECES, max_size=30).map(" ".join)
)


def formula_or_complaint(text: str) -> Formula | str:
    try:
        return parse(text, WORDS)
    except FormulaError as error:
        return str(error)


def known(part: Part) -> bool:
    """Whether a part is made of what the grammar offers, and nothing else."""
    if isinstance(part, Call):
        functions = {*UNARY, *SEVERAL.values(), "add", "multiply", "divide", "power"}
        return part.function in functions and all(map(known, part.arguments))
    return isinstance(part, Number | Parameter | Time | Term | StateColumn | InputColumn)


@settings(deadline=None, max_examples=400)
@given(ANY_TEXT)
def test_any_text_is_a_formula_or_is_refused(text: str) -> None:
    found = formula_or_complaint(text)
    if isinstance(found, str):
        assert 0 < len(found) < 1000
    else:
        assert known(found.part)
        assert found.text.isascii()


@settings(deadline=None, max_examples=200)
@given(ANY_TEXT)
def test_a_formula_that_is_understood_is_arithmetic_of_python(text: str) -> None:
    try:
        formula = parse(text, WORDS)
    except FormulaError:
        return
    nodes = {type(node) for node in ast.walk(ast.parse(formula.text, mode="eval"))}
    allowed = (ast.Expression, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context, ast.BinOp, ast.UnaryOp)
    allowed = (*allowed, ast.Compare, ast.Call, ast.Name, ast.Subscript, ast.Constant)
    assert all(issubclass(kind, allowed) for kind in nodes)


arithmetic = st.recursive(
    st.sampled_from(["q", "p", "u", "a", "x", "q[t-1]", "q[0]", "0.25", "3", "t"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", ">", "<"]), inner).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        )
        | st.tuples(st.sampled_from(UNARY), inner).map(lambda p: f"{p[0]}({p[1]})")
        | st.tuples(inner, st.sampled_from(["2", "0.5", "-1"])).map(lambda p: f"(2 + {p[0]})**{p[1]}")
        | inner.map(lambda one: f"(-{one})")
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(arithmetic)
def test_arithmetic_is_understood_unless_its_powers_are_too_high(text: str) -> None:
    found = formula_or_complaint(text)
    assert "up to 64" in found if isinstance(found, str) else known(found.part)


@settings(deadline=None, max_examples=100)
@given(arithmetic, st.sampled_from([" ", "\t", "\n", "\u00a0"]))
def test_white_space_does_not_matter(text: str, space: str) -> None:
    try:
        expected = understood(text)
    except FormulaError:
        return
    assert understood(space + text.replace(" ", space * 2) + space) == expected
