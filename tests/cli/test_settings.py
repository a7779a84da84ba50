import enum
import types
import typing

import pytest

from koopcli import config_file
from koopcli.cli import settings
from koopcli.cli.settings import resolve
from koopcli.errors import ConfigError

FIELDS = config_file.fields()


def candidates(name):
    """Four different valid values of a setting, as text, none of them the default."""
    kind = FIELDS[name][1]
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if issubclass(kind, enum.Enum):
        values = list(kind)
        return [str(values[i % len(values)]) for i in range(3)]
    if kind is bool:
        return ["true", "false", "true"]
    if kind is int:
        return ["11", "12", "13"]
    special = {
        "model.ring_min": ["0.5", "0.51", "0.52"],
        "train.max_loss_growth": ["2.0", "3.0", "4.0"],
    }
    return special.get(name, ["0.91", "0.92", "0.93"])


@pytest.mark.parametrize("name", FIELDS)
def test_flag_beats_environment_beats_file_beats_default(name, tmp_path):
    key = name.split(".", 1)[1]
    in_file, in_environment, as_flag = candidates(name)
    file = tmp_path / "c.toml"
    quoted = (
        in_file
        if in_file[0].isdigit() or in_file in ("true", "false")
        else f'"{in_file}"'
    )
    file.write_text(f"[{name.split('.')[0]}]\n{key} = {quoted}\n")
    environ = {f"KOOPCLI_{key.upper()}": in_environment}
    value = lambda text: config_file.convert(name, text, "test")  # noqa: E731
    get = lambda resolved: config_file.flatten(resolved.config)[name]  # noqa: E731

    default = resolve({}, [], None, {})
    assert default.origins[name] == "default"
    from_file = resolve({}, [], file, {})
    assert get(from_file) == value(in_file)
    assert from_file.origins[name] == str(file)
    from_environment = resolve({}, [], file, environ)
    assert get(from_environment) == value(in_environment)
    assert from_environment.origins[name] == f"environment KOOPCLI_{key.upper()}"
    from_flag = resolve({key: value(as_flag)}, [], file, environ)
    assert get(from_flag) == value(as_flag)
    spelled = settings.FLAGS.get(key, "--" + key.replace("_", "-"))
    assert from_flag.origins[name] == spelled
    from_set = resolve({}, [f"{key}={as_flag}"], file, environ)
    assert get(from_set) == value(as_flag) and from_set.origins[name] == "--set"


def test_none_means_not_given():
    assert resolve({"steps": None}, [], None, {}).origins["train.steps"] == "default"


@pytest.mark.parametrize(
    ("assignments", "environ", "message"),
    [
        (["latent_dim"], {}, "expected key=value"),
        (["latent=3"], {}, "--set: unknown setting 'latent'; did you mean"),
        (["steps=many"], {}, "--set: train.steps must be a whole number"),
        ([], {"KOOPCLI_STEP": "3"}, "unknown setting KOOPCLI_STEP; did you mean"),
        ([], {"KOOPCLI_STEPS": "x"}, "environment KOOPCLI_STEPS: train.steps must be"),
    ],
)
def test_mistakes_are_named(assignments, environ, message):
    with pytest.raises(ConfigError, match=message):
        resolve({}, assignments, None, environ)


def test_other_variables_and_the_device_are_left_alone():
    ours = {"KOOPCLI_DEVICE": "cpu", "KOOPCLI_COMPILE_CACHE": "off"}
    resolve({}, [], None, {"HOME": "/", **ours})


def test_a_value_out_of_range_comes_with_its_origin(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[train]\nsteps = 0\n")
    with pytest.raises(ConfigError, match=r"got 0 \(train\.steps is from .*c\.toml\)"):
        resolve({}, [], file, {})
    with pytest.raises(ConfigError, match="is from environment KOOPCLI_HORIZON"):
        resolve({"steps": 9}, [], None, {"KOOPCLI_HORIZON": "0"})
    with pytest.raises(ConfigError, match=r"ring_min is from --set"):
        resolve({}, ["ring_min=0.9995"], None, {})
