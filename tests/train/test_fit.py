import csv
import dataclasses
import json
import tomllib

import jax
import jax.numpy as jnp
import linear_world
import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli import config_file
from koopcli.config.choices import ModelKind
from koopcli.config.model import REENCODE_EVERY, ModelConfig
from koopcli.config.training import LossConfig, OptimizerConfig, RunConfig, TrainConfig
from koopcli.data import store
from koopcli.errors import ConfigError, DataError, DivergedError, TooLargeError
from koopcli.model import checkpoint
from koopcli.train import step as steps
from koopcli.train.fit import fit, initial_model, model_meta

SMALL = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=4, reencode_every=0
)


def config(**train):
    settings = {"steps": 8, "batch_size": 4, "horizon": 5, "dispatch_steps": 3}
    return RunConfig(model=SMALL, train=TrainConfig(eval_every=4, **(settings | train)))


@pytest.fixture
def data(tmp_path):
    return linear_world.write_world(tmp_path / "data.h5")


@pytest.fixture
def validated(tmp_path):
    """The same world with a validation episode."""
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path / "validated.h5", world)


def test_a_run_folder_is_complete_and_enough_to_predict(tmp_path, validated):
    heard = []
    run = tmp_path / "run"
    result = fit(
        validated, run, config(checkpoint_every=4), report=heard.append, command="x"
    )
    names = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert names == {
        "config.toml",
        "environment.json",
        "metrics.jsonl",
        "metrics.csv",
        "model.eqx",
        "last.eqx",
        "checkpoints/step_00000004.eqx",
        "checkpoints/step_00000008.eqx",
    }
    assert [record.step for record in heard] == [3, 4, 7, 8]
    assert result.steps == 8 and result.best_step in (4, 8) and result.warnings == ()
    validated.unlink()
    saved = checkpoint.load(run / "model.eqx")
    states = saved.model.rollout(jnp.zeros(3), jnp.zeros((7, 1))).states
    assert states.shape == (7, 3) and saved.meta.step == result.best_step


def test_metrics_name_every_term_and_the_validation(tmp_path, validated):
    fit(validated, tmp_path / "run", config())
    with open(tmp_path / "run" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    terms = {"prediction", "consistency", "reconstruction", "reward", "loss"}
    assert {f"train_{term}" for term in terms} <= rows[0].keys()
    assert [bool(row["val_nrmse"]) for row in rows] == [False, True, False, True]
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [3, 4, 7, 8]


def test_the_stored_configuration_is_the_one_used(tmp_path, data):
    fit(data, tmp_path / "run", config(seed=3))
    path = tmp_path / "run" / "config.toml"
    assert config_file.build(config_file.read(path)) == config(seed=3)
    assert tomllib.loads(path.read_text())["train"]["seed"] == 3
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment["backend"] == "cpu" and environment["versions"]["jax"]


def test_the_best_model_has_the_lowest_validation_error(tmp_path, validated):
    heard = []
    result = fit(validated, tmp_path / "run", config(steps=16), report=heard.append)
    errors = {r.step: r.validation["nmse"] for r in heard if r.validation}
    assert result.best_validation == min(errors.values())
    assert errors[result.best_step] == result.best_validation


def test_the_same_seed_gives_the_same_parameters(tmp_path, data):
    models = []
    for name, dispatch in (("a", 1), ("b", 5)):
        fit(data, tmp_path / name, config(dispatch_steps=dispatch))
        models.append(checkpoint.load(tmp_path / name / "last.eqx").model)
    pairs = zip(*map(jax.tree.leaves, models), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)


def test_without_validation_episodes_the_last_model_is_the_best_and_it_is_said(
    tmp_path, data
):
    result = fit(data, tmp_path / "run", config())
    assert "no validation episodes" in result.warnings[0]
    assert result.best_step == 8 and (tmp_path / "run" / "model.eqx").is_file()


def test_patience_stops_early(tmp_path, validated):
    stubborn = RunConfig(
        model=SMALL,
        optimizer=OptimizerConfig(learning_rate=1e-30),
        train=TrainConfig(
            steps=100, batch_size=4, horizon=5, eval_every=2, patience=3, val_windows=4
        ),
    )
    result = fit(validated, tmp_path / "run", stubborn)
    assert result.stopped_early and result.steps == 8 and result.best_step == 2
    assert 0 < result.seconds_to_first_step <= result.seconds


def test_normalisers_come_from_the_training_statistics(data):
    dataset = store.load(data)
    model, meta = initial_model(dataset, config()), model_meta(dataset, config())
    expected = dataset.observations[:31].astype(np.float64)
    assert np.allclose(model.state_normaliser.mean, expected.mean(axis=0), atol=1e-5)
    assert model.state_normaliser.scale[2] == 1.0  # the constant column
    assert np.allclose(meta.observation_min, expected.min(axis=0), atol=1e-6)
    assert meta.dimensions.state == 3 and meta.dimensions.reward


def test_an_existing_folder_needs_overwrite_and_must_be_a_run(tmp_path, data):
    run = tmp_path / "run"
    fit(data, run, config())
    with pytest.raises(ConfigError, match=r"run: already exists.*--overwrite"):
        fit(data, run, config())
    (run / "notes.txt").touch()
    fit(data, run, config(), overwrite=True)
    assert not (run / "notes.txt").exists()
    other = tmp_path / "precious"
    other.mkdir()
    (other / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="is not a run folder"):
        fit(data, other, config(), overwrite=True)
    assert (other / "thesis.tex").exists()


def test_bad_data_leaves_no_folder(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        fit(tmp_path / "none.h5", tmp_path / "run", config())
    assert not (tmp_path / "run").exists()


def poisoned_from(first, monkeypatch):
    original = steps.batch_at

    def poisoned(data, key, step, config):
        batch, loss_key = original(data, key, step, config)
        bad = jnp.where(step >= first, jnp.nan, 0.0)
        return jax.tree.map(
            lambda x: x + bad if x.dtype == jnp.float32 else x, batch
        ), loss_key

    monkeypatch.setattr(steps, "batch_at", poisoned)
    # Not a program of a sound run, and none for the next.
    monkeypatch.setattr(steps, "_program", steps._program.__wrapped__)
    monkeypatch.setattr("koopcli.train.divergence.batch_at", poisoned)


def test_divergence_stops_names_the_place_and_keeps_the_last_good_model(
    tmp_path, data, monkeypatch
):
    poisoned_from(5, monkeypatch)
    with pytest.raises(
        DivergedError, match=r"prediction loss became non-finite at step 5"
    ):
        fit(data, tmp_path / "run", config(max_bad_steps=2))
    saved = checkpoint.load(tmp_path / "run" / "last.eqx")
    assert saved.meta.step == 5


def test_a_few_bad_steps_are_skipped_said_and_logged(tmp_path, data, monkeypatch):
    poisoned_from(6, monkeypatch)
    result = fit(data, tmp_path / "run", config(max_bad_steps=2))
    assert result.skipped == (6, 7)
    assert "2 steps were skipped" in result.warnings[1]
    with open(tmp_path / "run" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["skipped"] for row in rows] == ["", "", "6", "7"]
    # Not 0: nothing was measured in the last call.
    assert rows[-1]["train_loss"] == "" and rows[-2]["train_loss"] != ""


def test_a_short_horizon_and_no_rewards(tmp_path):
    dataset = linear_world.write_world(
        tmp_path / "d.h5", linear_world.world(rewards=False)
    )
    plain = RunConfig(
        model=SMALL,
        loss=LossConfig(decode_fraction=1.0),
        train=TrainConfig(steps=2, batch_size=2, horizon=1),
    )
    fit(dataset, tmp_path / "run", plain)
    saved = checkpoint.load(tmp_path / "run" / "model.eqx")
    assert not saved.meta.has_rewards and saved.model.reward_head is None


def test_autonomous_data(tmp_path):
    dataset = linear_world.write_world(tmp_path / "d.h5", linear_world.world(actions=0))
    fit(dataset, tmp_path / "run", config())
    saved = checkpoint.load(tmp_path / "run" / "model.eqx")
    assert saved.model.action_encoder is None and saved.meta.action_names == ()


@pytest.mark.parametrize(
    "kind",
    [
        "mlp",
        "transformer",
        "kfc",
        pytest.param("gru", marks=pytest.mark.slow),
        pytest.param("dssm", marks=pytest.mark.slow),
    ],
)
def test_every_kind_learns(tmp_path, data, kind):
    heard = []
    horizon = (
        1 if kind == "kfc" else 8
    )  # beyond one step its products grow as they like
    settings = RunConfig(
        model=ModelConfig(kind=ModelKind(kind), width=16, depth=1),
        optimizer=OptimizerConfig(learning_rate=1e-2),
        train=TrainConfig(steps=120, batch_size=8, horizon=horizon, dispatch_steps=30),
    )
    fit(data, tmp_path / "run", settings, report=heard.append)
    losses = [record.losses["loss"] for record in heard]
    assert losses[-1] < 0.5 * losses[0]


def test_the_widths_that_a_number_of_parameters_asks_for_are_stored(tmp_path, data):
    model = ModelConfig(kind=ModelKind.MLP, params=3000)
    train = TrainConfig(steps=1, batch_size=2, horizon=3)
    result = fit(data, tmp_path / "run", RunConfig(model=model, train=train))
    assert result.parameters == pytest.approx(3000, rel=0.05)
    stored = config_file.build(config_file.read(tmp_path / "run" / "config.toml"))
    saved = checkpoint.load(tmp_path / "run" / "model.eqx")
    assert stored.model == saved.meta.model_config == saved.model.config
    assert stored.model.width < model.width and stored.model.params == 3000


@pytest.mark.parametrize(("every", "kept"), [(5, 0), (4, 4), (None, 0)])
def test_no_reencoding_that_no_window_would_train(data, every, kept):
    asked = dataclasses.replace(SMALL, reencode_every=every)
    settings = dataclasses.replace(config(horizon=5), model=asked)
    model = initial_model(store.load(data), settings)
    assert model.config.reencode_every == kept and (model.gate is None) == (kept == 0)


@pytest.mark.parametrize(("kind", "every"), REENCODE_EVERY.items())
def test_an_unset_interval_is_that_of_the_kind(tmp_path, kind, every):
    long = memory_dataset((60, 60, 60))
    settings = RunConfig(
        model=dataclasses.replace(SMALL, kind=kind, reencode_every=None)
    )
    assert initial_model(long, settings).config.reencode_every == every


def test_without_a_finite_validation_the_last_model_is_kept_and_said(
    tmp_path, validated, monkeypatch
):
    def never_finite(*_):
        return lambda model, every=None: dict.fromkeys(
            ("nmse", "nrmse", "nrmse_1", "nrmse_last", "reward_nmse"), float("nan")
        )

    monkeypatch.setattr("koopcli.train.loop.make_validation", never_finite)
    result = fit(validated, tmp_path / "run", config())
    assert result.best_step == result.steps == 8 and result.best_validation is None
    assert "never finite" in result.warnings[0]
    assert checkpoint.load(tmp_path / "run" / "model.eqx").meta.step == 8


def test_the_resolved_configuration_reproduces_the_run_bit_for_bit(tmp_path, validated):
    # An automatic interval, and widths that were chosen: both must be in the file.
    settings = RunConfig(
        model=dataclasses.replace(SMALL, reencode_every=None, params=4000),
        train=TrainConfig(
            steps=6, batch_size=4, horizon=20, dispatch_steps=3, eval_every=3, seed=3
        ),
    )
    fit(validated, tmp_path / "a", settings)
    path = tmp_path / "a" / "config.toml"
    fit(validated, tmp_path / "b", config_file.build(config_file.read(path)))
    for name in ("config.toml", "model.eqx", "last.eqx"):
        first, second = ((tmp_path / run / name).read_bytes() for run in "ab")
        assert first == second, name


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ("RESOURCE_EXHAUSTED: 9 GB\nmore", TooLargeError, r"4 windows of 5 .*lower"),
        ("INTERNAL: broken", jax.errors.JaxRuntimeError, "INTERNAL"),
    ],
)
def test_what_does_not_fit_into_memory_says_what_to_lower(
    tmp_path, data, monkeypatch, said, error, words
):
    def full(*arguments):
        raise jax.errors.JaxRuntimeError(said)

    monkeypatch.setattr("koopcli.train.loop.make_dispatch", lambda *arguments: full)
    with pytest.raises(error, match=words):
        fit(data, tmp_path / "run", config())
