"""VERB: gradient updates per second of every model and horizon -> results."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import jax

from koopcli import device
from koopcli.benchmark import machine, memory, shares, workload
from koopcli.benchmark.timing import Timing, Work, interleaved
from koopcli.benchmark.update import Update
from koopcli.benchmark.workload import SyntheticData
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.choices import ModelKind
from koopcli.model import sizes

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """What was found for one model and horizon; None where it did not run.

    Attributes:
        model: Kind of model.
        horizon: Steps of each window.
        batch_size: Windows per gradient step.
        unroll: Form of the recurrence; None without one.
        iterations_per_second: Full gradient updates, median of the rounds.
        compile_seconds: Tracing and compiling.
        peak_bytes: Most memory in use.
        ratio_to_gru: Updates per second over those of the GRU at this horizon.
        parameters: Number of trained ones.
        peak_source: Who says so: the `device`, or `xla`, which computes it.
        processor_seconds: Per update, all cores together.
        fastest: Updates per second in the best round.
        slowest: Updates per second in the worst round.
        roofline: See `koopcli.benchmark.shares`; None if not asked for.
        note: Why it did not run.
    """

    model: str
    horizon: int
    batch_size: int
    unroll: str | None
    iterations_per_second: float | None = None
    compile_seconds: float | None = None
    peak_bytes: int | None = None
    ratio_to_gru: float | None = None
    parameters: int | None = None
    peak_source: str | None = None
    processor_seconds: float | None = None
    fastest: float | None = None
    slowest: float | None = None
    roofline: dict[str, float] | None = None
    note: str | None = None


@dataclass(frozen=True)
class _Ready:
    result: TrainResult
    work: Work | None


def measure(
    config: BenchmarkTrainConfig | None = None, tell: Tell = lambda _: None
) -> list[TrainResult]:
    """Time full gradient updates of every model at every horizon, in turn.

    What does not fit into memory is left out, with a note.

    Raises:
        ConfigError: No widths give a model the wanted number of parameters.
    """
    config = config or BenchmarkTrainConfig()
    ready = []
    for horizon in config.horizons:
        data = _data(config, horizon)
        for kind in config.models:
            ready.append(_prepare(kind, horizon, data, config))
            tell(_said(ready[-1].result))
    works = [each.work for each in ready if each.work is not None]
    times = iter(interleaved(works, config.repeats, tell))
    results = [
        each.result if each.work is None else _timed(each.result, next(times))
        for each in ready
    ]
    results = with_ratios(results)
    return _with_rooflines(results, config, tell) if config.roofline else results


def _data(config: BenchmarkTrainConfig, horizon: int) -> SyntheticData:
    return SyntheticData(workload.dimensions(config), horizon, key=jax.random.key(1))


def _prepare(
    kind: ModelKind, horizon: int, data: SyntheticData, config: BenchmarkTrainConfig
) -> _Ready:
    settings = workload.settings(kind, horizon, config)
    model = workload.model(settings, workload.dimensions(config))
    result = TrainResult(
        model=str(kind),
        horizon=horizon,
        batch_size=config.batch_size,
        unroll=workload.unroll_name(settings),
        parameters=sizes.size(model),
    )
    before = memory.device_peak()
    try:
        update = Update(settings, model, data)
        needed, there = update.bytes(), device.memory()
        result = dataclasses.replace(
            result, compile_seconds=update.compile_seconds, peak_bytes=needed,
            peak_source="xla",
        )  # fmt: skip
        if needed is not None and needed > there:
            return _Ready(
                dataclasses.replace(result, note=too_large(needed, there)), None
            )
        work = update.work(config.seconds)
    except jax.errors.JaxRuntimeError as error:
        if not device.does_not_fit(error):
            raise
        return _Ready(
            dataclasses.replace(result, note="does not fit into memory"), None
        )
    found, source = memory.peak(before, memory.device_peak(), needed)
    return _Ready(
        dataclasses.replace(result, peak_bytes=found, peak_source=source), work
    )


def too_large(needed: int, there: int) -> str:
    """Say that memory is too small, and by how much."""
    return f"needs {needed / 1e9:.1f} GB of memory, there are {there / 1e9:.1f}"


def _timed(result: TrainResult, timing: Timing) -> TrainResult:
    return dataclasses.replace(
        result,
        iterations_per_second=1 / timing.median,
        processor_seconds=timing.processor_median,
        fastest=1 / min(timing.wall),
        slowest=1 / max(timing.wall),
    )


def with_ratios(results: Sequence[TrainResult]) -> list[TrainResult]:
    """Complete `ratio_to_gru` where there is a GRU of the same horizon."""
    gru: Mapping[int, float | None] = {
        each.horizon: each.iterations_per_second
        for each in results
        if each.model == ModelKind.GRU
    }

    def ratio(each: TrainResult) -> float | None:
        own, other = each.iterations_per_second, gru.get(each.horizon)
        return None if own is None or other is None else own / other

    return [dataclasses.replace(each, ratio_to_gru=ratio(each)) for each in results]


def _with_rooflines(
    results: Sequence[TrainResult], config: BenchmarkTrainConfig, tell: Tell
) -> list[TrainResult]:
    limit = machine.matmul_rate()
    done = []
    for result in results:
        if result.iterations_per_second is None:
            done.append(result)
            continue
        settings = workload.settings(ModelKind(result.model), result.horizon, config)
        data = _data(config, result.horizon)
        found = shares.roofline(
            settings, workload.dimensions(config), data, config, limit
        )
        what = f"{result.model}, horizon {result.horizon}"
        tell(f"{what}: {found['fraction']:.1%} of the limit")
        done.append(dataclasses.replace(result, roofline=found))
    return done


def _said(result: TrainResult) -> str:
    what = f"{result.model}, horizon {result.horizon}"
    if result.note is not None:
        return f"{what}: left out, {result.note}"
    return f"{what}: compiled in {result.compile_seconds:.1f} s"
