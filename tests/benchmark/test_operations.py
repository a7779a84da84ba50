import jax
import jax.numpy as jnp

from koopcli.benchmark.operations import operations

SIDE = 16
PRODUCT = 2 * SIDE**3
MATRIX = jnp.ones((SIDE, SIDE))


def close(found, expected):
    # XLA also counts the counter of a loop, and other single operations.
    return expected <= found <= expected * 1.02


def test_without_loops_it_is_what_xla_says():
    assert close(operations(jax.jit(lambda a: a @ a), MATRIX), PRODUCT)


def repeated(rounds):
    def body(carry, _):
        return carry @ MATRIX, None

    return lambda a: jax.lax.scan(body, a, length=rounds)[0]


def test_the_body_of_a_loop_counts_every_time():
    assert close(operations(jax.jit(repeated(10)), MATRIX), 10 * PRODUCT)


def test_loops_in_loops_and_in_branches_too():
    def outer(a):
        return jax.lax.scan(lambda c, _: (repeated(3)(c), None), a, length=4)[0] @ a

    assert close(operations(outer, MATRIX), 13 * PRODUCT)

    def branches(a):
        return jax.lax.cond(a[0, 0] > 0, repeated(5), lambda b: b, a)

    assert operations(branches, MATRIX) >= 5 * PRODUCT


def test_a_loop_of_unknown_length_counts_once():
    def steps(count, a):
        return jax.lax.fori_loop(0, count, lambda _, b: b @ MATRIX, a)

    assert close(operations(jax.jit(steps), jnp.int32(7), MATRIX), PRODUCT)
