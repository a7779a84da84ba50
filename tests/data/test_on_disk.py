import gc

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.on_disk import Held, Layout, OnDisk, TransposedDataset

VALUES = np.arange(24, dtype=np.float32).reshape(6, 4)
KEYS = [slice(None), slice(1, 3), slice(3, 1), slice(2, 99), 1, (2, slice(1)), ...]


def on_disk(path, values, *, fortran):
    path.write_bytes(b"head" + values.tobytes("F" if fortran else "C"))
    layout = Layout(values.shape, fortran, values.dtype, 4)
    return OnDisk(Held(open(path, "rb")), layout)


def transposed(path, values):
    with h5py.File(path, "w") as file:
        return TransposedDataset(path, file.create_dataset("y", data=values.T))


@pytest.fixture(params=["rows", "columns", "hdf5"])
def found(tmp_path, request):
    if request.param == "hdf5":
        return transposed(tmp_path / "x", VALUES)
    return on_disk(tmp_path / "x", VALUES, fortran=request.param == "columns")


def test_it_describes_itself_as_the_array_would(found):
    assert (found.shape, found.ndim, found.size) == ((6, 4), 2, 24)
    assert len(found) == 6 and found.dtype == np.float32


@pytest.mark.parametrize("key", KEYS)
def test_it_is_sliced_as_the_array_is(found, key):
    np.testing.assert_array_equal(found[key], VALUES[key])
    assert found[key].shape == VALUES[key].shape


@given(
    rows=st.integers(1, 30),
    first=st.integers(0, 40),
    last=st.integers(0, 40),
    fortran=st.booleans(),
    big=st.booleans(),
)
def test_any_rows_of_any_layout(tmp_path_factory, rows, first, last, fortran, big):
    values = np.random.default_rng(rows).normal(size=(rows, 3))
    values = values.astype(">f8" if big else "<f8")
    path = tmp_path_factory.mktemp("x") / "x"
    part = on_disk(path, values, fortran=fortran)[first:last]
    np.testing.assert_array_equal(part, values[first:last])


def test_the_file_is_closed_with_the_last_array_in_it(tmp_path):
    (tmp_path / "x").write_bytes(VALUES.tobytes())
    file = (tmp_path / "x").open("rb")
    held = Held(file)
    arrays = [OnDisk(held, Layout((3, 4), False, VALUES.dtype, at)) for at in (0, 48)]
    del held, arrays[0]
    gc.collect()
    np.testing.assert_array_equal(arrays[0][:], VALUES[3:])
    arrays.clear()
    gc.collect()
    assert file.closed
