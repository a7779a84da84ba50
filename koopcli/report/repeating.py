"""Protocol, environment and commands: what somebody needs to repeat all of it."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from koopcli.report.blocks import Block, Commands, Part, Section, Text
from koopcli.report.material import NO_DATA, Material
from koopcli.report.run import Run
from koopcli.report.words import side_by_side, value
from koopcli.spectrum.verification import Verification

ABOUT_THE_RUN = ("schema", "command", "dataset", "dataset_sha256", "resumed")
"""Fields of `environment.json` that are shown elsewhere."""


def protocol(material: Material) -> Section:
    """Return what exactly was measured."""
    if material.held is None:
        return Section("protocol", "Protocol", (Text(NO_DATA),))
    facts = {
        name.replace("_", " "): value(found)
        for name, found in material.held.evaluation.protocol.document().items()
    }
    blocks: list[Block] = [side_by_side("Of the errors", ("value",), [facts])]
    # The same for every run.
    held = [each.verification for each in material.spectra.values()][:1]
    blocks += [
        side_by_side("Of verified modes", ("value",), [_of_modes(each)])
        for each in held
        if each is not None
    ]
    return Section("protocol", "Protocol", tuple(blocks))


def _of_modes(held: Verification) -> dict[str, str]:
    return {
        "split": str(held.config.split),
        "transitions": str(held.pairs),
        "episodes": str(held.episodes),
        "tolerance": value(held.config.tolerance),
        "confidence": value(held.config.confidence),
        "bootstrap samples": str(held.config.resamples),
        "lags": value(held.residuals.lags),
        "seed": str(held.config.seed),
    }


def environment(material: Material) -> Section:
    """Return where the runs were trained, and where this was measured."""
    names = [*(run.name for run in material.runs), "this report"]
    records = [*(run.record for run in material.runs), material.environment]
    facts = [dict(_flat(record)) for record in records]
    return Section(
        "environment",
        "Environment",
        (side_by_side("Training, and this report", names, facts),),
    )


def commands(material: Material) -> Section:
    """Return the exact commands, and those that give single parts."""
    trained = [
        (f"trained {run.name}", command)
        for run in material.runs
        for command in _of_run(run)
    ]
    blocks: list[Block] = [
        Commands((*trained, ("made this report", material.command or "-"))),
        Part("Single parts, with more detail", (Commands(tuple(_parts(material))),)),
    ]
    silent = [run.name for run in material.runs if not run.record.get("command")]
    if silent:
        blocks.append(Text(f"How it was trained is not recorded: {', '.join(silent)}."))
    return Section("commands", "Commands", tuple(blocks))


def _of_run(run: Run) -> Iterator[str]:
    for record in (run.record, *_dicts(run.record.get("resumed"))):
        if record.get("command"):
            yield str(record["command"])


def _dicts(found: Any) -> list[dict[str, Any]]:
    listed = found if isinstance(found, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _parts(material: Material) -> Iterator[tuple[str, str]]:
    runs = [str(run.path) for run in material.runs]
    held, config = material.held, material.config
    if held is not None:
        data, split = str(held.path), str(config.split)
        horizons = ",".join(map(str, config.horizons))
        options = ["--split", split, "--horizons", horizons, "--output", "evaluation"]
        yield "errors", shlex.join(["koopcli", "eval", *runs, data, *options])
        yield "faults in the data", shlex.join(["koopcli", "doctor", data])
    for path in material.spectra:
        words = ["koopcli", "inspect-eigenvalues", path]
        if held is not None:
            words += ["--data", str(held.path), "--split", str(config.split)]
            words += ["--tolerance", f"{config.tolerance:g}"]
        yield "the spectrum", shlex.join([*words, "--output", "spectrum"])


def _flat(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, found in record.items():
        if name in ABOUT_THE_RUN:
            continue
        if isinstance(found, Mapping):
            for part, inner in found.items():
                yield f"{name}: {part}", value(inner)
        else:
            yield name.replace("_", " "), value(found)
