import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from good_episode import GOOD

from koopcli.data.export_notes import Notes
from koopcli.data.exporters import About, minari
from koopcli.errors import DataError

ABOUT = About(Notes(observation_names=("x", "y"), action_names=("u",), dt=0.1), True)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_minari_itself_reads_it_without_an_environment():
    from minari import load_dataset

    folder = Path(os.environ["MINARI_DATASETS_PATH"]) / "lab/rig-v1"
    minari.write(folder, [GOOD, GOOD], ABOUT, minari.identifier(folder))
    dataset = load_dataset("lab/rig-v1")
    assert dataset.total_episodes == 2 and dataset.total_steps == 6
    episode = dataset[1]
    assert np.array_equal(episode.observations, GOOD.observations)
    assert not episode.truncations.any()  # an end without a mark stays so
    assert dataset.storage.metadata["dt"] == 0.1


def test_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    minari.write(Path("a/b"), [GOOD], ABOUT, "b-v0")
    assert (tmp_path / "a/b/data/main_data.hdf5").is_file()


def test_ids(tmp_path):
    assert minari.identifier(tmp_path / "my run") == "my-run-v0"
    root = Path(os.environ["MINARI_DATASETS_PATH"])
    assert minari.identifier(root / "a/b-v3") == "a/b-v3"


def test_what_minari_cannot_hold(tmp_path):
    open_end = dataclasses.replace(GOOD, observations=np.zeros((3, 2)))
    with pytest.raises(DataError, match="which 1 episodes lack"):
        minari.write(tmp_path / "x", [GOOD, open_end], ABOUT, "x-v0")
    autonomous = About(Notes(observation_names=("x", "y")), True)
    with pytest.raises(DataError, match="without actions"):
        minari.write(tmp_path / "x", [GOOD], autonomous, "x-v0")
    assert not (tmp_path / "x").exists()
