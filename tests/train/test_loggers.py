import sys
from types import ModuleType, SimpleNamespace

import pytest

from koopcli.config.choices import Logger
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError
from koopcli.train import loggers
from koopcli.train.report import StepReport


def record(step, validation=None, loss=0.5):
    return StepReport(
        step=step,
        steps=10,
        seconds=1.0,
        steps_per_second=2.0,
        eta_seconds=3.0,
        losses={"loss": loss, "one_step": 0.25},
        skipped=(step,),
        validation=validation,
    )


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in that remembers what it was told."""
    told = SimpleNamespace(settings=None, rows=[], finished=0, logins=0, refusal=None)
    session = SimpleNamespace(
        log=lambda row, step: told.rows.append((step, row)),
        finish=lambda: setattr(told, "finished", told.finished + 1),
    )

    def init(**settings):
        told.settings = settings
        return session

    class Error(Exception):
        pass

    def login():
        told.logins += 1
        if told.refusal:
            raise Error(told.refusal)

    module = ModuleType("wandb")
    module.init, module.login, module.Error = init, login, Error
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return told


def test_wandb_hears_of_every_record_and_of_the_settings(tmp_path, wandb):
    run = tmp_path / "hopper"
    with loggers.opened([Logger.WANDB] * 2, run, RunConfig()) as [report]:
        assert wandb.settings is None, "nothing before the first record"
        report(record(5))
        report(record(10, {"nmse": 0.1}, loss=float("nan")))
    assert wandb.settings["name"] == "hopper" and wandb.settings["resume"] == "allow"
    assert wandb.settings["config"]["train.seed"] == 0
    assert wandb.settings["dir"] == str(run) and len(wandb.settings["id"]) == 16
    (first, row), (last, rest) = wandb.rows
    assert (first, last, wandb.finished) == (5, 10, 1)
    assert row["train/loss"] == 0.5 and row["train/one_step"] == 0.25
    assert row["skipped"] == 1 and "step" not in row
    assert rest["val/nmse"] == 0.1 and "train/loss" not in rest


def test_whoever_is_not_logged_in_hears_it_before_any_work(
    tmp_path, wandb, monkeypatch
):
    wandb.refusal = "No API key configured"
    with (
        pytest.raises(ConfigError, match=r"No API key .*WANDB_MODE=offline"),
        loggers.opened([Logger.WANDB], tmp_path, RunConfig()),
    ):
        pass
    monkeypatch.setenv("WANDB_MODE", "offline")
    with loggers.opened([Logger.WANDB], tmp_path, RunConfig()) as [report]:
        report(record(5))
    assert wandb.logins == 1 and len(wandb.rows) == 1


def test_tensorboard_writes_into_the_run_folder(tmp_path):
    with loggers.opened([Logger.TENSORBOARD], tmp_path, RunConfig()) as [report]:
        report(record(5))
        assert (tmp_path / "tensorboard").is_dir()
    [events] = (tmp_path / "tensorboard").iterdir()
    assert b"train/one_step" in events.read_bytes()


def test_without_a_record_nothing_is_written(tmp_path, wandb):
    with loggers.opened(list(Logger), tmp_path, RunConfig()) as both:
        assert len(both) == 2
    assert list(tmp_path.iterdir()) == [] and wandb.settings is None


@pytest.mark.parametrize("name", Logger)
def test_a_missing_library_is_named_with_what_installs_it(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, loggers.LIBRARIES[name], None)
    with (
        pytest.raises(ConfigError, match=rf'--log {name}: .*"koopcli\[{name}\]"'),
        loggers.opened([name], tmp_path, RunConfig()),
    ):
        pass
