"""`koopcli info`: what a dataset file, a run folder or a model file holds."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli import run_dir
from koopcli.cli.options import AsJson
from koopcli.cli.screening import screen
from koopcli.errors import DataError


def info(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|RUN", help="Dataset file or run folder.")
    ],
    as_json: AsJson = False,
) -> None:
    """Describe a dataset file, a run folder or a model file."""
    from koopcli.cli import render

    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    is_model = path.is_dir() or path.suffix == ".eqx"
    document = _model(path) if is_model else _dataset(path)
    if as_json:
        render.json_document(document)
        return
    rows = [[key, _cell(value)] for key, value in document.items() if key != "schema"]
    render.table(str(path), ["what", "value"], rows)


def _dataset(path: Path) -> dict[str, Any]:
    from koopcli.data import store

    dataset = store.load(path)
    lengths = dataset.lengths
    return {
        "schema": "koopcli.info/1",
        "kind": "dataset",
        "episodes": len(lengths),
        "steps": int(lengths.sum()),
        "episode_length": [int(lengths.min()), int(lengths.max())],
        "observations": list(dataset.observation_names),
        "actions": list(dataset.action_names),
        "delays": None if dataset.delays is None else dataset.delays.as_json(),
        "rewards": dataset.rewards is not None,
        "dt": dataset.dt,
        "dt_known": dataset.dt_known,
        "terminations": int(dataset.terminations.sum()),
        "truncations": int(dataset.truncations.sum()),
        "last_observation_unknown": int((~dataset.last_observation_known).sum()),
        "splits": {name: len(part) for name, part in dataset.splits.items()},
        "provenance": dataset.provenance,
    }


def _model(path: Path) -> dict[str, Any]:
    import dataclasses

    screen(path)
    from koopcli.model import checkpoint

    file = run_dir.model_file(path)
    saved = checkpoint.load(file)
    meta = dataclasses.asdict(saved.meta)
    document = {"schema": "koopcli.info/1", "kind": "run" if path.is_dir() else "model"}
    names = ("observation_names", "action_names", "dt", "dt_known", "has_rewards")
    document |= {"model_file": str(file), "step": meta["step"]}
    rest = ("delays", "horizon", "model_config")
    document |= {name: meta[name] for name in (*names, *rest)}
    return document | {"dataset_sha256": meta["dataset_sha256"]}


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_cell(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
