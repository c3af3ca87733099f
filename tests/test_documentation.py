"""What is written about the code is true of it."""

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("theory", "numerics", "proofs_check")
MODULES = [
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
]


def public_members(name):
    module = importlib.import_module(name)
    for member_name, member in vars(module).items():
        if member_name.startswith("_") or getattr(member, "__module__", None) != name:
            continue
        if inspect.isfunction(member) or inspect.isclass(member):
            yield f"{name}.{member_name}", member


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_right(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_described(name):
    assert importlib.import_module(name).__doc__
    assert [member for member, value in public_members(name) if not inspect.getdoc(value)] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_described_parameter_exists(name):
    for member, value in public_members(name):
        described = re.search(r"Parameters\n-+\n(.*?)(\n\n[A-Z]\w+\n-|\Z)", inspect.getdoc(value) or "", re.DOTALL)
        if not described:
            continue
        names = re.findall(r"^(\*?\w+(?:, \w+)*) :", described.group(1), re.MULTILINE)
        listed = {name.strip().lstrip("*") for group in names for name in group.split(",")}
        assert listed <= set(inspect.signature(value).parameters), member


def test_generated_pages_are_current():
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "regenerate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_readme_marks_its_two_commands_as_single_lines():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"<!-- command: (run|test) -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in commands] == ["run", "test"]
    assert all(block.count("\n") == 1 for _, block in commands)


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


def test_contributing_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize("package", ["theory", "numerics"])
def test_theory_and_numerics_do_not_know_each_other(package):
    other = {"theory": "numerics", "numerics": "theory"}[package]
    code = (
        f"import sys, pkgutil, importlib, {package}\n"
        f"for m in pkgutil.walk_packages({package}.__path__, '{package}.'): importlib.import_module(m.name)\n"
        f"print([m for m in sys.modules if m.split('.')[0] in ('{other}', 'proofs_check')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_page_about_realization_does_what_it_shows(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "realization.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)
    printed = capsys.readouterr().out
    for shown in re.findall(r"```\n(Ho and Kalman.*?|Vandermonde.*?)```", page, re.DOTALL):
        assert [line.split()[0] for line in shown.splitlines()] == [
            line.split()[0] for line in printed[printed.index(shown.splitlines()[0]) :].splitlines()
        ][: len(shown.splitlines())]


def test_the_example_of_training_shows_the_limit():
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    names = {}
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, names)
    assert f"`distance` is {names['distance']:.1e}".replace("e-0", "e-") in page
    unscaled = names["train_convolution"](names["data"], names["learned"].responses[0], 1.0, [30], names["learned"].eta)
    assert np.abs(names["learned"].responses[-1] - unscaled.responses[0]).max() > 1000 * names["distance"]


def test_the_example_of_a_derivation_does_what_its_page_says():
    page = (ROOT / "docs" / "deriving.md").read_text(encoding="utf-8")
    *_, example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {}
    exec(example, names)
    derivation = names["derivation"]
    assert derivation.verified.proved
    assert not derivation.without("rule").verified.proved
