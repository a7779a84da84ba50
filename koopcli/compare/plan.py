"""What a comparison will train, and the file that remembers it."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli import config_file, files
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import CompareConfig
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError

SCHEMA = "koopcli.compare-plan/1"
PLAN = "compare.json"
OWN = {
    "model.kind": "--models",
    "model.params": "--params",
    "train.seed": "--seeds",
    "train.steps": "--budget",
}
"""Settings that a comparison makes itself, and what to say instead."""
FIXED = {
    "dataset_sha256": "the dataset with hash",
    "budget": "--budget",
    "params": "--params",
    "settings": "the settings",
}
"""Parts of a request that every run in a folder must share, and their names."""
CLOSED_FORM = frozenset({"edmdc"})
"""Kinds that are solved, not trained: no budget, no gradient steps."""


@dataclass(frozen=True)
class Planned:
    """One run of a comparison.

    Attributes:
        model: Kind of model.
        seed: Seed of parameters and sampling.
        config: All its settings.
    """

    model: ModelKind
    seed: int
    config: RunConfig

    @property
    def name(self) -> str:
        """Name of its run folder."""
        return f"{self.model}-seed{self.seed}"


def base_config(kind: ModelKind, config: CompareConfig) -> RunConfig:
    """Return the settings of one kind, but for seed and steps.

    What the request sets for every kind wins over the defaults of a kind.

    Raises:
        ConfigError: A setting is out of range, or the comparison's own to make.
    """
    for name, instead in OWN.items():
        if name in config.settings:
            raise ConfigError(f"compare: sets {name} itself; use {instead}")
    values = {**config.settings, "model.kind": kind}
    if config.params is not None:
        values["model.params"] = config.params
    return config_file.build(values)


def planned(base: RunConfig, seed: int, steps: int | None) -> Planned:
    """Complete the settings of one run; `steps` is None where there are none."""
    train = dataclasses.replace(base.train, seed=seed, steps=steps or base.train.steps)
    return Planned(base.model.kind, seed, dataclasses.replace(base, train=train))


def request(dataset: Path, digest: str, config: CompareConfig) -> dict[str, Any]:
    """Return the request as JSON types."""
    wanted = {
        "dataset": str(dataset),
        "dataset_sha256": digest,
        **dataclasses.asdict(config),
        "settings": dict(sorted(config.settings.items())),
    }
    return json.loads(json.dumps(wanted))


def open_folder(
    folder: Path, wanted: Mapping[str, Any], *, overwrite: bool
) -> dict[str, int]:
    """Claim `folder` for a request; return the steps per model measured before.

    Models, seeds, horizons and split may change from call to call: runs are added, and
    the evaluation is made anew. What decides about training (`FIXED`) may not.

    Raises:
        ConfigError: The folder holds something else, or runs of another request and
            `overwrite` is false.
    """
    path = folder / PLAN
    if not path.is_file():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(
                f"{folder}: is neither empty nor the folder of a comparison; choose "
                "another --output"
            )
        write(folder, wanted, {})
        return {}
    stored = _read(path)
    changed = [name for name in FIXED if stored["request"].get(name) != wanted[name]]
    if changed and not overwrite:
        name = changed[0]
        raise ConfigError(
            f"{folder}: was made with {FIXED[name]} "
            f"{_brief(stored['request'].get(name))}, now asked for "
            f"{_brief(wanted[name])}; choose another --output, or add --overwrite to "
            "train anew what differs"
        )
    steps = {} if changed else dict(stored["steps"])
    write(folder, wanted, steps)
    return steps


def write(folder: Path, wanted: Mapping[str, Any], steps: Mapping[str, int]) -> None:
    """Store the request, and the steps per model that a budget of time allows."""
    document = {"schema": SCHEMA, "request": dict(wanted), "steps": dict(steps)}
    files.write_text(folder / PLAN, json.dumps(document, indent=1) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema"] != SCHEMA:
            raise ValueError(f"schema {stored['schema']}")
        stored["request"].keys(), stored["steps"].keys()
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); choose another --output"
        ) from error
    return stored


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        given = {name: part for name, part in value.items() if part is not None}
        return ", ".join(f"{name}={part}" for name, part in given.items()) or "none"
    return "none" if value is None else str(value)
