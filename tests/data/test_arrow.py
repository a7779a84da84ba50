import datetime

import numpy as np
import pyarrow as pa
import pytest

from koopcli.data import arrow
from koopcli.errors import DataError


def table(where, whole):
    empty = arrow.empty_columns([whole])
    [found] = arrow.tables(where, [whole], empty)
    return found, sorted(empty)


def test_every_kind_of_column_becomes_an_array():
    start = datetime.datetime(2024, 1, 1)
    whole = pa.table(
        {
            "f": pa.array([1.5, None], pa.float32()),
            "i": pa.array([1, 2]),
            "b": [True, None],
            "s": ["a", None],
            "v": [[1.0, 2.0], [3.0, 4.0]],
            "w": pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2)),
            "t": [start, start + datetime.timedelta(milliseconds=10)],
            "d": pa.array(["x", "y"]).dictionary_encode(),
            "none": pa.array([None, None], pa.float64()),
            "bytes": [b"1", b"2"],
        }
    )
    found, empty = table("x", whole)
    assert np.array_equal(found.columns["f"], [1.5, np.nan], equal_nan=True)
    assert found.columns["i"].tolist() == [1, 2]
    assert np.array_equal(found.columns["b"], [1, np.nan], equal_nan=True)
    assert found.columns["s"].tolist() == ["a", ""]
    assert found.columns["v"].tolist() == [[1, 2], [3, 4]]
    assert found.columns["w"].tolist() == [[1, 2], [3, 4]]
    assert found.columns["t"] == pytest.approx([0, 0.01])
    assert found.columns["d"].tolist() == ["x", "y"]
    assert empty == ["none"] and "bytes" not in found.columns


def test_a_missing_time_is_not_a_number():
    moment = datetime.datetime(2024, 1, 1)
    found, _ = table("x", pa.table({"t": pa.array([moment, None])}))
    assert np.isnan(found.columns["t"][1])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0], [1.0, 2.0]], "the lists in 'v' differ in length"),
        ([[1.0], None], "the lists in 'v' differ in length"),
        ([["a"], ["b"]], "'v' hold string, not numbers"),
    ],
)
def test_lists_must_be_vectors(column, message):
    with pytest.raises(DataError, match=message):
        table("x", pa.table({"v": column}))


def test_structs_become_columns_by_dotted_name():
    struct = pa.array([{"a": 1.0, "b": {"c": [1, 2]}}, {"a": 2.0, "b": {"c": [3, 4]}}])
    made, _ = table("x", pa.table({"arm": struct, "u": [1.0, 2.0]}))
    assert list(made.columns) == ["arm.a", "arm.b.c", "u"]
    assert made.columns["arm.b.c"].tolist() == [[1, 2], [3, 4]]


def test_successive_tables_count_rows_and_time_from_the_first_one():
    moments = [pa.array([n * 10**6], pa.timestamp("us")) for n in (5, 7)]
    parts = [pa.table({"t": moment}) for moment in moments]
    parts.insert(0, pa.table({"t": pa.array([None], pa.timestamp("us"))}))
    found = list(arrow.tables("x", parts, set()))
    assert [table.first_row for table in found] == [0, 1, 2]
    times = [table.columns["t"][0] for table in found]
    assert np.isnan(times[0]) and times[1:] == [0, 2]


def test_only_a_column_without_any_content_is_empty():
    parts = [pa.table({"a": [None], "b": [None]}), pa.table({"a": [1.0], "b": [None]})]
    assert arrow.empty_columns(parts) == {"b"}
