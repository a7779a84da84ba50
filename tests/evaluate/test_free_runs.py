"""Lorenz 63: a model that cannot be followed step by step, and one that is wrong."""

import math
from dataclasses import replace

import linear_world
import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig, LongRunConfig
from koopcli.data.statistics import Statistics
from koopcli.evaluate import free_runs
from koopcli.evaluate.baselines import persistence
from koopcli.evaluate.entrants import Loaded
from koopcli.evaluate.rollouts import Predicted
from koopcli.evaluate.tally import Entrant
from koopcli.evaluate.yardstick import yardstick

DT = 0.02
STEPS = (10, 3000, 2500, 400)
CONFIG = EvalConfig(bootstrap=20, long_run=LongRunConfig(bins=10))


def step(state, rho=28.0):
    def slope(s):
        x, y, z = s.T
        return np.stack([10 * (y - x), x * (rho - z) - y, x * y - 8 / 3 * z], axis=1)

    a = slope(state)
    b = slope(state + DT / 2 * a)
    c = slope(state + DT / 2 * b)
    return state + DT / 6 * (a + 2 * b + 2 * c + slope(state + DT * c))


def run(start, steps, **change):
    states = [start]
    for _ in range(steps):
        states.append(step(states[-1], **change))
    return np.stack(states, axis=1)


@pytest.fixture(scope="module")
def lorenz():
    blank = linear_world.world(STEPS, actions=0, rewards=False)
    random = np.random.default_rng(0)
    starts = random.normal((0, 0, 25), size=(len(STEPS), 3))
    starts = run(starts, 1000)[:, -1]
    episodes = [
        each[: n + 1] for each, n in zip(run(starts, max(STEPS)), STEPS, strict=True)
    ]
    everything = np.concatenate(episodes)
    statistics = Statistics(
        linear_world.summary(everything), blank.statistics.actions, None
    )
    return replace(
        blank,
        observations=everything.astype(np.float32),
        statistics=statistics,
        observation_names=("x", "y", "z"),
    )


def model(name, **change):
    def rollout(states, actions):
        # A hair beside the true start: what float32 does to any model anyway.
        start = states.astype(np.float64) * (1 + 1e-4)
        return Predicted(run(start, actions.shape[1], **change)[:, 1:], None)

    return Entrant(name, "map", rollout)


def measure(dataset, models, config=CONFIG):
    scale = yardstick(dataset, config, (1,))
    return free_runs.measure(Loaded(dataset, "", {}, "cpu", ()), models, config, scale)


@pytest.fixture(scope="module")
def measured(lorenz):
    still = Entrant(None, "persistence", persistence(lorenz))
    return measure(lorenz, [model("true"), model("other", rho=35.0), still])


def overall(rows, run, quantity="observations"):
    [row] = [
        row
        for row in rows
        if (row["run"], row["episode"], row["quantity"]) == (run, None, quantity)
    ]
    return row


def test_the_true_map_is_alike_though_it_is_elsewhere_and_others_are_not(measured):
    rows, _ = measured
    true, other = overall(rows, "true"), overall(rows, "other")
    still = overall(rows, None)
    assert true["d_stsp"] < 0.5 and true["d_h"] < 0.12
    assert other["d_stsp"] > 3 * true["d_stsp"]
    assert other["d_h"] > true["d_h"]
    assert still["d_stsp"] > 5 and still["d_h"] == 1


def test_numbers_are_means_over_episodes_with_intervals_and_per_dimension(measured):
    rows, _ = measured
    mine = [row for row in rows if row["run"] == "true"]
    each = [row for row in mine if row["episode"] is not None]
    assert [row["episode"] for row in each] == [1, 2]
    assert [row["steps"] for row in each] == [3000, 2500]
    assert each[0]["source"] == "episode 1"
    whole = overall(rows, "true")
    for name in ("d_stsp", "d_h"):
        low, high = whole["interval"][name]
        values = [row[name] for row in each]
        assert whole[name] == pytest.approx(np.mean(values))
        assert low == pytest.approx(min(values)) and high == pytest.approx(max(values))
    dims = [overall(rows, "true", name) for name in "xyz"]
    assert whole["d_h"] == pytest.approx(np.mean([row["d_h"] for row in dims]))
    assert math.isnan(dims[0]["d_stsp"])
    assert (whole["episodes"], whole["steps"]) == (2, 5500)


def test_short_episodes_are_left_out_and_said(measured, lorenz):
    assert measured[1] == (
        "long-run statistics: 1 of 3 episodes have fewer than 500 steps and are left out",
    )
    config = replace(CONFIG, long_run=LongRunConfig(burn_in=2600, min_steps=500))
    rows, warnings = measure(lorenz, [model("true")], config)
    assert "need episodes of 3100 steps" in warnings[0]
    assert "the longest of the test split has 3000" in warnings[0]
    assert len(rows) == 4 and all(math.isnan(row["d_h"]) for row in rows)
    assert {row["episodes"] for row in rows} == {0}


def test_the_burn_in_is_predicted_but_not_compared(lorenz):
    def late(states, actions):
        # Wrong for 100 steps, then exact.
        chosen = [lorenz.observation_starts[1]]
        rows = np.array(chosen)[:, None] + 1 + np.arange(actions.shape[1])
        predicted = lorenz.observations[rows].astype(np.float64)
        predicted[:, :100] = 1e6
        return Predicted(predicted, None)

    config = replace(CONFIG, long_run=LongRunConfig(burn_in=100, min_steps=2900))
    rows, _ = measure(lorenz, [Entrant("late", "map", late)], config)
    row = overall(rows, "late")
    assert (row["d_stsp"], row["d_h"], row["steps"]) == (0, 0, 2900)


def test_a_rollout_that_breaks_is_null_and_named(lorenz):
    def broken(states, actions):
        predicted = np.zeros((*actions.shape[:2], 3))
        predicted[0, 7] = np.inf
        return Predicted(predicted, None)

    rows, warnings = measure(lorenz, [Entrant("r", "map", broken)])
    assert math.isnan(overall(rows, "r")["d_stsp"])
    assert math.isnan(overall(rows, "r", "y")["d_h"])
    assert warnings[1].startswith(
        "map (r): 1 of 2 free rollouts became NaN or infinite"
    )
