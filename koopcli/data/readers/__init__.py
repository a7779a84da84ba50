"""The registry of foreign formats: every module in this folder is one.

A reader module offers

    detect(source: str) -> bool                       whether it can read `source`, cheaply
    open_source(source: str, config: IngestConfig) -> Source

and perhaps `UNDERSTANDS`, the names of those settings below that mean something to it.
Nothing else needs to know about it: a new format is one new file. A module is only
imported when it is asked for, so a reader may need a package that others do not.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from koopcli.config.data import IngestConfig
from koopcli.data.episode import Episode
from koopcli.errors import ConfigError, DataError

TABULAR = (
    *("obs_cols", "action_cols", "reward_col", "terminal_col", "timeout_col"),
    *("episode_col", "time_col", "time_unit", "split_col", "train_rows", "val_rows"),
    *("test_rows", "action_align", "resample"),
)
"""Settings that only mean something to tables."""
SPECIAL = (*TABULAR, "obs_keys")
"""Settings that only mean something to some formats."""


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
        dropped: Steps that the reader left out, by reason; filled likewise.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    episodes: Callable[[], Iterator[Episode]]
    files: tuple[Path, ...]
    dt: float | None = None
    dt_source: str = ""
    warnings: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


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
        return config.format, _opened(config.format, source, config)
    for name in names():
        if _module(name).detect(source):
            return name, _opened(name, source, config)
    path = Path(source)
    what = (
        "no such file, folder or Minari id" if not path.exists() else "unknown format"
    )
    raise DataError(f"{source}: {what}; known formats: {', '.join(names())} (--format)")


def _opened(name: str, source: str, config: IngestConfig) -> Source:
    module = _module(name)
    opened = module.open_source(source, config)
    understood = getattr(module, "UNDERSTANDS", ())
    ignored = [
        f"--{key.replace('_', '-')}"
        for key in SPECIAL
        if getattr(config, key) != getattr(IngestConfig, key) and key not in understood
    ]
    if ignored:
        opened.warnings.append(
            f"{source}: {', '.join(ignored)} mean nothing to the format {name}"
        )
    return opened


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
