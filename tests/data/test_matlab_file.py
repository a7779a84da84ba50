import h5py
import numpy as np
import pytest
from matlab_v73 import write_v73
from scipy.io import savemat

from koopcli.data import matlab_file
from koopcli.data.matlab_file import variables
from koopcli.data.on_disk import TransposedDataset
from koopcli.errors import DataError

VALUES = {
    "y": np.arange(6.0).reshape(3, 2),
    "one": {"u": np.ones((3, 1)), "note": "text"},
    "many": [{"u": np.full((2, 1), 1.0)}, {"u": np.full((3, 1), 2.0)}],
    "cells": [np.zeros((2, 2)), np.ones((4, 2))],
    "name": "rig 3",
}


def write_old(path):
    many = np.zeros((1, 2), [("u", object)])
    cells = np.empty((1, 2), object)
    for i in range(2):
        many[0, i]["u"] = VALUES["many"][i]["u"]
        cells[0, i] = VALUES["cells"][i]
    savemat(path, VALUES | {"many": many, "cells": cells}, do_compression=True)


@pytest.mark.parametrize("write", [write_old, lambda path: write_v73(path, VALUES)])
def test_both_kinds_of_file_hold_the_same(tmp_path, write):
    write(tmp_path / "x.mat")
    found = variables(tmp_path / "x.mat")
    assert np.array_equal(found["y"], VALUES["y"])
    assert np.array_equal(found["one"]["u"], np.ones((3, 1)))
    assert [trial["u"].tolist() for trial in found["many"]] == [[[1]] * 2, [[2]] * 3]
    assert [cell.shape for cell in found["cells"]] == [(2, 2), (4, 2)]
    assert "name" not in found and found["one"]["note"] is None


def test_a_loop_of_references_ends(tmp_path):
    path = tmp_path / "x.mat"
    with h5py.File(path, "w") as file:
        cell = file.create_dataset("c", (1,), h5py.ref_dtype)
        cell[0] = cell.ref
        file["far"] = h5py.ExternalLink("y.mat", "/y")
    assert list(variables(path)) == ["c"]


def test_empty_variables_of_v73_are_empty(tmp_path):
    with h5py.File(tmp_path / "x.mat", "w") as file:
        file["e"] = np.array([0, 0], np.uint64)
        file["e"].attrs["MATLAB_empty"] = 1
    assert variables(tmp_path / "x.mat")["e"].size == 0


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file" + b"\0" * 200])
def test_damage_is_named(tmp_path, content):
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.mat"):
        if not variables(tmp_path / "x.mat"):
            raise DataError("x.mat: nothing inside")


def test_large_arrays_of_v73_stay_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(matlab_file, "HELD", 0)
    values = np.arange(24.0).reshape(8, 3)
    trials = [{"u": np.full((2, 1), 1.0)}, {"u": np.full((3, 1), 2.0)}]
    write_v73(tmp_path / "x.mat", {"y": values, "many": trials})
    found = variables(tmp_path / "x.mat")
    assert isinstance(found["y"], TransposedDataset)
    assert (found["y"].shape, found["y"].ndim, len(found["y"])) == ((8, 3), 2, 8)
    np.testing.assert_array_equal(found["y"][2:7], values[2:7])
    assert [trial["u"][:].tolist() for trial in found["many"]] == [[[1]] * 2, [[2]] * 3]
