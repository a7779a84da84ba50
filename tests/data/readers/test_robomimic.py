import json

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from random_episodes import LENGTHS, assert_same, random_episodes

from koopcli.config.data import IngestConfig
from koopcli.data import readers, store
from koopcli.data.ingest import ingest
from koopcli.data.readers import robomimic
from koopcli.errors import DataError


def write(path, lengths=(4, 3, 5), *, copied=False, dones=False, env=None, masks=None):
    """Write demos as robomimic does: two keys of one column each."""
    episodes = random_episodes(lengths)
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        if env is not None:
            data.attrs["env_args"] = json.dumps(env)
        for i, (observations, actions, rewards) in enumerate(episodes):
            demo = data.create_group(f"demo_{i}")
            demo["obs/a"], demo["obs/b"] = observations[:-1].T
            following = observations[1:].copy()
            if copied:
                following[-1] = observations[-2]
            demo["next_obs/a"], demo["next_obs/b"] = following.T
            demo["actions"], demo["rewards"] = actions, rewards
            last = np.arange(len(actions)) == len(actions) - 1
            demo["dones"] = (last & dones).astype(np.int64)
        for name, demos in (masks or {}).items():
            file[f"mask/{name}"] = np.array(demos, "S8")
    return episodes


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.hdf5"


def read(path, **config):
    source = robomimic.open_source(str(path), IngestConfig(**config))
    return list(source.episodes()), source


@settings(max_examples=20)
@given(LENGTHS)
def test_demos_come_back_in_counting_order(tmp_path_factory, lengths):
    path = tmp_path_factory.mktemp("robomimic") / "x.hdf5"
    expected = write(path, lengths * 3)  # more than ten: demo_10 comes after demo_9
    found, source = read(path)
    assert_same(found, expected)
    assert source.observation_names == ("a[0]", "b[0]") and source.warnings == []


def test_a_copied_last_observation_is_unknown_and_counted(path):
    expected = write(path, copied=True)
    found, source = read(path)
    assert_same(found, [(o[:-1], a, r) for o, a, r in expected], complete=False)
    assert source.warnings[0].startswith("3 demos end with a copied observation")


def test_a_system_at_rest_may_repeat_itself(path):
    write(path, (3,))
    with h5py.File(path, "r+") as file:
        for key in ("obs/a", "obs/b", "next_obs/a", "next_obs/b"):
            file[f"data/demo_0/{key}"][:] = 1.0
    [episode], source = read(path)
    assert episode.last_observation_known and source.warnings == []


def test_dones_end_an_episode_but_not_at_the_time_limit(path):
    write(path, (4, 3, 4), dones=True)
    found, source = read(path, max_episode_steps=4)
    assert [e.terminations[-1] for e in found] == [False, True, False]
    assert [e.truncations[-1] for e in found] == [True, False, True]
    assert "2 terminations at the time limit" in source.warnings[0]


def test_dones_of_robosuite_are_no_ends(path):
    write(path, dones=True, env={"env_name": "Lift", "type": 1})
    found, source = read(path)
    assert not any(e.terminations.any() for e in found)
    assert all(e.truncations[-1] for e in found)
    assert "3 dones are no terminations" in source.warnings[0]


def test_the_environment_gives_sampling_time_and_limit(path):
    write(path, env={"env_name": "Hopper-v4", "type": 2})
    assert read(path)[1].dt == 0.008
    with h5py.File(path, "r+") as file:
        file["data"].attrs["env_args"] = "no json"
    assert read(path)[1].dt is None


def test_masks_become_splits(path, tmp_path):
    masks = {"train": ["demo_2", "demo_0"], "valid": ["demo_1"], "20_percent": ["x"]}
    write(path, masks=masks)
    report = ingest([str(path)], tmp_path / "o.h5", IngestConfig())
    splits = store.load(tmp_path / "o.h5").splits
    assert splits["train"].tolist() == [0, 2] and splits["val"].tolist() == [1]
    assert report.splits == {"train": 2, "val": 1, "test": 0}
    assert "mask/20_percent is no split: not used" in report.warnings
    assert not any("too few" in warning for warning in report.warnings)


def test_keys_choose_observations_and_images_are_left_out(path):
    write(path)
    with h5py.File(path, "r+") as file:
        file["data/demo_0/obs/camera"] = np.zeros((4, 8, 8, 3), np.uint8)
    found, source = read(path)
    assert found[0].observations.shape[1] == 2
    assert source.warnings == ["images were left out: camera"]
    found, source = read(path, obs_keys=("b",))
    assert source.observation_names == ("b[0]",)
    for key, message in (("camera", "holds images"), ("z", "no 'z'; there are a, b")):
        with pytest.raises(DataError, match=message):
            read(path, obs_keys=(key,))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__delitem__("data"), "no data/demo_0"),
        (lambda f: f.__delitem__("data/demo_0/obs"), "demo_0 has no 'obs'; extract"),
        (lambda f: f.__delitem__("data/demo_1/obs/b"), "demo_1 has no 'obs/b'"),
        (lambda f: f.__delitem__("data/demo_1/actions"), "demo_1 has no 'actions'"),
        (lambda f: f.__setitem__("mask/test", np.array(["demo_9"], "S8")), "'demo_9'"),
        (
            lambda f: [
                f.__setitem__("mask/test", np.array(["demo_1"], "S8")),
                f.__setitem__("mask/train", np.array(["demo_1"], "S8")),
            ],
            "demo_1 is in mask/train and another split",
        ),
        (
            lambda f: (
                f.__delitem__("data/demo_1/obs/b"),
                f.__setitem__("data/demo_1/obs/b", np.zeros(7)),
            ),
            "obs/b has 7 rows, a has 3",
        ),
        (
            lambda f: (
                f.__delitem__("data/demo_1/next_obs"),
                f.__setitem__("data/demo_1/next_obs/a", np.zeros(7)),
                f.__setitem__("data/demo_1/next_obs/b", np.zeros(7)),
            ),
            "obs and next_obs differ in length",
        ),
        (
            lambda f: (
                f.__delitem__("data/demo_1/actions"),
                f.__setitem__("data/demo_1/actions", np.array([b"a", b"b", b"c"])),
            ),
            "demo_1/actions is not an array of vectors",
        ),
        (
            lambda f: (
                f.__delitem__("data/demo_0/obs"),
                f.__setitem__("data/demo_0/obs/i", np.zeros((4, 2, 2))),
            ),
            "holds no vectors",
        ),
        (
            lambda f: (
                f.__delitem__("data/demo_1/actions"),
                f["data/demo_1"].__setitem__(
                    "actions", h5py.ExternalLink("y.hdf5", "/actions")
                ),
            ),
            "demo_1 has no 'actions'",
        ),
    ],
)
def test_what_is_wrong_is_named(path, change, message):
    write(path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DataError, match=message):
        read(path)


def test_other_and_damaged_files(path, tmp_path):
    assert not robomimic.detect(str(tmp_path))
    write(path)
    assert readers.open_source(str(path), IngestConfig())[0] == "robomimic"
    path.write_bytes(path.read_bytes()[:3000])
    assert not robomimic.detect(str(path))
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        read(path)
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.hdf5")


def test_the_robomimic_hopper_file(shared_data):
    found, source = read(shared_data / "formats/robomimic_hopper_medium.hdf5")
    assert len(found) == 67 and sum(e.length for e in found) == 29_302
    assert not any(e.last_observation_known for e in found)
    assert sum(e.terminations.sum() for e in found) == 59
    assert all(e.truncations[-1] == (e.length == 1000) for e in found)
    assert source.warnings[0].startswith("67 demos end with a copied observation")
    assert source.warnings[1].startswith("8 terminations at the time limit")
    assert source.observation_names[0] == "observation[0]"
