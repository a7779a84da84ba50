"""Checkpoints: everything a run needs to go on exactly where it was.

A checkpoint is a model file with a second part (`koopcli.model.checkpoint`): a line of JSON
with the bookkeeping, then the arrays of the optimiser. The windows of a step are a function
of (seed, step), so nothing else is remembered.
"""

import dataclasses
import io
import json
from dataclasses import dataclass
from pathlib import Path

import equinox as eqx

from koopcli import run_dir
from koopcli.errors import ModelError
from koopcli.model import checkpoint, header, leaves
from koopcli.model.checkpoint import SavedModel
from koopcli.train.step import TrainState


@dataclass(frozen=True, kw_only=True)
class Bookkeeping:
    """What the host knows about a run besides its state on the device.

    Attributes:
        seconds: Of training so far.
        best_value: Best validation error; None before the first.
        best_step: Gradient steps after which it was measured.
        waited: Validations since.
        lowest_loss: Lowest mean loss of a call of the device; None before the first.
        metrics: Bytes in each file of metrics, by name.
        skipped: Steps whose loss or gradient was not finite.
    """

    seconds: float = 0.0
    best_value: float | None = None
    best_step: int = 0
    waited: int = 0
    lowest_loss: float | None = None
    metrics: dict[str, int] = dataclasses.field(default_factory=dict)
    skipped: tuple[int, ...] = ()


@dataclass(frozen=True)
class Found:
    """A checkpoint that was read.

    Attributes:
        path: Its file.
        saved: Its model.
        training: The rest, for `unpack`.
        remarks: Newer files that could not be used, and why.
    """

    path: Path
    saved: SavedModel
    training: bytes
    remarks: tuple[str, ...]


def pack(state: TrainState, notes: Bookkeeping) -> bytes:
    """Return what goes beside the model; its parameters are not repeated."""
    stream = io.BytesIO()
    stream.write(
        json.dumps(dataclasses.asdict(notes), allow_nan=False).encode() + b"\n"
    )
    eqx.tree_serialise_leaves(stream, _rest(state))
    return stream.getvalue()


def unpack(found: Found, fresh: TrainState) -> tuple[TrainState, Bookkeeping]:
    """Return the state and the bookkeeping of a checkpoint.

    Args:
        found: The checkpoint.
        fresh: The state of an untrained run of the same settings, with the checkpoint's
            parameters.

    Raises:
        ModelError: It does not belong to such a run.
    """
    stream = io.BytesIO(found.training)
    try:
        raw = json.loads(stream.readline())
        notes = Bookkeeping(**{**raw, "skipped": tuple(raw["skipped"])})
        rest = leaves.read(stream, _rest(fresh))
    except (ValueError, TypeError, KeyError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"{found.path}: does not fit the settings of its run ({reason})"
        ) from error
    return eqx.tree_at(
        lambda s: s.parameters, rest, fresh.parameters, is_leaf=_none
    ), notes


def newest(run: Path) -> Found | None:
    """Return the checkpoint of the most gradient steps that is complete and sound.

    None if the run was stopped before its first one: then it begins again.

    Raises:
        ModelError: There is none, though there should be.
    """
    remarks: list[str] = []
    candidates: list[tuple[int, Path]] = []
    # Not those with a dot: what a killed process was just writing.
    paths = sorted((run / run_dir.CHECKPOINTS).glob("[!.]*.eqx"))
    if not paths and not (run / run_dir.LAST_MODEL).exists():
        return None
    for path in paths:
        try:
            candidates.append((header.read_meta(path).step, path))
        except ModelError as error:
            remarks.append(str(error))
    for _, path in sorted(candidates, reverse=True):
        try:
            saved, training = checkpoint.load_training(path)
            return Found(path, saved, training, tuple(remarks))
        except ModelError as error:
            remarks.append(str(error))
    why = (
        "; ".join(remarks) or "its model was not trained in steps, or by an old koopcli"
    )
    raise ModelError(
        f"{run}: holds no checkpoint to resume from ({why}); train anew, with --overwrite"
    )


def save(
    run: Path, state: TrainState, saved: SavedModel, notes: Bookkeeping, keep: int
) -> None:
    """Write the checkpoint of a step; then delete all but the `keep` newest (0: none).

    Of later steps there are only those that a run which goes on could not use. They do
    not count, and are replaced when it gets there.
    """
    path = run / run_dir.CHECKPOINTS / run_dir.checkpoint_name(saved.meta.step)
    checkpoint.save(path, saved.model, saved.meta, pack(state, notes))
    if keep:
        steps = sorted(path.parent.glob("step_*.eqx"))
        for old in steps[: steps.index(path) + 1][:-keep]:
            old.unlink()


def _rest(state: TrainState) -> TrainState:
    return eqx.tree_at(lambda s: s.parameters, state, None)


def _none(node: object) -> bool:
    return node is None
