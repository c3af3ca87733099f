"""The command derive-theorem: what it prints, what it writes, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import sympy as sp

from proofs_check.derive import documents
from proofs_check.derive.cli import main
from theory.draft import Draft
from theory.justification import Rewriting
from theory.statements import catalogue
from theory.statements.catalogue import Statement
from theory.step import Hypothesis, Origin

FAKE = "statements_of_tests"
START = [sys.executable, "-c", "from proofs_check.derive.cli import main; main()"]


def derivation(identifier, right, *uses):
    a = sp.Symbol("a")
    hypotheses = tuple(Hypothesis(used, "", (), Origin.STATEMENT, used) for used in uses)
    draft = Draft(identifier, f"title of {identifier}", "", hypotheses)
    draft.add("line", a + a, right * a, "why", Rewriting())
    return draft.finish()


@pytest.fixture
def few(monkeypatch):
    """Three statements: one in two parts, one by itself, and one that is wrong."""
    module = ModuleType(FAKE)
    module.first = lambda: derivation("7.1a", 2)
    module.second = lambda: derivation("7.1b", 2, "7.1a")
    module.lemma = lambda: derivation("D.2", 2, "7.1")
    module.wrong = lambda: derivation("8", 3)
    monkeypatch.setitem(sys.modules, f"theory.statements.{FAKE}", module)
    true = (
        Statement("7.1", "Theorem 7.1", "what | it says", (f"{FAKE}:first", f"{FAKE}:second")),
        Statement("D.2", "Lemma D.2", "what it says", (f"{FAKE}:lemma",)),
    )
    wrong = Statement("8", "Equation (8)", "what it says", (f"{FAKE}:wrong",))
    monkeypatch.setattr(catalogue, "STATEMENTS", {s.id: s for s in true})
    monkeypatch.setattr(documents.Document, "render", lambda self, form: f"{form} of {self.id}: {self.title} ν\n")
    return lambda: monkeypatch.setattr(catalogue, "STATEMENTS", {s.id: s for s in (*true, wrong)})


@pytest.fixture
def derive(few, capsysbinary, monkeypatch, tmp_path):
    """Run ``derive-theorem`` in this process and in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsysbinary.readouterr()
        return int(ended.value.code or 0), out.decode(), err.decode()

    run.few = few
    return run


def test_a_statement_goes_to_standard_output_as_latex(derive):
    assert derive("7.1") == (0, "latex of 7.1: Theorem 7.1 ν\n", "")


@pytest.mark.parametrize("name", ["d.2", "lemma D.2", "Lemma-D.2", "LEMMA (D.2)", " D.2 "])
def test_case_brackets_and_the_kind_of_statement_are_forgiven(derive, name):
    assert derive(name)[1].startswith("latex of D.2")


def test_a_part_has_a_document_of_its_own(derive):
    assert derive("Theorem 7.1 (B)")[1] == "latex of 7.1b: Theorem 7.1(b) ν\n"


def test_the_exact_values_are_a_document(derive):
    assert derive("exact values", "--format", "html")[1].startswith("html of exact-values")


def test_an_unknown_statement_suggests_near_ones(derive):
    status, out, err = derive("7.2")
    assert (status, out) == (2, "")
    assert "unknown statement '7.2'; did you mean 7.1" in err


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("x.tex", "latex"),
        ("x.fragment.tex", "fragment"),
        ("x.md", "markdown"),
        ("x.markdown", "markdown"),
        ("X.HTML", "html"),
    ],
)
def test_the_suffix_chooses_the_format(derive, tmp_path, name, form):
    assert derive("7.1", "-o", name)[0] == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(f"{form} of 7.1")


def test_a_format_that_is_given_goes_before_the_suffix(derive, tmp_path):
    derive("7.1", "-o", "x.md", "--format", "html")
    assert (tmp_path / "x.md").read_text(encoding="utf-8").startswith("html")


def test_a_dash_is_standard_output(derive, tmp_path):
    assert derive("7.1", "-o", "-")[1].startswith("latex")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which statement?"),
        (["7.1", "--all"], "give one of"),
        (["7.1", "-o", "x.doc"], "does not name a format"),
        (["7.1", "-o", "no/such/x.tex"], "does not exist"),
        (["7.1", "-o", "."], "is a folder"),
        (["7.1", "-o", ".", "--format", "html"], "is a folder"),
        (["7.1", "--format", "svg"], "--format svg: here it is one of latex"),
        (["7.1", "--format", "docx"], "docx"),
        (["--graph", "--format", "pdf"], "one of text, svg"),
        (["--all"], "which folder?"),
        (["--all", "-o", "-"], "which folder?"),
        (["--all", "-o", "f", "--format", "svg"], "--all knows"),
        (["--check"], "docs/derivations does not exist"),
        (["--check", "--format", "pdf"], "--check knows"),
        (["--all", "-o", "f", "--jobs", "0"], "--jobs"),
        (["--frobnicate"], "--frobnicate"),
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_message_and_status_two(derive, arguments, words):
    status, out, err = derive(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_a_pdf_is_not_shown_on_a_terminal(derive, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    status, _, err = derive("7.1", "--format", "pdf")
    assert status == 2
    assert "-o FILE.pdf" in err


def test_a_line_that_is_not_proved_is_written_named_and_ends_with_one(derive):
    derive.few()
    status, out, err = derive("8")
    assert status == 1
    assert out.startswith("latex of 8")
    assert "8: not proved: line" in err


def test_every_statement_is_written_with_an_index_and_the_graph(derive, tmp_path):
    status, out, err = derive("--all", "-o", "new/folder", "--jobs", "1")
    assert (status, out) == (0, "")
    documents = {f"{slug}{suffix}" for slug in ("theorem-7.1", "lemma-d.2", "exact-values") for suffix in SUFFIXES}
    assert {path.name for path in (tmp_path / "new/folder").iterdir()} == documents | {
        *("README.md", "graph.svg", "graph.txt"),
    }
    assert err == "Theorem 7.1: 2 lines\nLemma D.2: 1 line\nExact values: written\n"


SUFFIXES = (".tex", ".md", ".html")


def test_one_format_can_be_asked_for(derive, tmp_path):
    derive("--all", "-o", "f", "--format", "fragment", "--jobs", "1", "--quiet")
    assert {path.name for path in (tmp_path / "f").glob("*.tex")} == {
        *("theorem-7.1.fragment.tex", "lemma-d.2.fragment.tex", "exact-values.fragment.tex"),
    }
    assert not list((tmp_path / "f").glob("*.html"))


def test_the_links_of_the_index_lead_to_files(derive, tmp_path):
    derive("--all", "-o", "f", "--jobs", "1", "--quiet")
    page = (tmp_path / "f/README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert len(targets) == 3 * 3 + 2
    assert all((tmp_path / "f" / target).is_file() for target in targets)


def test_the_index_says_what_and_how_in_one_row(derive, tmp_path):
    derive("--all", "-o", "f", "--jobs", "1", "--quiet")
    page = (tmp_path / "f/README.md").read_text(encoding="utf-8")
    assert "| Theorem 7.1 | what \\| it says | 7.1a: 1 line, 1 check, each by two engines; proved<br>7.1b:" in page


def test_an_index_that_is_somebody_elses_is_left_alone(derive, tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    status, _, err = derive("--all", "-o", ".")
    assert status == 2
    assert "choose another folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_what_was_just_written_is_current(derive):
    derive("--all", "-o", "f", "--jobs", "1")
    assert derive("--check", "-o", "f", "--jobs", "1", "--quiet") == (0, "", "")


def test_the_check_names_what_differs_what_is_missing_and_what_is_extra(derive, tmp_path):
    derive("--all", "-o", "f", "--jobs", "1")
    (tmp_path / "f/theorem-7.1.md").write_text("changed", encoding="utf-8")
    (tmp_path / "f/lemma-d.2.tex").unlink()
    (tmp_path / "f/more.txt").touch()
    status, out, _ = derive("--check", "-o", "f", "--jobs", "1")
    assert status == 1
    assert out.splitlines() == [
        "f/lemma-d.2.tex is missing",
        "f/more.txt is extra: nothing writes it",
        "f/theorem-7.1.md differs",
    ]


def test_the_check_writes_nothing(derive, tmp_path):
    (tmp_path / "f").mkdir()
    assert derive("--check", "-o", "f", "--jobs", "1")[0] == 1
    assert list((tmp_path / "f").iterdir()) == []


def test_the_graph_is_text_by_default(derive):
    status, out, _ = derive("--graph", "--jobs", "1")
    assert status == 0
    assert "uses 7.1a, 7.1b" in out


def test_the_graph_is_drawn_into_an_svg_file(derive, tmp_path):
    derive("--graph", "-o", "graph.svg", "--jobs", "1")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_list_names_every_document(derive):
    assert [line.split()[0] for line in derive("--list")[1].splitlines()] == ["7.1", "D.2", "exact-values"]


def test_an_interruption_ends_with_130_and_leaves_the_old_files(derive, tmp_path, monkeypatch):
    derive("--all", "-o", "f", "--jobs", "1")
    before = {path: path.read_bytes() for path in (tmp_path / "f").iterdir()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(documents.Document, "render", interrupted)
    status, _, err = derive("--all", "-o", "f", "--jobs", "1")
    assert status == 130
    assert "interrupted" in err
    assert {path: path.read_bytes() for path in (tmp_path / "f").iterdir()} == before


def test_a_defect_is_one_line_and_debug_shows_where(derive, monkeypatch):
    monkeypatch.setattr(documents.Document, "render", lambda *_: 1 // 0)
    assert "Traceback" not in derive("7.1")[2]
    assert "Traceback" in derive("7.1", "--debug")[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_a_message(derive):
    status, _, err = derive("7.1", "--format", "html", "-o", "/dev/full")
    assert status == 2
    assert "-o /dev/full: cannot be written" in err


def test_a_reader_that_stops_early_causes_no_traceback():
    with subprocess.Popen([*START, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_the_number_of_workers_does_not_change_what_is_written(tmp_path):
    for jobs in ("1", "2"):
        arguments = ["--all", "-o", str(tmp_path / jobs), "--jobs", jobs, "--quiet"]
        subprocess.run([*START, *arguments], check=False, env={**os.environ, "PYTHONHASHSEED": jobs})
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / jobs).iterdir()} for jobs in ("1", "2"))
    assert first == second


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interruption_leaves_no_worker_and_nothing_half_written(tmp_path):
    arguments = [*START, "--all", "-o", str(tmp_path / "f"), "--jobs", "2"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        time.sleep(2)
        os.killpg(process.pid, signal.SIGINT)
        err = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not (tmp_path / "f").exists()
    assert gone(process.pid)


def gone(group):
    """Whether every process of a group has ended, given a moment."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
