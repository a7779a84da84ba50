"""Ctrl-C and SIGTERM during training: asked once, the present call is finished first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Asked:
    """Whether somebody asked the run to stop."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    @property
    def name(self) -> str | None:
        """Of the signal."""
        return signal.Signals(self.number).name if self else None


@contextmanager
def deferred() -> Iterator[Asked]:
    """Note the first signal instead of stopping; a second one stops at once.

    Only the main thread of a process hears signals: elsewhere this does nothing.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.number = number

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
