import errno

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data import npz_arrays
from koopcli.data.on_disk import OnDisk
from koopcli.errors import DataError

SAVE = {"stored": np.savez, "packed": np.savez_compressed}


@pytest.fixture(params=SAVE)
def file(tmp_path, request):
    values = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    SAVE[request.param](tmp_path / "x.npz", small=np.float32(7), large=values)
    return tmp_path / "x.npz", values


@pytest.fixture
def nothing_held(monkeypatch):
    monkeypatch.setattr(npz_arrays, "HELD", 0)


def test_small_arrays_are_simply_read(file):
    path, values = file
    arrays = npz_arrays.read(path)
    assert arrays["small"] == 7
    assert isinstance(arrays["large"], np.ndarray) and (arrays["large"] == values).all()


@pytest.mark.usefixtures("nothing_held")
@pytest.mark.parametrize(
    "key", [slice(None), slice(1, 3), slice(3, 1), slice(2, 99), 1, (2, slice(1)), ...]
)
def test_large_ones_are_sliced_as_numpy_slices(file, key):
    path, values = file
    found = npz_arrays.read(path)["large"]
    assert isinstance(found, OnDisk)
    assert (len(found), found.shape, found.ndim) == (4, (4, 3, 2), 3)
    np.testing.assert_array_equal(found[key], values[key])
    assert found[key].shape == values[key].shape


@given(rows=st.integers(1, 50), first=st.integers(0, 60), last=st.integers(0, 60))
def test_any_rows_are_the_rows(tmp_path_factory, rows, first, last):
    path = tmp_path_factory.mktemp("x") / "x.npz"
    values = np.random.default_rng(0).normal(size=(rows, 2))
    np.savez(path, values=values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(npz_arrays, "HELD", 0)
        found = npz_arrays.read(path)["values"]
    np.testing.assert_array_equal(found[first:last], values[first:last])


@pytest.mark.usefixtures("nothing_held")
def test_columns_first_and_empty_arrays(tmp_path):
    values = np.asfortranarray(np.arange(6.0).reshape(3, 2))
    np.savez(tmp_path / "x.npz", values=values, none=np.zeros((0, 2)))
    arrays = npz_arrays.read(tmp_path / "x.npz")
    np.testing.assert_array_equal(arrays["values"][1:], values[1:])
    assert arrays["none"][:].shape == (0, 2)


@pytest.mark.usefixtures("nothing_held")
def test_a_flipped_bit_of_an_array_on_disk_is_noticed(tmp_path):
    np.savez(tmp_path / "x.npz", values=np.zeros(1000))
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[4000] ^= 1
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match="Bad CRC-32"):
        npz_arrays.read(tmp_path / "x.npz")


@pytest.mark.usefixtures("nothing_held")
def test_no_room_to_unpack_is_not_called_damage(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "x.npz", values=np.zeros(1000))

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        npz_arrays.read(tmp_path / "x.npz")
