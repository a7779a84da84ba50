import numpy as np
import pytest
from d4rl_file import write_d4rl
from linear_world import write_world

from koopcli.config.data import IngestConfig
from koopcli.doctor.opening import open_view
from koopcli.errors import DataError


def opened(*names, config=None):
    return open_view([str(name) for name in names], config or IngestConfig(), 10)


def test_sources_are_read_by_their_reader_one_after_the_other(tmp_path):
    write_d4rl(tmp_path / "a.hdf5", (5, 3))
    write_d4rl(tmp_path / "b.hdf5", (4,), timeouts=False)
    view = opened(tmp_path / "a.hdf5", tmp_path / "b.hdf5")
    for _ in range(2):
        assert [episode.length for episode in view.episodes()] == [5, 3, 4]
    assert not view.dt_known and not view.is_dataset
    assert any("no time-outs are marked" in line for line in view.lines())
    known = opened(tmp_path / "a.hdf5", config=IngestConfig(dt=0.1))
    assert known.dt_known and known.dt_source == "--dt"


def test_a_dataset_file(tmp_path):
    path = write_world(tmp_path / "d.h5")
    assert opened(path).is_dataset
    with pytest.raises(DataError, match="alone"):
        opened(path, path)


def test_sources_must_go_together(tmp_path):
    write_d4rl(tmp_path / "a.hdf5")
    np.savez(tmp_path / "b.npz", obs=np.zeros((5, 3)), action=np.zeros((4, 1)))
    with pytest.raises(DataError, match="differ"):
        opened(tmp_path / "a.hdf5", tmp_path / "b.npz")


def test_shapes_that_do_not_go_together(tmp_path):
    path = write_d4rl_demo(tmp_path / "r.hdf5")
    with pytest.raises(DataError, match="do not go together"):
        list(opened(path).episodes())


def write_d4rl_demo(path):
    import h5py

    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo["obs/flat"], demo["actions"] = np.zeros((5, 2)), np.zeros((9, 1))
    return path


def test_widths_that_change(tmp_path):
    path = write_d4rl_demo(tmp_path / "r.hdf5")
    import h5py

    with h5py.File(path, "r+") as file:
        del file["data/demo_0/actions"]
        file["data/demo_0/actions"] = np.zeros((5, 1))
        demo = file.create_group("data/demo_1")
        demo["obs/flat"], demo["actions"] = np.zeros((5, 3)), np.zeros((5, 1))
    with pytest.raises(DataError, match="expected 2 and 1"):
        list(opened(path).episodes())
