import evaluation_parts
import numpy as np

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import reencoding
from koopcli.evaluate.summaries import Validity
from koopcli.evaluate.yardstick import Bounds, Yardstick

SCALE = Yardstick(
    (1,), ("x",), np.ones(1), None, np.zeros(1), Bounds(-np.ones(1), np.ones(1))
)


def sweep(**errors):
    by_every = [
        (every, [evaluation_parts.scored([[error]] * 2, [0, 1], None, "a")])
        for every, error in errors.items()
    ]
    several = [(int(every[1:]), scored) for every, scored in by_every]
    return reencoding.sweep(
        several, SCALE, draws.draw(2, 5, 0.9, 0), Validity(0.5, 1.0)
    )


def test_the_smallest_error_is_the_best():
    rows = sweep(k0=4.0, k5=1.0, k10=2.0)
    assert [(r["reencode_every"], r["mean_nmse"]) for r in rows] == [
        (0, 4.0), (5, 1.0), (10, 2.0),
    ]  # fmt: skip
    assert [row["best"] for row in rows] == [False, True, False]


def test_no_k_is_best_if_none_is_finite():
    rows = sweep(k0=np.inf, k5=np.inf)
    assert not any(row["best"] for row in rows)


def test_no_sweep_no_rows():
    assert sweep() == []
