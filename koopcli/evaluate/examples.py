"""A few rollouts to look at: a typical one, and the worst."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.evaluate.naming import label
from koopcli.evaluate.rollouts import gather
from koopcli.evaluate.tally import Entrant, Record


@dataclass(frozen=True)
class Example:
    """One start, what happened, and what the runs predicted; row 0 is the start.

    Attributes:
        name: `typical` or `worst`.
        episode: Number of its episode.
        step: Step within the episode.
        truth: What happened.
        predicted: What each run predicted, by its label.
        dt: Seconds per step; None where that is not known.
    """

    name: str
    episode: int
    step: int
    truth: Float[np.ndarray, "time dim"]
    predicted: dict[str, Float[np.ndarray, "time dim"]]
    dt: float | None


def examples(
    entrants: Sequence[Entrant], record: Record, dataset: Dataset, chosen: Starts
) -> tuple[Example, ...]:
    """Roll the runs out again from two of the starts that see farthest.

    Args:
        entrants: Runs and baselines; only runs are shown.
        record: Errors of the run that chooses: the first.
        dataset: The data.
        chosen: The starts of the evaluation.
    """
    steps = record.profile.shape[1]
    far = np.flatnonzero(np.minimum(chosen.remaining, steps) == steps)
    with np.errstate(over="ignore"):
        order = far[np.argsort(record.profile[far].mean(axis=1), kind="stable")]
    picks = {"typical": order[len(order) // 2], "worst": order[-1]}
    return tuple(
        _example(name, [e for e in entrants if e.run is not None], dataset,
                 chosen.take(np.array([index])), steps)
        for name, index in picks.items()
    )  # fmt: skip


def _example(
    name: str, runs: list[Entrant], dataset: Dataset, start: Starts, steps: int
) -> Example:
    window = gather(dataset, start, steps)
    outputs = len(dataset.output_names)
    first = window.states[:, :outputs]
    episode = int(start.episodes[0])
    predicted = {
        label(run.run, run.model): np.concatenate(
            [first, run.rollout(window.states, window.actions).states[0]]
        )
        for run in runs
    }
    return Example(
        name=name,
        episode=episode,
        step=int(start.step_rows[0] - dataset.step_starts[episode]),
        truth=np.concatenate([first, window.truth[0]]),
        predicted=predicted,
        dt=dataset.dt if dataset.dt_known else None,
    )
