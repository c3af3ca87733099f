"""RNNs in files: every digit comes back, and nothing else than an RNN does."""

from __future__ import annotations

import io
import pickle
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numerics.realization.arithmetic import Arbitrary
from numerics.realization.realize import realize
from numerics.realization.rnn import LinearRNN
from numerics.realization.storage import StorageError, load, save

FRACTIONS = st.fractions() | st.builds(Fraction, st.integers(-(10**30), 10**30), st.integers(1, 10**30))
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
SIZES = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.booleans())
IN_A_FOLDER = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def drawn(data: st.DataObject, numbers: st.SearchStrategy[Any]) -> LinearRNN:
    n, n_x, n_y, diagonal = data.draw(SIZES)

    def array(*shape: int) -> np.ndarray[Any, Any]:
        size = int(np.prod(shape))
        values = np.empty(size, dtype=object)
        values[:] = data.draw(st.lists(numbers, min_size=size, max_size=size))
        return values.reshape(shape)

    return LinearRNN(array(n) if diagonal else array(n, n), array(n, n_x), array(n_y, n))


def assert_same(one: LinearRNN, other: LinearRNN) -> None:
    assert one.arithmetic == other.arithmetic
    for a, b in ((one.scaled_W, other.scaled_W), (one.F, other.F), (one.scaled_C, other.scaled_C)):
        assert a.shape == b.shape
        assert [repr(x) for x in a.ravel().tolist()] == [repr(x) for x in b.ravel().tolist()]


def entries_of(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def tampered(path: Path, **changes: Any) -> Path:
    """A file with other entries, or without those that are None."""
    entries = entries_of(path) | changes
    np.savez(path, **{name: value for name, value in entries.items() if value is not None})
    return path


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    save(LinearRNN([Fraction(1, 2), Fraction(-1, 3)], [[1], [2]], [[3, 4]]), tmp_path / "rnn.npz")
    return tmp_path / "rnn.npz"


@pytest.fixture
def stored_doubles(tmp_path: Path) -> Path:
    save(LinearRNN([[0.5, 0.1], [0.0, 0.25]], [[1.0], [2.0]], [[3.0, 4.0]]), tmp_path / "doubles.npz")
    return tmp_path / "doubles.npz"


@settings(max_examples=50, **IN_A_FOLDER)
@given(st.data())
def test_fractions_come_back_exactly(tmp_path: Path, data: st.DataObject) -> None:
    rnn = drawn(data, FRACTIONS)
    save(rnn, tmp_path / "rnn.npz")
    assert_same(load(tmp_path / "rnn.npz"), rnn)


@settings(max_examples=50, **IN_A_FOLDER)
@given(st.data())
def test_doubles_come_back_exactly(tmp_path: Path, data: st.DataObject) -> None:
    rnn = drawn(data, DOUBLES)
    save(rnn, tmp_path / "rnn.npz")
    assert_same(load(tmp_path / "rnn.npz"), rnn)


@settings(max_examples=50, **IN_A_FOLDER)
@given(st.data(), st.integers(1, 300))
def test_numbers_of_any_precision_come_back_exactly(tmp_path: Path, data: st.DataObject, bits: int) -> None:
    context = Arbitrary(bits).context
    rnn = drawn(data, FRACTIONS.map(lambda value: context.mpf(value.numerator) / value.denominator))
    save(rnn, tmp_path / "rnn.npz")
    found = load(tmp_path / "rnn.npz")
    assert_same(found, rnn)
    assert found.arithmetic.bits == rnn.arithmetic.bits


def test_numbers_beyond_python_s_limit_of_digits_come_back(tmp_path: Path) -> None:
    rnn = LinearRNN([[Fraction(-(7**20000), 11**20000)]], [[10**9999]], [[1]])
    save(rnn, tmp_path / "rnn.npz")
    found = load(tmp_path / "rnn.npz")
    assert found.scaled_W[0, 0] == rnn.scaled_W[0, 0]
    assert found.F[0, 0] == 10**9999


def test_exponents_beyond_doubles_come_back(tmp_path: Path) -> None:
    rnn = LinearRNN([[mpmath.mpf(2) ** -(10**5)]], [[-(mpmath.mpf(2) ** (10**5))]], [[mpmath.mpf(1) / 3]])
    save(rnn, tmp_path / "rnn.npz")
    assert_same(load(tmp_path / "rnn.npz"), rnn)


@pytest.mark.parametrize("arithmetic", ["rational", "arbitrary"])
def test_a_realization_comes_back_without_its_certificate(tmp_path: Path, arithmetic: str) -> None:
    rnn = realize([1, 2, 3, 5, 7], "vandermonde", arithmetic=arithmetic)
    save(rnn, tmp_path / "rnn.npz")
    found = load(tmp_path / "rnn.npz")
    assert_same(found, rnn)
    assert found.is_diagonal
    assert found.certificate is None


def test_what_the_certificate_says_can_be_read_with_numpy(tmp_path: Path) -> None:
    rnn = realize([1, 2, 3], "vandermonde")
    save(rnn, tmp_path / "rnn.npz")
    assert entries_of(tmp_path / "rnn.npz")["certificate"].item() == str(rnn.certificate)


@pytest.mark.parametrize("name", ["rnn", "rnn.dat", "rnn.npz", "weights.v2"])
def test_the_file_has_the_name_that_was_given(tmp_path: Path, name: str) -> None:
    save(LinearRNN([0.5], [[1.0]], [[1.0]]), tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, stored: Path) -> None:
    before = stored.read_bytes()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save(load(stored), tmp_path / "folder")
    assert stored.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "rnn.npz"]


def test_a_link_stays_a_link(tmp_path: Path, stored: Path) -> None:
    link = tmp_path / "link.npz"
    link.symlink_to(stored)
    save(LinearRNN([0.5], [[1.0]], [[1.0]]), link)
    assert link.is_symlink()
    assert load(stored).n == 1


def test_a_missing_file_is_the_system_s_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")


@pytest.mark.parametrize("content", [b"", b"PK", b"text", pickle.dumps([1]), b"PK\x05\x06" + bytes(18)], ids=repr)
def test_a_file_that_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign.npz").write_bytes(content)
    with pytest.raises(StorageError, match=r"foreign\.npz: not a"):
        load(tmp_path / "foreign.npz")


def test_an_npy_file_is_no_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.ones(3))
    with pytest.raises(StorageError, match=r"not a \.npz archive"):
        load(tmp_path / "array.npy")


def test_a_foreign_archive_is_told_by_its_entries(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", scores=np.ones(3))
    with pytest.raises(StorageError, match="no entry 'what'; the entries are 'scores'"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"what": np.array("a cake")}, "what is 'a cake'"),
        ({"version": np.array(2)}, "version 2 of the format: this release reads 1; a newer one is needed"),
        ({"version": np.array(0)}, "version 0"),
        ({"version": np.array(1.0)}, "version holds float64: needed is int64"),
        ({"version": np.array([1, 1])}, "version has 1 axes: needed is 0"),
        ({"arithmetic": np.array("complex")}, "arithmetic is 'complex': allowed are"),
        ({"arithmetic": np.array("float")}, "bits is 0: with arithmetic 'float' it is 53"),
        ({"arithmetic": np.array("arbitrary")}, "bits is 0: needed is 1 to"),
        ({"arithmetic": np.array("arbitrary"), "bits": np.array(2**40)}, "bits is 1099511627776"),
        ({"F": None}, "no entry 'F'"),
        ({"F_shape": None}, "no entry 'F_shape'"),
        ({"F_shape": np.array([2, 2])}, r"F has 2 numbers, its shape \(2, 2\) needs 4"),
        ({"F_shape": np.array([2**62, 2**62])}, "F has shape"),
        ({"F_shape": np.array([-1, -2])}, "F has shape"),
        ({"F_shape": np.array([2])}, "F has shape"),
        ({"F_shape": np.array([1, 2])}, r"W \(2,\), F \(1, 2\), C \(1, 2\): needed are"),
        ({"F": np.ones((2, 1))}, "F holds float64: needed is uint8"),
        ({"F": np.array("1 2")}, "F holds <U3"),
        ({"F": np.frombuffer(b"1 2/0", dtype="u1")}, r"F\[1, 0\] is '2/0': needed is a fraction"),
        ({"F": np.frombuffer(b"1 0x2", dtype="u1")}, r"F\[1, 0\] is '0x2'"),
        ({"F": np.frombuffer(b"1 \xff\xfe", dtype="u1")}, r"F\[1, 0\]"),
        ({"F": np.frombuffer(b"1 1_0", dtype="u1")}, "1_0"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_entry_is_said(stored: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        load(tampered(stored, **changes))
    assert str(caught.value).startswith(f"{stored}: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"F": np.array([[1.0], [np.nan]])}, r"F\[1, 0\] is nan"),
        ({"F": np.ones((2, 1), dtype=complex)}, "F holds complex128: needed is float64"),
        ({"F": np.ones((2, 1), dtype="f4")}, "F holds float32"),
        ({"F": np.ones((3, 1))}, "needed are"),
        ({"F": np.ones((2, 1, 1))}, "F has shape"),
    ],
    ids=str,
)
def test_what_is_wrong_with_doubles_is_said(stored_doubles: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StorageError, match=message):
        load(tampered(stored_doubles, **changes))


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


@pytest.mark.parametrize("name", ["what", "version", "F", "scaled_W_shape"])
def test_a_pickle_is_never_executed(stored: Path, name: str) -> None:
    with pytest.raises(StorageError, match=f"{name} holds Python objects"):
        load(tampered(stored, **{name: np.array([Bomb()], dtype=object)}))


def test_a_pickle_under_another_name_is_not_even_read(stored: Path) -> None:
    assert load(tampered(stored, extra=np.array([Bomb()], dtype=object))).n == 2


def test_a_compressed_file_could_be_a_bomb_and_is_refused(stored: Path) -> None:
    np.savez_compressed(stored, **entries_of(stored))
    with pytest.raises(StorageError, match="is compressed: save"):
        load(stored)


@pytest.mark.parametrize("shape", ["(1000000000000, 1)", "(-2, 1)", "(9223372036854775807, 9223372036854775807)"])
def test_a_header_that_promises_more_than_there_is_costs_no_memory(stored_doubles: Path, shape: str) -> None:
    entries = {name: as_npy(value) for name, value in entries_of(stored_doubles).items()}
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    entries["F"] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16)
    with zipfile.ZipFile(stored_doubles, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    with pytest.raises(StorageError, match="F has shape"):
        load(stored_doubles)


@pytest.mark.parametrize(
    "garbage", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x04\x00((((", b"\x93NUMPY\x07\x00"], ids=repr
)
def test_an_entry_that_is_no_array_is_named(stored: Path, garbage: bytes) -> None:
    entries = {name: as_npy(value) for name, value in entries_of(stored).items()} | {"F": garbage}
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    with pytest.raises(StorageError, match="F is not an array"):
        load(stored)


def as_npy(value: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, value)
    return file.getvalue()


def test_a_truncated_file_is_refused_wherever_it_ends(stored: Path) -> None:
    content = stored.read_bytes()
    for length in range(0, len(content), 7):
        stored.write_bytes(content[:length])
        with pytest.raises(StorageError):
            load(stored)


@settings(max_examples=200, **IN_A_FOLDER)
@given(st.data())
def test_a_damaged_byte_is_refused_or_does_not_matter(stored: Path, data: st.DataObject) -> None:
    rnn = load(stored)
    content = stored.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[place] ^= data.draw(st.integers(1, 255))
    stored.write_bytes(bytes(damaged))
    try:
        found = load(stored)
    except StorageError:
        pass
    else:
        assert_same(found, rnn)
    finally:
        stored.write_bytes(content)


def test_a_folder_that_does_not_exist_is_named_as_it_was_given(tmp_path):
    rnn = LinearRNN([[0.5]], [[1.0]], [[1.0]])
    with pytest.raises(FileNotFoundError) as caught:
        save(rnn, tmp_path / "nowhere" / "rnn.npz")
    assert caught.value.filename == str(tmp_path / "nowhere" / "rnn.npz")


@pytest.mark.parametrize("arithmetic", ["rational", "arbitrary", "float"])
def test_an_rnn_is_pickled_exactly(arithmetic):
    rnn = realize([1.0, 0.25, -3.0], arithmetic=arithmetic)
    found = pickle.loads(pickle.dumps(rnn))
    assert found.arithmetic == rnn.arithmetic
    assert found.is_diagonal
    assert (found.exact().scaled_C == rnn.exact().scaled_C).all()
    assert str(found.certificate) == str(rnn.certificate)
