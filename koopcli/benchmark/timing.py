"""Time of several programs on a machine that is never quite idle."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Times of one program, one per round, for one piece of its work.

    Attributes:
        wall: Seconds on the clock.
        processor: Seconds of processor time of this process, all threads together.
    """

    wall: tuple[float, ...]
    processor: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the seconds on the clock."""
        return statistics.median(self.wall)

    @property
    def processor_median(self) -> float:
        """Median of the processor time."""
        return statistics.median(self.processor)


@dataclass(frozen=True)
class Work:
    """Something to time.

    Attributes:
        run: Does the work and waits for its end.
        pieces: How many pieces of work that is.
    """

    run: Callable[[], object]
    pieces: int = 1


def interleaved(
    works: Sequence[Work],
    repeats: int,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Timing]:
    """Time all in turn, `repeats` times over: A B C A B C.

    What else the machine does then falls on all alike. The caller has run each before.
    """
    measured: list[list[tuple[float, float]]] = [[] for _ in works]
    for number in range(1, repeats + 1):
        for work, times in zip(works, measured, strict=True):
            times.append(once(work))
        tell(f"round {number} of {repeats}")
    return [
        Timing(*(tuple(column) for column in zip(*times, strict=True)))
        for times in measured
    ]


def once(work: Work) -> tuple[float, float]:
    """Return seconds on the clock and of the processor, per piece."""
    wall, processor = time.perf_counter(), time.process_time()
    work.run()
    ends = time.perf_counter() - wall, time.process_time() - processor
    return ends[0] / work.pieces, ends[1] / work.pieces
