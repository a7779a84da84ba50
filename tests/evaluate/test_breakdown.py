import evaluation_parts
import numpy as np
import pytest

from koopcli.evaluate import breakdown
from koopcli.evaluate.yardstick import Bounds, Yardstick

SCALE = Yardstick(
    (1,), ("x",), np.ones(1), None, np.zeros(1), Bounds(-np.ones(1), np.ones(1))
)


def scored(*arguments):
    return [evaluation_parts.scored(*arguments)]


def test_the_worst_episode_comes_first_with_its_number_and_source(dataset):
    profile = [[1.0, 3.0], [5.0, np.nan], [10.0, 10.0]]
    found = breakdown.episodes(scored(profile, [1, 1, 2]), dataset)
    assert [row["episode"] for row in found] == [2, 1]
    assert found[0]["source"] == "episode 2"
    # 1, 3 and 5: every known step of every start weighs alike.
    assert found[1]["mean_nmse"] == 3.0
    assert (found[1]["diverged"], found[1]["starts"]) == (1, 2)


def test_errors_by_source_join_the_episodes_of_one_file(dataset):
    from dataclasses import replace

    names = ("a.h5: episode 0", "a.h5: episode 1 (rows 0-9)", "b.h5: episode 0")
    several = replace(dataset, sources=names)
    found = breakdown.sources(scored([[1.0], [3.0], [7.0]], [0, 1, 2]), several)
    assert [(r["source"], r["episodes"], r["mean_nmse"]) for r in found] == [
        ("a.h5", 2, 2.0),
        ("b.h5", 1, 7.0),
    ]


def test_quantiles_are_over_starts():
    profile = [[value**2] for value in (1.0, 2.0, 3.0, 4.0, 5.0)]
    errors = [[[value]] for value in (-5.0, 1.0, 2.0, -3.0, 4.0)]
    overall, x = breakdown.quantiles(scored(profile, [0] * 5, errors), SCALE)
    assert (overall["unit"], overall["q50"], overall["q25"]) == ("nrmse", 3.0, 2.0)
    assert (x["quantity"], x["q50"], x["q75"]) == ("x", 3.0, 4.0)


def test_an_infinite_error_is_at_the_end_of_the_quantiles():
    overall, _ = breakdown.quantiles(scored([[1.0], [4.0], [np.inf]], [0, 0, 0]), SCALE)
    assert (overall["q05"], overall["q50"], overall["q95"]) == (1.0, 2.0, np.inf)


def test_a_horizon_that_no_start_sees_has_no_quantiles():
    overall, _ = breakdown.quantiles(scored([[np.nan]], [0]), SCALE)
    assert np.isnan(overall["q50"])


@pytest.mark.parametrize(
    ("source", "file"),
    [("a.h5: episode 3 (rows 1-2)", "a.h5"), ("hub/name", "hub/name")],
)
def test_the_file_of_a_source(source, file):
    assert breakdown.origin(source) == file
