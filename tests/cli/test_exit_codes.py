"""One test per documented exit code, through the program as a shell would see it."""

import errno
import os

import linear_world
import pytest
from typer.testing import CliRunner

from koopcli import errors
from koopcli.cli import ingest as ingest_command
from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def explain(result):
    """Everything a user sees is one line."""
    assert result.stdout == "" and "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture
def failing(monkeypatch, tmp_path):
    def with_error(error):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("koopcli.data.ingest.ingest", fail)
        return run("ingest", "x", "-o", tmp_path / "y.h5")

    assert ingest_command.DEFAULT is not None
    return with_error


def test_0_ok():
    result = run("--version")
    assert result.exit_code == 0 and result.stdout.startswith("koopcli 0.")


def test_1_unexpected_shows_the_bug(failing):
    result = failing(ZeroDivisionError("bug"))
    assert result.exit_code == 1 and isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "you may write to")],
)
def test_1_a_full_or_closed_disk_is_one_line(failing, code, words):
    result = failing(OSError(code, os.strerror(code), "data.h5"))
    assert result.exit_code == 1
    line = explain(result)
    assert "data.h5" in line and words in line


def test_2_usage():
    assert run("train", "--no-such-flag").exit_code == 2
    assert run("no-such-command").exit_code == 2


def test_2_configuration():
    result = run("train", "d.h5", "-o", "r", "--steps", "0")
    assert result.exit_code == 2 and "train.steps must be >= 1" in explain(result)


def test_3_invalid_input(tmp_path):
    result = run("ingest", tmp_path / "none.hdf5", "-o", tmp_path / "d.h5")
    assert result.exit_code == 3 and "no such file" in explain(result)
    assert not (tmp_path / "d.h5").exists()


def test_4_model_and_data_do_not_match(tmp_path):
    data = linear_world.write_world(tmp_path / "d.h5", linear_world.world(actions=0))
    result = run("eval", linear_world.write_run(tmp_path / "run"), data)
    assert result.exit_code == 4
    explain(result)


def test_5_training_diverged(tmp_path):
    data = linear_world.write_world(tmp_path / "d.h5")
    result = run(
        *("train", data, "-o", tmp_path / "run", "--steps", 60, "--horizon", 30),
        *("--stability", "free", "--learning-rate", 1e6, "--batch-size", 4),
        *("--latent-dim", 4, "--set", "encoder_width=8", "--set", "decoder_width=8"),
        *(
            "--set",
            "warmup=0",
            "--set",
            "clip_norm=1e30",
            "--set",
            "eigenvalue_rate=10",
        ),
    )
    assert result.exit_code == 5 and "became non-finite at step" in result.stderr


def test_6_a_gate_failed(tmp_path):
    import equinox as eqx
    import jax.numpy as jnp

    from koopcli.config.choices import Stability
    from koopcli.config.model import ModelConfig

    config = ModelConfig(
        latent_dim=4, encoder_width=8, decoder_width=8, stability=Stability.FREE
    )
    meta = linear_world.model_meta(linear_world.world(), model_config=config)
    model = linear_world.untrained(meta)
    model = eqx.tree_at(lambda m: m.spectrum.decay, model, jnp.full(4, 0.1))
    folder = linear_world.write_run(tmp_path / "run", meta, model)
    result = run("inspect-eigenvalues", folder, "--fail-if-unstable")
    assert result.exit_code == 6 and "4 unstable modes" in result.stderr


def test_7_the_device_is_missing(tmp_path, monkeypatch):
    def no_gpu(*_):
        raise errors.DeviceError("--device gpu: JAX finds no such device")

    monkeypatch.setattr("koopcli.device.select", no_gpu)
    result = run("train", tmp_path / "d.h5", "-o", tmp_path / "r", "--device", "gpu")
    assert result.exit_code == 7 and "no such device" in explain(result)


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "d.h5", "-o", "new"),
        ("eval", "r", "d.h5"),
        ("predict", "r", "d.h5", "-o", "p"),
    ],
)
def test_7_holds_for_the_device_of_the_environment(tmp_path, monkeypatch, arguments):
    asked = []

    def no_gpu(device):
        asked.append(device)
        raise errors.DeviceError("--device gpu: JAX finds no such device")

    monkeypatch.chdir(tmp_path)
    meta = linear_world.model_meta(linear_world.world())
    linear_world.write_run(tmp_path / "r", meta, linear_world.untrained(meta))
    monkeypatch.setattr("koopcli.device.select", no_gpu)
    monkeypatch.setenv("KOOPCLI_DEVICE", "gpu")
    assert run(*arguments).exit_code == 7
    assert asked == ["gpu"]


def test_130_interrupted(failing):
    result = failing(KeyboardInterrupt())
    assert result.exit_code == 130 and "interrupted" in explain(result)
