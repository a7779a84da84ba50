"""VERB: rollouts per second of every model, and how long one takes -> results.

Times are those of `koopcli.evaluate.rollouts`, which `koopcli predict` uses: the states and
actions come from the host, and the predictions go back to it.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from koopcli import device
from koopcli.benchmark import workload
from koopcli.benchmark.timing import Timing, Work, interleaved, once
from koopcli.config.benchmark import BenchmarkPredictConfig
from koopcli.config.choices import ModelKind
from koopcli.evaluate.rollouts import Rollout, rollout_of
from koopcli.model.dynamics import DynamicsModel

LATENCY = (1, 100)
"""Horizons of the single rollouts whose latency is told, for those who control with it."""
MOST = 20
"""Most calls of one measurement."""
SECONDS = 0.1
"""Least time of one measurement, if so many calls take that long."""


@dataclass(frozen=True, kw_only=True)
class PredictResult:
    """What was found for one model, horizon and number of rollouts per call.

    Attributes:
        model: Kind of model.
        horizon: Steps of each rollout.
        batch_size: Rollouts per call.
        unroll: Form of the recurrence; None without one.
        rollouts_per_second: Median of the rounds; None where it did not run.
        latency_seconds: Of one call, median of the rounds.
        compile_seconds: The first call, less the time of the second.
        ratio_to_gru: Rollouts per second over those of the GRU.
        note: Why it did not run.
    """

    model: str
    horizon: int
    batch_size: int
    unroll: str | None
    rollouts_per_second: float | None = None
    latency_seconds: float | None = None
    compile_seconds: float | None = None
    ratio_to_gru: float | None = None
    note: str | None = None


def measure(
    config: BenchmarkPredictConfig | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[PredictResult]:
    """Time rollouts of every model, horizon and batch, in turn.

    Single rollouts of the horizons in `LATENCY` are always among them.

    Raises:
        ConfigError: No widths give a model the wanted number of parameters.
    """
    config = config or BenchmarkPredictConfig()
    sizes = [(horizon, 1) for horizon in LATENCY]
    sizes += [(h, b) for h in config.horizons for b in config.batch_sizes]
    models = {kind: _model(kind, config) for kind in config.models}
    results, works = [], {}
    for horizon, batch in dict.fromkeys(sizes):
        for kind, (model, unroll) in models.items():
            empty = PredictResult(
                model=str(kind), horizon=horizon, batch_size=batch, unroll=unroll
            )
            result, work = _prepare(empty, model, config)
            tell(
                f"{kind}, horizon {horizon}, batch {batch}: {result.note or 'compiled'}"
            )
            results.append(result)
            if work is not None:
                works[len(results) - 1] = work
    times = interleaved(list(works.values()), config.repeats, tell)
    for number, timing in zip(works, times, strict=True):
        results[number] = _timed(results[number], timing)
    return _with_ratios(results)


def _model(
    kind: ModelKind, config: BenchmarkPredictConfig
) -> tuple[DynamicsModel, str | None]:
    # The shape of the model as for training at its default horizon, whatever horizons are
    # measured: how often it re-encodes is part of it.
    settings = workload.settings(kind, workload.default_horizon(kind), config)
    model = workload.model(settings, workload.dimensions(config))
    return model, workload.unroll_name(settings)


def _prepare(
    result: PredictResult, model: DynamicsModel, config: BenchmarkPredictConfig
) -> tuple[PredictResult, Work | None]:
    batch = result.batch_size
    random = np.random.default_rng(0)
    states = random.normal(size=(batch, config.observation_dim))
    actions = random.normal(size=(batch, result.horizon, config.action_dim))
    rollout = rollout_of(model, batch)
    try:
        first, second = (_call(rollout, states, actions) for _ in range(2))
    except jax.errors.JaxRuntimeError as error:
        if not device.does_not_fit(error):
            raise
        return dataclasses.replace(result, note="does not fit into memory"), None
    count = max(1, min(MOST, round(SECONDS / second)))

    def run() -> None:
        for _ in range(count):
            rollout(states, actions)

    found = dataclasses.replace(result, compile_seconds=max(0.0, first - second))
    return found, Work(run, count)


def _call(rollout: Rollout, states: np.ndarray, actions: np.ndarray) -> float:
    return max(once(Work(lambda: rollout(states, actions)))[0], 1e-9)


def _timed(result: PredictResult, timing: Timing) -> PredictResult:
    return dataclasses.replace(
        result,
        rollouts_per_second=result.batch_size / timing.median,
        latency_seconds=timing.median,
    )


def _with_ratios(results: Sequence[PredictResult]) -> list[PredictResult]:
    gru = {
        (each.horizon, each.batch_size): each.rollouts_per_second
        for each in results
        if each.model == ModelKind.GRU
    }

    def ratio(each: PredictResult) -> float | None:
        own = each.rollouts_per_second
        other = gru.get((each.horizon, each.batch_size))
        return None if own is None or other is None else own / other

    return [dataclasses.replace(each, ratio_to_gru=ratio(each)) for each in results]
