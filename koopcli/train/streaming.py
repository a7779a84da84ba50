"""Training on more data than the memory allowance: windows are read ahead from a file.

Which windows a step sees is a function of (seed, step), as in `koopcli.train.batches`, so
a thread can read those of the next call of the device while the present one runs. They
are bit for bit the windows that the device would have gathered itself.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli import device
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.data.windows import StartTable, start_table, starts
from koopcli.errors import ConfigError
from koopcli.train import scratch, sharding, stages
from koopcli.train.batches import Batch, DeviceData, draw, sampling_key, step_keys
from koopcli.train.progress import dispatch_lengths
from koopcli.train.scratch import Scratch

START_BYTES = 12
"""Bytes on the device of a start that may be drawn."""
BUFFERS = 4
"""Windows of so many calls exist at once: in use, waiting, being read, being copied."""
DRAWN = 2**18
"""Windows that are drawn at once, for many calls: on a GPU, drawing waits for the call
that runs."""


class StreamedData(eqx.Module):
    """The windows of all steps of one call of the device.

    `rows[k]` are those of step `first + k`: state, action and reward side by side.
    """

    rows: Float[Array, "step batch point column"]
    remaining: Int[Array, "step batch"]
    first: Int[Array, ""]
    states: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)

    def batch(
        self, key: PRNGKeyArray, step: Int[Array, ""], config: RunConfig
    ) -> Batch:
        """Return the windows of a step; see `koopcli.train.batches.gather`."""
        rows = jnp.swapaxes(self.rows[step - self.first], 0, 1)
        points = jnp.arange(rows.shape[0], dtype=jnp.int32)[:, None]
        remaining = self.remaining[step - self.first][None]
        mask = points[:-1] < remaining
        inputs = rows[:-1, :, self.states :]
        rewards = None
        if inputs.shape[-1] > self.actions:
            rewards = jnp.where(mask, inputs[..., -1], 0.0)
        known = (points <= remaining)[..., None]
        return Batch(
            states=jnp.where(known, rows[..., : self.states], 0.0),
            actions=jnp.where(mask[..., None], inputs[..., : self.actions], 0.0),
            rewards=rewards,
            mask=mask,
        )


def budget(config: TrainConfig) -> int:
    """Return the bytes that the training data may take: unset, a quarter of the memory.

    A quarter, since loading takes almost three times what stays.
    """
    given = config.memory_budget
    return device.memory() // 4 if given is None else given


def load(path: Path, config: TrainConfig) -> Dataset:
    """Read a dataset file, and hold no more of it than the budget allows.

    Raises:
        DataError: It cannot be used.
    """
    return store.load(path, held=min(store.HELD_BYTES, budget(config)))


def fits(dataset: Dataset, config: TrainConfig) -> bool:
    """Whether the training data may stay on the device as a whole."""
    wide = len(dataset.action_names) + (dataset.rewards is not None)
    numbers = len(dataset.observations) * len(dataset.observation_names)
    numbers += len(dataset.actions) * wide
    windows = len(start_table(dataset, "train"))
    return 4 * numbers + START_BYTES * windows <= budget(config)


@contextmanager
def training_data(
    dataset: Dataset,
    config: TrainConfig,
    folder: Path,
    tell: Callable[[str], None] = lambda _: None,
    done: int = 0,
    mesh: Mesh | None = None,
) -> Iterator[Iterator[DeviceData | StreamedData]]:
    """Yield what each call of the device, one after the other, finds its windows in.

    Args:
        dataset: The dataset.
        config: The run; calls are those of `dispatch_lengths`.
        folder: Where a scratch copy may lie while the run lasts.
        tell: Told if there is one.
        done: Gradient steps already taken: calls up to there are left out. They end at
            a call, as every checkpoint does.
        mesh: The devices that share the batches; None: one.

    Raises:
        ConfigError: The budget does not even hold the windows of one call, or the disk
            not the copy.
        DataError: The dataset cannot be read, or has nothing to train on.
    """
    if fits(dataset, config):
        data = DeviceData(dataset, starts(dataset, "train"))
        yield repeat(sharding.replicate(data, mesh))
        return
    _check_buffers(dataset, config)
    tell(
        f"the data exceeds the memory budget of {budget(config) / 1e9:.3g} GB: windows are "
        f"read from a scratch copy in {folder}, deleted at the end"
    )
    with (
        scratch.copied(dataset, folder) as copy,
        ThreadPoolExecutor(1, thread_name_prefix="koopcli-reader") as reader,
    ):
        read = _by_stage(dataset, copy, config, mesh)
        yield _ahead(reader, read, dispatch_lengths(config, done), done)


def _check_buffers(dataset: Dataset, config: TrainConfig) -> None:
    steps = min(config.dispatch_steps, config.steps)
    points = (each.batch_size * (each.horizon + 1) for each in stages.each(config))
    rows = steps * max(points)
    needed = BUFFERS * rows * scratch.row_bytes(dataset)
    if needed > budget(config):
        raise ConfigError(
            f"train.memory_budget: {budget(config) / 1e6:.4g} MB do not hold the data, and "
            f"not the windows of {BUFFERS} times {steps} gradient steps either, which are "
            f"{needed / 1e6:.4g} MB; raise --memory-budget, or lower --batch-size or "
            "--set dispatch_steps"
        )


def _ahead(
    pool: ThreadPoolExecutor,
    read: Callable[[int, int], StreamedData],
    lengths: Iterable[int],
    done: int = 0,
) -> Iterator[StreamedData]:
    # While one is in use, the next is read. Errors of the thread are raised here.
    first, waiting = done, None
    for count in lengths:
        coming = pool.submit(read, first, count)
        if waiting is not None:
            yield waiting.result()
        first, waiting = first + count, coming
    if waiting is not None:
        yield waiting.result()


def _by_stage(
    dataset: Dataset, copy: Scratch, config: TrainConfig, mesh: Mesh | None
) -> Callable[[int, int], StreamedData]:
    reader: _Reader | None = None

    def read(first: int, count: int) -> StreamedData:
        nonlocal reader
        windows = stages.windows(config, first)
        if reader is None or reader.config != windows:
            reader = _Reader(dataset, copy, windows, first, mesh)
        return reader(first, count)

    return read


class _Reader:
    """Reads the windows of `count` steps from `first` on; called in that order."""

    def __init__(
        self,
        dataset: Dataset,
        copy: Scratch,
        config: TrainConfig,
        done: int = 0,
        mesh: Mesh | None = None,
    ):
        self.table: StartTable = start_table(dataset, "train")
        self.widths = len(dataset.observation_names), len(dataset.action_names)
        self.copy, self.config = copy, config
        self.key = sampling_key(config.seed)
        self.longest = min(config.dispatch_steps, config.steps)
        self.block = max(1, DRAWN // config.batch_size)
        self.drawn = np.zeros((0, config.batch_size), np.int64)
        self.drawn_from = done
        self.mesh, self.share = mesh, sharding.share(mesh, config.batch_size)

    def __call__(self, first: int, count: int) -> StreamedData:
        index = self._index(first, count)[:, self.share]
        chosen = self.table.at(index.ravel())
        # The last rows of short calls stay zero: every call has the same shape, so that
        # nothing is compiled twice.
        shape = (self.longest, index.shape[1])
        window = (self.config.horizon + 1, self.copy.columns)
        rows, remaining = (
            np.zeros((*shape, *window), np.float32),
            np.zeros(shape, np.int32),
        )
        self.copy.read(
            chosen.observation_rows,
            chosen.remaining + 1,
            rows[:count].reshape(-1, *window),
        )
        remaining[:count] = chosen.remaining.reshape(count, -1)
        states, actions = self.widths
        return StreamedData(
            rows=sharding.place(rows, self.mesh),
            remaining=sharding.place(remaining, self.mesh),
            first=jnp.int32(first),
            states=states,
            actions=actions,
        )

    def _index(self, first: int, count: int) -> Int[np.ndarray, "step batch"]:
        while self.drawn_from + len(self.drawn) < first + count:
            start = self.drawn_from + len(self.drawn)
            steps = jnp.arange(start, start + self.block, dtype=jnp.int32)
            more = _draws(
                self.key, steps, jnp.int32(len(self.table)), self.config.batch_size
            )
            kept = self.drawn[first - self.drawn_from :]
            self.drawn = np.concatenate([kept, np.asarray(more)])
            self.drawn_from = first
        return self.drawn[first - self.drawn_from :][:count]


@partial(jax.jit, static_argnums=3)
def _draws(key: PRNGKeyArray, steps: Array, count: Array, batch_size: int) -> Array:
    return jax.vmap(lambda step: draw(step_keys(key, step)[0], count, batch_size))(
        steps
    )
