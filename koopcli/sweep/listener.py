"""Who hears how a sweep goes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from koopcli.train.report import Reporter


@dataclass(frozen=True)
class Listener:
    """What a sweep says while it works.

    Attributes:
        tell: Called with one line when something starts, ends or is noticed.
        watch: Makes the reporter of one training run.
        command: Command line that goes on with the sweep, for the record of each run.
    """

    tell: Callable[[str], None] = lambda line: None
    watch: Callable[[], AbstractContextManager[Reporter]] = lambda: nullcontext(
        lambda report: None
    )
    command: str = ""

    @property
    def advice(self) -> str:
        """How to go on."""
        if self.command:
            return f"go on with: {self.command}"
        return "go on with the same request"
