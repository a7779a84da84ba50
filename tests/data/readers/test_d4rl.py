import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.config.data import IngestConfig
from koopcli.data.readers import d4rl
from koopcli.errors import DataError


def read(path, **settings):
    source = d4rl.open_source(str(path), IngestConfig(**settings))
    return list(source.episodes()), source


@settings(max_examples=40)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=6), data=st.data())
def test_episodes_come_back_as_they_were(tmp_path_factory, lengths, data):
    terminal = data.draw(st.sets(st.integers(0, len(lengths) - 1)))
    following = data.draw(st.booleans())
    path = tmp_path_factory.mktemp("d4rl") / "x.hdf5"
    expected = write_d4rl(path, lengths, terminal=terminal, following=following)
    found, source = read(path)
    assert source.warnings == [] and len(found) == len(expected)
    for episode, (observations, actions, rewards, ended) in zip(
        found, expected, strict=True
    ):
        known = observations if following else observations[:-1]
        assert np.array_equal(episode.observations, known)
        assert np.array_equal(episode.actions, actions)
        assert np.array_equal(episode.rewards, rewards)
        assert episode.terminations.tolist() == [False] * (len(actions) - 1) + [ended]
        assert episode.truncations.tolist() == [False] * (len(actions) - 1) + [
            not ended
        ]


def test_hidden_boundaries_are_found_split_and_counted(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, (5, 3, 4), timeouts=False)
    found, source = read(path, max_episode_steps=100)
    assert [episode.length for episode in found] == [5, 3, 4]
    assert "2 hidden episode boundaries" in source.warnings[0]
    assert "first after row 4" in source.warnings[0]
    assert "cut by the end of the recording" in source.warnings[1]
    assert all(e.truncations[-1] and not e.terminations.any() for e in found)


def test_a_time_limit_cuts_where_no_time_outs_are_marked(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, (7,), timeouts=False, following=False)
    found, _ = read(path, max_episode_steps=3)
    assert [episode.length for episode in found] == [3, 3, 1]
    assert not any(episode.last_observation_known for episode in found)


def test_without_time_outs_and_limit_there_is_a_warning(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, (7,), timeouts=False)
    assert "no time-outs are marked" in read(path)[1].warnings[0]


def test_other_names_and_columns_of_one_are_understood(tmp_path):
    path = tmp_path / "x.hdf5"
    with h5py.File(path, "w") as file:
        file["obs"], file["action"] = np.zeros((3, 2)), np.zeros((3, 1))
        file["reward"], file["terminal"] = np.ones((3, 1)), np.array([[0], [0], [1]])
    assert d4rl.detect(str(path))
    [episode], _ = read(path)
    assert episode.rewards.tolist() == [1, 1, 1] and episode.terminations[-1]


def test_rewards_may_be_absent(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, drop=("rewards",))
    assert read(path)[0][0].rewards is None


def test_the_sampling_time_comes_from_the_environment(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path)
    assert read(path)[1].dt is None
    with h5py.File(path, "r+") as file:
        file.attrs["meta"] = '{"env_id": "Hopper-v5"}'
    source = read(path)[1]
    assert source.dt == 0.008 and source.dt_source == "environment Hopper-v5"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drop": ("actions",)}, "no 'actions'"),
        ({"drop": ("terminals",)}, "no 'terminals'"),
        ({"observations": np.zeros(12)}, r"'observations' has shape \(12,\)"),
        ({"rewards": np.zeros((12, 2))}, r"'rewards' has shape \(12, 2\)"),
        ({"rewards": np.zeros(11)}, "'rewards' has 11 rows, 'observations' has 12"),
        ({"actions": np.zeros((12, 1), "S3")}, "'actions' is not an array of numbers"),
        ({"observations": np.zeros((0, 2))}, "'observations' is empty"),
        ({"next_observations": np.zeros((12, 3))}, "differ in shape"),
        ({"terminals": np.full(12, np.nan)}, r"terminals\[0\] is nan, not a flag"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changes, message):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, **changes)
    with pytest.raises(DataError, match=message):
        read(path)


def test_damaged_and_missing_files_are_named(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path)
    path.write_bytes(path.read_bytes()[:3000])
    assert d4rl.detect(str(path))
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        read(path)
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.hdf5")


def test_a_link_to_another_file_is_not_followed(tmp_path):
    write_d4rl(tmp_path / "secret.hdf5")
    path = tmp_path / "x.hdf5"
    write_d4rl(path, drop=("observations",))
    with h5py.File(path, "r+") as file:
        file["observations"] = h5py.ExternalLink("secret.hdf5", "/observations")
    with pytest.raises(DataError, match="no 'observations'"):
        read(path)


def test_a_shape_that_no_file_holds_is_refused_before_memory_is_asked_for(tmp_path):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, drop=("observations",))
    with h5py.File(path, "r+") as file:
        file.create_dataset("observations", (10**12, 2), "f4", chunks=(1024, 2))
    with pytest.raises(DataError, match="more than the file can hold"):
        read(path)


@pytest.mark.parametrize(
    ("lengths", "terminal", "limit", "terminated"),
    [
        ((4, 4, 4), (0, 1, 2), None, [0, 0, 0]),
        ((4, 4, 3), (0, 1, 2), None, [1, 1, 1]),
        ((4, 4, 3), (0, 1, 2), 4, [0, 0, 1]),
        ((4,), (0,), None, [1]),
    ],
)
def test_where_time_outs_cannot_be_marked_terminals_at_the_limit_are_time_outs(
    tmp_path, lengths, terminal, limit, terminated
):
    path = tmp_path / "x.hdf5"
    write_d4rl(path, lengths, terminal=terminal, timeouts=False)
    found, source = read(path, max_episode_steps=limit)
    assert [e.terminations.sum() for e in found] == terminated
    assert [e.truncations.sum() for e in found] == [1 - t for t in terminated]
    mistaken = len(terminated) - sum(terminated)
    said = f"x.hdf5: {mistaken} terminations at the time limit are time-outs"
    assert any(said in w for w in source.warnings) == (mistaken > 0)


def test_guda_files_are_read_and_refused_as_they_should(shared_data):
    found, _ = read(shared_data / "formats/guda_trajectories.hdf5")
    assert len(found) == 10 and {e.length for e in found} == {2000}
    # All ten "terminate" after 2000 steps: those are time-outs.
    assert sum(e.terminations.sum() for e in found) == 0
    assert all(e.truncations[-1] for e in found)
    with pytest.raises(DataError, match="is empty"):
        read(shared_data / "formats/guda_traj_phys.hdf5")


def test_infos_are_observed_on_request(tmp_path):
    path = tmp_path / "x.hdf5"
    expected = write_d4rl(path, (5, 4))
    qpos = np.arange(18.0).reshape(9, 2)
    with h5py.File(path, "r+") as file:
        file["infos/qpos"] = qpos
    found, _ = read(path, obs_keys=("observations", "infos/qpos"))
    # What qpos becomes after the last action is not stored, so neither is used.
    assert [episode.last_observation_known for episode in found] == [False, False]
    assert np.array_equal(found[1].observations[:, :2], expected[1][0][:-1])
    assert np.array_equal(found[1].observations[:, 2:], qpos[5:])
    found, _ = read(path, obs_keys=("observations",))
    assert np.array_equal(found[0].observations, expected[0][0])
