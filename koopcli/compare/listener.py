"""Who hears how a comparison goes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from koopcli.train.report import Reporter


@dataclass(frozen=True)
class Listener:
    """What a comparison says while it works.

    Attributes:
        tell: Called with one line when something starts or is skipped.
        watch: Makes the reporter of one training run.
        evaluated: Called with the evaluated starts and their total.
        command: Command line, for the record of each run.
    """

    tell: Callable[[str], None] = lambda line: None
    watch: Callable[[], AbstractContextManager[Reporter]] = lambda: nullcontext(
        lambda report: None
    )
    evaluated: Callable[[int, int], None] = lambda done, total: None
    command: str = ""
