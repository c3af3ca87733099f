"""How a picture looks: axes, lines, points, bands and legends, with matplotlib and without its global state.

Imported only where something is drawn.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import AutoMinorLocator, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from numerics.gaussian_matrix import Array
from proofs_check.picture import Panel, Picture, Series, Style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "figure.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.solid_capstyle": "round",
    "mathtext.fontset": "dejavusans",
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.wspace": 0.03,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "savefig.dpi": 220,
    "svg.hashsalt": "check-theorem",
    "pdf.fonttype": 42,
}

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
"""Okabe and Ito, told apart by the colour-blind; without yellow, which is not seen on paper."""

MARKERS: Final = "osD^vPX"
DASHES: Final = ((4.0, 2.2), (1.2, 1.6), (6.0, 1.6, 1.2, 1.6), (9.0, 2.5))
PANEL: Final = (3.5, 2.5)
"""Inches: one panel is as wide as a column, two are as wide as a page."""

LETTER: Final = 0.068
"""Inches that a letter of the legend takes, at most on average."""

BELOW: Final = 0.46
"""Inches from the axes down to the legend: tick labels and the name of the axis are between."""

WIDEST, NARROWEST, THIN = 3.8, 1.5, 1.2
PALE: Final = 0.45
"""How opaque the widest line is; the narrowest is so entirely."""

DARK: Final = 0.72
"""Dashes are darker than lines, by this factor."""

SYMBOL: Final = re.compile(
    r"(?<![^\W\d_])(sup|max|min|[^\W\d_])_([^\W_]{1,4})(?:\^([^\W_]))?(?!\w)|(?<=\w)\^(-?\d+(?:\.\d+)?|ℓ|\(-?\d+(?:/\d+)?\))"
)
"""What is set as mathematics in plain text: ν_W, ρ_j^C, sup_ℓ, 10^9, n^(-1/2)."""


def figure(picture: Picture) -> Figure:
    """A picture as a figure of matplotlib, which nothing else knows of."""
    columns = max(1, min(picture.columns, len(picture.panels)))
    lines = -(-len(picture.panels) // columns)
    wide = max(PANEL[0] * columns, 4.2)
    whole = Figure(figsize=(wide, lines), layout="constrained")
    colours = _colours(picture)
    legends = {tuple((series.label, series.style) for series in panel.series) for panel in picture.panels}
    shared = len(picture.panels) > 1 and len(legends) == 1 and legends != {()}
    height, handles = 0.0, []
    for place, panel in enumerate(picture.panels):
        axes = whole.add_subplot(lines, columns, place + 1)
        handles = _fill(axes, panel, colours)
        rows = 0 if shared else _legend(whole, axes, handles, _labels(panel), wide / columns)
        height = max(height, PANEL[1] + 0.17 * rows + 0.16 * axes.get_title().count("\n"))
    title = _wrapped(picture.title, int(wide / 0.085))
    if title:
        whole.suptitle(typeset(title), fontweight="bold")
    extra = 0.22 * (title.count("\n") + 1) * bool(title)
    if shared:
        names = _labels(picture.panels[0])
        abreast = _abreast(names, wide)
        whole.legend(handles, list(map(typeset, names)), loc="outside lower center", ncols=abreast)
        extra += 0.17 * -(-len(names) // abreast) + 0.1
    whole.set_size_inches(wide, height * lines + extra)
    return whole


def _labels(panel: Panel) -> tuple[str, ...]:
    return tuple(series.label for series in panel.series)


def _colours(picture: Picture) -> dict[str, str]:
    """One colour for a label, in all panels; in one panel all are different, while there are enough."""
    found: dict[str, str] = {}
    for panel in picture.panels:
        taken = {found[label] for label in _labels(panel) if label in found}
        free = [colour for colour in COLOURS if colour not in taken]
        new = [label for label in dict.fromkeys(_labels(panel)) if label not in found]
        found |= {label: (free or COLOURS)[place % len(free or COLOURS)] for place, label in enumerate(new)}
    return found


def _fill(axes: Axes, panel: Panel, colours: Mapping[str, str]) -> list[Any]:
    """Draw a panel; what its legend shows of each series."""
    x_log, y_log = (_can_be_log(panel, axis) for axis in ("x", "y"))
    if x_log:
        axes.set_xscale("log")
    if y_log:
        axes.set_yscale("log")
    floor = _floor(panel) if y_log else -np.inf
    place = dict.fromkeys(Style, 0)
    lines = sum(series.style is not Style.POINTS for series in panel.series)
    handles = []
    for series in panel.series:
        index = place[series.style]
        place[series.style] += 1
        looks = {"color": colours[series.label], **_looks(series.style, index, lines)}
        handles.append(_draw(axes, series, floor, looks, x_log=x_log))
    axes.set_title(typeset(_wrapped(panel.title, int(PANEL[0] / 0.074))), loc="left")
    axes.set_xlabel(typeset(panel.x_label))
    axes.set_ylabel(typeset(panel.y_label))
    axes.margins(x=0.03)
    _ticks(axes, panel, x_log=x_log, y_log=y_log)
    return handles


def _ticks(axes: Axes, panel: Panel, *, x_log: bool, y_log: bool) -> None:
    if not x_log:
        whole = all(float(value).is_integer() for series in panel.series for value in series.x if np.isfinite(value))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=whole))
        minor = MaxNLocator(nbins=40, steps=[1, 2, 5, 10], integer=True) if whole else AutoMinorLocator(2)
        axes.xaxis.set_minor_locator(minor)
    if not y_log:
        axes.yaxis.set_minor_locator(AutoMinorLocator(2))


def _can_be_log(panel: Panel, axis: str) -> bool:
    """Whether a logarithmic axis is asked for, and has anything to show."""
    wanted = panel.x_log if axis == "x" else panel.y_log
    return wanted and any(np.any(_finite(getattr(series, axis)) > 0) for series in panel.series)


def _floor(panel: Panel) -> float:
    """The smallest positive number: where an interval that reaches down to 0 ends on a logarithmic axis."""
    values = [_finite(ends) for series in panel.series for ends in (series.y, series.low) if ends is not None]
    return float(min(value.min() for value in (one[one > 0] for one in values) if value.size))


def _looks(style: Style, index: int, lines: int) -> dict[str, Any]:
    """Width, dashes and markers of the series of one style, in their order."""
    if style is Style.POINTS:
        size = 4.6 if index == 0 else 4.0
        return {"marker": MARKERS[index % len(MARKERS)], "linestyle": "none", "markersize": size, "zorder": 4.0}
    if style is Style.DASHED:
        return {"linewidth": THIN, "dashes": DASHES[index % len(DASHES)], "zorder": 3.0 + index / 100}
    narrow = index / (lines - 1) if lines > 1 else 0.8
    width, alpha = WIDEST + (NARROWEST - WIDEST) * narrow, PALE + (1 - PALE) * narrow
    return {"linewidth": width, "alpha": alpha, "zorder": 2.0 + index / 100}


def _draw(axes: Axes, series: Series, floor: float, looks: dict[str, Any], *, x_log: bool) -> Any:
    """Draw a series; what the legend shows of it."""
    x, y = _values(series.x, 0.0 if x_log else -np.inf), _values(series.y, 0.0 if floor > 0 else -np.inf)
    intervals = None if series.low is None or series.high is None else (series.low, series.high)
    ends = None if intervals is None else [np.maximum(_values(end), floor) for end in intervals]
    if series.style is Style.POINTS:
        looks |= {"markerfacecolor": "white", "markeredgewidth": 1.1}
        lengths = None if ends is None else np.stack([np.fmax(y - ends[0], 0), np.fmax(ends[1] - y, 0)])
        return axes.errorbar(x, y, lengths, elinewidth=1.0, capsize=2.0, **looks)
    if series.style is Style.DASHED:
        looks["color"] = tuple(DARK * part for part in to_rgb(looks["color"]))
    (line,) = axes.plot(x, y, **looks)
    alone = _alone(x, y)
    if alone.any():  # no line leads to such a point
        axes.plot(x[alone], y[alone], "o", color=line.get_color(), markersize=3.0, zorder=looks["zorder"])
    if ends is not None:
        axes.fill_between(x, ends[0], ends[1], color=line.get_color(), alpha=0.16, linewidth=0, zorder=1.5)
    return line


def _alone(x: Array, y: Array) -> NDArray[np.bool_]:
    """Points between two gaps."""
    there = np.isfinite(x) & np.isfinite(y)
    padded = np.concatenate([[False], there, [False]])
    return np.asarray(there & ~padded[:-2] & ~padded[2:], dtype=np.bool_)


def _values(values: object, above: float = -np.inf) -> Array:
    """Floats; a gap where a number is not finite, or not above."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array) & (array > above), array, np.nan)


def _finite(values: object) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _legend(whole: Figure, axes: Axes, handles: list[Any], labels: tuple[str, ...], wide: float) -> int:
    """A legend below the axes; how many lines it has."""
    if not labels:
        return 0
    abreast = _abreast(labels, wide - 0.5)
    below = axes.transAxes + ScaledTranslation(0, -BELOW, whole.dpi_scale_trans)
    axes.legend(
        handles,
        list(map(typeset, labels)),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=below,
        borderaxespad=0.0,
        ncols=abreast,
    )
    return -(-len(labels) // abreast)


def _abreast(labels: tuple[str, ...], wide: float) -> int:
    """How many labels stand in a line: as many in each, and never one left over in the last."""
    each = 0.55 + LETTER * max(map(len, labels))
    most = max(1, min(len(labels), int(wide / each)))
    return -(-len(labels) // -(-len(labels) // most))


def _wrapped(text: str, limit: int) -> str:
    """Text in as few lines as fit, and these about equally long."""
    fewest = len(textwrap.wrap(text, limit))
    width = next((one for one in range(1, limit) if len(textwrap.wrap(text, one)) <= fewest), limit)
    return textwrap.fill(text, width)


def typeset(text: str) -> str:
    r"""Plain text for matplotlib: its indices and powers as mathematics, its dollar signs as such.

    Examples
    --------
    >>> typeset("ρ_j at n = 10^9, 5 $")
    '$ρ_{j}$ at n = 10$^{9}$, 5 \\$'
    """
    return SYMBOL.sub(_mathematics, text.replace("$", r"\$"))


def _mathematics(found: re.Match[str]) -> str:
    base, index, above, power = found.groups()
    if power is not None:
        return f"$^{{{power.strip('()')}}}$"
    base = base if len(base) == 1 else rf"\mathrm{{{base}}}"
    index = index if len(index) == 1 else rf"\mathrm{{{index}}}"
    return f"${base}_{{{index}}}{f'^{{{above}}}' if above else ''}$"
