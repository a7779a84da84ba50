import json

import h5py
import numpy as np
import pytest
from gymnasium import spaces
from minari import create_dataset_from_buffers
from minari.data_collector import EpisodeBuffer

from koopcli.config.data import IngestConfig
from koopcli.data.readers import minari
from koopcli.errors import DataError

VECTOR = spaces.Box(-np.inf, np.inf, (2,), np.float64)
PUSH = spaces.Box(-1, 1, (1,), np.float32)


def buffer(observations, actions):
    steps = 3
    ended = [False, False, True]
    return EpisodeBuffer(
        observations=observations,
        actions=actions,
        rewards=[0.5, 1.5, 2.5],
        terminations=[False] * steps,
        truncations=ended,
    )


def vectors():
    return np.arange(8.0).reshape(4, 2), np.arange(3, dtype=np.float32)[:, None]


@pytest.mark.filterwarnings("ignore::UserWarning")
def make(name="test/small-v0", *, storage="hdf5", space=VECTOR, action=PUSH, data=None):
    create_dataset_from_buffers(
        name,
        [buffer(*(data or vectors()))],
        observation_space=space,
        action_space=action,
        data_format=storage,
    )
    return name


def read(name):
    source = minari.open_source(str(name), IngestConfig())
    return list(source.episodes()), source


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize("storage", ["hdf5", "arrow"])
def test_both_storages_by_id_and_by_path(storage, monkeypatch):
    import os
    from pathlib import Path

    make(storage=storage)
    folder = Path(os.environ["MINARI_DATASETS_PATH"]) / "test/small-v0"
    for name in ("test/small-v0", folder, folder / "data"):
        assert minari.detect(str(name))
        [episode], source = read(name)
        assert np.array_equal(episode.observations, np.arange(8.0).reshape(4, 2))
        assert episode.actions.tolist() == [[0], [1], [2]]
        assert episode.rewards.tolist() == [0.5, 1.5, 2.5]
        assert episode.truncations.tolist() == [False, False, True]
        assert not episode.terminations.any()
        assert source.observation_names == ("observation[0]", "observation[1]")
        assert source.dt is None and source.files


def test_nested_spaces_are_flattened_in_their_order():
    space = spaces.Dict(
        {
            "velocity": spaces.Box(-1, 1, (1,), np.float64),
            "goal": spaces.Tuple((spaces.Discrete(3, start=1), spaces.MultiBinary(2))),
        }
    )
    observations = {
        "velocity": np.array([[0.1], [0.2], [0.3], [0.4]]),
        "goal": (np.array([1, 2, 3, 1]), np.array([[0, 1]] * 4, dtype=np.int8)),
    }
    make(
        space=space, action=spaces.Discrete(2), data=(observations, np.array([0, 1, 1]))
    )
    [episode], source = read("test/small-v0")
    assert source.observation_names == (
        *("goal.0==1", "goal.0==2", "goal.0==3"),
        *("goal.1[0]", "goal.1[1]", "velocity[0]"),
    )
    assert episode.observations[1].tolist() == [0, 1, 0, 0, 1, 0.2]
    assert source.action_names == ("action==0", "action==1")
    assert episode.actions.tolist() == [[1, 0], [0, 1], [0, 1]]


MIXED = spaces.Dict(
    {
        "robot": spaces.Dict({"angle": VECTOR, "speed": spaces.Discrete(2)}),
        "camera": spaces.Box(0, 255, (40, 40, 3), np.uint8),
    }
)
SEEN = {
    "robot": {"angle": np.arange(8.0).reshape(4, 2), "speed": np.array([0, 1, 1, 0])},
    "camera": np.zeros((4, 40, 40, 3), np.uint8),
}


@pytest.mark.parametrize("storage", ["hdf5", "arrow"])
def test_images_are_refused_unless_other_observations_are_named(storage):
    name = make(space=MIXED, data=(SEEN, vectors()[1]), storage=storage)
    with pytest.raises(DataError, match=r"camera holds images .* by --obs-keys"):
        read(name)
    source = minari.open_source(name, IngestConfig(obs_keys=("robot.angle",)))
    assert source.observation_names == ("robot.angle[0]", "robot.angle[1]")
    [episode] = source.episodes()
    assert np.array_equal(episode.observations, SEEN["robot"]["angle"])


def test_several_ids_in_one_call_become_one_dataset(tmp_path):
    from koopcli.data import store
    from koopcli.data.ingest import ingest

    names = [make("lab/a-v0"), make("lab/b-v0", storage="arrow"), make("lab/c-v2")]
    report = ingest(names, tmp_path / "d.h5", IngestConfig(dt=0.1))
    dataset = store.load(tmp_path / "d.h5")
    assert report.formats == ("minari",) * 3
    assert dataset.sources == tuple(f"{name}: episode 0" for name in names)
    assert dataset.lengths.tolist() == [3, 3, 3]
    other = make("lab/d-v0", space=MIXED["robot"], data=(SEEN["robot"], vectors()[1]))
    with pytest.raises(DataError, match="lab/a-v0 and lab/d-v0 differ in observation"):
        ingest([names[0], other], tmp_path / "o.h5", IngestConfig())


def edit(name, change):
    folder = minari._folder(name)
    meta = json.loads((folder / "metadata.json").read_text())
    change(meta)
    (folder / "metadata.json").write_text(json.dumps(meta))
    return folder


def test_a_missing_space_is_refused_without_making_an_environment(monkeypatch):
    import gymnasium

    monkeypatch.setattr(gymnasium, "make", lambda *a, **k: pytest.fail("made one"))
    edit(make(), lambda meta: meta.pop("observation_space"))
    with pytest.raises(DataError, match="no observation_space"):
        read("test/small-v0")


@pytest.mark.parametrize(
    ("meta", "dt"),
    [
        ({"dt": 0.02}, 0.02),
        ({"fps": 50}, 0.02),
        ({"env_spec": '{"id": "Hopper-v5"}'}, 0.008),
        ({"env_spec": "not json"}, None),
        ({}, None),
    ],
)
def test_the_sampling_time(meta, dt):
    assert minari._sampling_time(meta)[0] == dt


def test_damage_is_named():
    folder = edit(make(), lambda meta: meta.update(action_space="{}"))
    with pytest.raises(DataError, match="damaged action_space"):
        read("test/small-v0")
    (folder / "metadata.json").write_text("[]")
    with pytest.raises(DataError, match="not the metadata of a Minari dataset"):
        read("test/small-v0")
    (folder / "metadata.json").write_text("{")
    with pytest.raises(DataError, match=r"metadata\.json: not readable"):
        read("test/small-v0")
    with pytest.raises(DataError, match="no Minari dataset here"):
        read("no/such-v0")


@pytest.mark.parametrize("value", [0, 4])
def test_a_discrete_value_outside_its_space_is_refused(value):
    # Minari would not write it; a file edited by hand may hold it. Negative indices
    # must not wrap around to the last choice.
    folder = make(
        space=spaces.Discrete(3, start=1), data=(np.array([1, 2, 3, 1]), vectors()[1])
    )
    with h5py.File(minari._folder(folder) / "main_data.hdf5", "r+") as file:
        file["episode_0/observations"][1] = value
    with pytest.raises(DataError, match=r"outside its Discrete\(3, start=1\)"):
        read("test/small-v0")


def test_a_damaged_storage_is_named():
    folder = minari._folder(make())
    with h5py.File(folder / "main_data.hdf5", "r+") as file:
        del file["episode_0/actions"]
    with pytest.raises(DataError, match="damaged Minari storage"):
        read("test/small-v0")
    (folder / "main_data.hdf5").write_bytes(b"no")
    with pytest.raises(DataError, match=r"main_data\.hdf5: not a readable HDF5 file"):
        read("test/small-v0")


def test_links_are_not_followed(tmp_path):
    folder = minari._folder(make())
    with h5py.File(tmp_path / "secret.hdf5", "w") as file:
        file["x"] = np.zeros((4, 2))
    with h5py.File(folder / "main_data.hdf5", "r+") as file:
        del file["episode_0/observations"]
        link = h5py.ExternalLink(str(tmp_path / "secret.hdf5"), "/x")
        file["episode_0/observations"] = link
    with pytest.raises(DataError, match="links are not followed"):
        read("test/small-v0")
