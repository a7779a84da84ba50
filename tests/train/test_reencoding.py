import dataclasses

import linear_world
import numpy as np
import pytest

from koopcli import run_dir
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import store
from koopcli.model import checkpoint
from koopcli.train import reencoding
from koopcli.train.fit import fit, initial_model

SMALL = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=4, width=8, depth=1
)


def config(**model):
    return RunConfig(
        model=dataclasses.replace(SMALL, **model),
        train=TrainConfig(steps=2, batch_size=4, horizon=5, dispatch_steps=2),
    )


@pytest.fixture
def data(tmp_path):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path / "data.h5", world)


def with_errors(monkeypatch, errors):
    """Make validation return the error that `errors` names for an interval."""

    def make(dataset, horizon, windows):
        return lambda model, every: {"nmse": errors[every]}

    monkeypatch.setattr(reencoding, "make_validation", make)


@pytest.mark.parametrize(
    ("trained", "expected"),
    [(10, (5, 20)), (5, (2, 10)), (1, (2,)), (0, (10, 50, 100))],
)
def test_candidates_lie_around_the_interval_of_training(trained, expected):
    assert reencoding.candidates(trained, horizon=100) == expected


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ({4: 1.0, 2: 0.5, 8: 0.9}, 2),
        ({4: 1.0, 2: 0.99, 8: 2.0}, 4),
        ({4: float("nan"), 2: 3.0, 8: 2.0}, 8),
        ({4: 1.0, 2: float("inf"), 8: float("nan")}, 4),
    ],
)
def test_a_clearly_better_interval_wins(monkeypatch, data, errors, best):
    with_errors(monkeypatch, errors)
    dataset = store.load(data)
    model = initial_model(dataset, config(reencode_every=4))
    chosen, tried = reencoding.choose(model, dataset, horizon=4)
    assert chosen == best and set(tried) == {4, 2, 8}


def test_rewards_that_suffer_outweigh_states_that_gain(monkeypatch, data):
    states = {4: 1.0, 2: 0.9, 8: 2.0}
    rewards = {4: 0.5, 2: 0.7, 8: 0.5}

    def make(dataset, horizon, windows):
        return lambda model, k: {"nmse": states[k], "reward_nmse": rewards[k]}

    monkeypatch.setattr(reencoding, "make_validation", make)
    dataset = store.load(data)
    model = initial_model(dataset, config(reencode_every=4))
    chosen, tried = reencoding.choose(model, dataset, horizon=4)
    assert chosen == 4 and tried == {4: 1.5, 2: 1.6, 8: 2.5}


def test_the_errors_are_those_of_validation(data):
    dataset = store.load(data)
    model = initial_model(dataset, config(reencode_every=2))
    _, tried = reencoding.choose(model, dataset, horizon=4)
    longest = int(dataset.transitions[dataset.splits["val"]].max())
    validate = reencoding.make_validation(dataset, longest, reencoding.WINDOWS)
    found = validate(model, 4)
    assert tried[4] == found["nmse"] + found["reward_nmse"] != tried[2]


def test_without_validation_the_interval_of_training_stays(data):
    dataset = store.load(data)
    dataset.splits["val"] = np.zeros(0, np.int64)
    model = initial_model(dataset, config(reencode_every=3))
    assert reencoding.choose(model, dataset, horizon=4) == (3, {})


def test_the_choice_is_stored_in_both_models(monkeypatch, tmp_path, data):
    with_errors(monkeypatch, {4: 1.0, 2: 0.1, 8: 0.9})
    result = fit(data, tmp_path / "run", config(reencode_every=4))
    assert result.reencode_every == 2
    for name in (run_dir.BEST_MODEL, run_dir.LAST_MODEL):
        model = checkpoint.load(tmp_path / "run" / name).model
        assert model.reencoding(None) == 2 and model.config.reencode_every == 4


def test_a_given_interval_is_not_questioned(monkeypatch, tmp_path, data):
    with_errors(monkeypatch, {})
    result = fit(data, tmp_path / "run", config(reencode_every=4, rollout_every=3))
    assert result.reencode_every == 3


def test_a_model_without_memory_has_nothing_to_choose(monkeypatch, tmp_path, data):
    with_errors(monkeypatch, {})
    mlp = config(kind=ModelKind.MLP, reencode_every=0)
    assert fit(data, tmp_path / "run", mlp).reencode_every == 0
