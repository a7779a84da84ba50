"""Choosing where JAX computes. Imports JAX only when called."""

import os
from pathlib import Path

from koopcli.config.choices import Device
from koopcli.errors import ConfigError, DeviceError

DETERMINISTIC = "--xla_gpu_deterministic_ops=true"
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def select(device: Device) -> str:
    """Make `device` the default of everything that follows and return its platform.

    `cpu` holds for the rest of the process when it comes before JAX is first used.

    Raises:
        DeviceError: A GPU was asked for and JAX sees none, or JAX cannot start. There
            is no fall-back: a run that silently takes a hundred times longer is worse
            than an error.
    """
    import jax

    if device is Device.CPU:
        # The default device alone would not do: JAX would still start CUDA, and
        # `jax.default_backend()`, by which `--unroll auto` decides, would still say gpu.
        jax.config.update("jax_platforms", "cpu")
    seen = _platforms()
    if device is Device.AUTO:
        return jax.default_backend()
    platform = str(device)
    try:
        found = jax.devices(platform)
    except RuntimeError as error:
        raise DeviceError(
            f"--device {platform}: JAX finds no such device (it sees: {seen}); for "
            'NVIDIA GPUs install with `pip install "koopcli[cuda]"`, or use --device cpu'
        ) from error
    # Of those of this process: others of a distributed run have some too.
    here = [one for one in found if one.process_index == jax.process_index()]
    jax.config.update("jax_default_device", here[0])
    return platform


def deterministic() -> None:
    """Have XLA use only operations that give the same bits every time on a GPU.

    Source of the flag: https://github.com/openxla/xla/pull/12520 (it includes
    `--xla_gpu_exclude_nondeterministic_ops`, and turns autotuning off).

    JAX reads it when it starts: to be called before its first use.
    """
    flags = os.environ.get("XLA_FLAGS", "").split()
    if DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = " ".join([*flags, DETERMINISTIC])


def require_deterministic() -> None:
    """Refuse to go on if nobody has called `deterministic`, or set its flag.

    Raises:
        ConfigError: XLA has not been told.
    """
    if DETERMINISTIC not in os.environ.get("XLA_FLAGS", "").split():
        raise ConfigError(
            "train.deterministic: XLA must know before JAX starts; set XLA_FLAGS="
            f"{DETERMINISTIC} in the environment"
        )


def memory() -> int:
    """Return the bytes of memory of the default device.

    On a CPU those of the machine, or of the container if that is allowed fewer.
    """
    import jax
    import jax.numpy as jnp

    with jax.ensure_compile_time_eval():  # also while a program is traced
        found = next(iter(jnp.zeros(()).devices())).memory_stats() or {}
    if "bytes_limit" in found:
        return int(found["bytes_limit"])
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or the word "max"
        return machine


def does_not_fit(error: Exception) -> bool:
    """Whether an error of JAX says that memory was too small."""
    return "RESOURCE_EXHAUSTED" in str(error)


def _platforms() -> str:
    import jax

    try:
        return ", ".join(sorted({device.platform for device in jax.devices()}))
    except (RuntimeError, AssertionError) as error:
        # What JAX raises depends on the version; both mean that JAX_PLATFORMS names
        # something that is not installed or does not work.
        asked = getattr(jax.config, "jax_platforms", None) or "any device"
        raise DeviceError(
            f"JAX cannot start on {asked}: correct or unset JAX_PLATFORMS, or use "
            "--device cpu"
        ) from error
