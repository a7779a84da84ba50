"""Tables of `koopcli benchmark`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from koopcli.cli.render import number

if TYPE_CHECKING:
    from koopcli.benchmark.predict import PredictResult
    from koopcli.benchmark.train import TrainResult
    from koopcli.benchmark.unroll import UnrollResult

Table = tuple[str, list[str], list[list[str]]]


def updates(results: Sequence["TrainResult"]) -> Iterator[Table]:
    """Yield the table of gradient updates, and the one of the limits if asked for."""
    columns = [
        "model", "horizon", "updates/s", "slowest", "fastest", "x gru", "compile s",
        "peak MB", "parameters", "unroll",
    ]  # fmt: skip
    rows = [
        [
            each.model,
            str(each.horizon),
            each.note or number(each.iterations_per_second),
            number(each.slowest),
            number(each.fastest),
            number(each.ratio_to_gru, 3),
            number(each.compile_seconds, 3),
            _megabytes(each.peak_bytes),
            str(each.parameters),
            each.unroll or "-",
        ]
        for each in results
    ]
    yield f"Gradient updates, {results[0].batch_size} windows each", columns, rows
    known = [(each, each.roofline) for each in results if each.roofline is not None]
    if not known:
        return
    shares = list(
        dict.fromkeys(name for _, line in known for name in line if _is_share(name))
    )
    columns = ["model", "horizon", "GFLOP/step", "GFLOP/s", "limit", "of limit"]
    columns += [name.removeprefix("share_") for name in shares]
    yield (
        "Against the rate of matrix products, and what a step goes to",
        columns,
        [
            [
                each.model,
                str(each.horizon),
                number(line["operations"] / 1e9),
                number(line["operations_per_second"] / 1e9),
                number(line["limit"] / 1e9),
                _percent(line["fraction"]),
                *(_percent(line.get(name)) for name in shares),
            ]
            for each, line in known
        ],
    )


def floors(results: Sequence["UnrollResult"]) -> Iterator[Table]:
    """Yield the table of the forms of the recurrence."""
    columns = [
        "unroll",
        "computes",
        "horizon",
        "ms",
        "floor ms",
        "x floor",
        "GB/s",
        "MB",
    ]
    rows = [
        [
            each.unroll,
            each.passes,
            str(each.horizon),
            each.note or number(_milli(each.seconds)),
            number(_milli(each.floor_seconds)),
            number(each.ratio_to_floor, 3),
            number(None if each.bandwidth is None else each.bandwidth / 1e9, 3),
            _megabytes(each.peak_bytes),
        ]
        for each in results
    ]
    first = results[0]
    title = f"x[t+1] = Λ x[t] + c[t], {first.batch_size} x {first.latent_dim}"
    yield title, columns, rows


def rollouts(results: Sequence["PredictResult"]) -> Iterator[Table]:
    """Yield the table of rollouts; a batch of one is what a controller waits for."""
    columns = [
        "model",
        "horizon",
        "batch",
        "rollouts/s",
        "ms per call",
        "x gru",
        "compile s",
    ]
    yield (
        "Rollouts, from the host and back to it",
        columns,
        [
            [
                each.model,
                str(each.horizon),
                str(each.batch_size),
                each.note or number(each.rollouts_per_second),
                number(_milli(each.latency_seconds)),
                number(each.ratio_to_gru, 3),
                number(each.compile_seconds, 3),
            ]
            for each in results
        ],
    )


def _is_share(name: str) -> bool:
    return name.startswith("share_")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _milli(seconds: float | None) -> float | None:
    return None if seconds is None else 1e3 * seconds


def _megabytes(count: int | None) -> str:
    return "-" if count is None else f"{count / 1e6:.0f}"
