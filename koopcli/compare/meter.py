"""Seconds of training alone, from what the training loop reports."""

from koopcli.train.report import StepReport


class Meter:
    """A `Reporter` that adds up the time of the calls of the device.

    The first call compiles, so its steps count at the mean rate of the others; unless
    it was the only one.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._first = (0, 0.0)
        self._rest = (0, 0.0)

    def __call__(self, record: StepReport) -> None:
        """Note one call."""
        count = record.step - self.steps
        seconds = count / record.steps_per_second
        if self.steps == 0:
            self._first = (count, seconds)
        else:
            self._rest = (self._rest[0] + count, self._rest[1] + seconds)
        self.steps = record.step

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        count, seconds = self._rest
        return seconds * self.steps / count if count else self._first[1]
