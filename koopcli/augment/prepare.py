"""A mode made ready for a run and a dataset: operator, limits, and the scale."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from koopcli import run_dir
from koopcli.augment import checks, coverage, modes
from koopcli.augment.blocks import Blocks, Encoded, encode, gather
from koopcli.augment.checks import Limits, Measured
from koopcli.augment.coverage import Neighbours
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.operator import Moved, Operator, rewarded
from koopcli.augment.summary import Checks, summarise
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Rewards, Symmetry, Unit
from koopcli.data.store import Dataset
from koopcli.data.windows import StartTable, start_table
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.evaluate.compatibility import check_fit
from koopcli.evaluate.rollouts import Rollout, rollout_of
from koopcli.model import checkpoint


@dataclass(frozen=True)
class Prepared:
    """All that moving blocks needs.

    Attributes:
        model: The model.
        config: What was asked.
        steps: Most steps of a block.
        operator: The mode.
        limits: What moved blocks are held against.
        predict: One step of the model.
        judge: One step of the judge, if there is one.
        neighbours: Recorded states.
        scale: Size of the moves.
        search: One row per scale that was tried.
    """

    model: LatentModel
    config: AugmentConfig
    steps: int
    operator: Operator
    limits: Limits
    predict: Rollout
    judge: Rollout | None
    neighbours: Neighbours
    scale: float = 0.0
    search: tuple[Checks, ...] = ()

    def propose(
        self, encoded: Encoded, draw: np.ndarray
    ) -> tuple[Moved, Measured, np.ndarray]:
        """Move blocks by a draw (times the scale), measure them, and judge them."""
        found = self.operator.move(encoded, draw)
        if self.config.rewards is Rewards.MODEL:
            found = rewarded(self.model, encoded, found)
        measured = checks.measure(
            self.model, encoded, found, self.limits, self.config, self.predict
        )
        return found, measured, checks.accepted(measured, self.config, self.limits)

    def judged(
        self, before: Blocks, after: Blocks
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the judge's one-step errors, or None without a judge."""
        if self.judge is None:
            return None
        scale = self.limits.scale
        return (
            checks.one_step(self.judge, before, scale),
            checks.one_step(self.judge, after, scale),
        )


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
    return _search(prepared, encoded, tell)


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


def _search(
    prepared: Prepared, encoded: Encoded, tell: Callable[[str], None]
) -> Prepared:
    # One draw for all scales, so that only the scale differs.
    config, size = prepared.config, prepared.operator.size
    normal = np.random.default_rng(config.seed).normal(size=(len(encoded.blocks), size))
    rows: list[Checks] = []
    scale = config.smallest
    while scale <= config.largest:
        rows.append(_row(prepared, encoded, scale, normal))
        tell(f"scale {scale:g}: {rows[-1].accepted:.0%} accepted")
        if not passes(rows[-1], config):
            break
        scale *= 2
    good = [row.scale for row in rows if passes(row, config)]
    if not good:
        raise ModelError(
            f"no scale passes: at the smallest, {config.smallest:g}, "
            f"{rows[0].accepted:.0%} of the proposals are accepted (cycle error "
            f"{rows[0].cycle_median:.2g}, residual ratio {rows[0].all_residual_ratio:.2g})"
            "; train the model longer, try another mode, or give --scale, --max-cycle or "
            "--min-accepted"
        )
    return replace(prepared, scale=good[-1], search=tuple(rows))


def passes(row: Checks, config: AugmentConfig) -> bool:
    """Whether a scale is good enough for the search to go on."""
    worst = max(row.residual_ratio, row.judge_ratio or 0.0)
    enough = row.accepted > 0 and row.accepted >= config.min_accepted
    return enough and worst <= config.max_residual


def _row(
    prepared: Prepared, encoded: Encoded, scale: float, normal: np.ndarray
) -> Checks:
    found, measured, good = prepared.propose(encoded, scale * normal)
    states = found.blocks.observations[good, 0]
    return summarise(
        scale,
        measured,
        good,
        prepared.judged(encoded.blocks, found.blocks),
        coverage.gain(prepared.neighbours, states, prepared.limits.scale),
    )
