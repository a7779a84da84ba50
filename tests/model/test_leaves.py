import io

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.model import leaves

TREE = {"a": jnp.arange(6.0).reshape(2, 3), "b": jnp.int32(4), "c": 2.5}


def written(tree):
    stream = io.BytesIO()
    eqx.tree_serialise_leaves(stream, tree)
    return stream.getvalue()


def array(shape, dtype="<f4", numbers=b""):
    stream = io.BytesIO()
    header = {"shape": shape, "fortran_order": False, "descr": dtype}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + numbers


def test_what_is_read_is_what_was_written():
    found = leaves.read(io.BytesIO(written(TREE)), TREE)
    assert eqx.tree_equal(found, TREE)


def test_columns_first_is_the_same_array():
    stream = io.BytesIO()
    np.save(stream, np.asfortranarray(TREE["a"]))
    stream.seek(0)
    assert jnp.array_equal(leaves.read(stream, TREE["a"]), TREE["a"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array((10**12,)), r"float32 \(1000000000000,\) in the place of"),
        (array((2, 3), "<f8"), "float64"),
        (array((2, 3), "|O"), "object"),
        (array((2, 3), numbers=b"abc"), "3 bytes of an array of 24"),
        (b"", "header of an array is damaged"),
        (b"\x93NUMPY\x02\x00" + b"\xff" * 8, "header of an array is damaged"),
        (b"\x93NUMPY\x01\x00\x88\x13" + b"(" * 5000, "header of an array is damaged"),
    ],
)
def test_an_array_that_lies_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        leaves.read(io.BytesIO(content), TREE["a"])
