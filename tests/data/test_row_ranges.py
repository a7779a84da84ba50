import numpy as np
import pytest

from koopcli.config.data import IngestConfig
from koopcli.data import row_ranges
from koopcli.data.mapping import resolve
from koopcli.data.table import Table
from koopcli.errors import DataError

TABLE = Table(
    "x", {"y": np.zeros(4), "split": np.array(["Train", "train", "VAL", "?"])}
)
NONE = IngestConfig()


def test_without_ranges_all_rows_are_chosen():
    borders, covered = row_ranges.chosen(TABLE, NONE)
    assert borders == [(0, 4, None)] and covered.all()


def test_ranges_are_sorted_and_may_leave_rows_out():
    config = IngestConfig(val_rows=("3",), train_rows=("0:2",))
    borders, covered = row_ranges.chosen(TABLE, config)
    assert borders == [(0, 2, "train"), (3, 4, "val")]
    assert covered.tolist() == [True, True, False, True]


def test_the_split_of_an_episode_is_that_of_its_first_row():
    mapping = resolve(TABLE, NONE)
    by_column = row_ranges.split_of(TABLE, mapping, [])
    assert [by_column(0), by_column(2)] == ["train", "val"]
    with pytest.raises(DataError, match=r"row 3: split '\?' is none of"):
        by_column(3)
    plain = Table("x", {"y": np.zeros(4)})
    by_range = row_ranges.split_of(plain, resolve(plain, NONE), [(0, 2, "test")])
    assert by_range(1) == "test"
