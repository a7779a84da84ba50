"""The bookkeeping of a run: how far, how fast, which model is best."""

import math
import time
from collections.abc import Iterator
from typing import Any

from koopcli.config import TrainConfig


class Clock:
    """Counts steps and seconds."""

    def __init__(self, steps: int):
        self.steps = steps
        self.done = 0
        self.rate = 0.0
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

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

    def __init__(self, *, patience: int):
        self.patience = patience
        self.value: float | None = None
        self.step = 0
        self._waited = 0

    def offer(self, value: float, step: int) -> bool:
        """Return whether `value` is the best so far; NaN never is."""
        better = math.isfinite(value) and (self.value is None or value < self.value)
        if better:
            self.value, self.step, self._waited = value, step, 0
        else:
            self._waited += 1
        return better

    @property
    def exhausted(self) -> bool:
        """Whether `patience` validations in a row brought nothing (0: never)."""
        return 0 < self.patience <= self._waited


def dispatch_lengths(config: TrainConfig) -> Iterator[int]:
    """Cut the run into calls that end at every validation and checkpoint."""
    done = 0
    while done < config.steps:
        ends = [done + config.dispatch_steps, config.steps]
        for period in (config.eval_every, config.checkpoint_every):
            if period:
                ends.append((done // period + 1) * period)
        yield min(ends) - done
        done = min(ends)


def checkpoint_due(config: TrainConfig, done: int, count: int) -> bool:
    """Whether the call of `count` steps that ended at `done` reached a checkpoint."""
    period = config.checkpoint_every
    return period > 0 and done // period > (done - count) // period
