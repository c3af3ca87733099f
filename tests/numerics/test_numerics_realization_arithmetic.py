"""Numbers as they are read: every kind, exactly, or refused with their position."""

from __future__ import annotations

import doctest
import threading
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import numerics.realization.arithmetic
from numerics.realization import LinearRNN, NumberError, realize
from numerics.realization.arithmetic import (
    Arbitrary,
    Float,
    Rational,
    as_double,
    converted,
    described,
    exact,
    is_exact,
    precision,
    to_double,
    unified,
)

TENTH = Fraction(3602879701896397, 36028797018963968)
"""The double 0.1."""


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(numerics.realization.arithmetic).failed == 0


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (3, Fraction(3)),
        (2**70 + 1, Fraction(2**70 + 1)),
        (np.uint64(2**64 - 1), Fraction(2**64 - 1)),
        (np.int64(-(2**63)), Fraction(-(2**63))),
        (np.int8(-128), Fraction(-128)),
        (Fraction(1, 3), Fraction(1, 3)),
        (0.1, TENTH),
        (-0.0, Fraction(0)),
        (5e-324, Fraction(1, 2**1074)),
        (np.float64(0.1), TENTH),
        (np.float32(0.5), Fraction(1, 2)),
        (np.float16(65504), Fraction(65504)),
        (np.longdouble(0.1), TENTH),
        (np.array(0.1), TENTH),
        (Decimal("0.1"), Fraction(1, 10)),
        (Decimal("1e400"), Fraction(10**400)),
        (sympy.Integer(7), Fraction(7)),
        (sympy.Rational(-2, 3), Fraction(-2, 3)),
        (flint.fmpq(3, 7), Fraction(3, 7)),
        (flint.fmpz(2**80), Fraction(2**80)),
        (mpmath.mpf(0.1), TENTH),
        (mpmath.ldexp(1, -5000), Fraction(1, 2**5000)),
    ],
)
def test_a_number_is_read_as_the_fraction_that_it_is(value: Any, meant: Fraction) -> None:
    found = exact([value], "L")[0]
    assert type(found) is Fraction
    assert found == meant


def test_the_parts_of_a_fraction_are_integers_of_python() -> None:
    for value in (np.int64(3), np.longdouble(0.25), sympy.Rational(1, 3), flint.fmpq(1, 3), mpmath.mpf(0.25)):
        found = exact([value], "L")[0]
        assert type(found.numerator) is int
        assert type(found.denominator) is int


def test_numbers_of_arbitrary_precision_keep_all_their_digits() -> None:
    with mpmath.workdps(100):
        third = mpmath.mpf(1) / 3
    assert abs(exact([third], "L")[0] - Fraction(1, 3)) < Fraction(1, 10**100)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="long doubles are doubles here")
def test_long_doubles_keep_all_their_digits() -> None:
    value = np.longdouble(1) + np.ldexp(np.longdouble(1), -60)
    assert exact([value], "L")[0] == 1 + Fraction(1, 2**60)


def test_integers_do_not_wrap() -> None:
    squares = exact(np.array([2**63 - 1, -(2**63)]), "L") ** 2
    assert squares.tolist() == [(2**63 - 1) ** 2, 2**126]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, float("nan")], r"L\[1\] is nan: not a finite number"),
        ([[1.0, 2.0], [3.0, float("-inf")]], r"L\[1, 1\] is -inf: not a finite number"),
        (np.array([[[0.0, np.inf]]]), r"L\[0, 0, 1\] is inf: not a finite number"),
        (np.array([np.longdouble("nan")]), r"L\[0\] is nan: not a finite number"),
        (np.array([np.float16("inf")]), r"L\[0\] is inf: not a finite number"),
        ([Decimal("NaN")], r"L\[0\] is NaN: not a finite number"),
        ([Decimal("sNaN")], r"L\[0\] is sNaN: not a finite number"),
        ([Decimal("-Infinity")], r"L\[0\] is -Infinity: not a finite number"),
        ([mpmath.mpf("nan")], r"L\[0\] is nan: not a finite number"),
        ([mpmath.inf], r"L\[0\] is \+inf: not a finite number"),
        ([True], r"L\[0\] is True: not a number"),
        (np.array([False]), r"L\[0\] is .*False.*: not a number"),
        (["1"], r"L\[0\] is '1': not a number"),
        ([1, None], r"L\[1\] is None: not a number"),
        (None, "L is None: not a number"),
        ([1 + 0j], r"L\[0\] is \(1\+0j\): not a real number"),
        ([mpmath.mpc(1, 0)], r"L\[0\] is mpc.*: neither a rational nor a floating-point number"),
        ([sympy.sqrt(2)], r"L\[0\] is sqrt\(2\): neither a rational nor a floating-point number"),
        ([sympy.Symbol("x")], r"L\[0\] is x: neither"),
        ([sympy.oo], r"L\[0\] is oo: neither"),
        ([sympy.Float("0.1")], r"L\[0\] is 0.1.*: neither"),
        (iter([1]), "L is .*iterator.*: neither"),
        ([[1], [1, 2]], "L: rows of different lengths"),
        ([1, [2]], r"L: rows of different lengths, see L\[1\]"),
        ([[[1, 2]], [[1]]], "L: rows of different lengths"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), "L: entries are masked"),
    ],
)
def test_what_is_no_finite_real_number_is_refused_with_its_position(values: Any, message: str) -> None:
    with pytest.raises(NumberError, match=f"^{message}"):
        exact(values, "L")


def test_a_masked_array_without_masked_entries_is_an_array() -> None:
    assert exact(np.ma.array([1.0, 2.0]), "L").tolist() == [1, 2]


@pytest.mark.parametrize("value", [Decimal("1e999999999"), Decimal("-1e-999999999"), mpmath.mpf("1e999999999")])
def test_exponents_that_would_fill_the_memory_are_refused(value: Any) -> None:
    with pytest.raises(NumberError, match=r"L\[1\]: a number beyond 1e±100000"):
        exact([1, value], "L")


def test_zero_has_no_exponent() -> None:
    assert exact([Decimal("0e5000"), mpmath.mpf(0)], "L").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([1, Fraction(1, 3)], True),
        ([Decimal("0.1"), sympy.Rational(1, 3), flint.fmpz(2), flint.fmpq(1, 2)], True),
        (np.array([1, 2], dtype=np.uint8), True),
        ([1, 2.0], False),
        ([mpmath.mpf(2)], False),
        (np.array([1, 2], dtype=np.float16), False),
    ],
)
def test_integers_and_fractions_are_exact_and_floating_point_is_not(values: Any, answer: bool) -> None:
    assert is_exact(values) is answer


@pytest.mark.parametrize(
    ("one", "other", "arithmetic"),
    [
        ([1], [Fraction(1, 2)], Rational()),
        ([1], [0.5], Float()),
        ([Fraction(1, 3)], np.array([1.0], dtype=np.float32), Float()),
        ([1], [mpmath.mpf(1)], Arbitrary(53)),
        ([0.5], [mpmath.mpf(1)], Arbitrary(53)),
    ],
)
def test_numbers_of_two_kinds_meet_in_the_one_that_both_fit(one: Any, other: Any, arithmetic: Any) -> None:
    assert unified(one=one, other=other)[0] == arithmetic


def test_the_highest_precision_wins() -> None:
    coarse, fine = Arbitrary(60).context.mpf(1), Arbitrary(90).context.mpf(1)
    assert unified(one=[coarse], other=[fine])[0] == Arbitrary(90)


def test_digits_beyond_the_global_precision_are_kept() -> None:
    with mpmath.workprec(300):
        third = mpmath.mpf(1) / 3
    arithmetic, (values,) = unified(one=[third])
    assert arithmetic.bits is not None
    assert arithmetic.bits >= 299
    assert exact(values, "x")[0] == exact([third], "x")[0]


@pytest.mark.parametrize("values", [[[0.5, 1.0]], np.array([[0.5, 1.0]], dtype=object), np.array([[0.5, 1]], ">f8")])
def test_floats_become_an_array_of_doubles(values: Any) -> None:
    assert unified(one=values)[1][0].dtype == np.dtype(float)


@pytest.mark.parametrize("values", [[float("nan")], np.array([np.nan]), np.array([float("nan")], dtype=object)])
def test_a_nan_is_no_double_however_it_is_kept(values: Any) -> None:
    with pytest.raises(NumberError, match=r"one\[0\] is nan"):
        unified(one=values)


def test_numbers_already_of_the_kind_are_not_copied() -> None:
    doubles, fractions = np.array([0.5]), np.array([Fraction(1, 3)], dtype=object)
    assert converted(Float(), doubles, "x") is doubles
    assert converted(Rational(), fractions, "x") is fractions


def test_a_subclass_of_array_is_read_as_a_plain_one() -> None:
    class Tagged(np.ndarray[Any, Any]):
        pass

    assert type(unified(one=np.ones(2).view(Tagged))[1][0]) is np.ndarray


@pytest.mark.parametrize("size", [Fraction(10) ** 400, -(Fraction(10) ** 400)])
def test_a_number_beyond_doubles_is_refused_with_its_size(size: Fraction) -> None:
    with pytest.raises(NumberError, match="about 1e400 is beyond double precision"):
        to_double(size)


def test_the_nearest_double_is_found() -> None:
    assert to_double(Fraction(1, 10)) == 0.1
    assert to_double(Fraction(1, 10**400)) == 0.0
    assert to_double(Fraction(2**53 + 1)) == 2.0**53


@pytest.mark.parametrize(
    "value", [Fraction(1, 2), Decimal("0.5"), np.float32(0.5), mpmath.mpf(0.5), sympy.Rational(1, 2)]
)
def test_one_number_of_any_kind_as_a_double(value: Any) -> None:
    assert as_double(value, "tolerance") == 0.5


def test_several_numbers_are_not_one() -> None:
    with pytest.raises(NumberError, match=r"tolerance: one number is needed, not an array of shape \(2,\)"):
        as_double([0.1, 0.2], "tolerance")


@pytest.mark.parametrize("n", [0, 1, 4, 10**40])
def test_roots_of_squares_are_rational(n: int) -> None:
    assert Rational().root(n) ** 2 == n


def test_other_roots_are_refused_with_the_next_square() -> None:
    with pytest.raises(NumberError, match=r"√5 is not rational: the weights of 5 states .* with 9 states, see padded"):
        Rational().root(5)


def test_the_precision_of_mpmath_does_not_matter() -> None:
    values = [0.1, 0.7, -3.0, 1e-5]
    with mpmath.workprec(10):
        coarse = exact(realize(values).scaled_C, "C")
    with mpmath.workprec(1000):
        fine = exact(realize(values).scaled_C, "C")
    assert (coarse == fine).all()


def test_the_precisions_of_mpmath_and_flint_do_not_change() -> None:
    before = mpmath.mp.prec, flint.ctx.prec
    realize([0.1, 1e300, 1e-300])
    with pytest.raises(RuntimeError, match="stop"), precision(1000):
        raise RuntimeError("stop")
    assert (mpmath.mp.prec, flint.ctx.prec) == before


def test_threads_wait_for_each_others_precision() -> None:
    """FLINT's precision is that of the process: a thread that sets it between another's entry and exit spoils both."""
    before, inside, go = flint.ctx.prec, threading.Event(), threading.Event()

    def hold() -> None:
        with precision(333):
            inside.set()
            go.wait(10)

    def follow() -> None:
        with precision(777):
            seen.append(flint.ctx.prec)

    seen: list[int] = []
    first, second = threading.Thread(target=hold), threading.Thread(target=follow)
    first.start()
    inside.wait(10)
    second.start()
    second.join(0.05)
    assert not seen
    go.set()
    first.join(10)
    second.join(10)
    assert seen == [777]
    assert flint.ctx.prec == before


def test_few_short_numbers_are_shown_and_others_counted() -> None:
    assert described(exact([1, Fraction(1, 3)], "x")) == "[Fraction(1, 1), Fraction(1, 3)]"
    assert described(exact([[Fraction(1, 7**9000)]], "x")) == "<1 × 1 numbers>"
    assert described(np.zeros((3, 100))) == "<3 × 100 numbers>"


def test_numbers_of_thousands_of_digits_have_a_representation() -> None:
    long = Fraction(10**5000 + 1, 10**5000)
    rnn = realize([1, 2, 3], nodes=[long, 1, 2])
    assert repr(rnn).startswith("LinearRNN(scaled_W=<3 numbers>, F=[[Fraction(1, 1)]")
    assert "condition_number" in repr(rnn.certificate)
    assert "1e-5000" in str(rnn.certificate)
    assert LinearRNN([[long]], [[1]], [[1]]).n == 1
