"""One free rollout per episode, from its first observation to its end, for statistics."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from koopcli.config.evaluation import EvalConfig, LongRunConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import long_run
from koopcli.evaluate.bootstrap import Bootstrap
from koopcli.evaluate.entrants import Loaded, runs_of
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import OBSERVATIONS
from koopcli.evaluate.rollouts import batch_rows, batches
from koopcli.evaluate.tally import Entrant
from koopcli.evaluate.yardstick import Yardstick

Row = dict[str, Any]


class Measured(NamedTuple):
    """Rows of D_stsp and D_H, and what is to be said about them."""

    rows: list[Row]
    warnings: tuple[str, ...]


def measure(
    loaded: Loaded, models: Sequence[Entrant], config: EvalConfig, scale: Yardstick
) -> Measured:
    """Return rows of D_stsp and D_H for every model, and warnings.

    For each model: all episodes, each dimension over all episodes, then each episode.

    Args:
        loaded: Runs and dataset.
        models: Runs, then baselines; runs are made anew, for calls of another size.
        config: The protocol; its `long_run` must be set.
        scale: Spread and angles.
    """
    settings = config.long_run or LongRunConfig()
    dataset = loaded.dataset
    chosen, warnings = whole(dataset, config.split, settings)
    longest = int(chosen.remaining.max(initial=1))
    size = batch_rows(config.batch_size, longest, len(chosen))
    runs = runs_of(loaded, size, config.reencode_every)
    free = [*runs, *models[len(runs) :]]
    found: list[list[np.ndarray]] = [[] for _ in free]
    for window in batches(dataset, chosen, longest, size):
        for model, values in zip(free, found, strict=True):
            states = model.rollout(window.states, window.actions).states
            for predicted, truth, known in zip(
                states, window.truth, window.mask, strict=True
            ):
                pair = (predicted[known], truth[known])
                values.append(_statistics(pair, scale, settings, config.seed))
    drawn = draws.draw(
        max(1, len(chosen)), config.bootstrap, config.confidence, config.seed
    )
    rows: list[Row] = []
    for model, values in zip(free, found, strict=True):
        table = np.array(values).reshape(len(chosen), 1 + len(scale.names))
        lost = int(np.isnan(table[:, 0]).sum())
        if lost:
            warnings += (
                f"{label(model.run, model.model)}: {lost} of {len(chosen)} free rollouts "
                "became NaN or infinite; D_stsp and D_H are null",
            )
        rows += _rows(model, table, (dataset, chosen, settings.burn_in), drawn, scale)
    return Measured(rows, warnings)


def whole(
    dataset: Dataset, split: str, config: LongRunConfig
) -> tuple[Starts, tuple[str, ...]]:
    """Return the start of each episode that is long enough, and what was left out."""
    episodes = dataset.splits[split]
    steps, needed = dataset.transitions[episodes], config.burn_in + config.min_steps
    long = episodes[steps >= needed]
    chosen = Starts(
        observation_rows=dataset.observation_starts[long],
        step_rows=dataset.step_starts[long],
        remaining=dataset.transitions[long],
        episodes=long,
    )
    if len(long) == len(episodes):
        return chosen, ()
    if not len(long):
        return chosen, (
            f"no long-run statistics: they need episodes of {needed} steps (--burn-in and "
            f"--min-steps), and the longest of the {split} split has "
            f"{int(steps.max(initial=0))}",
        )
    return chosen, (
        f"long-run statistics: {len(episodes) - len(long)} of {len(episodes)} episodes "
        f"have fewer than {needed} steps and are left out",
    )


def _statistics(
    pair: tuple[np.ndarray, np.ndarray],
    scale: Yardstick,
    config: LongRunConfig,
    seed: int,
) -> np.ndarray:
    # D_stsp, then D_H of each dimension; NaN if the rollout broke.
    names = len(scale.names)
    if not np.isfinite(pair[0]).all():
        return np.full(1 + names, np.nan)
    (predicted, owners), (truth, _) = (
        long_run.coordinates(values[config.burn_in :], scale.scale, scale.periods)
        for values in pair
    )
    distance = long_run.spectral_distance(truth, predicted, config.smoothing)
    each = [_mean(distance[owners == dim]) for dim in range(names)]
    return np.array(
        [long_run.state_space_divergence(truth, predicted, config, seed), *each]
    )


def _rows(
    model: Entrant,
    table: np.ndarray,
    where: tuple[Dataset, Starts, int],
    drawn: Bootstrap,
    scale: Yardstick,
) -> Iterator[Row]:
    dataset, chosen, burn_in = where
    broken = np.isnan(table[:, 0])
    means = np.array([_mean(row[1:]) for row in table])
    who = {"run": model.run, "model": model.model}
    steps = chosen.remaining - burn_in
    everything = {"episodes": len(chosen), "steps": int(steps.sum())}
    columns = {
        OBSERVATIONS: means,
        **dict(zip(scale.names, table[:, 1:].T, strict=True)),
    }
    for quantity, distances in columns.items():
        values = {"d_h": distances}
        if quantity == OBSERVATIONS:
            values = {"d_stsp": table[:, 0], **values}
        averages = {
            name: np.nan if broken.any() else _mean(each)
            for name, each in values.items()
        }
        yield {
            **who,
            "episode": None,
            "source": "",
            "quantity": quantity,
            "d_stsp": np.nan,
            **averages,
            **everything,
            "interval": {
                name: _interval(drawn, values[name], chosen, averages[name])
                for name in averages
            },
        }
    for at, episode in enumerate(chosen.episodes.tolist()):
        yield {
            **who,
            "episode": episode,
            "source": dataset.sources[episode],
            "quantity": OBSERVATIONS,
            "d_stsp": float(table[at, 0]),
            "d_h": float(means[at]),
            "episodes": 1,
            "steps": int(steps[at]),
            "interval": {},
        }


def _interval(
    drawn: Bootstrap, values: np.ndarray, chosen: Starts, value: float
) -> tuple[float, float]:
    if not len(values):
        return (np.nan, np.nan)
    return drawn.interval(draws.mean_of(drawn, values, chosen.episodes), value)


def _mean(values: np.ndarray) -> float:
    # Over what exists: a dimension whose truth does not oscillate has no spectrum.
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan
