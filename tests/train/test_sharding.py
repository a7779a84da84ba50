"""Several devices train as one does: on four virtual ones, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import jax
import jax.numpy as jnp
import linear_world
import numpy as np
import pytest
from jax.sharding import Mesh

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import ConfigError, DeviceError
from koopcli.train import sharding

FLAGS = (
    "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0"
    " --xla_llvm_disable_expensive_passes=true"
)
"""Four devices, and less time for compiling."""
SCRIPT = Path(__file__).parent.parent / "sharded_runs.py"


def on_four_devices(folder, *words):
    world = linear_world.one_each(linear_world.world((1000, 20, 25)))
    data = linear_world.write_world(folder / "data.h5", world)
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": FLAGS,
        "JAX_COMPILATION_CACHE_DIR": str(folder / "cache"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, SCRIPT, folder, data, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["devices"] == found["recorded"] == 4
    return found


def assert_small(difference):
    assert difference["parameters"] < 1e-6
    assert difference["numbers"] < 1e-5


def assert_two_sums(gradient):
    # One of how many entries count, one of all gradients and terms.
    assert gradient["difference"] < 1e-5
    assert gradient["sent"] == ["all-reduce", "all-reduce"]


def test_four_devices_train_as_one_does(tmp_path):
    found = on_four_devices(tmp_path)
    assert_small(found["four"])
    assert found["said"] == ["each batch of 8 windows is shared out over 4 devices"]
    # Each takes its two windows one by one, and knows how many there are everywhere.
    assert found["sliced"]["difference"] < 1e-5
    assert sorted(found["sliced"]["sent"]) == ["all-gather", "all-reduce"]


@pytest.mark.slow
def test_so_they_do_with_data_on_disk_and_go_on_on_one_and_send_little(tmp_path):
    found = on_four_devices(tmp_path, "long")
    assert_small(found["streamed"])
    assert any("exceeds the memory budget" in said for said in found["said"])
    assert found["data_map"]
    assert_small(found["resumed"])
    # XLA's own partitioner would gather the transforms of all windows everywhere.
    assert_two_sums(found["conv"])
    # Its noise is drawn for the whole batch.
    assert_two_sums(found["kfc"])


def run_config(batch_size=32, **train):
    return RunConfig(train=TrainConfig(batch_size=batch_size, **train))


@pytest.fixture
def machine(monkeypatch):
    def pretend(devices, processes=1):
        monkeypatch.setattr(jax, "local_device_count", lambda: devices)
        monkeypatch.setattr(jax, "process_count", lambda: processes)

    return pretend


def test_one_device_is_left_alone():
    said = []
    assert sharding.choose(run_config(), said.append) is None
    assert said == []
    tree = {"a": jnp.arange(3)}
    assert sharding.replicate(tree, None) is tree is sharding.local(tree, None)
    assert sharding.share(None, 8) == slice(0, 8)
    assert sharding.spread(len, None) is len
    np.testing.assert_array_equal(
        sharding.place(np.ones((2, 3)), None), np.ones((2, 3))
    )


def test_more_devices_than_there_are_are_refused():
    with pytest.raises(DeviceError, match="64 devices are asked for, and JAX sees 1"):
        sharding.choose(run_config(num_devices=64), print)


def test_a_batch_that_the_devices_asked_for_do_not_divide_is_refused(machine):
    machine(devices=6)
    message = (
        r"32 windows cannot be shared out equally over 6 devices; .* multiple of 6"
    )
    with pytest.raises(ConfigError, match=message):
        sharding.choose(run_config(num_devices=6), print)


def test_of_several_processes_none_is_left_out(machine):
    machine(devices=1, processes=3)
    with pytest.raises(ConfigError, match=r"32 windows .* over 3 devices"):
        sharding.choose(run_config(), print)


def test_devices_that_do_not_divide_the_batch_stay_idle_and_that_is_said(machine):
    machine(devices=6)
    said = []
    assert sharding.choose(run_config(batch_size=5, num_devices=1), said.append) is None
    assert sharding.choose(run_config(batch_size=7), said.append) is None
    expected = (
        "each batch of 7 windows is shared out over 1 devices, not 6, which do not"
    )
    assert len(said) == 1 and said[0].startswith(expected)


def test_a_model_fitted_in_one_go_is_on_one_device_and_not_on_several_machines(machine):
    config = RunConfig(model=ModelConfig(kind=ModelKind.EDMDC))
    machine(devices=6)
    assert sharding.choose(config, print) is None
    machine(devices=1, processes=2)
    with pytest.raises(ConfigError, match="edmdc is fitted in one go, on one device"):
        sharding.choose(config, print)
    machine(devices=6)
    several = RunConfig(model=config.model, train=TrainConfig(num_devices=6))
    with pytest.raises(ConfigError, match="leave out --num-devices and --distributed"):
        sharding.choose(several, print)


def test_gpus_hide_communication_by_an_option_that_xla_knows():
    def mesh(platform):
        device = mock.Mock(platform=platform)
        return mock.Mock(spec=Mesh, devices=np.array([device, device]))

    assert sharding.compiler_options(None) is None
    assert sharding.compiler_options(mesh("cpu")) is None
    options = sharding.compiler_options(mesh("gpu"))
    # XLA refuses names that it does not know, whatever the device.
    double = jax.jit(lambda x: 2 * x, compiler_options=options)
    assert double(jnp.float32(3)) == 6
    with pytest.raises(Exception, match="No such compile option"):
        jax.jit(lambda x: x, compiler_options={"xla_nonsense": True})(jnp.float32(3))
