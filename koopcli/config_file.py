"""Settings to and from TOML tables; one table per section of `RunConfig`."""

import dataclasses
import difflib
import enum
import math
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from koopcli.config.model import ModelConfig
from koopcli.config.training import KIND_DEFAULTS, RunConfig
from koopcli.errors import ConfigError

SECTIONS: dict[str, Any] = typing.get_type_hints(RunConfig)
"""Section name to its dataclass."""


def fields() -> dict[str, tuple[str, Any]]:
    """Return every setting: dotted name to its section and type."""
    result = {}
    for section, kind in SECTIONS.items():
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            result[f"{section}.{field.name}"] = (section, hints[field.name])
    return result


def full_name(name: str, where: str) -> str:
    """Return the dotted name of a setting given as `key` or `section.key`.

    Raises:
        ConfigError: There is no such setting; the nearest one is named.
    """
    known = fields()
    if name in known:
        return name
    matches = [full for full in known if full.split(".", 1)[1] == name]
    if matches:
        return matches[0]
    near = difflib.get_close_matches(
        name, [*known, *(full.split(".", 1)[1] for full in known)], n=1, cutoff=0.4
    )
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"{where}: unknown setting {name!r}{hint}")


def convert(name: str, value: Any, where: str, *, typed: bool = False) -> Any:
    """Turn text or a TOML value into the type of the setting `name` (dotted).

    Args:
        name: Dotted name of the setting.
        value: What was given.
        where: Its source, for messages.
        typed: Whether the source has types (TOML), so that `"7"` is not a number.

    Raises:
        ConfigError: The value does not fit.
    """
    kind = fields()[name][1]
    try:
        return _convert(kind, value, typed=typed)
    except ValueError:
        raise ConfigError(
            f"{where}: {name} must be {_describe(kind)}, got {value!r}"
        ) from None


def _convert(kind: Any, value: Any, *, typed: bool) -> Any:
    if isinstance(kind, types.UnionType):
        if value is None or value == "none":
            return None
        [kind] = [part for part in typing.get_args(kind) if part is not type(None)]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if typed and isinstance(value, str) and kind is not str:
        raise ValueError
    if kind is bool:
        if isinstance(value, bool):
            return value
        words = {"true": True, "false": False}
        if str(value).lower() not in words:
            raise ValueError
        return words[str(value).lower()]
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise ValueError
    if not isinstance(value, str | int | float):
        raise ValueError
    made = kind(value)
    if kind is float and not math.isfinite(made):
        raise ValueError
    return made


def _describe(kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        return " or ".join(_describe(part) for part in typing.get_args(kind))
    if kind is type(None):
        return "none"
    if issubclass(kind, enum.Enum):
        return "one of " + ", ".join(kind)
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(
        kind, "text"
    )


def read(path: Path) -> dict[str, Any]:
    """Read a TOML file into dotted settings.

    Raises:
        ConfigError: It cannot be read, or holds an unknown key or a wrong value.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the configuration ({error})") from error
    found = {}
    for section, table in tables.items():
        if isinstance(table, dict) and section not in SECTIONS:
            near = difflib.get_close_matches(section, SECTIONS, n=1)
            hint = f"; did you mean [{near[0]}]?" if near else ""
            raise ConfigError(f"{path}: unknown table [{section}]{hint}")
        entries = table.items() if isinstance(table, dict) else [(None, table)]
        for key, value in entries:
            name = full_name(section if key is None else f"{section}.{key}", str(path))
            found[name] = convert(name, value, str(path), typed=True)
    return found


def build(values: dict[str, Any]) -> RunConfig:
    """Build a configuration from dotted settings over the defaults of the model kind."""
    kind = values.get("model.kind", ModelConfig.kind)
    values = {**KIND_DEFAULTS.get(kind, {}), **values}
    parts: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for name, value in values.items():
        section, key = name.split(".", 1)
        parts[section][key] = value
    made = {section: kind(**parts[section]) for section, kind in SECTIONS.items()}
    return RunConfig(**made)


def flatten(config: RunConfig) -> dict[str, Any]:
    """Return every setting of `config` by its dotted name."""
    return {
        name: getattr(getattr(config, section), name.split(".", 1)[1])
        for name, (section, _) in fields().items()
    }


def to_toml(config: RunConfig) -> str:
    """Write `config` as TOML that `read` gives back; unset values are left out."""
    lines: list[str] = []
    for section in SECTIONS:
        lines.append(f"[{section}]")
        for name, value in flatten(config).items():
            if name.startswith(section + ".") and value is not None:
                lines.append(f"{name.split('.', 1)[1]} = {_toml(value)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value)
