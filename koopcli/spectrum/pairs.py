"""Transitions of held-out episodes, in the modes of a model.

A sequence begins at a start of the split and never leaves its episode. Its inputs are the
recorded actions, so what a mode does beyond them is its own doing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Int

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts, start_table
from koopcli.evaluate import rollouts
from koopcli.evaluate.rollouts import Windows
from koopcli.spectrum.modal import Modal


@dataclass(frozen=True)
class Pairs:
    """Where sequences start, what the modes are there and one step on.

    Attributes:
        modal: The model.
        dataset: The data.
        starts: Where the sequences start.
        before: Modes at the starts.
        inputs: What the first action adds to them.
        after: Modes one step on, as the observation there shows them.
    """

    modal: Modal
    dataset: Dataset
    starts: Starts
    before: Complex[np.ndarray, "row latent"]
    inputs: Complex[np.ndarray, "row latent"]
    after: Complex[np.ndarray, "row latent"]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def episodes(self) -> Int[np.ndarray, " row"]:
        """Number of the episode of each pair."""
        return self.starts.episodes


@dataclass(frozen=True)
class Ahead:
    """The modes `lag` steps after the starts that see so far.

    Attributes:
        lag: Steps ahead.
        predicted: λ^lag x + the inputs on the way.
        observed: What the observation there shows.
        known: Which starts see so far; rows of the others are left out.
    """

    lag: int
    predicted: Complex[np.ndarray, "row latent"]
    observed: Complex[np.ndarray, "row latent"]
    known: Bool[np.ndarray, " start"]


def gather(
    modal: Modal, dataset: Dataset, split: Split, config: InspectConfig
) -> Pairs:
    """Take transitions spread evenly over the starts of a split.

    Raises:
        DataError: The split is empty.
    """
    table = start_table(dataset, str(split))
    count = min(len(table), config.max_pairs)
    chosen = table.at(np.unique(np.linspace(0, len(table) - 1, count).astype(np.int64)))
    rows = chosen.observation_rows
    return Pairs(
        modal=modal,
        dataset=dataset,
        starts=chosen,
        before=modal.observe(dataset.observations[rows]),
        inputs=modal.drive(dataset.actions[chosen.step_rows]),
        after=modal.observe(dataset.observations[rows + 1]),
    )


def ahead(pairs: Pairs, lags: tuple[int, ...]) -> Iterator[Ahead]:
    """Yield predictions and observations at each lag that some start sees."""
    starts, dataset, modal = pairs.starts, pairs.dataset, pairs.modal
    state = pairs.before
    for step in range(1, min(max(lags), int(starts.remaining.max())) + 1):
        # The last known input stands in where the episode has ended: it is masked below.
        rows = starts.step_rows + np.minimum(step - 1, starts.remaining - 1)
        inputs = pairs.inputs if step == 1 else modal.drive(dataset.actions[rows])
        with np.errstate(over="ignore", invalid="ignore"):
            state = modal.eigenvalues * state + inputs
        if step not in lags:
            continue
        known = starts.remaining >= step
        observed = dataset.observations[starts.observation_rows[known] + step]
        yield Ahead(step, state[known], modal.observe(observed), known)


def probes(dataset: Dataset, config: InspectConfig, horizon: int) -> Windows:
    """Return a few whole windows of `horizon` steps, or of the longest episode.

    Raises:
        DataError: The split is empty.
    """
    split = str(config.split)
    episodes = start_table(dataset, split).episodes
    steps = min(horizon, int(dataset.transitions[episodes].max()))
    table = start_table(dataset, split, horizon=steps)
    count = min(len(table), config.probes)
    chosen = np.unique(np.linspace(0, len(table) - 1, count).astype(np.int64))
    return rollouts.gather(dataset, table.at(chosen), steps)
