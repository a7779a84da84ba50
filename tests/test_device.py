import jax
import pytest

from koopcli import device
from koopcli.config import Device
from koopcli.errors import DeviceError


@pytest.fixture(autouse=True)
def restore_default_device():
    before = jax.config.jax_default_device
    yield
    jax.config.update("jax_default_device", before)


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
