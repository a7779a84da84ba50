"""A lab's format, described once: settings of `ingest` in a small TOML file.

The keys are those of `IngestConfig` that say what a source means; which episodes are
wanted, and how they are split at random, belongs to a single dataset.
"""

import dataclasses
import difflib
import enum
import json
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from koopcli.config.data import IngestConfig
from koopcli.errors import ConfigError
from koopcli.files import write_text

KEYS = (
    *("format", "dt", "max_episode_steps", "obs_keys", "obs_cols", "action_cols"),
    *("reward_col", "terminal_col", "timeout_col", "episode_col", "time_col"),
    *("time_unit", "split_col", "train_rows", "val_rows", "test_rows"),
    *("action_align", "resample", "subsample"),
    *("delay_embed", "delay_lag"),
)


def read(path: Path) -> dict[str, Any]:
    """Return the settings that a mapping file gives.

    Raises:
        ConfigError: It cannot be read, or holds an unknown key or a wrong value.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the mapping ({error})") from error
    hints = typing.get_type_hints(IngestConfig)
    settings = {}
    for key, value in found.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{path}: unknown key {key!r}{hint}")
        try:
            settings[key] = _convert(hints[key], value)
        except ValueError:
            raise ConfigError(f"{path}: {key} cannot be {value!r}") from None
    return settings


def write(path: Path, config: IngestConfig) -> None:
    """Write what `config` says about the source, as far as it is no default."""
    lines = [
        f"{field.name} = {_toml(getattr(config, field.name))}\n"
        for field in dataclasses.fields(config)
        if field.name in KEYS and getattr(config, field.name) != field.default
    ]
    write_text(
        path, "# What `koopcli ingest --mapping` makes of a source.\n" + "".join(lines)
    )


def _convert(kind: Any, value: Any) -> Any:
    if isinstance(kind, types.UnionType):
        [kind] = [part for part in typing.get_args(kind) if part is not type(None)]
    if typing.get_origin(kind) is tuple:
        return tuple(_text(part) for part in _checked(value, list))
    if issubclass(kind, enum.Enum):
        return kind(value)
    if kind is str:
        return _text(value)
    if kind is float:
        return float(_checked(value, int | float))
    return _checked(value, kind)


def _text(value: Any) -> str:
    # Columns without a name go by number.
    return str(_checked(value, str | int))


def _checked(value: Any, kind: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError
    return value


def _toml(value: Any) -> str:
    # TOML writes text and lists of text as JSON does, but for this one character.
    plain = list(value) if isinstance(value, tuple) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
