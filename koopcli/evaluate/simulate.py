"""VERB: simulation of whole episodes by runs and baselines -> SimulationReport.

The protocol of system identification: the first `n_init` samples of an episode are
given, everything after them is simulated from the inputs alone, in one piece.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from koopcli.config.choices import Device
from koopcli.config.evaluation import SimulateConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.errors import ConfigError, DataError
from koopcli.evaluate import metrics, simulation
from koopcli.evaluate.entrants import Loaded, entrants, load
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.naming import label
from koopcli.evaluate.rollouts import Predicted, Windows, batch_rows, batches
from koopcli.evaluate.simulation import (
    SimulationProtocol,
    SimulationReport,
    SimulationRow,
)
from koopcli.evaluate.tally import Entrant

BATCH = 1024
"""Most episodes per call of the device."""
Progress = Callable[[int, int], None]
"""Called with the episodes done and their total."""


def simulate(
    runs: Sequence[Path],
    dataset_path: Path,
    config: SimulateConfig | None = None,
    *,
    device: Device = Device.AUTO,
    progress: Progress = lambda done, total: None,
) -> SimulationReport:
    """Simulate every episode of a split to its end, and score it.

    Args:
        runs: Run folders or model files.
        dataset_path: A dataset file.
        config: Which episodes, and how much of each is given.
        device: Where the models run.
        progress: Told after each batch of episodes.

    Raises:
        ConfigError: No run is given, or one twice, or `n_init` is too small.
        DataError: The dataset is unusable, or no episode is longer than `n_init`.
        ModelError: A model is unusable or does not fit the dataset.
        DeviceError: The device is not there.
    """
    config = config or SimulateConfig()
    loaded = load(runs, dataset_path, device)
    dataset, n_init = loaded.dataset, initial_samples(loaded.dataset, config.n_init)
    chosen, warnings = whole_episodes(dataset, config.split, n_init)
    longest, total = int(chosen.remaining.max()), len(chosen)
    size = batch_rows(BATCH, longest, total)
    models = entrants(loaded, size, config.reencode_every)
    sums: list[list[Sums]] = [[] for _ in models]
    for window in batches(dataset, chosen, longest, size):
        for model, found in zip(models, sums, strict=True):
            predicted = model.rollout(window.states, window.actions)
            found += _each(predicted, window)
        progress(len(sums[0]), total)
    return SimulationReport(
        protocol=_protocol(dataset_path, loaded, config, n_init, total),
        rows=tuple(
            row
            for model, found in zip(models, sums, strict=True)
            for row in _rows(model, found, dataset, chosen)
        ),
        warnings=(*loaded.warnings, *warnings, *_broken(models, sums)),
    )


def initial_samples(dataset: Dataset, asked: int | None) -> int:
    """Return the samples that are given: as asked, else the fewest that a start needs.

    Raises:
        ConfigError: The past of the first observation alone is longer.
    """
    fewest = 1 + (0 if dataset.delays is None else dataset.delays.past)
    if asked is not None and asked < fewest:
        raise ConfigError(
            f"--n-init {asked}: an observation of {dataset.path} already holds {fewest} "
            "samples (--delay-embed); give at least as many"
        )
    return fewest if asked is None else asked


def whole_episodes(
    dataset: Dataset, split: str, n_init: int
) -> tuple[Starts, tuple[str, ...]]:
    """Return one start per episode, at its sample `n_init` - 1, and warnings.

    Raises:
        DataError: No episode of the split is longer than that.
    """
    past = 0 if dataset.delays is None else dataset.delays.past
    # Observation 0 of a file with delays is sample `past` of the recording.
    offset = n_init - 1 - past
    episodes = dataset.splits[split]
    long = episodes[dataset.transitions[episodes] > offset]
    if len(long) == 0:
        raise DataError(
            f"{dataset.path}: no episode of the {split} split has more than {n_init} "
            "samples, so there is nothing to simulate"
        )
    starts = Starts(
        observation_rows=dataset.observation_starts[long] + offset,
        step_rows=dataset.step_starts[long] + offset,
        remaining=dataset.transitions[long] - offset,
        episodes=long,
    )
    left_out = len(episodes) - len(long)
    if not left_out:
        return starts, ()
    return starts, (
        f"{left_out} of {len(episodes)} episodes have no more than {n_init} samples and "
        "are left out",
    )


def _each(predicted: Predicted, window: Windows) -> list[Sums]:
    # The samples of one episode count alike: as starts of a single step.
    return [
        metrics.measure(
            states[known][:, None], truth[known][:, None], known[known, None]
        )
        for states, truth, known in zip(
            predicted.states, window.truth, window.mask, strict=True
        )
    ]


def _rows(
    model: Entrant, found: list[Sums], dataset: Dataset, chosen: Starts
) -> list[SimulationRow]:
    scales = dataset.output_statistics.observations.scale
    who, names = (model.run, model.model), dataset.output_names
    together = found[0]
    for part in found[1:]:
        together = metrics.merge(together, part)
    result = simulation.rows(who, (None, ""), together, scales, names)
    for episode, part in zip(chosen.episodes.tolist(), found, strict=True):
        place = (episode, dataset.sources[episode])
        result += simulation.rows(who, place, part, scales, names)
    return result


def _broken(models: list[Entrant], sums: list[list[Sums]]) -> list[str]:
    warnings = []
    for model, found in zip(models, sums, strict=True):
        broken = sum(bool(np.any(part.nonfinite)) for part in found)
        if broken:
            warnings.append(
                f"{label(model.run, model.model)}: {broken} of {len(found)} simulations "
                "became NaN or infinite; their errors are null"
            )
    return warnings


def _protocol(
    path: Path, loaded: Loaded, config: SimulateConfig, n_init: int, episodes: int
) -> SimulationProtocol:
    return SimulationProtocol(
        dataset=str(path),
        dataset_sha256=loaded.digest,
        split=str(config.split),
        episodes=episodes,
        n_init=n_init,
        reencode_every={
            run: saved.model.reencoding(config.reencode_every)
            for run, saved in loaded.saved.items()
        },
        dt=loaded.dataset.dt,
        dt_known=loaded.dataset.dt_known,
        device=loaded.device,
    )
