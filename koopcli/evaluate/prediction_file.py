"""The prediction file (HDF5, `koopcli.prediction` version 1), written batch by batch.

`docs/metrics.md` lists its content. Row 0 of every rollout is the given observation.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Bool, Float, Int

from koopcli import __version__, hdf5
from koopcli.evaluate.rollouts import Predicted, Windows
from koopcli.files import replacing
from koopcli.model.header import ModelMeta

SCHEMA = "koopcli.prediction"
SCHEMA_VERSION = 1
MARGIN = 0.1
"""A prediction is outside the training range beyond this share of the range."""


@dataclass(frozen=True)
class Header:
    """Where predictions come from; stored as attributes of the file.

    Attributes:
        run: Run folder or model file.
        source: Dataset, or file of the initial state.
        horizon: Steps predicted.
        rollouts: Number of rollouts.
        reencode_every: Steps between re-encodings; 0 never.
        dt: Seconds per step.
        dt_known: False when dt is a placeholder of 1.
    """

    run: str
    source: str
    horizon: int
    rollouts: int
    reencode_every: int
    dt: float
    dt_known: bool


@dataclass(frozen=True)
class Chunk:
    """One batch of rollouts.

    Attributes:
        windows: What was given, and the truth.
        predicted: What the model said.
        meaningful: Steps whose actions are known.
        episodes: Number of the episode; -1 without a dataset.
        start_steps: Step within the episode.
    """

    windows: Windows
    predicted: Predicted
    meaningful: Bool[np.ndarray, "batch time"]
    episodes: Int[np.ndarray, " batch"]
    start_steps: Int[np.ndarray, " batch"]


@dataclass(frozen=True)
class PredictionSummary:
    """What was written.

    Attributes:
        output: The file.
        header: What is in it.
        outside_range: Rollouts that leave the training range.
        nonfinite: Rollouts with a NaN or an infinity.
        warnings: What a reader should know.
    """

    output: str
    header: Header
    outside_range: int
    nonfinite: int
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "schema": f"{SCHEMA}/{SCHEMA_VERSION}",
            "output": self.output,
            **asdict(self.header),
            "outside_range": self.outside_range,
            "nonfinite": self.nonfinite,
            "warnings": list(self.warnings),
        }


def write(
    path: Path,
    header: Header,
    meta: ModelMeta,
    chunks: Iterable[Chunk],
    warnings: tuple[str, ...] = (),
) -> PredictionSummary:
    """Write all chunks, in order, and say how many rollouts look wrong."""
    outside = nonfinite = first = 0
    with replacing(path) as temporary, hdf5.writing(temporary) as file:
        _attributes(file, header, meta)
        for chunk in chunks:
            columns = _columns(chunk)
            if first == 0:
                _create(file, columns, header.rollouts)
            stop = first + len(chunk.episodes)
            for name, values in columns.items():
                file[name][first:stop] = values
            first = stop
            wrong = _suspicious(chunk, meta)
            outside, nonfinite = outside + wrong[0], nonfinite + wrong[1]
    return PredictionSummary(
        output=str(path),
        header=header,
        outside_range=outside,
        nonfinite=nonfinite,
        warnings=warnings + _warnings(outside, nonfinite, header.rollouts),
    )


def _attributes(file: h5py.File, header: Header, meta: ModelMeta) -> None:
    file.attrs["schema"] = SCHEMA
    file.attrs["schema_version"] = SCHEMA_VERSION
    file.attrs["koopcli_version"] = __version__
    for name, value in asdict(header).items():
        file.attrs[name] = value
    file.attrs["observation_names"] = list(meta.output_names)
    # h5py cannot store an empty list of strings without being told what it holds.
    text = h5py.string_dtype()
    file.attrs.create("action_names", np.array(meta.action_names, dtype=text))


def _columns(chunk: Chunk) -> dict[str, np.ndarray]:
    given, predicted = chunk.windows, chunk.predicted
    columns = {
        "predictions/observations": _joined(
            given.states, predicted.states, chunk.meaningful
        ),
        "truth/observations": _joined(given.states, given.truth, given.mask),
        "mask": np.pad(given.mask, ((0, 0), (1, 0)), constant_values=True),
        "actions": given.actions,
        "episode": chunk.episodes,
        "start_step": chunk.start_steps,
    }
    if predicted.rewards is not None:
        columns["predictions/rewards"] = np.where(
            chunk.meaningful, predicted.rewards, np.nan
        )
    if given.rewards is not None:
        columns["truth/rewards"] = np.where(given.mask, given.rewards, np.nan)
    return columns


def _joined(
    first: Float[np.ndarray, "batch state"],
    later: Float[np.ndarray, "batch time output"],
    known: Bool[np.ndarray, "batch time"],
) -> Float[np.ndarray, "batch steps output"]:
    # Samples of the past in the given state are left out: they are not predicted.
    first = first[:, : later.shape[-1]]
    later = np.where(known[..., None], later, np.nan)
    return np.concatenate([first[:, None], later], axis=1).astype(np.float32)


def _create(file: h5py.File, columns: dict[str, np.ndarray], rollouts: int) -> None:
    for name, values in columns.items():
        kind = np.float32 if values.dtype.kind == "f" else values.dtype
        shape = (rollouts, *values.shape[1:])
        packed = {"compression": "gzip", "compression_opts": 1} if values.size else {}
        file.create_dataset(name, shape, kind, **packed)


def _suspicious(chunk: Chunk, meta: ModelMeta) -> tuple[int, int]:
    states, known = chunk.predicted.states, chunk.meaningful
    outputs = len(meta.output_names)
    low = np.array(meta.observation_min[:outputs])
    high = np.array(meta.observation_max[:outputs])
    width = np.where(high > low, high - low, 1.0)
    finite = np.isfinite(states).all(axis=-1)
    inside = (states >= low - MARGIN * width) & (states <= high + MARGIN * width)
    outside = known & finite & ~inside.all(axis=-1)
    broken = known & ~finite
    return int(outside.any(axis=1).sum()), int(broken.any(axis=1).sum())


def _warnings(outside: int, nonfinite: int, rollouts: int) -> tuple[str, ...]:
    warnings = []
    if outside:
        warnings.append(
            f"{outside} of {rollouts} rollouts leave the training range by more than "
            f"{MARGIN:.0%} of it, where the model has seen no data"
        )
    if nonfinite:
        warnings.append(f"{nonfinite} of {rollouts} rollouts became NaN or infinite")
    return tuple(warnings)
