"""The command: what it prints, where, and how it ends."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from proofs_check import cli
from proofs_check.registry import ENTRIES

SMALL = ("--horizon", "3", "--replicates", "64", "--sampler", "lazy", "--jobs", "1")


def test_a_pass_ends_with_zero(command):
    ran = command("3.3", "--n", "64", *SMALL)
    assert ran.status == 0, ran.out + ran.err
    assert "PASSED" in ran.out


def test_a_refutation_ends_with_one_and_names_the_lag(command):
    ran = command("3.3", *SMALL, "--claim", "rho = nu_C*nu_W**j + nu_F*nu_W**j")
    assert ran.status == 1
    assert "REFUTED" in ran.out
    assert "lag 1: claimed 1.6, derived 2.51 (-36.25%)" in ran.out
    assert "your claim: rho" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["3.3", "--n", "0"], ["--n 0", "1 to 10^18"]),
        (["3.3", "--n", "4096.5"], ["--n 4096.5", "whole number"]),
        (["3.3", "--nu-w", "-0.5"], ["--nu-w -0.5", "negative"]),
        (["3.3", "--nu-c", "nan"], ["--nu-c nan", "finite"]),
        (["3.3", "--horizon", "0"], ["--horizon 0", "at least 1"]),
        (["3.3", "--horizon", "100000"], ["--horizon 100000", "TiB"]),
        (["3.3", "--claim", "rho = __import__('os')"], ["__import__", "not allowed"]),
        (["3.3", "--claim", "kappa = 1"], ["rho = …"]),
        (["3.3a", "--claim", "rho = 1"], ["3.3a says nothing about 'rho'", "rho with 3.3b"]),
        (["2.1a", "--claim", "rho = 1"], ["2.1a has no formula", "var and rho with 3.3", "rho with 3.3b"]),
        (["all", "--claim", "rho = 1"], ["--claim", "not all"]),
        (["all", "--json", "report.json"], ["--json", "not all"]),
        (["c.2"], ["unknown statement 'c.2'", "did you mean C.1"]),
        (["3.3", "--claim", "rho = 1", "--claim", "rho = 2"], ["claimed twice"]),
        (["9.9"], ["unknown statement '9.9'", "--list"]),
        (["3.3", "--sampler", "dense", "--n", "1e6"], ["7.28 TiB", "--sampler lazy"]),
        (["3.3", "--replicates", "100", "--resolution", "1%"], ["give one of them"]),
        (["3.3", "--resolution", "0"], ["--resolution 0"]),
        (["3.3", "--resolution", "1e-9", "--n", "64", "--horizon", "2", "--jobs", "1"], ["--resolution", "replicates"]),
        (["3.3", "--json", "/no/such/folder/report.json"], ["/no/such/folder does not exist"]),
        (["3.3", "--horizon", "many"], ["--horizon many", "a whole number is needed"]),
        (["3.3", "--frobnicate"], ["--frobnicate"]),
        (["2.1", "--examples", "0"], ["--examples 0", "1 to 10^5"]),
        (["2.1", "--examples", "many"], ["--examples many", "a whole number is needed"]),
        ([], ["which statement?"]),
        (["3.4", "--list"], ["unknown statement '3.4'", "did you mean"]),
        (["3.3", "--list"], ["--list", "without 3.3"]),
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_message_and_status_two(command, arguments, words):
    ran = command(*arguments)
    assert ran.status == 2
    assert all(word in ran.err for word in words), ran.err
    assert "Traceback" not in ran.err + ran.out


def test_the_list_names_every_statement(command):
    ran = command("--list")
    assert ran.status == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == list(ENTRIES)


def test_the_citation_is_bibtex(command):
    ran = command("--cite")
    assert ran.out.count("@") == 2
    assert ran.out.count("{") == ran.out.count("}")


def test_quiet_prints_the_verdict_only(command):
    ran = command("3.3", *SMALL, "--quiet")
    assert ran.out.startswith("PASSED")
    assert len(ran.out.splitlines()) == 2


def test_an_unstable_variance_is_warned_of_and_checked(command):
    ran = command("3.3", *SMALL, "--nu-w", "1.2")
    assert ran.status == 0
    assert "not stable" in ran.out


def test_results_go_to_standard_output_and_progress_elsewhere(start):
    process = start("3.3", "--n", "64", *SMALL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "PASSED" in out
    assert "PASSED" not in err


def test_a_piped_report_fits_eighty_columns_without_escapes(start):
    out, _ = start("3.3", "--n", "64,1000000000", *SMALL, COLUMNS="200").communicate(timeout=120)
    lines = [line for line in out.splitlines() if not line.startswith("reproduce")]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in out
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_the_command_that_is_printed_reproduces_the_report(command, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    arguments = ["--nu-w", "0.5", "--inputs", "2", "--n", "100,64", "--claim", "var = nu_C*nu_F*nu_W**j"]
    small = ["--horizon", "3", "--replicates", "64", "--sampler", "lazy"]
    assert command("3.3", *arguments, *small, "--jobs", "1", "--json", str(first)).status == 0
    printed = shlex.split(json.loads(first.read_text())["reproduce"])
    assert printed[0] == "check-theorem"
    assert command(*printed[1:], "--jobs", "1", "--json", str(second)).status == 0
    assert without_times(first) == without_times(second)


def without_times(path):
    found = json.loads(path.read_text())
    found.pop("timing")
    return found


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("presses", [2, 10])
def test_more_interruptions_change_nothing(start, presses):
    process = start("3.3", "--n", "64,4096", "--horizon", "20", "--replicates", "300000")
    assert "Theorem 3.3" in process.stdout.readline()
    time.sleep(3)
    for _ in range(presses):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.03)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in out
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interruption_prints_what_was_measured_and_ends_with_130(start):
    process = start("3.3", "--n", "64,4096", "--horizon", "30", "--replicates", "300000")
    assert "Theorem 3.3" in process.stdout.readline()
    time.sleep(8)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in out
    assert re.search(r"n = 64, \d+ draws", out)
    assert "Traceback" not in err


def test_a_reader_that_stops_early_causes_no_traceback(start):
    process = start("3.3", *SMALL)
    process.stdout.readline()
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    assert process.wait(timeout=60) == 0


def test_a_report_that_cannot_be_written_does_not_lose_the_verdict(command):
    if not Path("/dev/full").exists():
        pytest.skip("no full device here")
    ran = command("3.3b", *SMALL, "--json", "/dev/full")
    assert ran.status == 2
    assert "PASSED" in ran.out
    assert "--json /dev/full: cannot be written" in ran.err


def test_a_verdict_without_controls_is_inconclusive(command):
    ran = command("3.3", *SMALL, "--nu-w", "0", "--nu-f", "0", "--nu-c", "0")
    assert ran.status == 3
    assert "no control is false" in ran.out


def test_the_resolution_that_is_suggested_is_possible(command):
    ran = command("3.3b", "--n", "64", "--horizon", "2", "--jobs", "1", "--resolution", "1e-6")
    suggested = float(re.search(r"ask for (\S+) or more", ran.err).group(1))
    assert 1e-5 < suggested < 1e-3


def test_heavy_libraries_are_not_imported_for_the_list(start):
    process = start("--list")
    process.communicate(timeout=60)
    assert process.returncode == 0
    heavy = ("numpy", "scipy", "sympy", "rich", "hypothesis")
    code = f"import sys, proofs_check.cli; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True).strip() == "[]"


def test_options_that_a_statement_does_not_use_are_warned_of_and_ignored(command):
    ran = command("22", "--n", "0", "--horizon", "3")
    assert ran.status == 0
    assert "warning: --n, --horizon: not used by 22, and ignored" in ran.out


def test_the_number_of_examples_is_in_the_heading_and_in_the_command_that_reproduces_the_report(command):
    ran = command("2.1a", "--examples", "25")
    assert ran.status == 0, ran.out + ran.err
    assert ran.out.splitlines()[1] == "25 examples of each law"
    assert "reproduce   check-theorem 2.1a --examples 25\n" in ran.out
    assert ran.out.index("  proof\n") < ran.out.index("  search\n") < ran.out.index("  attacks\n")
    assert ran.out.count("examples tried") == 1
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_counterexample_that_a_search_finds_is_printed(command, monkeypatch):
    from proofs_check.realization import statement
    from proofs_check.realization.machine import MACHINE

    doubled = replace(MACHINE, run=lambda rnn, x: 2 * MACHINE.run(rnn, x))
    monkeypatch.setattr(statement, "LAWS", replace(statement.LAWS, machine=doubled))
    ran = command("2.1a")
    assert ran.status == 1
    reason = r"→ outputs are convolutions: T = 1, n_x = \d, n_y = 1, n = 1, W = \[0\], .*: y = 2, not 1"
    assert re.search(reason, " ".join(ran.out.split()))


def test_statements_that_are_not_searched_ignore_the_number_of_examples(command):
    ran = command("22", "--examples", "25")
    assert ran.status == 0
    assert "warning: --examples: not used by 22, and ignored" in ran.out


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_search_prints_what_was_tried(start):
    process = start("2.1a", "--examples", "100000")
    lines = iter(process.stderr.readline, "")
    assert next(line for line in lines if line.startswith("outputs are convolutions"))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "INTERRUPTED" in out
    assert re.search(r"\d+ of 100000 examples, none", out)
    assert "Traceback" not in err


def test_an_option_that_is_used_is_not_warned_of(command):
    assert "warning" not in command("22", "--seed", "4", "--jobs", "1").out


def test_ignored_options_stay_in_the_command_that_reproduces_the_report(command):
    ran = command("22", "--n", "64,7", "--seed", "4")
    assert "reproduce   check-theorem 22 --seed 4 --n 64,7" in ran.out


def test_the_heading_of_a_symbolic_statement_names_no_sizes(command):
    heading, _, _ = command("22").out.partition("\n\n")
    assert heading == "Bound (22): the weights of the lags decay geometrically"


def test_all_statements_are_a_line_each_and_the_worst_status_counts(command, monkeypatch):
    some = {name: ENTRIES[name] for name in ("22", "3.3a", "32")}
    monkeypatch.setattr(cli, "ENTRIES", some)
    ran = command("all", "--quiet")
    assert ran.status == 0
    assert [line.split()[:2] for line in ran.out.splitlines()] == [["PASSED", "22"], ["PASSED", "32"]]


def test_one_refuted_statement_refutes_all(command, monkeypatch):
    from proofs_check.symbolic import bound_22

    wrong = replace(bound_22.PART, formulas=(replace(bound_22.BOUND, rhs=bound_22.BOUND.rhs / 2),))
    monkeypatch.setattr(bound_22, "PART", wrong)
    monkeypatch.setattr(cli, "ENTRIES", {name: ENTRIES[name] for name in ("22", "32")})
    ran = command("all", "--quiet")
    assert ran.status == 1
    assert [line.split()[0] for line in ran.out.splitlines()] == ["REFUTED", "PASSED"]
