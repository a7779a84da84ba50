"""Writers of foreign formats; what they write, `koopcli ingest` reads back unchanged.

Each module offers `write(path, episodes, about)`. What a format cannot hold is refused,
never left out.
"""

from dataclasses import dataclass

from koopcli.data.episode import Episode
from koopcli.data.export_notes import Notes
from koopcli.errors import DataError


@dataclass(frozen=True)
class About:
    """What holds for all episodes.

    Attributes:
        notes: Names and sampling time.
        with_splits: Whether the split of each episode is written, where there is a place.
    """

    notes: Notes
    with_splits: bool


def check_ends(episodes: list[Episode], kind: str) -> list[str]:
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
