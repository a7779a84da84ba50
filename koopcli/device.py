"""Choosing where JAX computes. Imports JAX only when called."""

from koopcli.config import Device
from koopcli.errors import DeviceError


def select(device: Device) -> str:
    """Make `device` the default of everything that follows and return its platform.

    Raises:
        DeviceError: A GPU was asked for and JAX sees none. There is no fall-back: a run
            that silently takes a hundred times longer is worse than an error.
    """
    import jax

    if device is Device.AUTO:
        return jax.default_backend()
    platform = str(device)
    try:
        found = jax.devices(platform)
    except RuntimeError as error:
        raise DeviceError(
            f"--device {platform}: JAX finds no such device (it sees: "
            f"{', '.join(sorted({d.platform for d in jax.devices()}))}); for NVIDIA GPUs "
            'install with `pip install "koopcli[cuda]"`, or use --device cpu'
        ) from error
    jax.config.update("jax_default_device", found[0])
    return platform
