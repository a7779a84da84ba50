"""Writers of foreign formats; what they write, `koopcli ingest` reads back unchanged.

Each module offers `write(path, episodes, about)`, which goes over the episodes more than
once and holds few of them at a time. What a format cannot hold is refused, never left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from koopcli.data.episode import Episode
from koopcli.data.export_notes import Notes
from koopcli.errors import DataError

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class About:
    """What holds for all episodes.

    Attributes:
        notes: Names and sampling time.
        with_splits: Whether the split of each episode is written, where there is a place.
    """

    notes: Notes
    with_splits: bool


def check_ends(episodes: Iterable[Episode], kind: str) -> list[str]:
    """Refuse marks within an episode; remark on ends without any mark.

    In flat formats a mark ends the episode, and every episode needs one.

    Returns:
        Remarks.

    Raises:
        DataError: An episode goes on after a termination or a truncation.
    """
    unmarked = 0
    for episode in episodes:
        marks = episode.terminations | episode.truncations
        if marks[:-1].any():
            raise DataError(
                f"{episode.source}: goes on after a termination or truncation, which "
                f"{kind} files cannot say; export it as minari"
            )
        unmarked += not marks[-1]
    if not unmarked:
        return []
    return [f"{unmarked} episodes without an end mark were marked as truncated"]


def batches(episodes: Iterable[Episode]) -> Iterator[list[Episode]]:
    """Group successive episodes, so that each group has enough rows to write at once."""
    group: list[Episode] = []
    rows = 0
    for episode in episodes:
        group.append(episode)
        rows += len(episode.observations)
        if rows >= BATCH_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group
