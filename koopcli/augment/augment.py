"""VERB: a dataset file and a run -> the same file with moved training episodes added."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.augment import coverage, moving
from koopcli.augment.loading import load
from koopcli.augment.prepare import load_judge, prepare
from koopcli.augment.prepared import Prepared
from koopcli.augment.records import GROUP, Records
from koopcli.augment.report import Augmented
from koopcli.augment.summary import Checks, summarise
from koopcli.config.augmentation import AugmentConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.data.writer import DatasetWriter
from koopcli.errors import ModelError
from koopcli.evaluate.compatibility import check_fit
from koopcli.files import refuse_overwrite, replacing, sha256

NO_JUDGE = (
    "the scale rests on the model's opinion of itself; --judge RUN, another seed for "
    "instance, stops the search where a second model disagrees"
)


@dataclass(frozen=True)
class Listener:
    """Who hears of the progress: a line, and how much of how much is done."""

    tell: Callable[[str], None] = lambda _: None
    progress: Callable[[int, int], None] = lambda *_: None


def augment(  # noqa: PLR0913 - the options of the command
    run: Path,
    data: Path,
    output: Path,
    config: AugmentConfig,
    *,
    judge: Path | None = None,
    overwrite: bool = False,
    command: str = "",
    listener: Listener | None = None,
) -> Augmented:
    """Write `data` with moved copies of its training episodes.

    Validation and test episodes are copied as they are and nothing is made from them.

    Args:
        run: Run folder or model file, of --model koopman or kfc.
        data: Dataset file.
        output: File to write; it appears complete or not at all.
        config: How.
        judge: Another run, of any kind: picks no sample, but a scale at which it
            disagrees ends the search.
        overwrite: Whether `output` may be replaced.
        command: Command line, for the record.
        listener: Who hears of the progress.

    Raises:
        ConfigError: `output` exists, or the settings ask for what is not there.
        DataError: The data cannot be augmented.
        ModelError: The model does not fit, or nothing is accepted.
    """
    listener = listener or Listener()
    refuse_overwrite(output, overwrite=overwrite)
    model, dataset = load(run), store.load(data)
    digest = sha256(data)
    warnings = check_fit(str(run), model.meta, dataset, digest)
    if config.scale is None and judge is None:
        warnings += (NO_JUDGE,)
    judging = None if judge is None else load_judge(judge, dataset)
    prepared = prepare(model, dataset, config, judging, listener.tell)
    with replacing(output) as temporary, DatasetWriter(temporary) as writer:
        writer.adopt(data)
        records = _move(writer, prepared, dataset, listener)
        checks = _checks(prepared, records)
        operator = prepared.operator
        found = operator.misses
        result = Augmented(
            run=str(run),
            data=str(data),
            judge=None if judge is None else str(judge),
            settings=config,
            steps=prepared.steps,
            search=prepared.search,
            checks=checks,
            generators=None if found is None else tuple(found.tolist()),
            episodes={
                "recorded": len(dataset.lengths),
                "training": len(dataset.splits["train"]),
                "added": len(writer.lengths) - len(dataset.lengths),
            },
            steps_added=int(sum(writer.lengths[len(dataset.lengths) :])),
            warnings=tuple(warnings),
        )
        writer.finish(_splits(dataset, len(writer.lengths)))
        generators = operator.generators
        more = {} if generators is None else {"generators": generators}
        writer.attach(GROUP, records.columns() | more)
        writer.annotate(_provenance(dataset, result, digest, command))
    return result


def _move(
    writer: DatasetWriter, prepared: Prepared, dataset: Dataset, listener: Listener
) -> Records:
    label = f"{prepared.config.mode} at scale {prepared.scale:g}"
    records = Records(len(dataset.lengths))
    for batch in moving.batches(prepared, dataset, listener.progress):
        for episode in moving.episodes(batch, dataset, label):
            writer.add(episode)
        records.add(batch)
    return records


def _checks(prepared: Prepared, records: Records) -> Checks:
    if not records.count:
        raise ModelError(
            "no block was chosen: raise --probability, or --copies for little data"
        )
    good, scale = records.column("accepted"), prepared.limits.scale
    gain = coverage.gain(prepared.neighbours, records.states, scale)
    checks = summarise(prepared.scale, records.measured, good, records.judged, gain)
    if not good.any():
        raise ModelError(
            f"none of the {len(good)} proposals at scale {prepared.scale:g} is accepted "
            f"(median cycle error {checks.cycle_median:.2g}, residual ratio "
            f"{checks.all_residual_ratio:.2g}); give a smaller --scale, or leave it out "
            "to have it searched"
        )
    return checks


def _splits(dataset: Dataset, total: int) -> dict[str, np.ndarray]:
    added = np.arange(len(dataset.lengths), total)
    train = np.concatenate([dataset.splits["train"], added])
    return dataset.splits | {"train": train}


def _provenance(
    dataset: Dataset, result: Augmented, digest: str, command: str
) -> dict[str, Any]:
    record = {
        "run": result.run,
        "data": result.data,
        "data_sha256": digest,
        "judge": result.judge,
        "settings": asdict(result.settings),
        "checks": result.checks.as_json(),
        "command": command,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "version": __version__,
    }
    return {"provenance": dataset.provenance | {"augmentation": record}}
