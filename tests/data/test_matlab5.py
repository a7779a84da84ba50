import errno
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.io import savemat

from koopcli.data import matlab5, matlab_file
from koopcli.data.matlab5 import variables
from koopcli.data.on_disk import OnDisk

KINDS = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]


def saved(path, values, **options):
    savemat(path, values, **options)
    return path


@pytest.fixture
def written(tmp_path):
    def write(content):
        (tmp_path / "x.mat").write_bytes(content)
        return tmp_path / "x.mat"

    return write


@pytest.fixture
def nothing_held(monkeypatch):
    monkeypatch.setattr(matlab5, "HELD", 0)
    monkeypatch.setattr(matlab5, "SMALL", 0)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(KINDS), st.booleans())
def test_arrays_are_what_scipy_wrote(tmp_path_factory, data, kind, compressed):
    shape = data.draw(arrays.array_shapes(min_dims=2, max_dims=3, max_side=4))
    values = data.draw(arrays.arrays(kind, shape))
    path = tmp_path_factory.mktemp("mat") / "x.mat"
    found = variables(saved(path, {"value": values}, do_compression=compressed))
    assert np.array_equal(found["value"], values, equal_nan=kind[0] == "f")


def test_nests_are_followed_and_the_rest_is_none(tmp_path):
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = {"y": np.ones((2, 1))}, "text"
    values = {"c": cell, "z": np.array([1 + 2j]), "e": np.zeros((0, 3))}
    found = variables(saved(tmp_path / "x.mat", values, long_field_names=True))
    assert found["c"][0]["y"].tolist() == [[1], [1]] and found["c"][1] is None
    assert found["z"] is None and found["e"].shape == (0, 3)


def test_too_deep_nests_are_left_out(tmp_path):
    deep = {"a": {"b": {"c": {"d": {"e": 1.0}}}}}
    found = variables(saved(tmp_path / "x.mat", deep))
    assert found["a"]["b"]["c"] == {"d": None}


def tagged(kind, data):
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


HEAD = b" " * 124 + b"\0\1IM"
FLAGS = tagged(6, struct.pack("<II", 6, 0))
SHAPE = tagged(5, struct.pack("<ii", 2, 1))
NAME = tagged(1, b"y")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a MATLAB file of version 5"),
        (b"\0" * 200, "not a MATLAB file of version 5"),
        (HEAD + b"\1", "is cut"),
        (HEAD + struct.pack("<II", 14, 10**9), "longer than the file"),
        (HEAD + struct.pack("<II", 14 | 9 << 16, 0), "longer than the file"),
        (HEAD + struct.pack("<II", 15, 4) + b"junk", "damaged compression"),
        (HEAD + tagged(14, FLAGS), "a part of an array is missing"),
        (HEAD + tagged(14, tagged(6, b"")), "a number is missing"),
        (HEAD + tagged(14, tagged(99, b"12345678")), "unknown kind of number 99"),
        (HEAD + tagged(14, tagged(6, b"12345")), "a number is cut"),
        (HEAD + tagged(14, FLAGS + tagged(5, b"\2\0\0\0") + NAME), "has the shape"),
        (HEAD + tagged(14, FLAGS + SHAPE + NAME + tagged(9, b"12345678")), "1 values"),
        (
            HEAD
            + tagged(14, FLAGS + tagged(5, struct.pack("<ii", 2**30, 2**30)) + NAME
                     + tagged(9, b"12345678")),
            "but 1 values",
        ),
        (
            HEAD + tagged(14, tagged(6, struct.pack("<II", 1, 0)) + SHAPE + NAME),
            "0 elements for the shape",
        ),
        (
            HEAD
            + tagged(14, tagged(6, struct.pack("<II", 2, 0)) + SHAPE + NAME
                     + tagged(5, struct.pack("<i", 0)) + tagged(1, b"")),
            "damaged field names",
        ),
    ],
)  # fmt: skip
def test_every_length_is_checked(written, content, message):
    with pytest.raises(ValueError, match=message):
        variables(written(content))


def test_big_endian_files_are_read(written):
    flags = struct.pack(">IIII", 6, 8, 6, 0)
    shape = struct.pack(">IIii", 5, 8, 2, 1)
    name = struct.pack(">HH", 1, 1) + b"y\0\0\0"
    values = struct.pack(">IIdd", 9, 16, 1.5, 2.5)
    body = flags + shape + name + values
    content = b" " * 124 + b"\1\0MI" + struct.pack(">II", 14, len(body)) + body
    assert variables(written(content))["y"].tolist() == [[1.5], [2.5]]


@pytest.mark.usefixtures("nothing_held")
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["f8", "f4", "u2"])
def test_large_arrays_stay_on_disk_and_are_sliced_as_arrays(tmp_path, compressed, kind):
    values = np.arange(24).reshape(6, 4).astype(kind)
    found = variables(
        saved(tmp_path / "x.mat", {"y": values}, do_compression=compressed)
    )["y"]
    assert isinstance(found, OnDisk) and found.dtype == values.dtype
    np.testing.assert_array_equal(found[1:5], values[1:5])
    np.testing.assert_array_equal(found[2, 1:], values[2, 1:])


@pytest.mark.usefixtures("nothing_held")
def test_big_endian_numbers_on_disk_are_turned(written):
    flags = struct.pack(">IIII", 6, 8, 6, 0)
    shape = struct.pack(">IIii", 5, 8, 2, 1)
    name = struct.pack(">HH", 1, 1) + b"y\0\0\0"
    body = flags + shape + name + struct.pack(">IIdd", 9, 16, 1.5, 2.5)
    content = b" " * 124 + b"\1\0MI" + struct.pack(">II", 14, len(body)) + body
    found = variables(written(content))["y"]
    assert isinstance(found, OnDisk) and found[:].dtype == np.float64
    assert found[:].tolist() == [[1.5], [2.5]]


def test_cut_compression_is_named(tmp_path, written):
    noise = np.random.default_rng(0).normal(size=(100, 2))
    content = saved(tmp_path / "y.mat", {"y": noise}, do_compression=True).read_bytes()
    kind, size = struct.unpack_from("<II", content, 128)
    cut = content[:128] + struct.pack("<II", kind, size // 2) + content[136:]
    with pytest.raises(ValueError, match="compression"):
        variables(written(cut[: 136 + size // 2]))


def test_no_room_to_unpack_is_not_called_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab5, "HELD", 0)
    path = saved(tmp_path / "x.mat", {"y": np.ones((9, 2))}, do_compression=True)

    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda size: Full())
    with pytest.raises(OSError, match="No space left"):
        matlab_file.variables(path)
