"""How much memory a compiled program takes."""

from typing import Any

import jax.numpy as jnp


def program_bytes(compiled: Any) -> int | None:
    """Return what a program needs by XLA's own account; None if it gives none.

    Arguments, results and what is in between; what shares its place counts once.
    """
    found = compiled.memory_analysis()
    if found is None:
        return None
    return int(
        found.argument_size_in_bytes
        + found.output_size_in_bytes
        + found.temp_size_in_bytes
        - found.alias_size_in_bytes
    )


def device_peak() -> int | None:
    """Return the most bytes that were ever in use on the device; None if it cannot say.

    Nothing resets this number.
    """
    statistics = next(iter(jnp.zeros(()).devices())).memory_stats() or {}
    peak = statistics.get("peak_bytes_in_use")
    return None if peak is None else int(peak)


def peak(
    before: int | None, after: int | None, program: int | None
) -> tuple[int | None, str]:
    """Return the peak of a program, and who says so: the `device` or `xla`.

    The device's peak is that of all programs so far. It is this program's if this
    program has raised it.
    """
    if before is not None and after is not None and after > before:
        return after, "device"
    return program, "xla"
