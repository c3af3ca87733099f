"""Read a recursion from TOML. Every complaint names the file, the key, what it was and what is allowed."""

from __future__ import annotations

import difflib
import keyword
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, Final

from proofs_check.errors import FormulaError, InputError
from proofs_check.recursion.formula import (
    RESERVED,
    TRANSPOSED,
    Formula,
    Moment,
    StateColumn,
    Term,
    Time,
    Vocabulary,
    parse,
)
from proofs_check.recursion.law_reader import WAYS, LawReader
from proofs_check.recursion.model import LawData, MatrixData, RecursionData
from proofs_check.recursion.numbers import NumberReader, exact
from proofs_check.recursion.words import shown

LIMIT: Final = 64
"""At most so many columns, matrices, parameters, series and test functions."""

MAX_BYTES: Final = 1 << 20
MAX_TEXT: Final = 2000
EXAMPLES: Final = "examples"
PACKAGE: Final = "proofs_check.recursion"

TOP: Final = ("title", "about", "q", "u", "parameters", "series", "matrix", "functions")
Q_KEYS: Final = ("columns", *WAYS)
MATRIX_KEYS: Final = ("name", "variance", "z", "at")


def examples() -> dict[str, str]:
    """The recursions that come along: name → title."""
    folder = resources.files(PACKAGE).joinpath(EXAMPLES)
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {name: read(name).title for name in names}


def read(source: str) -> RecursionData:
    """Read a file, or an example by its name.

    Raises
    ------
    InputError
        When it cannot be read, is not TOML, or does not describe a recursion.
    """
    example = resources.files(PACKAGE).joinpath(EXAMPLES, f"{source}.toml")
    if re.fullmatch(r"[a-z0-9-]{1,60}", source) and example.is_file():
        return read_text(example.read_text(encoding="utf-8"), source)
    try:
        with Path(source).open("rb") as file:  # not only what is_file: a pipe will do
            found = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        folder = resources.files(PACKAGE).joinpath(EXAMPLES)
        known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
        reason = getattr(error, "strerror", None) or "not a file name"
        raise InputError(
            f"--recursion {source}: cannot be read ({reason}); give a TOML file or one of the examples "
            f"{', '.join(known)}"
        ) from None
    if len(found) > MAX_BYTES:
        raise InputError(f"--recursion {source}: more than {MAX_BYTES >> 20} MiB; a small TOML file is expected")
    try:
        return read_text(found.decode("utf-8-sig"), source)
    except UnicodeDecodeError:
        raise InputError(f"--recursion {source}: is not a text in UTF-8") from None


def read_text(text: str, source: str = "recursion") -> RecursionData:
    """Read a recursion from the text of a TOML file.

    Raises
    ------
    InputError
        When it is not TOML, or does not describe a recursion.
    """
    try:
        table = tomllib.loads(text, parse_float=exact)
    except (ValueError, RecursionError) as error:  # beside what is not TOML: whole numbers of thousands of digits
        raise InputError(f"{source} is not TOML: {error}") from None
    return _Reader(source, table).recursion()


@dataclass(frozen=True)
class _Reader:
    source: str
    table: Mapping[str, Any]

    def fail(self, where: str, what: str) -> InputError:
        """A complaint about a key."""
        return InputError(f"{self.source}, {where}: {what}")

    def recursion(self) -> RecursionData:
        self._known_keys("the top level", self.table, TOP)
        title, about = (self._text(key, self.table.get(key, default)) for key, default in _WORDS.items())
        parameters = self._parameters()
        laws = LawReader(self.source, parameters)
        series = self._series()
        q_columns = self._columns("q", default=("q",))
        u_columns = self._columns("u", default=())
        matrices = self._section("matrix", list)
        names = [self._name(f"matrix {i + 1}", one) for i, one in enumerate(matrices)]
        self._distinct([*parameters, *series, *q_columns, *u_columns, *names])
        for name in names:
            if name.endswith("T") and name[:-1].rstrip("_") in names:
                raise self.fail("matrix", f"{name!r}: {TRANSPOSED}")
        words = Vocabulary(q_columns, u_columns, tuple(parameters), tuple(series), tuple(names))
        if not matrices:
            raise self.fail("matrix", "at least one [[matrix]] is needed, with name, variance and z")
        read_matrices = tuple(self._matrix(one, words, laws) for one in matrices)
        return RecursionData(
            self.source,
            title or "A Gaussian recursion",
            about,
            q_columns,
            u_columns,
            laws.laws("q", self._section("q", dict), len(q_columns)),
            self._inputs(laws, len(u_columns)),
            read_matrices,
            parameters,
            series,
            self._functions(words),
        )

    def _inputs(self, laws: LawReader, columns: int) -> tuple[LawData, ...]:
        """The laws of u; (70) asks that they do not depend on q_0, as rows of two tables side by side would."""
        if "rows" in self._section("u", dict) and "rows" in self._section("q", dict):
            raise self.fail("rows", "q and u cannot both be tables: row by row they would depend on each other")
        return laws.laws("u", self._section("u", dict), columns)

    def _known_keys(self, where: str, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
        for key in table:
            if key not in allowed:
                if re.fullmatch(r"transposed?", key):
                    raise self.fail(f"{where}, {key}", TRANSPOSED)
                near = difflib.get_close_matches(key[:60], list(allowed), n=1, cutoff=0.5)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise self.fail(where, f"unknown key {shown(key)}{hint} (allowed: {', '.join(allowed)})")

    def _section(self, key: str, kind: type[Any]) -> Any:
        found = self.table.get(key, kind())
        tables = kind is list and isinstance(found, list) and all(isinstance(one, dict) for one in found)
        if not (tables or (kind is dict and isinstance(found, dict))):
            raise self.fail(key, f"{shown(found)}: {f'a table [{key}]' if kind is dict else f'[[{key}]]'} is needed")
        if len(found) > LIMIT:
            raise self.fail(key, f"{len(found)} entries: at most {LIMIT} are allowed")
        return found

    def _text(self, where: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.fail(where, f"{shown(value)}: a text of at most {MAX_TEXT} characters is needed")
        return " ".join(value.split())

    def _parameters(self) -> dict[str, Fraction]:
        table, read = self._section("parameters", dict), NumberReader(self.source)
        return {
            self._identifier("parameters", name): read.number(f"parameters.{name}", value)
            for name, value in table.items()
        }

    def _series(self) -> dict[str, tuple[Fraction, ...]]:
        found, read = {}, NumberReader(self.source)
        for name, values in self._section("series", dict).items():
            where = f"series.{self._identifier('series', name)}"
            if not isinstance(values, list) or not values:
                raise self.fail(where, f"{shown(values)}: a list of numbers for t = 0, 1, … is needed")
            found[name] = tuple(read.number(f"{where}[{i}]", value) for i, value in enumerate(values))
        return found

    def _columns(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        table = self._section(key, dict)
        self._known_keys(key, table, Q_KEYS)
        names = table.get("columns", list(default))
        if not isinstance(names, list) or len(names) > LIMIT or (key == "q" and not names):
            raise self.fail(
                f"{key}.columns", f'{shown(names)}: a list of 1 to {LIMIT} names such as ["{key}"] is needed'
            )
        return tuple(self._identifier(f"{key}.columns", name) for name in names)

    def _identifier(self, where: str, name: object) -> str:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,30}", name):
            raise self.fail(
                where, f"{shown(name)} is not a name: at most 31 letters (a-z), digits and _, a letter first"
            )
        if name in RESERVED or keyword.iskeyword(name):
            raise self.fail(
                where,
                f"the name {name!r} has a meaning of its own (reserved: {', '.join(RESERVED)}, and what is in Python)",
            )
        return name

    def _distinct(self, names: list[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise self.fail("names", f"{name!r} is used twice")

    def _name(self, where: str, table: Mapping[str, Any]) -> str:
        for key in table:
            if re.fullmatch(r"transposed?|A?_?T", key):
                raise self.fail(f"{where}, {key}", TRANSPOSED)
        self._known_keys(where, table, MATRIX_KEYS)
        missing = [key for key in ("name", "variance", "z") if key not in table]
        if missing:
            raise self.fail(where, f"{missing[0]!r} is missing")
        name = table["name"]
        if isinstance(name, str) and _TRANSPOSED_NAME.fullmatch(name):
            raise self.fail(f"{where}, name", f"{shown(name)}: {TRANSPOSED}")
        return self._identifier(f"{where}, name", name)

    def _matrix(self, table: Mapping[str, Any], words: Vocabulary, numbers: NumberReader) -> MatrixData:
        name, columns = table["name"], len(words.states)
        variance = numbers.variance(f"matrix {name}, variance", table["variance"])
        at = table.get("at", {})
        if not isinstance(at, dict) or not all(re.fullmatch(r"0|[1-9][0-9]{0,3}", key) for key in at):
            raise self.fail(
                f"matrix {name}, at", f'{shown(at)}: a table of times is needed, such as at = {{ 0 = ["q"] }}'
            )
        other = {
            time: self._z(f"matrix {name}, at {time}", value, words, columns)
            for time, value in sorted((int(key), value) for key, value in at.items())
        }
        for time, formulas in other.items():
            self._past(f"matrix {name}, at {time}", formulas, time)
        return MatrixData(name, variance, self._z(f"matrix {name}, z", table["z"], words, columns), other)

    def _z(self, where: str, value: object, words: Vocabulary, columns: int) -> tuple[Formula, ...]:
        formulas = value if isinstance(value, list) else [value]
        if len(formulas) != columns:
            names = ", ".join(words.states)
            raise self.fail(
                where,
                f"{len(formulas)} formula{'s' * (len(formulas) != 1)}, but q has {columns} "
                f"column{'s' * (columns != 1)} ({names}): A z is added to q, so that z needs one formula for each",
            )
        return tuple(self._formula(where, formula, words) for formula in formulas)

    def _formula(self, where: str, text: object, words: Vocabulary) -> Formula:
        try:
            return parse(text, words)
        except FormulaError as error:
            raise self.fail(where, str(error)) from None

    def _past(self, where: str, formulas: tuple[Formula, ...], time: int) -> None:
        for moment, name in _moments(formulas):
            if moment.at(time) > time:
                raise self.fail(where, f"{name}[{moment.offset}] is not known at time {time}")

    def _functions(self, words: Vocabulary) -> tuple[Formula, ...]:
        texts = self.table.get("functions", [])
        if not isinstance(texts, list) or len(texts) > LIMIT:
            raise self.fail(
                "functions", f'{shown(texts)}: a list of at most {LIMIT} formulas such as ["abs(q[2])"] is needed'
            )
        found = tuple(self._formula("functions", text, words) for text in texts)
        for formula in found:
            if any(isinstance(p, Time) or (isinstance(p, StateColumn | Term) and p.moment.relative)
                   for p in formula.parts()):  # fmt: skip
                raise self.fail(
                    "functions", f"{shown(formula.text)}: a test function names its times, such as q[2], and has no t"
                )
        return found


_WORDS: Final = {"title": "", "about": ""}
_TRANSPOSED_NAME: Final = re.compile(r"[A-Za-z_]\w*\s*(\.(T|mT|t|transpose)(\(\))?|['′†ᵀ⊤]|\^\s*[T⊤]|_T)")


def _moments(formulas: Iterable[Formula]) -> list[tuple[Moment, str]]:
    return [(p.moment, p.name) for one in formulas for p in one.parts() if isinstance(p, StateColumn)]
