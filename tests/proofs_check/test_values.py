"""How the values of options are read and written back; every message names the option and what is allowed."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.errors import InputError
from proofs_check.experiment import Rate
from proofs_check.options import BY_NAME, OPTIONS
from proofs_check.registry import ENTRIES
from proofs_check.request import settings_of
from proofs_check.values import (
    read_fractions,
    read_rate,
    read_real,
    read_share,
    read_variance,
    read_whole,
    read_wholes,
    read_widths,
    write_real,
)


@given(st.lists(st.integers(1, 10**18), min_size=1, max_size=5))
def test_whole_numbers_are_widths(widths):
    assert read_widths("--n", ",".join(map(str, widths))) == tuple(sorted(set(widths)))


def test_powers_of_ten_are_widths():
    assert read_widths("--n", "1e9,1e18, 2.5e3") == (2500, 10**9, 10**18)


@pytest.mark.parametrize("text", ["4096.5", "nan", "-3", "", "1e-3", "1e400", "4096,", "0x10", "2**3", "inf"])
def test_what_is_not_a_whole_number_is_no_width(text):
    with pytest.raises(InputError, match="--n"):
        read_widths("--n", text)


@given(st.decimals(0, 1000, places=6))
def test_variances_are_exact_decimals(value):
    assert read_variance("--nu-w", str(value)) == Fraction(value)


def test_fractions_are_variances():
    assert read_variance("--nu-w", "4/5") == Fraction(4, 5)


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "-1/2", "", "x", "1/0", "1e5", "0.5j"])
def test_what_is_no_variance_is_refused_by_name(text):
    with pytest.raises(InputError, match="--nu-f"):
        read_variance("--nu-f", text)


def test_a_resolution_may_be_in_percent():
    assert read_share("--resolution", "0.1%") == 0.001
    assert read_share("--resolution", "0.02") == 0.02


@pytest.mark.parametrize("text", ["0", "100%", "2", "-1%", "nan", "x", "", "%"])
def test_what_is_no_resolution_is_refused(text):
    with pytest.raises(InputError, match="--resolution"):
        read_share("--resolution", text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1e-3", Rate(0.001, of_bound=False)),
        ("0.5 B_1", Rate(0.5, of_bound=True)),
        ("0.5*B_1", Rate(0.5, of_bound=True)),
        ("B_1", Rate(1.0, of_bound=True)),
        ("2B_1", Rate(2.0, of_bound=True)),
        (" .25 b1 ", Rate(0.25, of_bound=True)),
    ],
)
def test_a_rate_is_a_number_or_a_multiple_of_the_bound(text, rate):
    assert read_rate("--eta", text) == rate
    assert read_rate("--eta", str(rate)) == rate


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "", "B_2", "0 B_1", "1/2", "B_1 B_1", "two", "1e999"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(InputError, match="--eta"):
        read_rate("--eta", text)


@given(st.floats(1e-200, 1e200), st.booleans())
def test_every_rate_is_read_as_it_is_written(value, of_bound):
    rate = read_rate("--eta", repr(value) + " B_1" * of_bound)
    assert rate == Rate(value, of_bound=of_bound)


def test_delays_may_be_spans():
    assert read_wholes("--delays", "0-3, 10,8") == (0, 1, 2, 3, 8, 10)


@pytest.mark.parametrize("text", ["", "1,", "a", "1-", "0-99999999", "1.5"])
def test_what_are_no_delays_is_refused(text):
    with pytest.raises(InputError, match="--delays"):
        read_wholes("--delays", text)


@pytest.mark.parametrize("text", ["many", "", "1.5", "1e400", "0x10", "nan"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(InputError, match="--steps"):
        read_whole("--steps", text)


@given(st.floats(-1e300, 1e300))
def test_every_number_is_read_as_it_is_written(value):
    assert read_real("--snr", write_real(value)) == value


@pytest.mark.parametrize("text", ["inf", "nan", "", "1e999", "ten"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InputError, match="--snr"):
        read_real("--snr", text)


@pytest.mark.parametrize(
    "text", ["0.7,0.3", "0.7,0.2,0.2", "1,0,0", "0,0.5,0.5", "a,b,c", "0.7,0.1,0.2,", "0.5,-0.1,0.6"]
)
def test_shares_must_add_up_to_one(text):
    with pytest.raises(InputError, match="--fractions"):
        read_fractions("--fractions", text)


def test_the_validation_may_be_empty():
    assert read_fractions("--fractions", "0.8,0,0.2") == (0.8, 0.0, 0.2)


@pytest.mark.parametrize("name", ["sampler", "stopping", "joints"])
def test_a_choice_names_what_is_allowed(name):
    allowed = BY_NAME[name].metavar.split("|")
    assert all(BY_NAME[name].read(word) == word for word in allowed)
    with pytest.raises(InputError, match=f"--{name} none: allowed are {', '.join(allowed)}"):
        BY_NAME[name].read("none")


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.default], ids=lambda option: option.name)
def test_defaults_are_read_as_they_are_written(option):
    value = option.read(option.default)
    assert option.read(option.values.write(value)) == value


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.id)
def test_every_statement_has_options_that_exist_and_defaults_that_can_be_read(entry):
    assert set(entry.options) <= set(BY_NAME)
    assert set(entry.defaults) <= set(entry.options)
    assert settings_of(entry, {}, jobs=1).ignored == ()


def test_a_file_is_kept_as_it_was_named():
    assert BY_NAME["data"].read("some folder/s1.mat") == Path("some folder/s1.mat")
