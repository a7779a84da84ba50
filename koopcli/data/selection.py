"""Which episodes of the sources go into the dataset; the others are counted."""

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import ranges
from koopcli.data.episode import Episode
from koopcli.errors import DataError


class Selection:
    """Decides episode by episode, in the order of the sources."""

    def __init__(self, config: IngestConfig):
        self._config = config
        self._wanted = config.episodes and ranges.parse(config.episodes, "--episodes")
        self._seen = self._kept = 0

    def reason_to_drop(self, episode: Episode) -> str | None:
        """Return why the next episode is left out, or None.

        Raises:
            DataError: Returns are asked for and there are no rewards.
        """
        number = self._seen
        self._seen += 1
        config = self._config
        if self._wanted and not any(number in part for part in self._wanted):
            return "not among --episodes"
        if config.min_return is not None or config.max_return is not None:
            if episode.rewards is None:
                raise DataError(
                    f"{episode.source}: has no rewards; --min-return and --max-return "
                    "need them"
                )
            total = float(episode.rewards.sum(dtype=np.float64))
            if config.min_return is not None and total < config.min_return:
                return f"return below {config.min_return:g}"
            if config.max_return is not None and total > config.max_return:
                return f"return above {config.max_return:g}"
        if config.drop_terminated and episode.terminations.any():
            return "terminated"
        if config.max_episodes is not None and self._kept >= config.max_episodes:
            return f"more than {config.max_episodes} episodes"
        self._kept += 1
        return None

    def check_all_found(self) -> None:
        """Refuse a choice of episodes that are not there.

        Raises:
            DataError: A number is too large; call when all episodes were seen.
        """
        largest = max((part.stop - 1 for part in self._wanted or ()), default=-1)
        if largest >= self._seen:
            raise DataError(
                f"--episodes names episode {largest}, but there are {self._seen} "
                "(counted from 0)"
            )
