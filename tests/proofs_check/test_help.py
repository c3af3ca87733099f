"""The help: every option in a group, and for one statement those that count there."""

import pytest

from proofs_check.options import GROUPS, OPTIONS
from proofs_check.registry import ENTRIES


def options_in(shown):
    return shown.partition("Examples:")[0]


def test_the_help_shows_every_option_under_a_heading(command):
    shown = command("--help").out
    assert all(f"--{option.name} " in shown for option in OPTIONS)
    assert [line[:-1] for line in shown.splitlines() if line[:-1] in GROUPS] == list(GROUPS)


@pytest.mark.parametrize("identifier", ["2.1", "3.3", "C.1"])
def test_the_help_of_a_statement_shows_the_options_that_count(command, identifier):
    shown = options_in(command(identifier, "--help").out)
    counted = [option.name for option in OPTIONS if f"--{option.name} " in shown]
    assert set(counted) == set(ENTRIES[identifier].options)


def test_the_help_of_a_statement_shows_its_own_defaults(command, monkeypatch):
    entry = ENTRIES["3.3"]
    monkeypatch.setitem(entry.defaults, "horizon", "17")
    assert "[default: 17]" in command("3.3", "--help").out
    assert "[default: 10]" in command("--help").out


def test_claims_are_shown_where_something_can_be_claimed(command):
    assert "--claim " in options_in(command("3.3", "--help").out)
    assert "--claim " not in options_in(command("3.2", "--help").out)


def test_the_help_of_an_unknown_statement_is_that_of_all(command):
    ran = command("9.9", "--help")
    assert ran.status == 0
    assert ran.out == command("--help").out


def test_a_picture_of_a_statement_without_one_is_refused(command, tmp_path):
    ran = command("3.2", "--picture", str(tmp_path / "kernel.png"))
    assert ran.status == 2
    assert "--picture: 3.2 has none" in ran.err
