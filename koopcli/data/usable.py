"""The episodes of all sources that go into the dataset, made ready and counted."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import delay_embedding, suspicions
from koopcli.data.episode import Episode
from koopcli.data.readers import Source
from koopcli.data.selection import Selection
from koopcli.data.subsampling import subsample

INCOMPLETE = "beyond the last whole step of --subsample"


class Tally:
    """Facts about the episodes, gathered while they stream by.

    Attributes:
        dropped: Episodes that were left out, by reason.
        dropped_steps: Steps that were left out, by reason.
        returns: Sum of rewards of each kept episode that has any.
        terminations: Number of terminations kept.
        truncations: Number of truncations kept.
        signs: Suspicious facts.
        splits: The split that the owner of each kept episode chose.
    """

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.dropped_steps: Counter[str] = Counter()
        self.returns: list[float] = []
        self.terminations = self.truncations = 0
        self.signs = suspicions.Signs()
        self.splits: list[str | None] = []

    def keep(self, episode: Episode) -> None:
        """Count an episode of the dataset."""
        self.terminations += int(episode.terminations.sum())
        self.truncations += int(episode.truncations.sum())
        if episode.rewards is not None:
            self.returns.append(float(episode.rewards.sum(dtype=np.float64)))
        self.signs.see(episode)
        self.splits.append(episode.split)

    def drop(self, reason: str, steps: int) -> None:
        """Count an episode that was left out."""
        self.dropped[reason] += 1
        self.dropped_steps[reason] += steps

    def drop_steps(self, reason: str, steps: int) -> None:
        """Count steps that were left out of an episode that itself is kept."""
        self.dropped[reason] += 0
        self.dropped_steps[reason] += steps


def usable(
    sources: list[Source], config: IngestConfig, tally: Tally
) -> Iterator[Episode]:
    """Select, subsample and embed; what is left out goes into `tally`."""
    selection = Selection(config)
    for source in sources:
        for episode in source.episodes():
            reason = selection.reason_to_drop(episode)
            if reason is not None:
                tally.drop(reason, episode.length)
                continue
            ready = _ready(episode, config, tally)
            if ready is not None:
                yield ready
        for why, steps in source.dropped.items():
            tally.drop_steps(why, steps)
    selection.check_all_found()


def _ready(episode: Episode, config: IngestConfig, tally: Tally) -> Episode | None:
    if config.subsample > 1:
        episode, rest = subsample(episode, config.subsample)
        if rest:
            tally.drop_steps(INCOMPLETE, rest)
    if episode.length == 0:
        tally.drop("empty", 0)
        return None
    past = (config.delay_embed - 1) * config.delay_lag
    if episode.length <= past:
        tally.drop(delay_embedding.TOO_SHORT, episode.length)
        return None
    if past:
        tally.drop_steps(delay_embedding.FIRST_STEPS, past)
        episode = delay_embedding.embed(episode, config.delay_embed, config.delay_lag)
    if episode.length == 1 and not episode.last_observation_known:
        tally.drop("one step whose result is unknown", 1)
        return None
    if episode.length < config.min_length:
        tally.drop(f"shorter than {config.min_length} steps", episode.length)
        return None
    return episode
