from types import SimpleNamespace

import jax
import jax.numpy as jnp

from koopcli.benchmark import memory


def test_what_a_program_needs_is_added_up():
    sizes = SimpleNamespace(
        argument_size_in_bytes=100,
        output_size_in_bytes=10,
        temp_size_in_bytes=5,
        alias_size_in_bytes=7,
    )
    compiled = SimpleNamespace(memory_analysis=lambda: sizes)
    assert memory.program_bytes(compiled) == 108
    assert memory.program_bytes(SimpleNamespace(memory_analysis=lambda: None)) is None


def test_a_real_program_needs_its_argument_and_its_result():
    compiled = jax.jit(lambda x: x + 1).lower(jnp.ones(1000)).compile()
    assert memory.program_bytes(compiled) == 8000


def test_the_device_is_believed_if_the_program_raised_its_peak():
    assert memory.peak(10, 20, 15) == (20, "device")
    assert memory.peak(10, 10, 15) == (15, "xla")
    assert memory.peak(None, None, 15) == (15, "xla")
    assert memory.device_peak() is None or memory.device_peak() > 0
