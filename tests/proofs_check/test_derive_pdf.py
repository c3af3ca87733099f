"""LaTeX becomes PDF, or a message."""

import shutil

import pytest

from proofs_check.derive.pdf import compile_pdf
from proofs_check.errors import InputError

PAGE = "\\documentclass{article}\n\\begin{document}\n%s\n\\end{document}\n"
needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX here")


def test_a_missing_pdflatex_is_named_with_its_packages(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="texlive-latex-base texlive-latex-recommended"):
        compile_pdf(PAGE % "a", "title")


@needs_tex
def test_a_document_becomes_a_pdf():
    assert compile_pdf(PAGE % "a", "title").startswith(b"%PDF")


@needs_tex
def test_the_same_document_gives_the_same_bytes():
    assert compile_pdf(PAGE % "\\today", "title") == compile_pdf(PAGE % "\\today", "title")


@needs_tex
def test_what_latex_complains_of_is_said():
    with pytest.raises(InputError, match=r"title: pdflatex refuses the document: Undefined control sequence\. \(l\.3"):
        compile_pdf(PAGE % "\\nosuch", "title")


@needs_tex
def test_a_document_without_pages_is_said():
    with pytest.raises(InputError, match="no page"):
        compile_pdf(PAGE % "", "title")


@needs_tex
def test_no_command_of_the_system_is_run(tmp_path):
    compile_pdf(PAGE % f"\\immediate\\write18{{touch {tmp_path}/made}} a", "title")
    assert list(tmp_path.iterdir()) == []
