import h5py
import numpy as np
import pytest
from linear_world import model_meta, world

from koopcli.evaluate.prediction_file import Chunk, Header, write
from koopcli.evaluate.rollouts import Predicted, Windows

HEADER = Header("run", "data.h5", 2, 2, 0, 0.1, True)


def chunk(states, rewards=None):
    states = np.array(states, np.float32)
    batch, time, _ = states.shape
    return Chunk(
        Windows(
            states=np.zeros((batch, 3), np.float32),
            actions=np.zeros((batch, time, 1), np.float32),
            truth=np.zeros_like(states),
            rewards=rewards,
            mask=np.ones((batch, time), bool),
            episodes=np.arange(batch),
        ),
        Predicted(states, rewards),
        np.ones((batch, time), bool),
        np.arange(batch),
        np.zeros(batch, int),
    )


@pytest.fixture
def meta():
    low, high = (-1.0, -1.0, 3.0), (1.0, 1.0, 3.0)
    return model_meta(world(), observation_min=low, observation_max=high)


INSIDE = [0.0, 1.1, 3.0]


def test_chunks_are_written_one_after_the_other(tmp_path, meta):
    chunks = [chunk([[INSIDE] * 2]), chunk([[[0.5, 0.0, 3.0]] * 2])]
    summary = write(tmp_path / "p.h5", HEADER, meta, chunks)
    with h5py.File(tmp_path / "p.h5") as file:
        assert file["predictions/observations"][:, 1, 0].tolist() == [0.0, 0.5]
        assert file.attrs["schema_version"] == 1
        assert file.attrs["dt"] == 0.1
        assert "rewards" not in file["truth"]
    assert summary.warnings == ()
    assert summary.document()["schema"] == "koopcli.prediction/1"


def test_rewards_are_written_where_there_are_any(tmp_path, meta):
    rewards = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    write(tmp_path / "p.h5", HEADER, meta, [chunk([[INSIDE] * 2] * 2, rewards)])
    with h5py.File(tmp_path / "p.h5") as file:
        assert file["truth/rewards"][()].tolist() == rewards.tolist()


def test_leaving_the_training_range_is_a_warning(tmp_path, meta):
    chunks = [chunk([[INSIDE] * 2, [INSIDE, [0.0, 1.3, 3.0]]])]
    summary = write(tmp_path / "p.h5", HEADER, meta, chunks, ("first",))
    assert (summary.outside_range, summary.nonfinite) == (1, 0)
    assert "1 of 2 rollouts leave the training range" in summary.warnings[1]


def test_non_finite_predictions_are_a_warning(tmp_path, meta):
    chunks = [chunk([[INSIDE] * 2, [INSIDE, [0.0, np.nan, 3.0]]])]
    summary = write(tmp_path / "p.h5", HEADER, meta, chunks)
    assert (summary.outside_range, summary.nonfinite) == (0, 1)
    assert "1 of 2 rollouts became NaN" in summary.warnings[0]
