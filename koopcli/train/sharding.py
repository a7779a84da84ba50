"""Training on several devices: each takes its share of the windows of every batch.

Parameters and optimiser are the same on all of them. A gradient step is `spread`: every
device has its own terms and gradient, which one sum over all devices turns into those of
the batch. Nothing else travels (docs/scaling.md). Left to XLA's own partitioner, the FFT of
`--unroll conv` and the one-step loss gather the whole batch on every device.

A mesh of None stands for one device: then everything is as it would be without this module.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax import lax
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import Shaped

from koopcli.config.choices import ModelKind
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import ConfigError, DeviceError
from koopcli.train.batches import Batch

AXIS = "data"
"""Name of the only axis of the mesh: along it, windows are shared out."""
WINDOWS = P(None, AXIS)
"""How arrays with steps first and windows second lie on the devices."""
HIDE_LATENCY = "xla_gpu_enable_latency_hiding_scheduler"
"""Of XLA, which leaves it off: communication while there is something to compute."""

Tree = TypeVar("Tree")


def choose(config: RunConfig, tell: Callable[[str], None]) -> Mesh | None:
    """Return the devices that a run is spread over; None if it is one.

    They are those of all processes, `train.num_devices` of each (unset: all).

    Args:
        config: The run.
        tell: Told how many they are, if not one.

    Raises:
        DeviceError: There are fewer.
        ConfigError: The windows of a batch cannot be shared out equally, or there are
            none.
    """
    processes, here = jax.process_count(), jax.local_device_count()
    if config.model.kind is ModelKind.EDMDC:
        if processes > 1 or config.train.num_devices not in (None, 1):
            raise ConfigError(
                "train.num_devices: edmdc is fitted in one go, on one device; leave out "
                "--num-devices and --distributed, or choose another --model"
            )
        return None
    count, batch = _count(config.train, here), config.train.batch_size
    total = count * processes
    if batch % total:
        raise ConfigError(
            f"train.batch_size: {batch} windows cannot be shared out equally over {total} "
            f"devices; make --batch-size a multiple of {total}, or set --num-devices"
        )
    idle = config.train.num_devices is None and count < here
    if total > 1 or idle:
        rest = f", not {here}, which do not divide it" if idle else ""
        tell(f"each batch of {batch} windows is shared out over {total} devices{rest}")
    if total == 1:
        return None
    chosen = [
        jax.local_devices(process_index=process)[:count] for process in range(processes)
    ]
    return Mesh(np.array(chosen).ravel(), (AXIS,), axis_types=(AxisType.Auto,))


def _count(config: TrainConfig, here: int) -> int:
    if config.num_devices is not None:
        if config.num_devices > here:
            raise DeviceError(
                f"train.num_devices: {config.num_devices} devices are asked for, and JAX "
                f"sees {here} ({jax.default_backend()}); lower --num-devices, or leave "
                "it out for all"
            )
        return config.num_devices
    if jax.process_count() > 1:  # nobody may be left out
        return here
    return max(n for n in range(1, here + 1) if config.batch_size % n == 0)


def everywhere(mesh: Mesh | None) -> NamedSharding | None:
    """Return where an array is of which every device has all; None: as JAX likes."""
    return None if mesh is None else NamedSharding(mesh, P())


def compiler_options(mesh: Mesh | None) -> dict[str, bool] | None:
    """Return what XLA is told of a program that several GPUs run; None: nothing.

    It leaves its scheduler that hides communication behind computation switched off;
    what helps one GPU, command buffers (CUDA graphs) among it, is on.
    """
    if mesh is None or mesh.devices.flat[0].platform != "gpu":
        return None
    return {HIDE_LATENCY: True}


def constrain(tree: Tree, mesh: Mesh | None) -> Tree:
    """Have every device end up with all of `tree`, inside a jitted function."""
    if mesh is None:
        return tree
    return lax.with_sharding_constraint(tree, NamedSharding(mesh, P()))


def replicate(tree: Tree, mesh: Mesh | None) -> Tree:
    """Copy arrays, of which every process has the same, to every device."""
    if mesh is None:
        return tree

    def copy(leaf: Any) -> jax.Array:
        leaf = jax.numpy.asarray(leaf)
        # Not `device_put` to all at once: between processes it compares, and sends, all.
        parts = [jax.device_put(leaf, device) for device in mesh.local_devices]
        return jax.make_array_from_single_device_arrays(
            leaf.shape, NamedSharding(mesh, P()), parts
        )

    return jax.tree.map(copy, tree)


def local(tree: Tree, mesh: Mesh | None) -> Tree:
    """Return arrays as they are on one device of this process.

    Of what is shared out over several processes, that is only a part.
    """
    if mesh is None:
        return tree

    def fetch(leaf: jax.Array) -> jax.Array:
        if leaf.is_fully_addressable and not leaf.is_fully_replicated:
            return jax.device_put(leaf, mesh.local_devices[0])
        return leaf.addressable_data(0)

    return jax.tree.map(fetch, tree)


def share(mesh: Mesh | None, windows: int) -> slice:
    """Return which of the windows of a batch the devices of this process take."""
    if mesh is None:
        return slice(0, windows)
    each = windows // mesh.size
    first = [device.process_index for device in mesh.devices.flat].index(
        jax.process_index()
    )
    return slice(first * each, (first + len(mesh.local_devices)) * each)


def place(
    windows: Shaped[np.ndarray, "step batch ..."], mesh: Mesh | None
) -> Shaped[jax.Array, "step whole ..."]:
    """Copy the `share` of this process to its devices: together they are the batch."""
    if mesh is None:
        return jax.device_put(windows)
    return jax.make_array_from_process_local_data(NamedSharding(mesh, WINDOWS), windows)


def spread(compute: Callable[..., Tree], mesh: Mesh | None) -> Callable[..., Tree]:
    """Return `compute` on several devices at once, each with its part of a batch.

    Args:
        compute: Takes a batch, then what is the same everywhere. The results for the
            parts must add up to that for the whole.
        mesh: The devices.
    """
    if mesh is None:
        return compute

    def part(batch: Batch, *others: Any) -> Tree:
        return lax.psum(compute(dataclasses.replace(batch, axis=AXIS), *others), AXIS)

    def spread_out(batch: Batch, *others: Any) -> Tree:
        # Unchecked: loops would have to be told which of their arrays differ by device.
        return jax.shard_map(
            part,
            mesh=mesh,
            in_specs=(WINDOWS, *(P() for _ in others)),
            out_specs=P(),
            check_vma=False,
        )(batch, *others)

    return spread_out
