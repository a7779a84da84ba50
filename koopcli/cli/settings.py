"""Where each setting of a run comes from: flag > environment > file > default."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli import compile_cache, config_file
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError

PREFIX = "KOOPCLI_"
FLAGS = {"kind": "--model"}
"""Flags that are not called like their setting."""
RESERVED = {"KOOPCLI_DEVICE", "KOOPCLI_STORAGE", compile_cache.VARIABLE}
"""Environment variables that do not belong to the run's configuration."""


@dataclass(frozen=True)
class Resolved:
    """A configuration, and the origin of each of its values by dotted name."""

    config: RunConfig
    origins: dict[str, str]


def resolve(
    flags: Mapping[str, Any],
    assignments: list[str],
    file: Path | None,
    environ: Mapping[str, str],
) -> Resolved:
    """Merge all sources of settings.

    Args:
        flags: Setting to value; None means "not given".
        assignments: `key=value` of `--set`; they rank with the flags and win over them.
        file: A TOML file.
        environ: `KOOPCLI_<SETTING>` variables are read, others ignored.

    Raises:
        ConfigError: A name is unknown or a value does not fit.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(config_file.fields(), "default")

    def take(found: dict[str, Any], origin: dict[str, str]) -> None:
        values.update(found)
        origins.update(origin)

    if file is not None:
        found = config_file.read(file)
        take(found, dict.fromkeys(found, str(file)))
    take(*_from_environment(environ))
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in given.items():
        full = config_file.full_name(name, "flag")
        take({full: value}, {full: FLAGS.get(name, "--" + name.replace("_", "-"))})
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment!r}: expected key=value")
        full = config_file.full_name(key.strip(), "--set")
        value = config_file.convert(full, text.strip(), "--set")
        take({full: value}, {full: "--set"})
    return Resolved(_build(values, origins), origins)


def _build(values: dict[str, Any], origins: dict[str, str]) -> RunConfig:
    try:
        return config_file.build(values)
    except ConfigError as error:
        # The ranges are checked far from here; whoever has forgotten about a variable
        # in the environment needs to hear where the value comes from.
        words = set(re.findall(r"[\w.]+", str(error)))
        given = [
            f"{name} is from {origins[name]}"
            for name in values
            if words & {name, name.split(".", 1)[1]}
        ]
        where = f" ({', '.join(given)})" if given else ""
        raise ConfigError(f"{error}{where}") from error


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    known = {
        PREFIX + full.split(".", 1)[1].upper(): full for full in config_file.fields()
    }
    values, origins = {}, {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        if variable not in known:
            near = difflib.get_close_matches(variable, [*known, *RESERVED], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"environment: unknown setting {variable}{hint}")
        full = known[variable]
        values[full] = config_file.convert(full, text, f"environment {variable}")
        origins[full] = f"environment {variable}"
    return values, origins
