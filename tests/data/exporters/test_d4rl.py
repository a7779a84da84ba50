import dataclasses

import h5py
import numpy as np
import pytest
from good_episode import GOOD

from koopcli.data.export_notes import Notes
from koopcli.data.exporters import About, d4rl
from koopcli.errors import DataError

ABOUT = About(Notes(observation_names=("x", "y"), action_names=("u",)), True)
MARKED = dataclasses.replace(GOOD, terminations=np.array([0, 0, 1], bool))
OPEN = dataclasses.replace(MARKED, observations=np.ones((3, 2)))


def test_columns_by_hand(tmp_path):
    assert d4rl.write(tmp_path / "x", [OPEN, MARKED], ABOUT) == []
    with h5py.File(tmp_path / "x") as file:
        assert file["observations"].shape == (6, 2)
        assert file["terminals"][()].tolist() == [0, 0, 1, 0, 0, 1]
        assert not file["timeouts"][()].any()
        following = file["next_observations"][()]
        assert np.isnan(following[2]).all() and np.isfinite(following[3:]).all()


def test_without_any_last_observation_there_are_no_next_ones(tmp_path):
    d4rl.write(tmp_path / "x", [OPEN, OPEN], ABOUT)
    with h5py.File(tmp_path / "x") as file:
        assert "next_observations" not in file


def test_an_episode_without_an_end_is_marked_and_said(tmp_path):
    [remark] = d4rl.write(tmp_path / "x", [GOOD, MARKED], ABOUT)
    assert remark.startswith("1 episodes without an end mark")
    with h5py.File(tmp_path / "x") as file:
        assert file["timeouts"][()].tolist() == [0, 0, 1, 0, 0, 0]


def test_a_mark_within_an_episode_is_refused(tmp_path):
    odd = dataclasses.replace(GOOD, truncations=np.array([0, 1, 0], bool))
    with pytest.raises(DataError, match="goes on after a termination or truncation"):
        d4rl.write(tmp_path / "x", [odd], ABOUT)
