"""Every message names the option, what it was, and what is allowed."""

from fractions import Fraction

import pytest

from proofs_check import settings as module
from proofs_check.errors import InputError
from proofs_check.settings import Settings, memory_in_words


def make(**changes) -> Settings:
    values = {
        "widths": (64,), "horizon": 4, "inputs": 1, "outputs": 1, "nu_W": Fraction(4, 5), "nu_F": Fraction(13, 10),
        "nu_C": Fraction(7, 10), "replicates": None, "resolution": 0.01, "resolution_given": False,
        "sampler": "auto", "jobs": 1, "seed": 0,
    }  # fmt: skip
    return Settings(**(values | changes))


@pytest.mark.parametrize("width", [0, 10**18 + 1])
def test_widths_out_of_range_are_refused(width):
    with pytest.raises(InputError, match=r"--n .*10\^18"):
        make(widths=(width,))


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"horizon": 0}, "--horizon 0"), ({"inputs": 0}, "--inputs"), ({"outputs": -1}, "--outputs"),
        ({"jobs": 0}, "--jobs"), ({"seed": -1}, "--seed"), ({"seed": 1 << 64}, "--seed"),
        ({"replicates": 1}, "--replicates"),
        ({"replicates": 10**9}, "--replicates"),
        ({"examples": 0}, "--examples 0"), ({"examples": 10**5 + 1}, r"--examples 100001: from 1 to 10\^5"),
    ],
)  # fmt: skip
def test_sizes_out_of_range_are_refused_by_name(change, option):
    with pytest.raises(InputError, match=option):
        make(**change)


def test_a_horizon_too_long_for_memory_is_refused_with_one_that_fits():
    with pytest.raises(InputError, match=r"--horizon 100000: .*GiB|TiB.*a horizon up to about \d+ fits"):
        make(horizon=100_000)


def test_the_horizon_that_is_said_to_fit_fits(monkeypatch):
    monkeypatch.setattr(module, "available_memory", lambda: 1 << 26)
    with pytest.raises(InputError) as caught:
        make(horizon=1000)
    suggested = int(str(caught.value).split("about ")[-1].split()[0])
    assert make(horizon=suggested).horizon == suggested


def test_dense_beyond_memory_says_how_much_and_offers_lazy():
    with pytest.raises(InputError, match=r"--sampler dense at n = 1000000: .*7.28 TiB.*--sampler lazy"):
        make(sampler="dense", widths=(10**6,))


def test_a_range_beyond_double_precision_is_refused():
    with pytest.raises(InputError, match="double precision"):
        make(nu_W=Fraction(1000), horizon=200)


def test_an_unstable_variance_is_allowed_with_a_warning_that_says_what_it_means():
    (warning,) = make(nu_W=Fraction(3, 2)).warnings()
    assert "not stable" in warning
    assert "grow without bound" in warning


def test_a_long_horizon_at_a_small_width_is_warned_of():
    assert any("outside the regime" in warning for warning in make(horizon=20).warnings())


def test_ordinary_settings_have_no_warnings():
    assert make().warnings() == ()


@pytest.mark.parametrize(
    ("size", "words"), [(1 << 20, "1 MiB"), (3 << 30, "3 GiB"), (1 << 41, "2 TiB"), (1 << 61, "2 EiB")]
)
def test_memory_is_said_in_words(size, words):
    assert memory_in_words(size) == words
