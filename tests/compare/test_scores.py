import math

import numpy as np
import pytest
from comparison_parts import record, report

from koopcli.compare.scores import Measure, Spread, build, spans, spread

ONE = Measure("observations", "nrmse", 1)
MEAN = Measure("observations", "mean_nmse", 4)


def group(comparison, model):
    return next(each for each in comparison.groups if each.model == model)


def test_mean_and_std_over_seeds_by_hand(comparison):
    koopman = group(comparison, "koopman")
    assert koopman.error(ONE) == pytest.approx((0.2, math.sqrt(0.02)))
    # Mean squares: (.01 + .04 + .04 + .25) / 4 and (.09 + .16 + .16 + .49) / 4.
    first, second = 0.34 / 4, 0.90 / 4
    mean = (first + second) / 2
    std = math.sqrt((first - mean) ** 2 + (second - mean) ** 2)
    assert koopman.error(MEAN) == pytest.approx((mean, std))
    reward = koopman.error(Measure("rewards", "mean_nmse", 4))
    assert reward == pytest.approx((mean / 4, std / 4))
    assert koopman.cost("training_seconds") == pytest.approx((5.0, math.sqrt(2)))
    assert koopman.divergence_rate == (0.25, 0.0)


def test_groups_keep_the_order_and_baselines_come_last(comparison):
    names = [each.model for each in comparison.groups]
    assert names == ["koopman", "gru", "persistence"]


def test_a_model_with_a_diverged_seed_has_errors_but_no_rank(comparison):
    gru = group(comparison, "gru")
    assert not gru.complete and len(gru.finished) == 1
    assert gru.error(ONE) == (0.05, None)
    assert [each.model for each in comparison.ranking(ONE)] == [
        "koopman",
        "persistence",
    ]
    assert any("gru-seed1: diverged in training" in w for w in comparison.warnings)


def test_a_missed_budget_of_time_is_said(comparison):
    missed = [text for text in comparison.warnings if "of the budget" in text]
    assert missed == []
    request = {"budget": {"steps": None, "seconds": 3.0}}
    records = {"gru-seed0": record("gru"), "edmdc-seed0": record("edmdc", steps=0)}
    errors = [("a", "gru", [0.1] * 4), ("b", "edmdc", [0.1] * 4)]
    warnings = build(request, records, report(errors)).warnings
    missed = [text for text in warnings if "of the budget" in text]
    assert len(missed) == 1
    assert missed[0].startswith("gru-seed0: training took 5 s, not the 3 s")


def test_infinite_errors_have_no_rank(comparison):
    assert [each.model for each in comparison.ranking(MEAN)] == ["koopman"]


def test_measures_are_horizons_then_means_and_short_data_is_said(comparison):
    assert [measure[1:] for measure in comparison.measures] == 2 * [
        ("nrmse", 1), ("nrmse", 2), ("nrmse", 4), ("mean_nmse", 4),
    ]  # fmt: skip
    assert "there is no mean over 300 steps: the longest rollout has 4" in (
        comparison.warnings
    )


@pytest.mark.parametrize(
    ("longest", "expected"),
    [(50, (50,)), (100, (100,)), (200, (100, 200)), (1000, (100, 300))],
)
def test_spans_are_cut_to_what_was_evaluated(longest, expected):
    assert spans(longest) == expected


def test_spread_of_nothing_one_and_wild_values():
    assert spread([]) is None
    assert spread([2.0]) == Spread(2.0, None)
    assert spread([1.0, np.inf]).mean == np.inf
