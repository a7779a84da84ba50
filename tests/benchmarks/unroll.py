"""Compare the unroll forms with each other in one run: forward plus gradient.

    python tests/benchmarks/unroll.py [--batch 256] [--time 100] [--latent 512]

Prints medians over interleaved repeats (A B C A B C …) and the ratio to `scan`: on shared
machines only the ratios mean something.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp

from koopcli.model import unroll

FORMS = {"scan": unroll.scan, "associative": unroll.associative, "conv": unroll.conv}


def objective(form):
    """Return a jitted loss and gradient of a batch with time as the leading axis."""

    def loss(parts, start, drive):
        eigenvalues = jax.lax.complex(*parts)
        batched = jax.vmap(form, in_axes=(None, 0, 1), out_axes=1)
        latents = batched(eigenvalues, start, jax.lax.complex(*drive))
        return jnp.mean(latents.real**2 + latents.imag**2)

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 2)))


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser()
    for name, default in (
        ("batch", 256),
        ("time", 100),
        ("latent", 512),
        ("repeats", 7),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    size = parser.parse_args()
    keys = jax.random.split(jax.random.key(0), 4)
    angle = jax.random.uniform(keys[0], (size.latent,)) * jnp.pi
    parts = (0.99 * jnp.cos(angle), 0.99 * jnp.sin(angle))
    start = jax.random.normal(keys[1], (size.batch, size.latent)).astype(jnp.complex64)
    shape = (size.time, size.batch, size.latent)
    drive = tuple(jax.random.normal(key, shape) for key in keys[2:])
    functions = {name: objective(form) for name, form in FORMS.items()}
    seconds = {name: [] for name in functions}
    for function in functions.values():
        jax.block_until_ready(function(parts, start, drive))
    for _ in range(size.repeats):
        for name, function in functions.items():
            begin = time.perf_counter()
            jax.block_until_ready(function(parts, start, drive))
            seconds[name].append(time.perf_counter() - begin)
    device = jax.devices()[0]
    print(
        f"{device.device_kind} ({device.platform}), jax {jax.__version__}, {vars(size)}"
    )
    reference = statistics.median(seconds["scan"])
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"{name:12} {median * 1e3:9.1f} ms   {median / reference:6.2f} x scan")


if __name__ == "__main__":
    main()
