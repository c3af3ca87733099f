import csv
import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from proofs_check.errors import InputError
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.report.drawing import check_output, table, write_picture

pytest.importorskip("matplotlib")

LAGS = tuple(range(5))
DECAY = (1.0, 0.5, 0.25, 0.1, 1e-17)
RNN = Series("RNN", LAGS, DECAY, tuple(0.9 * y for y in DECAY), tuple(1.1 * y for y in DECAY))
CONVOLUTION = Series("scaled convolution, ρ_j", LAGS, DECAY, style=Style.DASHED)
MEASURED = Series("measured, ν_W = 0.9", LAGS, DECAY, (0.0,) * 5, (2.0,) * 5, Style.POINTS)
PANEL = Panel("sup_ℓ ‖f_RNN − f_lin‖", "lag j", "n^(-1/2)", (RNN, CONVOLUTION, MEASURED), y_log=True)
PICTURE = Picture("Memory at ν_W = 9/10", (PANEL,))
STARTS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", STARTS)
def test_a_picture_has_the_format_of_its_suffix_and_its_data_beside_it(tmp_path, suffix):
    picture, data = write_picture(PICTURE, tmp_path / f"memory.v1{suffix}")
    assert picture.read_bytes().startswith(STARTS[suffix])
    assert data == tmp_path / "memory.v1.csv"
    assert sorted(tmp_path.iterdir()) == sorted([picture, data])


@pytest.mark.parametrize("suffix", STARTS)
def test_the_same_picture_gives_the_same_bytes_in_another_process(tmp_path, suffix):
    here, _ = write_picture(PICTURE, tmp_path / f"here{suffix}")
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path; import test_drawing as t\n"
        f"t.write_picture(t.PICTURE, Path({str(tmp_path / f'there{suffix}')!r}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "MPLBACKEND": "svg", "SOURCE_DATE_EPOCH": "86400"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert here.read_bytes() == (tmp_path / f"there{suffix}").read_bytes()


def test_every_number_reads_back_as_it_was():
    series = Series('a "b", c', (0.1, 1 / 3), (np.float64(math.pi), math.nan), (-1e-300, 0.0), (math.inf, 2.0))
    rows = list(csv.reader(table(Picture("", (Panel("p, q", "", "", (series,)),))).splitlines()))
    assert rows[0] == ["panel", "series", "x", "y", "low", "high"]
    assert rows[1] == ["p, q", 'a "b", c', "0.1", repr(math.pi), "-1e-300", "inf"]
    assert rows[2][2:] == [repr(1 / 3), "nan", "0.0", "2.0"]


def test_series_without_intervals_leave_their_ends_empty():
    assert table(Picture("", (Panel("p", "", "", (CONVOLUTION,)),))).splitlines()[1].endswith(",0.0,1.0,,")


@pytest.mark.parametrize(
    "series",
    [
        (),
        (Series("nothing", (), ()),),
        (Series("gaps only", (1.0, 2.0), (math.nan, math.inf)),),
        (Series("zeros", (0.0, 1.0), (0.0, 0.0)),),
        (Series("negative", (1.0, 2.0), (-1.0, -2.0), (-2.0, -3.0), (0.0, 0.0), Style.POINTS),),
        (Series("one point", (3.0,), (2.0,)), Series("gap", (1.0, 2.0, 3.0), (1.0, math.nan, 2.0))),
        (Series("wide", (1e-200, 1e200), (1e-200, 1e200)),),
        (Series("equal", LAGS, (2.0,) * 5), Series("equal", LAGS, (2.0,) * 5, style=Style.DASHED)),
        tuple(Series(f"5 $ and {i}_{{}}^\\frac", LAGS, DECAY, style=style) for i in range(9) for style in Style),
    ],
)
def test_what_is_odd_is_drawn_without_a_warning(tmp_path, series):
    panels = tuple(Panel("odd", "x", "y", series, x_log=log, y_log=log) for log in (False, True))
    write_picture(Picture("a long title " * 20, panels), tmp_path / "odd.svg")


def test_a_picture_without_panels_is_still_a_picture(tmp_path):
    write_picture(Picture("nothing", ()), tmp_path / "nothing.png")


def test_curves_that_coincide_differ_in_width():
    from proofs_check.report.axes import figure

    same = tuple(Series(f"curve {i}", LAGS, DECAY) for i in range(3))
    drawn = figure(Picture("", (Panel("", "", "", (*same, CONVOLUTION)),))).axes[0].get_lines()
    widths = [line.get_linewidth() for line in drawn]
    assert all(one > other for one, other in itertools.pairwise(widths))
    assert [line.get_zorder() for line in drawn] == sorted(line.get_zorder() for line in drawn)
    assert drawn[-1].is_dashed()


def test_a_label_has_one_colour_in_all_panels_and_shares_it_with_no_other_there():
    from proofs_check.report.axes import figure

    panels = (
        Panel("", "", "", (Series("a", LAGS, DECAY), Series("b", LAGS, DECAY))),
        Panel("", "", "", (Series("c", LAGS, DECAY), Series("a", LAGS, DECAY))),
    )
    first, second = ([line.get_color() for line in axes.get_lines()] for axes in figure(Picture("", panels)).axes)
    assert first[0] == second[1] != second[0]


def test_the_legend_stands_below_the_axes():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from proofs_check.report.axes import figure

    drawn = figure(Picture("t", (PANEL, Panel("other", "x", "y", (RNN,)))))
    FigureCanvasAgg(drawn).draw()
    for axes in drawn.axes:
        legend = axes.get_legend().get_window_extent()
        assert legend.y1 < axes.xaxis.label.get_window_extent().y0
        assert drawn.bbox.x0 <= legend.x0 < legend.x1 <= drawn.bbox.x1
        assert legend.y0 >= -1


def test_panels_with_the_same_legend_share_one():
    from proofs_check.report.axes import figure

    other = Panel("", "", "", (RNN, Series("scaled convolution, ρ_j", LAGS, DECAY), MEASURED))
    alike, different = figure(Picture("", (PANEL, PANEL))), figure(Picture("", (PANEL, other)))
    assert len(alike.legends) == 1
    assert all(axes.get_legend() is None for axes in alike.axes)
    assert not different.legends
    assert all(axes.get_legend() is not None for axes in different.axes)


def test_symbols_are_typeset_and_names_are_not():
    from proofs_check.report.axes import typeset

    assert typeset("ρ_j^W, ν_W, n^(-1/2), 5 $") == r"$ρ_{j}^{W}$, $ν_{W}$, n$^{-1/2}$, 5 \$"
    assert typeset("s1_data.mat, L_(T-1)") == "s1_data.mat, L_(T-1)"


def test_the_style_of_the_user_is_neither_used_nor_changed(tmp_path):
    import matplotlib as mpl

    before, _ = write_picture(PICTURE, tmp_path / "before.png")
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "red"}):
        after, _ = write_picture(PICTURE, tmp_path / "after.png")
        assert mpl.rcParams["font.size"] == 30
    assert before.read_bytes() == after.read_bytes()
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("picture.jpg", r"--picture .*picture\.jpg: a picture ends in \.png, \.svg, \.pdf"),
        ("picture", "a picture ends in"),
        ("missing/picture.png", "the folder .*missing does not exist"),
        ("folder", "is a folder; name a file in it"),
        ("folder.png", "is a folder"),
        ("blocked.svg", r"blocked\.csv is not a file"),
    ],
)
def test_a_place_that_will_not_do_is_named_at_once(tmp_path, name, complaint):
    for folder in ("folder", "folder.png", "blocked.csv"):
        (tmp_path / folder).mkdir()
    with pytest.raises(InputError, match=complaint):
        check_output(tmp_path / name)


def test_a_file_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "kept.csv").write_text("mine")
    monkeypatch.setattr(os, "access", lambda place, _: Path(place).suffix != ".csv")
    with pytest.raises(InputError, match=r"kept\.csv cannot be written"):
        check_output(tmp_path / "kept.png")


def test_checking_a_place_imports_no_drawing_library(tmp_path):
    code = "import sys; from pathlib import Path; from proofs_check.report.drawing import check_output\n"
    code += f"check_output(Path({str(tmp_path / 'a.png')!r})); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_ends_the_writing_leaves_the_files_as_they_were(tmp_path, monkeypatch, error):
    (tmp_path / "p.svg").write_text("old picture")
    write_bytes = Path.write_bytes

    def broken(path, content):
        if ".csv" in path.name:
            raise error
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", broken)
    expected = InputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected, match="No space left" if expected is InputError else None):
        write_picture(PICTURE, tmp_path / "p.svg")
    assert [place.name for place in tmp_path.iterdir()] == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "old picture"


def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "p.png").symlink_to(tmp_path / "elsewhere" / "real.png")
    write_picture(PICTURE, tmp_path / "p.png")
    assert (tmp_path / "p.png").is_symlink()
    assert (tmp_path / "elsewhere" / "real.png").read_bytes().startswith(b"\x89PNG")
