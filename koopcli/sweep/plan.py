"""What all trials of a sweep share, and by what they are compared."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from koopcli import config_file
from koopcli.config.choices import ModelKind, Sampler
from koopcli.config.sweep import SweepConfig
from koopcli.config.training import KIND_DEFAULTS, RunConfig, TrainConfig
from koopcli.errors import ConfigError
from koopcli.sweep import space as spaces
from koopcli.sweep.space import Parameter, Value
from koopcli.train import resuming

TRIALS = 20
"""Trials of a sweep that is not told how many."""
SEED = "train.seed"
MEASURE = ("train.val_windows", "train.val_horizon", "train.eval_every")
"""Settings that decide how the error of a trial is measured: the same for all."""
OF_A_MACHINE = frozenset(resuming.MAY_DIFFER) - {"train.steps"}
"""Settings that may differ from process to process of one sweep."""


@dataclass(frozen=True)
class Plan:
    """A request that has been checked.

    Attributes:
        space: The settings that are tried.
        fixed: The settings of every trial, by dotted name.
        seeds: Seeds to train each trial with.
        total: Trials in all.
        horizon: Steps ahead over which validation errors are measured.
        grid: All combinations in the order of trials; None if there is no grid.
    """

    space: tuple[Parameter, ...]
    fixed: Mapping[str, Any]
    seeds: tuple[int, ...]
    total: int
    horizon: int
    grid: tuple[Mapping[str, Value], ...] | None

    def config(self, values: Mapping[str, Any], seed: int) -> RunConfig:
        """Return all settings of one run of a trial that chose `values`.

        Raises:
            ConfigError: They do not fit each other.
        """
        made = config_file.build(
            {**spaces.settings(values, self.fixed), "train.seed": seed}
        )
        if "train.checkpoint_every" in {*values, *self.fixed}:
            return made
        # A trial is pruned after a validation, and leaves the checkpoint of that step.
        train = dataclasses.replace(made.train, checkpoint_every=made.train.eval_every)
        return dataclasses.replace(made, train=train)

    def identity(self, digest: str) -> dict[str, Any]:
        """Return, as JSON types, what processes must agree on to share a study."""
        settings = {
            name: value
            for name, value in sorted(self.fixed.items())
            if name not in OF_A_MACHINE
        }
        identity = {
            "dataset_sha256": digest,
            "space": sorted(map(str, self.space)),
            "seeds": list(self.seeds),
            "settings": settings,
        }
        return json.loads(json.dumps(identity))


def make(request: SweepConfig) -> Plan:
    """Check a request.

    Raises:
        ConfigError: A setting is unknown, out of range, given twice, or not to be tried.
    """
    space = spaces.read(request.params)
    fixed = _typed(request.settings)
    names = {parameter.name for parameter in space}
    for name in (SEED, *MEASURE):
        if name in names or (name == SEED and name in fixed):
            raise ConfigError(f"sweep: {name} {_instead(name)}")
    for name in names & set(fixed):
        raise ConfigError(f"sweep: {name} is both tried (--param) and fixed")
    spaces.check(space, fixed)
    horizons = _horizons(space, fixed)
    if len(horizons) > 1:
        # Errors over 50 steps and over 200 are not of one kind.
        fixed.setdefault("train.val_horizon", max(horizons))
    horizon: Any = fixed.get("train.val_horizon") or max(horizons)
    grid = None
    total = request.trials or TRIALS
    if request.sampler is Sampler.GRID:
        grid = tuple(spaces.product(space))
        total = min(request.trials or len(grid), len(grid))
    return Plan(space, fixed, request.seeds, total, int(horizon), grid)


def _typed(settings: Mapping[str, Any]) -> dict[str, Any]:
    names = {config_file.full_name(name, "sweep"): name for name in settings}
    return {
        full: config_file.convert(full, settings[name], "sweep")
        for full, name in names.items()
    }


def _instead(name: str) -> str:
    if name == SEED:
        return "is the sweep's own to set; use --seeds"
    return (
        "decides how the error of a trial is measured, so it cannot be tried; fix it for "
        f"all of them with --set {name}=..."
    )


def _horizons(space: tuple[Parameter, ...], fixed: Mapping[str, Any]) -> set[int]:
    tried = {parameter.name: parameter.ends for parameter in space}
    kinds = tried.get("model.kind", (fixed.get("model.kind", ModelKind.KOOPMAN),))
    ends: set[Any] = set(tried.get("train.horizon", ()))
    if not ends and "train.horizon" in fixed:
        ends = {fixed["train.horizon"]}
    if not ends:
        ends = {
            KIND_DEFAULTS.get(ModelKind(kind), {}).get(
                "train.horizon", TrainConfig.horizon
            )
            for kind in kinds
        }
    return ends
