"""Windows that grow during training: many short ones first, those of `train.horizon` last.

Short windows teach what a step does, long ones what errors grow into (docs/ablations.md).
The points of a step are about as many in every stage, and each has a program of its own.
"""

from dataclasses import replace

from koopcli.config.training import RunConfig, TrainConfig

STAGES = ((0.25, 5), (0.25, 2), (0.5, 1))
"""Share of the steps, and how many times shorter, and more, the windows are."""
SHORTEST = 100
"""Windows of fewer steps do not grow."""


def at(config: RunConfig, step: int) -> RunConfig:
    """Return `config` with the windows of the gradient step after `step` steps."""
    return replace(config, train=windows(config.train, step))


def windows(config: TrainConfig, step: int) -> TrainConfig:
    """Return `config` with the windows of the gradient step after `step` steps."""
    times = next(
        (times for end, times in _ends(config) if step < end),
        STAGES[-1][1],
    )
    return replace(
        config,
        horizon=config.horizon // times,
        batch_size=config.batch_size * times,
    )


def end(config: TrainConfig, step: int) -> int:
    """Return the step at which the windows of the step after `step` steps end."""
    return next((end for end, _ in _ends(config) if step < end), config.steps)


def each(config: TrainConfig) -> list[TrainConfig]:
    """Return `config` with the windows of each stage that has steps."""
    ends = [end for end, _ in _ends(config)]
    firsts = [0, *ends[:-1]]
    return [
        windows(config, first)
        for first, last in zip(firsts, ends, strict=True)
        if first < last
    ]


def in_words(config: TrainConfig) -> str:
    """Return what the stages are, for people."""
    parts = [f"{part.batch_size} of {part.horizon} steps" for part in each(config)]
    return f"windows grow: {', then '.join(parts)}; each stage compiles when it begins"


def _ends(config: TrainConfig) -> list[tuple[int, int]]:
    if not config.grow or config.horizon < SHORTEST:
        return [(config.steps, 1)]
    done, found = 0.0, []
    for share, times in STAGES:
        done += share
        found.append((round(done * config.steps), times))
    return found
