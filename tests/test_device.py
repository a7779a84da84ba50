import os
import subprocess
import sys

import jax
import pytest

from koopcli import device
from koopcli.config.choices import Device
from koopcli.errors import ConfigError, DeviceError


@pytest.fixture(autouse=True)
def restore_settings():
    device, platforms = jax.config.jax_default_device, jax.config.jax_platforms
    yield
    jax.config.update("jax_default_device", device)
    jax.config.update("jax_platforms", platforms)


def test_the_cpu_is_always_there():
    assert device.select(Device.CPU) == "cpu"
    assert jax.config.jax_default_device.platform == "cpu"


def test_auto_is_what_jax_prefers():
    assert device.select(Device.AUTO) == jax.default_backend()


def test_a_missing_gpu_is_an_error_and_never_a_fall_back(monkeypatch):
    def devices(platform=None):
        if platform == "gpu":
            raise RuntimeError("Unknown backend: 'gpu'")
        return real(platform)

    real = jax.devices
    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(DeviceError, match=r"--device gpu: JAX finds no such device"):
        device.select(Device.GPU)


def test_cpu_keeps_jax_from_starting_anything_else(monkeypatch):
    # In a process of its own, where JAX has not been used. Without a GPU the broken
    # JAX_PLATFORMS stands for one: only a choice made before first use avoids it.
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    program = (
        "import jax; from koopcli import device; from koopcli.config.choices import Device;"
        "assert device.select(Device.CPU) == jax.default_backend() == 'cpu';"
        "assert {d.platform for d in jax.devices()} == {'cpu'}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", [RuntimeError, AssertionError])
@pytest.mark.parametrize("device_name", [Device.AUTO, Device.GPU])
def test_a_jax_that_cannot_start_says_which_variable_to_correct(
    monkeypatch, kind, device_name
):
    def devices(*_):
        raise kind("no such backend")

    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(DeviceError, match="correct or unset JAX_PLATFORMS"):
        device.select(device_name)


def test_memory_is_that_of_the_machine_or_less_in_a_container(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(device, "CONTAINER_LIMIT", limit)
    machine = device.memory()
    assert machine > 2**28
    limit.write_text("max\n")
    assert device.memory() == machine
    limit.write_text("1000\n")
    assert device.memory() == 1000


def test_deterministic_adds_its_flag_to_others_and_once(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    with pytest.raises(ConfigError, match="set XLA_FLAGS=--xla_gpu_deterministic_ops"):
        device.require_deterministic()
    for _ in range(2):
        device.deterministic()
        flags = os.environ["XLA_FLAGS"]
        assert flags == "--xla_dump_to=x --xla_gpu_deterministic_ops=true"
    device.require_deterministic()


def test_only_too_little_memory_is_too_little_memory():
    error = jax.errors.JaxRuntimeError
    assert device.does_not_fit(error("RESOURCE_EXHAUSTED: Out of memory"))
    assert not device.does_not_fit(error("INTERNAL: planted"))
