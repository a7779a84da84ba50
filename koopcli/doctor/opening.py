"""From what the user names to what the checks see."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from koopcli.config.data import IngestConfig
from koopcli.data import agreement
from koopcli.data.episode import Episode
from koopcli.data.readers import Source, open_source
from koopcli.doctor import dataset_file
from koopcli.doctor.view import View
from koopcli.errors import DataError


def open_view(names: Sequence[str], config: IngestConfig, horizon: int) -> View:
    """Open one dataset file, or one or several sources that `ingest` reads.

    Args:
        names: A dataset file, or files, folders and Minari ids.
        config: How to read the sources.
        horizon: Steps that a model is to be trained on.

    Raises:
        DataError: Something is missing, damaged, or does not go together.
    """
    datasets = [name for name in names if dataset_file.detect(Path(name))]
    if datasets and len(names) > 1:
        raise DataError(f"{datasets[0]}: a dataset file is examined alone; give one")
    if datasets:
        return dataset_file.open_dataset(Path(datasets[0]), horizon)
    sources = [open_source(name, config)[1] for name in names]
    agreement.check_columns(names, sources)
    _, dt_source, dt_known = agreement.sampling_time(sources, config)
    return View(
        observation_names=sources[0].observation_names,
        action_names=sources[0].action_names,
        episodes=lambda: _episodes(sources),
        horizon=horizon,
        dt_known=dt_known,
        dt_source=dt_source,
        lines=lambda: [line for source in sources for line in source.warnings],
    )


def _episodes(sources: list[Source]) -> Iterator[Episode]:
    for source in sources:
        for episode in source.episodes():
            _check_shapes(episode, source)
            yield episode


def _check_shapes(episode: Episode, source: Source) -> None:
    widths = (episode.observations.shape[1], episode.actions.shape[1])
    if widths != (len(source.observation_names), len(source.action_names)):
        raise DataError(
            f"{episode.source}: {widths[0]} observation and {widths[1]} action columns, "
            f"expected {len(source.observation_names)} and {len(source.action_names)}"
        )
    steps = episode.length
    flags = [episode.terminations, episode.truncations]
    flags += [] if episode.rewards is None else [episode.rewards]
    observed = len(episode.observations) - steps
    if observed not in (0, 1) or any(len(flag) != steps for flag in flags):
        raise DataError(
            f"{episode.source}: {len(episode.observations)} observations, {steps} "
            f"actions and {[len(flag) for flag in flags]} flags and rewards do not go "
            "together"
        )
