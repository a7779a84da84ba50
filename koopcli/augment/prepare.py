"""A mode made ready for a run and a dataset: operator, limits, and the scale."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from koopcli import run_dir
from koopcli.augment import checks, coverage, modes
from koopcli.augment.blocks import Blocks, encode, gather
from koopcli.augment.checks import Limits
from koopcli.augment.coverage import Neighbours
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.prepared import Prepared
from koopcli.augment.search import search
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Rewards, Symmetry, Unit
from koopcli.data.store import Dataset
from koopcli.data.windows import StartTable, start_table
from koopcli.errors import ConfigError, DataError
from koopcli.evaluate.compatibility import check_fit
from koopcli.evaluate.rollouts import Rollout, rollout_of
from koopcli.model import checkpoint


def prepare(
    model: LatentModel,
    dataset: Dataset,
    config: AugmentConfig,
    judge: Rollout | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Find the symmetries of a mode, and its scale unless it is given.

    Raises:
        ConfigError: The settings ask for what the data does not have.
        DataError: There is nothing to move.
        ModelError: The model offers no such symmetry, or no scale passes.
    """
    _check(model, dataset, config)
    steps = model.linear_steps if config.unit is Unit.TRAJECTORY else 1
    table = start_table(dataset, "train", stride=steps)
    blocks = _probe(table, dataset, config.probe, steps)
    encoded = encode(model, blocks)
    predict = rollout_of(model.model, checks.ROWS)
    scale = dataset.statistics.observations.scale
    before = checks.one_step(predict, blocks, scale)
    prepared = Prepared(
        model=model,
        config=config,
        steps=steps,
        operator=modes.build(model, config, encoded, steps),
        limits=Limits(
            observations=dataset.statistics.observations,
            actions=dataset.statistics.actions,
            scale=scale,
            typical=float(np.sqrt(np.mean(before**2))),
        ),
        predict=predict,
        judge=judge,
        neighbours=_neighbours(dataset),
    )
    if config.scale is not None:
        return replace(prepared, scale=config.scale)
    return search(prepared, encoded, tell)


def load_judge(run: Path, dataset: Dataset) -> Rollout:
    """Return one step of a model of any kind.

    Raises:
        ModelError: There is no model, or it does not fit the data.
    """
    saved = checkpoint.load(run_dir.model_file(run))
    check_fit(str(run), saved.meta, dataset)
    return rollout_of(saved.model, checks.ROWS, delays=saved.meta.delays)


def _check(model: LatentModel, dataset: Dataset, config: AugmentConfig) -> None:
    if dataset.delays is not None:
        raise DataError(
            f"{dataset.path}: is delay-embedded, and its samples of the past would "
            "contradict moved states; ingest it without --delay-embed"
        )
    if "augmentation" in dataset.provenance:
        raise DataError(
            f"{dataset.path}: holds augmented episodes already; augment the file it was "
            "made from"
        )
    if config.rewards is Rewards.MODEL and config.mode is Symmetry.GAUSSIAN:
        raise ConfigError(
            "augment.rewards model: noise has no latents to read them from"
        )
    if config.rewards is Rewards.MODEL and not (
        model.meta.has_rewards and dataset.rewards is not None
    ):
        raise ConfigError(
            "augment.rewards model: the model or the data has no rewards; use "
            "--rewards keep"
        )


def _probe(table: StartTable, dataset: Dataset, count: int, steps: int) -> Blocks:
    chosen = np.linspace(0, len(table) - 1, min(count, len(table))).astype(np.int64)
    return gather(dataset, table.at(chosen), steps)


def _neighbours(dataset: Dataset) -> Neighbours:
    table = start_table(dataset, "train")
    count = min(coverage.HELD, len(table))
    chosen = table.at(np.linspace(0, len(table) - 1, count).astype(np.int64))
    states = dataset.observations[chosen.observation_rows]
    return coverage.among(states, dataset.statistics.observations.scale)
