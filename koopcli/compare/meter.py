"""Seconds of training alone, from what the training loop reports."""

from collections.abc import Collection

from koopcli.train.report import StepReport


class Meter:
    """A `Reporter` that adds up the time of the calls of the device.

    The first call of a process compiles, so its steps count at the mean rate of the
    others; unless there are no others.
    """

    def __init__(self, starts: Collection[int] = ()) -> None:
        """Start at step 0; `starts` are the steps from which other processes went on."""
        self.steps = 0
        self._starts = {0, *starts}
        self._first = (0, 0.0)
        self._rest = (0, 0.0)

    def __call__(self, record: StepReport) -> None:
        """Note one call."""
        self.note(record.step, record.steps_per_second)

    def note(self, step: int, rate: float) -> None:
        """Note the call that ended at `step`, of `rate` steps per second."""
        count = step - self.steps
        # Rates in files are rounded, perhaps to 0.
        seconds = count / max(rate, 1e-3)
        if self.steps in self._starts:
            self._first = (self._first[0] + count, self._first[1] + seconds)
        else:
            self._rest = (self._rest[0] + count, self._rest[1] + seconds)
        self.steps = step

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        count, seconds = self._rest
        return seconds * self.steps / count if count else self._first[1]
