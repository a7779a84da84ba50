import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl

from koopcli.data.d4rl_columns import find_columns, find_observed, names_of
from koopcli.errors import DataError


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, (3, 4))
    with h5py.File(path, "r+") as file:
        file["infos/qpos"] = np.zeros((7, 3))
        file["infos/height"] = np.zeros(7)
        file["infos/images"] = np.zeros((7, 2, 2))
        file["infos/short"] = np.zeros(6)
        file["infos/text"] = [b"a"] * 7
        file["infos/elsewhere"] = h5py.SoftLink("/infos/qpos")
    return path


def observed(path, *keys):
    with h5py.File(path) as file:
        columns = find_columns(path, file)
        found = find_observed(path, file, columns, keys)
        return found, names_of(file, columns, found)


def test_the_observations_unless_told(path):
    assert observed(path) == (("observations",), ("observation[0]", "observation[1]"))


def test_infos_by_name(path):
    keys = ("observations", "infos/qpos", "infos/height")
    found, names = observed(path, *keys)
    assert found == keys and names[2:] == (
        *("infos/qpos[0]", "infos/qpos[1]", "infos/qpos[2]"),
        "infos/height",
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("infos/none", "no such column; there are .*infos/height, .*infos/qpos"),
        ("infos", "no such column"),
        ("infos/elsewhere", "no such column"),
        ("infos//qpos", "no such column"),
        ("observations/x", "no such column"),
        ("infos/images", r"has shape \(7, 2, 2\); expected 7 rows of numbers"),
        ("infos/short", r"has shape \(6,\)"),
        ("infos/text", "rows of numbers"),
    ],
)
def test_what_cannot_be_an_observation(path, key, message):
    with pytest.raises(DataError, match=message):
        observed(path, key)
