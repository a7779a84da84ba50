import h5py
import numpy as np
import pytest

from koopcli.data import hdf5_parts
from koopcli.data.hdf5_parts import check_attributes, check_size, check_whole, local
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


def test_a_large_attribute_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["small"] = "a" * 1000  # of variable length: only a pointer
        file.attrs["large"] = np.zeros(300)
    monkeypatch.setattr(hdf5_parts, "LARGEST_ATTRIBUTE", 2399)
    with h5py.File(path, "r") as file:
        with pytest.raises(DataError, match="attribute 'large' of / has 2400 bytes"):
            check_attributes(path, file)
        monkeypatch.setattr(hdf5_parts, "LARGEST_ATTRIBUTE", 2400)
        check_attributes(path, file)


def put(group, name, value):
    group[name] = value


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda g: put(g, "far", h5py.ExternalLink("y.h5", "/a")), "'far' is a link"),
        (lambda g: put(g, "loop", h5py.SoftLink("/g/loop")), "'loop' is a link"),
        (lambda g: put(g, "self", g), "in two places"),
        (lambda g: g.create_dataset("b", (10**6,) * 3, "f8", chunks=(9, 9, 9)), "hold"),
        (
            lambda g: g.attrs.create("wide", np.zeros(7600)),
            "attribute 'wide' of /g has",
        ),
    ],
)
def test_a_whole_file_is_checked_before_others_read_it(
    tmp_path, monkeypatch, spoil, message
):
    path = tmp_path / "x.h5"
    monkeypatch.setattr(hdf5_parts, "LARGEST_ATTRIBUTE", 60_000)
    with h5py.File(path, "w") as file:
        file["g/a"] = file["g/same"] = np.zeros(3)
    check_whole(path)
    with h5py.File(path, "r+") as file:
        spoil(file["g"])
    with pytest.raises(DataError, match=message):
        check_whole(path)
    path.write_bytes(b"no")
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        check_whole(path)
