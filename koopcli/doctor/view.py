"""Data as the checks see it: episodes to stream, and a survey of all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from koopcli.data.episode import Episode
from koopcli.doctor.finding import Place
from koopcli.doctor.survey import Survey, survey


@dataclass(frozen=True)
class View:
    """A dataset file, or sources that `ingest` reads.

    Attributes:
        observation_names: One per column.
        action_names: One per column.
        episodes: Starts a fresh pass over the episodes; they may break every promise but
            that of their shapes.
        horizon: Steps that a model is to be trained on.
        dt_known: Whether the seconds between two observations are known.
        dt_source: Where they came from.
        lines: What the reader says about the data; complete after one pass.
        is_dataset: Whether this is a dataset file: then `lines` are about its sources.
    """

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    episodes: Callable[[], Iterator[Episode]]
    horizon: int
    dt_known: bool = True
    dt_source: str = ""
    lines: Callable[[], list[str]] = list
    is_dataset: bool = False

    @cached_property
    def survey(self) -> Survey:
        """Facts about all episodes, gathered in one pass."""
        return survey(self.episodes(), self.column_names)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the observation columns, then of the action columns."""
        return (*self.observation_names, *self.action_names)

    def place(
        self, episode: int, step: int | None = None, column: str | None = None
    ) -> Place:
        """Name a place."""
        source = self.survey.episodes[episode].source
        return Place(episode=episode, step=step, column=column, source=source)
