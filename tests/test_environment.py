import json
from importlib.metadata import version

from koopcli import environment


def test_device_precision_versions_and_variables_are_there(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    monkeypatch.setenv("KOOPCLI_DEVICE", "cpu")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    found = json.loads(json.dumps(environment.describe(), allow_nan=False))
    assert found["backend"] == "cpu" and found["device_count"] == 1
    assert found["precision"] == {"dtype": "float32", "matmul": "default"}
    assert found["versions"]["jax"] == version("jax")
    assert found["variables"]["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false"
    assert found["variables"]["KOOPCLI_DEVICE"] == "cpu"
    assert "SECRET_TOKEN" not in found["variables"]


def test_a_package_that_is_not_there_has_no_version(monkeypatch):
    monkeypatch.setattr(environment, "PACKAGES", ("jax", "no-such-package"))
    assert environment.describe()["versions"]["no-such-package"] is None
