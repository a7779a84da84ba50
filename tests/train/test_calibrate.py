import dataclasses

import linear_world
import pytest

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import DataError
from koopcli.train import calibrate

CONFIG = RunConfig(
    model=ModelConfig(latent_dim=4, encoder_width=8, decoder_width=8, action_width=4),
    train=TrainConfig(batch_size=4, horizon=5, dispatch_steps=3),
)


def test_a_step_takes_time(tmp_path):
    data = linear_world.write_world(tmp_path / "data.h5")
    each = calibrate.seconds_per_step(data, CONFIG, limit=0.5)
    assert 0 < each < 10


def test_steps_fill_the_budget_and_there_is_at_least_one(tmp_path, monkeypatch):
    limits = []

    def measured(path, config, *, limit):
        limits.append(limit)
        return 0.02

    monkeypatch.setattr(calibrate, "seconds_per_step", measured)
    assert calibrate.steps_for(1.01, tmp_path, CONFIG) == 50
    assert calibrate.steps_for(0.001, tmp_path, CONFIG) == 1
    assert limits == pytest.approx([0.101, 0.0001])


def test_a_missing_dataset_is_an_error(tmp_path):
    with pytest.raises(DataError):
        calibrate.steps_for(1.0, tmp_path / "none.h5", CONFIG)


def test_data_over_the_memory_budget_is_timed_on_a_part(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "PART", 7)
    dataset = linear_world.world()
    train = dataclasses.replace(CONFIG.train, memory_budget=10)
    part = calibrate._data(dataset, dataclasses.replace(CONFIG, train=train))
    assert len(part.remaining) == 7 and part.states.shape == (7 * 6, 3)
    assert len(calibrate._data(dataset, CONFIG).states) == 78
