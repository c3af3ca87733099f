"""Files that are whole or not there: documents are written beside their place and then moved into it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from proofs_check.derive.documents import Product, graph_of
from proofs_check.derive.index import INDEX, NOTE, index
from proofs_check.errors import InputError

SUFFIXES: Final = {
    "latex": ".tex",
    "fragment": ".fragment.tex",
    "markdown": ".md",
    "html": ".html",
    "pdf": ".pdf",
    "text": ".txt",
    "svg": ".svg",
}
ALSO: Final = {".markdown": "markdown", ".htm": "html"}
IN_A_FOLDER: Final = ("latex", "markdown", "html")


def format_of(name: str, allowed: Iterable[str]) -> str:
    """The format that a file name asks for.

    Raises
    ------
    InputError
        When its suffix is not that of an allowed format.
    """
    allowed = tuple(allowed)
    known = {suffix: form for form, suffix in SUFFIXES.items()} | ALSO
    for suffix in sorted(known, key=len, reverse=True):
        if name.lower().endswith(suffix) and known[suffix] in allowed:
            return known[suffix]
    suffixes = ", ".join(SUFFIXES[form] for form in allowed)
    if Path(name or ".").is_dir():
        raise InputError(f"-o {name!r}: is a folder; name a file in it, ending in {suffixes}")
    raise InputError(f"-o {name}: the suffix does not name a format ({suffixes}); give --format")


def check_writable(path: Path) -> None:
    """Complain now rather than after the work.

    Raises
    ------
    InputError
        When a file cannot be written there.
    """
    if path.is_dir():
        raise InputError(f"-o {path}: is a folder, a file is needed")
    if not path.parent.is_dir():
        raise InputError(f"-o {path}: the folder {path.parent} does not exist")
    beside = path.is_file() or not path.exists()
    if (path.exists() and not os.access(path, os.W_OK)) or (beside and not os.access(path.parent, os.W_OK)):
        raise InputError(f"-o {path}: cannot be written")


def check_folder(folder: Path) -> None:
    """Complain now when documents cannot be written into this folder, which may not exist yet.

    Raises
    ------
    InputError
        When it is a file, cannot be written, or holds an index that is somebody else's.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"-o {folder}: is a file, --all needs a folder")
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(existing, os.W_OK):
        raise InputError(f"-o {folder}: cannot be written")
    readme = folder / INDEX
    if readme.exists() and not readme.read_bytes().startswith(NOTE.encode()):
        raise InputError(f"-o {folder}: {INDEX} there was not written by this command; choose another folder")


def write(path: Path, content: bytes) -> None:
    """Write one file, whole or not at all; a device or a pipe is written to directly.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _write_files({path.resolve(): content})
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(f"-o {path}: cannot be written ({error.strerror})") from None


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if it is not there: all of them first, then all moved in.

    Raises
    ------
    InputError
        When one cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_files({(folder / name).resolve(): content for name, content in contents.items()})
    except OSError as error:
        raise InputError(f"-o {folder}: cannot be written ({error.strerror})") from None


def _write_files(contents: Mapping[Path, bytes]) -> None:
    ready = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in contents}
    try:
        for path, content in contents.items():
            ready[path].write_bytes(content)
            if path.exists():
                shutil.copymode(path, ready[path])
        for path, part in ready.items():
            part.replace(path)
    finally:
        for part in ready.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


def write_output(content: bytes, *, text: bool) -> None:
    """Write to standard output, text in its encoding."""
    if text:
        sys.stdout.write(content.decode())
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    sys.stdout.flush()


def folder_contents(products: tuple[Product, ...], formats: tuple[str, ...]) -> dict[str, bytes]:
    """Every file that ``--all`` writes, by name."""
    from theory.rendering.graph_svg import graph_svg

    graph = graph_of(products)
    contents = {
        product.document.slug + SUFFIXES[form]: product.contents[form] for product in products for form in formats
    }
    names = tuple((form, SUFFIXES[form]) for form in formats)
    return contents | {
        "graph.svg": graph_svg(graph).encode(),
        "graph.txt": graph.text().encode(),
        INDEX: index(products, graph, names).encode(),
    }


def differences(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """What is in the folder and should not be, the other way round, or is different; a line for each."""
    there = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    extra = [f"{folder / name} is extra: nothing writes it" for name in there if name not in contents]
    return sorted(extra + outdated(folder, contents))


def outdated(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Which of these files are missing or different in the folder; a line for each."""
    found = []
    for name, content in contents.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif path.read_bytes() != content:
            found.append(f"{path} differs")
    return found
