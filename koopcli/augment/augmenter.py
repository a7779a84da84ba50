"""For training loops: batches of transitions in, batches with moved transitions out.

NumPy in, NumPy out, in the layout of a replay buffer:

    observations (N, n), actions (N, p), rewards (N,),
    next_observations (N, n), terminals (N,)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.augment.blocks import Blocks, encode
from koopcli.augment.loading import load
from koopcli.augment.prepare import prepare
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Unit
from koopcli.data import store
from koopcli.errors import DataError
from koopcli.evaluate.compatibility import check_fit

NEEDED = ("observations", "actions", "rewards", "next_observations", "terminals")


class SymmetryAugmenter:
    """Moves a share of each batch of transitions along symmetries of a model.

    A transition is moved with probability `config.probability`; if the moved one does not
    pass the checks it stays as it was. Other keys of a batch are passed on.

    Attributes:
        scale: Size of the moves, searched on the dataset unless it was given.
        seen: Transitions that went through.
        moved: Those of them that came out moved.
    """

    def __init__(self, run: Path, data: Path, config: AugmentConfig | None = None):
        """Make a mode ready.

        Args:
            run: Run folder or model file, of --model koopman or kfc.
            data: Dataset file whose training split says where states lie.
            config: How; its unit is always the transition.

        Raises:
            ConfigError: The settings ask for what is not there.
            DataError: The data cannot be augmented.
            ModelError: The model does not fit, or no scale passes.
        """
        config = replace(config or AugmentConfig(), unit=Unit.TRANSITION)
        model, dataset = load(Path(run)), store.load(Path(data))
        check_fit(str(run), model.meta, dataset)
        self._prepared = prepare(model, dataset, config)
        self._random = np.random.default_rng([config.seed, 2])
        self.scale = self._prepared.scale
        self.seen, self.moved = 0, 0

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the batch with some transitions moved, and `augmented`, which ones.

        Raises:
            DataError: A key is missing or has another shape.
        """
        blocks = self._blocks(batch)
        count, size = len(blocks), self._prepared.operator.size
        chosen = self._random.random(count) < self._prepared.config.probability
        draw = self.scale * self._random.normal(size=(count, size))
        # The whole batch, so that one size is compiled.
        found, _, good = self._prepared.propose(
            encode(self._prepared.model, blocks), draw
        )
        moved = chosen & good
        self.seen, self.moved = self.seen + count, self.moved + int(moved.sum())
        after = found.blocks
        assert after.rewards is not None
        new = {
            "observations": after.observations[:, 0],
            "actions": after.actions[:, 0],
            "rewards": after.rewards[:, 0],
            "next_observations": after.observations[:, 1],
        }
        result = {**batch, "augmented": moved}
        for name, values in new.items():
            old = np.asarray(batch[name])
            shape = (-1, *[1] * (old.ndim - 1))
            kept = np.where(moved.reshape(shape), values.reshape(old.shape), old)
            result[name] = kept.astype(old.dtype)
        return result

    def batches(self, source: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield each batch of `source`, augmented."""
        for batch in source:
            yield self(batch)

    def _blocks(self, batch: Mapping[str, Any]) -> Blocks:
        missing = [name for name in NEEDED if name not in batch]
        if missing:
            raise DataError(
                f"batch: lacks {', '.join(missing)}; give {', '.join(NEEDED)}"
            )
        arrays = {name: np.asarray(batch[name]) for name in NEEDED}
        meta = self._prepared.model.meta
        count = len(arrays["observations"])
        widths = {
            "observations": (len(meta.observation_names),),
            "actions": (len(meta.action_names),),
            "next_observations": (len(meta.observation_names),),
        }
        for name, width in widths.items():
            if arrays[name].shape != (count, *width):
                raise DataError(
                    f"batch: {name} has the shape {arrays[name].shape}, expected "
                    f"{(count, *width)}"
                )
        for name in ("rewards", "terminals"):
            if arrays[name].shape not in ((count,), (count, 1)):
                raise DataError(
                    f"batch: {name} has the shape {arrays[name].shape}, expected "
                    f"{(count,)} or {(count, 1)}"
                )
        both = [arrays["observations"], arrays["next_observations"]]
        return Blocks(
            observations=np.stack(both, axis=1).astype(np.float32),
            actions=arrays["actions"][:, None].astype(np.float32),
            rewards=arrays["rewards"].reshape(count, 1).astype(np.float32),
            lengths=np.ones(count, np.int64),
        )
