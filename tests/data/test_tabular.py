from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from random_episodes import LENGTHS, assert_same, flat, random_episodes

from koopcli.config.choices import ActionAlign
from koopcli.config.data import IngestConfig
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError


def opened(*columns, environment="", **config):
    tables = [
        Table(f"t{i}", {n: np.asarray(v) for n, v in c.items()})
        for i, c in enumerate(columns)
    ]
    source = open_tables(
        lambda: ((table,) for table in tables), (Path("t"),), IngestConfig(**config),
        environment=environment,
    )  # fmt: skip
    return list(source.episodes()), source


@settings(max_examples=60)
@given(LENGTHS)
def test_episodes_come_back_whether_or_not_the_last_row_has_an_action(lengths):
    expected = random_episodes(lengths)
    for complete in (True, False):
        found, source = opened(flat(expected, complete=complete))
        assert_same(found, expected, complete=complete)
        assert source.warnings == []
        assert source.observation_names == ("observation[0]", "observation[1]")


ENDED = {"y": np.arange(6.0), "u": np.ones(6), "terminal": [0, 0, 1, 0, 0, 1]}


def test_terminations_of_all_episodes_at_one_length_are_time_outs():
    found, source = opened(ENDED)
    assert not any(episode.terminations.any() for episode in found)
    assert all(episode.truncations[-1] for episode in found)
    assert "2 terminations at the time limit" in source.warnings[0]


def test_the_limit_of_all_files_together_counts():
    found, source = opened(ENDED, {name: values[:2] for name, values in ENDED.items()})
    assert [episode.terminations[-1] for episode in found] == [True, True, False]
    assert source.warnings == []


def test_a_known_limit_decides():
    columns = {"y": np.arange(5.0), "u": np.ones(5), "terminal": [0, 0, 1, 0, 1]}
    found, _ = opened(columns, max_episode_steps=3)
    assert [episode.terminations[-1] for episode in found] == [False, True]


def test_a_time_out_column_is_believed():
    found, source = opened({**ENDED, "timeout": np.zeros(6)})
    assert all(episode.terminations[-1] for episode in found) and not source.warnings


def test_the_time_column_gives_the_sampling_time():
    columns = {"tempo_ms": [0, 20, 40], "y": np.zeros(3), "u": np.zeros(3)}
    _, source = opened(columns, time_col="tempo_ms")
    assert source.dt == 0.02 and source.dt_source == "time column 'tempo_ms'"


def test_a_time_column_that_contradicts_dt_is_said():
    columns = {"t": [0, 20, 40], "y": np.zeros(3), "u": np.zeros(3)}
    assert "but the time column says 20 s" in opened(columns, dt=0.02)[1].warnings[0]
    assert opened(columns, dt=20)[1].warnings == []


def test_an_environment_gives_the_sampling_time():
    _, source = opened({"y": np.zeros(3)}, environment="Hopper-v4")
    assert source.dt == 0.008 and source.dt_source == "environment Hopper-v4"
    assert opened({"y": np.zeros(3)}, environment="Door-v1")[1].dt_source == ""


def test_uneven_time_is_interpolated_on_request_and_rewards_are_left_out():
    columns = {
        "t": [0, 1, 3.0],
        "y": [0, 1, 3.0],
        "u": [1, 2, 3.0],
        "reward": [1.0] * 3,
    }
    [episode], source = opened(columns, resample=1.0)
    assert episode.observations[:, 0].tolist() == [0, 1, 2, 3]
    assert episode.actions[:, 0].tolist() == [1, 2, 2, 3] and episode.rewards is None
    assert source.dt == 1.0 and source.dt_source == "--resample"
    assert "1 episodes whose rewards were left out" in source.warnings[0]


def test_unused_columns_are_said():
    _, source = opened({"y": np.zeros(3), "u": np.zeros(3), "note": ["a"] * 3})
    assert source.warnings == ["columns not used: note"]


Y = {"y": np.zeros(3), "u": np.zeros(3)}
NEXT = {"obs": np.zeros((3, 1)), "next_obs": np.zeros((3, 1)), "u": np.zeros(3)}


@pytest.mark.parametrize(
    ("tables", "settings", "message"),
    [
        ([], {}, "t: holds no rows"),
        ([{"y": []}], {}, "t0: holds no rows"),
        ([Y, {"y": [], "u": []}], {}, "t1: holds no rows"),
        ([Y, {"y": [0.0]}], {}, r"t1: lacks the columns \['u'\]"),
        ([Y], {"resample": 1.0}, "--resample needs a time column"),
        (
            [{**Y, "t": [0, 1, 2]}, {**Y, "t": [0, 2, 4]}],
            {},
            "t1: its time step is 2 s",
        ),
        ([{**NEXT, "next_obs": np.zeros((3, 2))}], {}, "does not have the shape"),
        ([NEXT], {"action_align": ActionAlign.LAG}, "--action-align lag contradicts"),
        (
            [{**NEXT, "t": [0, 1, 2]}],
            {"resample": 1.0},
            "--resample cannot interpolate",
        ),
    ],
)
def test_what_is_wrong_is_named(tables, settings, message):
    with pytest.raises(DataError, match=message):
        opened(*tables, **settings)
