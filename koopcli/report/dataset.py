"""The data: what is in them, and what the doctor says."""

from collections.abc import Iterator

from koopcli.data.statistics import ColumnStatistics
from koopcli.data.store import Dataset
from koopcli.doctor.finding import Finding, Severity
from koopcli.evaluate.formats import number
from koopcli.report.blocks import Block, Lines, Part, Section, Table, Text
from koopcli.report.material import NO_DATA, Held, Material
from koopcli.report.words import short_hash, side_by_side, steps, together, value

PLACES = 3
"""Shown per finding."""
TONES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.REMARK: "plain"}


def section(material: Material) -> Section:
    """Return the section."""
    held = material.held
    if held is None:
        return Section("data", "Data", (Text(NO_DATA),))
    columns = Table(
        "Columns, over the training split, physical units",
        ("column", "kind", "mean", "standard deviation", "least", "largest"),
        list(_columns(held.dataset)),
    )
    return Section(
        "data",
        "Data",
        (
            side_by_side("The dataset file", ("value",), [_facts(held)]),
            Part("What the doctor says", tuple(_findings(held))),
            Part("Columns", (columns,), folded=True),
        ),
    )


def _facts(held: Held) -> dict[str, str]:
    data = held.dataset
    splits = together(f"{name} {len(part)}" for name, part in data.splits.items())
    clock = f"{data.dt:g} s ({1 / data.dt:g} Hz)" if data.dt_known else "unknown"
    low, high = int(data.lengths.min()), int(data.lengths.max())
    lengths = f"{low} to {high} steps" if low < high else f"{steps(low)} each"
    return {
        "file": str(held.path),
        "SHA-256": short_hash(held.sha256),
        "episodes": f"{len(data.lengths):,}, of {lengths}",
        "steps": f"{int(data.lengths.sum()):,}",
        "time step": clock,
        "splits, episodes": splits,
        "terminations": str(int(data.terminations[:].sum())),
        "truncations": str(int(data.truncations[:].sum())),
        "last observation unknown": str(int((~data.last_observation_known).sum())),
        "rewards": value(data.rewards is not None),
        "samples of the past": value(data.delays and data.delays.as_json()),
    }


def _findings(held: Held) -> Iterator[Block]:
    counts = held.diagnosis.counts()
    said = together(f"{name}s {count}" for name, count in counts.items())
    yield Text(f"{held.diagnosis.episodes} episodes examined: {said}.")
    for severity, tone in TONES.items():
        lines = tuple(
            _sentence(finding)
            for finding in held.diagnosis.findings
            if finding.severity == severity
        )
        if lines:
            yield Lines(lines, tone)


def _sentence(finding: Finding) -> str:
    where = together(str(place) for place in finding.places[:PLACES])
    more = finding.count - min(len(finding.places), PLACES)
    if where:
        where = f" ({where}{f'; and {more} more' if more > 0 else ''})"
    return f"{finding.check}: {finding.what}{where}. To do: {finding.advice}"


def _columns(data: Dataset) -> Iterator[list[str]]:
    kinds: list[tuple[str, tuple[str, ...], ColumnStatistics | None]] = [
        ("observation", data.observation_names, data.statistics.observations),
        ("action", data.action_names, data.statistics.actions),
        ("reward", ("reward",), data.statistics.rewards),
    ]
    for kind, names, found in kinds:
        if found is None:
            continue
        values = zip(found.mean, found.std, found.min, found.max, strict=True)
        for name, row in zip(names, values, strict=True):
            yield [name, kind, *(number(float(each)) for each in row)]
