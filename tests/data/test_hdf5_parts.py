import h5py
import numpy as np
import pytest

from koopcli.data.hdf5_parts import check_size, local
from koopcli.errors import DataError


def test_only_what_lies_in_the_file_is_found(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = np.zeros(3)
        file["loop"] = h5py.SoftLink("/loop")
        file["soft"] = h5py.SoftLink("/a")
        file["far"] = h5py.ExternalLink("y.h5", "/a")
        assert local(file, "a", h5py.Dataset) == file["a"]
        assert local(file, "a", h5py.Group) is None
        for name in ("loop", "soft", "far", "none"):
            assert local(file, name) is None


def test_a_shape_that_no_file_holds_is_refused(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (10**9, 10**3), "f8", chunks=(1024, 10))
        file.create_dataset("b", data=np.zeros(10**5), compression="gzip")
    with h5py.File(path, "r") as file:
        check_size(path, file["b"])
        with pytest.raises(DataError, match=r"/a has the shape .* it is damaged"):
            check_size(path, file["a"])
