"""The bookkeeping of a run: how far, how fast, which model is best."""

import math
import time
from collections.abc import Iterator
from typing import Any

from koopcli.config.training import TrainConfig
from koopcli.train import stages


class Clock:
    """Counts steps and seconds, from those of an earlier part of the run on."""

    def __init__(self, steps: int, done: int = 0, seconds: float = 0.0):
        self.steps = steps
        self.done = done
        self.rate = 0.0
        self._started = time.monotonic() - seconds
        self._before = seconds
        self.start_up: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def begun(self) -> None:
        """Note that the device has been given steps to take; the first time counts."""
        if self.start_up is None:
            self.start_up = self.seconds - self._before

    def tick(self, done: int, count: int, elapsed: float) -> None:
        """Note that `count` steps took `elapsed` seconds and `done` are done."""
        # The rate of the last call alone: the first one compiles, and an average would
        # drag that along to the end.
        self.done, self.rate = done, count / max(elapsed, 1e-9)

    def fields(self) -> dict[str, Any]:
        """Return the fields of a `StepReport` that concern time."""
        return {
            "step": self.done,
            "steps": self.steps,
            "seconds": self.seconds,
            "steps_per_second": self.rate,
            "eta_seconds": (self.steps - self.done) / self.rate,
        }


class BestModel:
    """Remembers the best validation error, and when to give up."""

    def __init__(
        self,
        patience: int,
        *,
        value: float | None = None,
        step: int = 0,
        waited: int = 0,
    ):
        self.patience = patience
        self.value = value
        self.step = step
        self.waited = waited

    def offer(self, value: float, step: int) -> bool:
        """Return whether `value` is the best so far; NaN never is."""
        better = math.isfinite(value) and (self.value is None or value < self.value)
        if better:
            self.value, self.step, self.waited = value, step, 0
        else:
            self.waited += 1
        return better

    @property
    def exhausted(self) -> bool:
        """Whether `patience` validations in a row brought nothing (0: never)."""
        return 0 < self.patience <= self.waited


class Timer:
    """Says when so many minutes have passed since it last said so; 0: never."""

    def __init__(self, minutes: float):
        self.seconds = 60 * minutes
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether it is time."""
        if not self.seconds or time.monotonic() - self._last < self.seconds:
            return False
        self._last = time.monotonic()
        return True


def dispatch_lengths(config: TrainConfig, done: int = 0) -> Iterator[int]:
    """Cut the run from step `done` on into calls.

    They end at every validation and checkpoint, and where the windows grow. Where the run
    was cut before does not matter, if it was at the end of a call.
    """
    while done < config.steps:
        ends = [done + config.dispatch_steps, stages.end(config, done)]
        for period in (config.eval_every, config.checkpoint_every):
            if period:
                ends.append((done // period + 1) * period)
        yield min(ends) - done
        done = min(ends)


def checkpoint_due(config: TrainConfig, done: int, count: int) -> bool:
    """Whether the call of `count` steps that ended at `done` reached a checkpoint."""
    period = config.checkpoint_every
    return period > 0 and done // period > (done - count) // period
