import numpy as np
import pytest

from koopcli.data.table import Table, from_arrays
from koopcli.errors import DataError


def test_an_array_of_one_row_less_gets_an_empty_last_row():
    table = from_arrays("x", {"obs": np.zeros((3, 2)), "action": np.ones((2, 1), int)})
    assert table.rows == 3
    assert np.array_equal(table.numbers("action")[:, 0], [1, 1, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [({}, "holds no arrays"), ({"a": np.zeros(3), "b": np.zeros(5)}, "'a' has 3 rows")],
)
def test_arrays_that_do_not_belong_together_are_named(arrays, message):
    with pytest.raises(DataError, match=message):
        from_arrays("x", arrays, "ab")


def test_arrays_of_other_lengths_are_left_out():
    table = from_arrays("x", {"y": np.zeros(5), "mass": np.zeros(1)})
    assert list(table.columns) == ["y"]


def test_numbers_have_two_axes_and_keep_single_precision():
    table = Table(
        "x", {"a": np.zeros((2, 3), np.float32), "b": np.array([True, False])}
    )
    assert table.numbers("a").dtype == np.float32
    assert table.numbers("b").tolist() == [[1.0], [0.0]]


def test_text_is_no_number_and_a_vector_is_no_scalar():
    table = Table("x", {"t": np.array(["", "lost"]), "v": np.zeros((2, 2))})
    with pytest.raises(DataError, match="'t' holds 'lost', not numbers"):
        table.numbers("t")
    with pytest.raises(DataError, match="one value per row"):
        table.scalars("v")


def test_every_number_has_a_name():
    table = Table("x", {"observation": np.zeros((1, 2)), "v": np.zeros(1)})
    assert table.names(("observation", "v")) == (
        "observation[0]",
        "observation[1]",
        "v",
    )
