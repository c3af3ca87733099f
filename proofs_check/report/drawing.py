"""Pictures in files: PNG, SVG or PDF by the suffix, and the numbers beside them as CSV.

A picture says by shape as well as by colour what is what, so that it survives a grey printer. Of curves that
coincide each is to be seen: the first line is the widest and each further one is drawn narrower on top of it, dashes
over lines, points over both. Legends stand below the axes and cover nothing. The same picture gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proofs_check.errors import InputError
from proofs_check.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMATS: Final = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
DATED: Final[dict[str, dict[str, str | None]]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
"""What a format would say about when, and by which version, it was written."""

COLUMNS: Final = ("panel", "series", "x", "y", "low", "high")


def check_output(path: Path) -> None:
    """Complain now rather than after the work; nothing is imported or written.

    Raises
    ------
    InputError
        When a picture, or the CSV beside it, cannot be written there.
    """
    if path.is_dir():
        raise InputError(f"--picture {path}: is a folder; name a file in it, ending in {', '.join(FORMATS)}")
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"--picture {path}: a picture ends in {', '.join(FORMATS)}; its data is written beside it")
    if not path.parent.is_dir():
        raise InputError(f"--picture {path}: the folder {path.parent} does not exist")
    for place in (path, data_path(path)):
        if place.exists() and not place.is_file():
            raise InputError(f"--picture {path}: {place} is not a file, and cannot be replaced by one")
        if not os.access(place.resolve().parent, os.W_OK) or (place.exists() and not os.access(place, os.W_OK)):
            raise InputError(f"--picture {path}: {place} cannot be written; choose a folder that you may write to")


def data_path(path: Path) -> Path:
    """Where the numbers of a picture go."""
    return path.with_suffix(".csv")


def write_picture(picture: Picture, path: Path) -> tuple[Path, Path]:
    """Draw a picture, and write its numbers beside it; both files are whole, or as they were before.

    Parameters
    ----------
    picture : Picture
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    tuple of Path
        The picture and the CSV.

    Raises
    ------
    InputError
        When they cannot be written.
    """
    check_output(path)
    contents = {path: drawn(picture, FORMATS[path.suffix.lower()]), data_path(path): table(picture).encode()}
    try:
        _write({place.resolve(): content for place, content in contents.items()})
    except OSError as error:
        raise InputError(f"--picture {path}: cannot be written ({error.strerror})") from None
    return path, data_path(path)


def drawn(picture: Picture, form: str) -> bytes:
    """The bytes of a picture.

    Parameters
    ----------
    picture : Picture
    form : str
        ``"png"``, ``"svg"`` or ``"pdf"``.
    """
    import matplotlib as mpl
    import numpy as np

    from proofs_check.report.axes import SETTINGS, figure

    buffer = io.BytesIO()
    with mpl.rc_context(), np.errstate(all="ignore"):  # margins of numbers at the ends of double precision
        mpl.rcdefaults()  # whatever the user's own style is
        mpl.rcParams.update(SETTINGS)
        figure(picture).savefig(buffer, format=form, metadata=DATED[form])
    return buffer.getvalue()


def table(picture: Picture) -> str:
    """The numbers of a picture as CSV, a line for each point; every number reads back as the same double."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for panel in picture.panels:
        for series in panel.series:
            columns = (series.x, series.y, series.low, series.high)
            numbers = [_numbers(values, len(series.x)) for values in columns]
            writer.writerows((panel.title, series.label, *row) for row in zip(*numbers, strict=True))
    return text.getvalue()


def _numbers(values: Sequence[float] | None, count: int) -> list[str]:
    return [""] * count if values is None else [repr(float(value)) for value in values]


def _write(contents: Mapping[Path, bytes]) -> None:
    """Write all files beside their places, then move them in."""
    ready = {place: place.with_name(f".{place.name}.{os.getpid()}.part") for place in contents}
    try:
        for place, content in contents.items():
            ready[place].write_bytes(content)
        for place, part in ready.items():
            part.replace(place)
    finally:
        for part in ready.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
