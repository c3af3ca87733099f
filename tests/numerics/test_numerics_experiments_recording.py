"""The recording: what is read is what was written, and whatever else a file holds is named."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.experiments import Recording, RecordingError, load_recording, reaching_task

PUBLISHED = os.environ.get("CHECK_THEOREM_S1_DATA")
BINS, NEURONS = 300, 4


def variables(**changed: object) -> dict[str, object]:
    """What a file holds; position follows velocity by the trapezoidal rule."""
    task = reaching_task(np.random.default_rng(0), BINS, NEURONS)
    steps = 0.05 * (task.velocity[1:] + task.velocity[:-1]) / 2
    position = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return {"spikes": task.spikes.astype(np.uint8), "vel": task.velocity, "pos": position, **changed}


def entry(name: str, value: float) -> dict[str, object]:
    values = np.array(variables()[name], dtype=float)
    values[5, 1] = value
    return {name: values}


def written(folder: Path, content: dict[str, object], *, compressed: bool = True) -> Path:
    path = folder / "recording.mat"
    kept = {name: value for name, value in content.items() if value is not None}
    scipy.io.savemat(path, kept, do_compression=compressed)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    content = variables()
    found = load_recording(str(written(tmp_path, content)))
    np.testing.assert_array_equal(found.spikes, content["spikes"])
    np.testing.assert_array_equal(found.velocity, content["vel"])
    assert found.spikes.dtype == np.int64
    assert found.starts.tolist() == [0]
    assert not found.synthetic


def test_length_and_rates_are_in_minutes_and_spikes_per_second() -> None:
    spikes = np.array([[0, 1], [2, 1], [1, 1]])
    found = Recording(spikes, np.zeros((3, 2)), 0.5, np.array([0]), synthetic=True, source="")
    assert found.minutes == pytest.approx(1.5 / 60)
    assert found.rates.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("joints", [[7], [1, 100, 299]])
def test_joints_are_where_the_position_jumps(tmp_path: Path, joints: list[int]) -> None:
    position = np.array(variables()["pos"])
    for joint in joints:
        position[joint:] += [3.0, -4.0]
    found = load_recording(written(tmp_path, variables(pos=position)))
    assert found.starts.tolist() == [0, *joints]


def test_other_bins_are_read_where_position_and_velocity_agree(tmp_path: Path) -> None:
    path = written(tmp_path, variables(vel=np.array(variables()["vel"]) / 2))
    assert load_recording(path, 0.1).bin_seconds == 0.1
    with pytest.raises(RecordingError, match=r"bins of 0\.05 s, where pos and vel make it 0\.1 s"):
        load_recording(path)


CHANGES: list[tuple[dict[str, object], str]] = [
    ({"vel": None}, "no variable vel; there are pos, spikes"),
    ({"vel": None, "pos": None}, "no variable vel nor pos; there is spikes"),
    ({"vel": np.zeros((BINS - 1, 2))}, r"vel has shape \(299, 2\), where spikes \(300, 4\) needs \(300, 2\)"),
    ({"vel": np.zeros((2, BINS))}, r"vel has shape \(2, 300\)"),
    ({"pos": np.zeros((BINS, 3))}, r"pos has shape \(300, 3\)"),
    ({"spikes": np.zeros((NEURONS, BINS))}, r"where spikes \(4, 300\) needs \(4, 2\): bins are rows"),
    ({"spikes": np.zeros((0, NEURONS))}, r"spikes is double of shape \(0, 4\)"),
    ({"spikes": np.zeros((BINS, 2, 2))}, r"spikes is double of shape \(300, 2, 2\)"),
    ({"spikes": "many"}, "spikes is char"),
    ({"spikes": {"a": 1}}, "spikes is struct"),
    ({"spikes": np.array([["a", 1]], dtype=object)}, "spikes is cell"),
    ({"vel": np.full((BINS, 2), 1j)}, "vel cannot be read, or is not real"),
    ({"vel": np.zeros((BINS, 2))}, "vel is 0 in all of its 300 bins"),
    (entry("vel", np.nan), "vel has 1 entries that are not finite"),
    (entry("pos", np.inf), "pos has 1 entries that are not finite"),
    (entry("spikes", -1), "spikes has -1 in bin 5 of neuron 1; counts are integers from 0 to 50"),
    (entry("spikes", 0.5), r"spikes has 0\.5 in bin 5 of neuron 1"),
    (entry("spikes", 51), "spikes has 51 in bin 5 of neuron 1"),
]


@pytest.mark.parametrize(("changed", "complaint"), CHANGES)
def test_what_is_not_possible_is_named(tmp_path: Path, changed: dict[str, object], complaint: str) -> None:
    path = written(tmp_path, variables(**changed))
    with pytest.raises(RecordingError, match=complaint) as caught:
        load_recording(path)
    assert str(path) in str(caught.value)


FOREIGN = [
    (b"", "not a MATLAB 5 file"),
    (b"MATLAB 5.0 MAT-file", "not a MATLAB 5 file"),
    (b"time,v_x,v_y\n" * 20, "not a MATLAB 5 file"),
    (b"\x89HDF\r\n\x1a\n" + bytes(200), "not a MATLAB 5 file"),
    (b"MATLAB 7.3 MAT-file".ljust(512), "save it with -v7"),
    (b"MATLAB 5.0 MAT-file".ljust(512), "not a MATLAB 5 file"),
    (b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", "no variable spikes nor vel nor pos; there are none"),
    (b"MATLAB 5.0 MAT-file".ljust(126) + b"IM" + bytes(3), "damaged or truncated"),
    (b"MATLAB 5.0 MAT-file".ljust(126) + b"MI" + bytes([0, 0, 0, 15, 0, 0, 0, 9]), "damaged or truncated"),
]


@pytest.mark.parametrize(("content", "complaint"), FOREIGN)
def test_a_foreign_file_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "foreign.mat"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=complaint):
        load_recording(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mat", tmp_path):
        with pytest.raises(RecordingError, match=r"cannot be read: (No such file|Is a directory)"):
            load_recording(path)


def repacked(content: bytes, old: bytes, new: bytes) -> bytes:
    """The file with a change in its variables, and right checksums."""
    packed, rest = content[:128], content[128:]
    while rest:
        size = int.from_bytes(rest[4:8], "little")
        variable = zlib.compress(zlib.decompress(rest[8 : 8 + size]).replace(old, new))
        packed += struct.pack("<II", 15, len(variable)) + variable
        rest = rest[8 + size :]
    return packed


def test_a_matrix_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, variables())
    sizes = (struct.pack("<ii", bins, NEURONS) for bins in (BINS, 2**30))
    path.write_bytes(repacked(path.read_bytes(), *sizes))
    with pytest.raises(RecordingError, match="spikes claims shape"):
        load_recording(path)


def test_what_the_reader_does_not_know_is_named(tmp_path: Path) -> None:
    """The checksums are right, but there is less data than the matrix needs."""
    path = written(tmp_path, variables())
    sizes = (struct.pack("<ii", bins, NEURONS) for bins in (BINS, BINS + 1))
    path.write_bytes(repacked(path.read_bytes(), *sizes))
    with pytest.raises(RecordingError, match="damaged or truncated"):
        load_recording(path)


def test_a_file_without_checksums_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"not compressed.*save it with -v7"):
        load_recording(written(tmp_path, variables(), compressed=False))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = written(tmp_path_factory.mktemp("damaged"), variables())
    return path, path.read_bytes()


@given(part=st.floats(0.0, 0.9999))
def test_a_truncated_file_is_named(file: tuple[Path, bytes], part: float) -> None:
    path, content = file
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(RecordingError):
        load_recording(path)


@given(places=st.lists(st.floats(0.0, 0.9999), min_size=1, max_size=4), flip=st.integers(1, 255))
def test_a_damaged_variable_is_named_or_read_as_it_was(
    file: tuple[Path, bytes], places: list[float], flip: int
) -> None:
    path, content = file
    damaged = bytearray(content)
    for place in {128 + int(part * (len(content) - 128)) for part in places}:
        damaged[place] ^= flip
    path.write_bytes(bytes(damaged))
    with contextlib.suppress(RecordingError):  # bits of a zlib header may change without a consequence
        found = load_recording(path)
        np.testing.assert_array_equal(found.spikes, variables()["spikes"])
        np.testing.assert_array_equal(found.velocity, variables()["vel"])


def test_a_change_of_one_number_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path, variables())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(RecordingError, match="a checksum is wrong or missing"):
        load_recording(path)


@pytest.mark.parametrize("width", [0.0, -0.05, np.nan, np.inf])
def test_a_bin_width_that_is_not_positive_is_refused(tmp_path: Path, width: float) -> None:
    with pytest.raises(RecordingError, match="bin_seconds"):
        load_recording(written(tmp_path, variables()), width)


@pytest.mark.parametrize("starts", [[], [1], [0, 0], [0, 5, 3], [0, 10]])
def test_starts_that_do_not_increase_from_0_are_refused(starts: list[int]) -> None:
    counts: NDArray[np.int64] = np.zeros((10, 1), dtype=np.int64)
    with pytest.raises(RecordingError, match="starts must increase"):
        Recording(counts, np.zeros((10, 2)), 0.05, np.array(starts, dtype=np.int64), synthetic=True, source="")


def test_the_reader_is_imported_when_it_is_needed() -> None:
    code = "import sys, numerics.experiments; sys.exit('scipy.io' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(not PUBLISHED, reason="CHECK_THEOREM_S1_DATA is not set: the path of s1_data.mat")
def test_the_published_recording_is_what_its_authors_describe() -> None:
    assert PUBLISHED
    found = load_recording(PUBLISHED)
    assert found.spikes.shape == (35129, 52)
    assert found.velocity.shape == (35129, 2)
    assert found.minutes == pytest.approx(29.27, abs=0.01)
    assert (found.rates.mean(), np.median(found.rates)) == pytest.approx((9.2, 6.4), abs=0.05)
    assert len(found.starts) == 419
