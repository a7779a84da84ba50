"""The registry of foreign formats: every module in this folder is one.

A reader module offers

    detect(source: str) -> bool                       whether it can read `source`, cheaply
    open_source(source: str, config: IngestConfig) -> Source

and nothing else needs to know about it: a new format is one new file. A module is only
imported when it is asked for, so a reader may need a package that others do not.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from koopcli.config import IngestConfig
from koopcli.data.episode import Episode
from koopcli.errors import ConfigError, DataError


@dataclass(frozen=True)
class Source:
    """A source that was opened but not yet read.

    Attributes:
        observation_names: One per column.
        action_names: One per column.
        episodes: Starts a fresh pass over the episodes.
        files: What the provenance hash covers.
        dt: Seconds between two observations, if the source knows.
        dt_source: Where `dt` came from.
        warnings: Suspicious facts; readers may append while episodes are read.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    episodes: Callable[[], Iterator[Episode]]
    files: tuple[Path, ...]
    dt: float | None = None
    dt_source: str = ""
    warnings: list[str] = field(default_factory=list)


def names() -> list[str]:
    """Return the names of all formats."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def open_source(source: str, config: IngestConfig) -> tuple[str, Source]:
    """Open `source` with the reader that `config.format` names, or that recognises it.

    Returns:
        The format's name and the opened source.

    Raises:
        ConfigError: There is no such format.
        DataError: No reader recognises the source, or it is damaged.
    """
    if config.format != "auto":
        if config.format not in names():
            raise ConfigError(
                f"--format {config.format}: unknown; known: auto, {', '.join(names())}"
            )
        return config.format, _module(config.format).open_source(source, config)
    for name in names():
        module = _module(name)
        if module.detect(source):
            return name, module.open_source(source, config)
    path = Path(source)
    what = (
        "no such file, folder or Minari id" if not path.exists() else "unknown format"
    )
    raise DataError(f"{source}: {what}; known formats: {', '.join(names())} (--format)")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
