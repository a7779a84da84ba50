"""What was trained on what, and with which settings."""

from pathlib import Path

from koopcli.report.blocks import Block, Part, Section, Text
from koopcli.report.material import Material
from koopcli.report.run import Run
from koopcli.report.words import duration, short_hash, side_by_side, value

SETTINGS = (
    "train.steps",
    "train.batch_size",
    "train.horizon",
    "train.seed",
    "optimizer.method",
    "optimizer.learning_rate",
)


def section(material: Material) -> Section:
    """Return the section."""
    names = [run.name for run in material.runs]
    table = side_by_side("Runs", names, [_facts(run) for run in material.runs])
    blocks: list[Block] = [table]
    settings = [
        {name: value(found) for name, found in run.settings.items()}
        for run in material.runs
    ]
    different = _different(settings)
    if different[0]:
        blocks.append(side_by_side("Settings that differ", names, different))
    if any(settings):
        every = side_by_side("All settings", names, settings)
        blocks.append(Part("All settings", (every,), folded=True))
    for run in material.runs:
        if not run.settings:
            said = f"{run.name}: a model file alone; its settings are not known."
            blocks.append(Text(said))
    return Section("training", "What was trained on what", tuple(blocks))


def _facts(run: Run) -> dict[str, str]:
    meta, model = run.saved.meta, run.saved.model
    every = model.reencoding(None)
    last = run.metrics[-1] if run.metrics else {}
    seconds = last.get("seconds")
    return {
        "run": str(run.path),
        "kind": run.kind,
        "parameters": f"{run.parameters:,}",
        "data": value(Path(run.record["dataset"]).name)
        if run.record.get("dataset")
        else "-",
        "data, SHA-256": short_hash(meta.dataset_sha256),
        "observations": value(meta.observation_names),
        "actions": value(meta.action_names),
        "rewards": value(meta.has_rewards),
        "time step": f"{meta.dt:g} s" if meta.dt_known else "unknown",
        "training horizon": f"{meta.horizon} steps",
        **{
            name: value(run.settings[name]) for name in SETTINGS if name in run.settings
        },
        "stored model, after step": str(meta.step),
        "steps taken": value(last.get("step")),
        "time taken": duration(float(seconds))
        if isinstance(seconds, int | float)
        else "-",
        "re-encodes": f"every {every} steps" if every else "never",
        "started": value(run.record.get("started")),
        "model file, SHA-256": short_hash(run.sha256),
    }


def _different(settings: list[dict[str, str]]) -> list[dict[str, str]]:
    names = dict.fromkeys(name for each in settings for name in each)
    differing = [
        name for name in names if len({each.get(name) for each in settings}) > 1
    ]
    return [
        {name: each.get(name, "-") for name in differing if each} for each in settings
    ]
