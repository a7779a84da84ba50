"""The spectrum over training, from the checkpoints of a run.

A latent keeps its place from checkpoint to checkpoint, so nothing has to be matched.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from koopcli import run_dir
from koopcli.spectrum import matching, modal

_NAME = re.compile(r"step_(\d+)\.eqx")


@dataclass(frozen=True)
class History:
    """Eigenvalues at each checkpoint and at the end.

    Attributes:
        steps: Gradient steps.
        eigenvalues: λ, one row per checkpoint.
        hausdorff: Distance to the last spectrum of the list.
        moved: Median over modes of the distance to their last place.
    """

    steps: tuple[int, ...]
    eigenvalues: Complex[np.ndarray, "step latent"]
    hausdorff: Float[np.ndarray, " step"]
    moved: Float[np.ndarray, " step"]

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document: one entry per checkpoint."""
        return {
            "steps": list(self.steps),
            "spectral_radius": np.abs(self.eigenvalues).max(axis=1),
            "hausdorff_to_last": self.hausdorff,
            "median_distance_to_last": self.moved,
        }


def read(run: Path) -> History | None:
    """Read a run's checkpoints; None if it has fewer than two models to compare.

    Raises:
        ModelError: A checkpoint is damaged.
    """
    folder = run / run_dir.CHECKPOINTS
    files = sorted(folder.glob("step_*.eqx")) if folder.is_dir() else []
    files = [file for file in files if _NAME.fullmatch(file.name)]
    last = run / run_dir.LAST_MODEL
    found = {}
    for file in [*files, *([last] if last.is_file() else [])]:
        model = modal.load(file)
        found[model.meta.step] = model.eigenvalues
    if len(found) < 2:
        return None
    steps = sorted(found)
    values = np.stack([found[step] for step in steps])
    return History(
        steps=tuple(steps),
        eigenvalues=values,
        hausdorff=np.array([matching.compare(v, values[-1]).hausdorff for v in values]),
        moved=np.median(np.abs(values - values[-1]), axis=1),
    )
