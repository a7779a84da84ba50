"""What a result may depend on besides settings and data: for runs and for bug reports."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from koopcli import __version__

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "h5py", "minari")
PREFIXES = ("JAX_", "XLA_", "KOOPCLI_", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE")
"""Variables whose names begin so are recorded."""


def describe() -> dict[str, Any]:
    """Return device, precision, versions and variables, as plain JSON types.

    Starts JAX: a device that was chosen (`koopcli.device.select`) is the one described.
    """
    import jax
    import jax.numpy as jnp

    device = next(iter(jnp.zeros(()).devices()))
    return {
        "schema": "koopcli.environment/1",
        "koopcli": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "device": device.device_kind,
        "backend": device.platform,
        "device_count": jax.device_count(),
        "process_count": jax.process_count(),
        "backend_version": " ".join(device.client.platform_version.split()),
        "precision": {
            "dtype": str(jnp.zeros(()).dtype),
            "matmul": str(
                getattr(jax.config, "jax_default_matmul_precision", None) or "default"
            ),
        },
        "versions": {name: _version(name) for name in PACKAGES},
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(PREFIXES)
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
