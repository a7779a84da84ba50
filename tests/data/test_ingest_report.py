import numpy as np

from koopcli.data.ingest_report import ranges
from koopcli.data.statistics import Accumulator


def columns(rows):
    accumulator = Accumulator(len(rows[0]))
    accumulator.add(np.array(rows))
    return accumulator.result()


def test_ranges_are_named_by_column():
    statistics = {
        "observations": columns([[0.0, 5.0], [2.0, 5.0]]),
        "rewards": columns([[1.0], [3.0]]),
    }
    assert ranges(("x", "y"), ("u",), statistics) == {
        "x": (0, 1, 1, 2),
        "y": (5, 5, 0, 5),
        "reward": (1, 2, 1, 3),
    }
