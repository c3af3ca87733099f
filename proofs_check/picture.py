"""What a picture shows, as data: drawn by ``report.drawing``, and written beside the picture as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a series is drawn."""

    LINE = "line"
    DASHED = "dashed"
    POINTS = "points"


@dataclass(frozen=True)
class Series:
    """One curve, or points with intervals.

    Attributes
    ----------
    label : str
        As the legend says it; plain text, Greek letters included.
    x, y : sequence of float
        Of the same length; a NaN is a gap.
    low, high : sequence of float, optional
        Ends of an interval at each point.
    style : Style
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    style: Style = Style.LINE

    def __post_init__(self) -> None:
        sizes = {len(values) for values in (self.x, self.y, self.low, self.high) if values is not None}
        if len(sizes) != 1 or (self.low is None) != (self.high is None):
            raise ValueError(f"series {self.label!r}: x, y, and both ends of the intervals must have the same length")


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes
    ----------
    title, x_label, y_label : str
    series : tuple of Series
    x_log, y_log : bool
        Whether the axes are logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False


@dataclass(frozen=True)
class Picture:
    """Panels side by side.

    Attributes
    ----------
    title : str
    panels : tuple of Panel
    columns : int
        How many panels are in a row.
    """

    title: str
    panels: tuple[Panel, ...]
    columns: int = 2
