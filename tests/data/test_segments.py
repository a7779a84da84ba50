import numpy as np
import pytest

from koopcli.config.data import IngestConfig
from koopcli.data import segments
from koopcli.data.mapping import resolve
from koopcli.data.remarks import Remarks
from koopcli.data.table import Table
from koopcli.errors import ConfigError, DataError


def cut(columns, **settings):
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    rows = max(map(len, arrays.values()))
    table = Table("x", {"y": np.arange(rows, dtype=float), **arrays})
    remarks, config = Remarks(), IngestConfig(**settings)
    mapping = resolve(table, config)
    facts = segments.facts(table, mapping, config)
    segments.check_labels(table, mapping, set(), goes_on=False)
    found = segments.cut(table, mapping, config, facts, remarks, segments.Place())
    places = [(s.first, s.stop) for s in found.segments]
    assert found.rest == rows
    return places, remarks.lines(), (found, facts), dict(remarks.dropped)


def test_the_episode_column_and_flags_cut():
    columns = {"episode": [0, 0, 1, 1, 1, 1], "terminal": [0, 0, 0, 1, 0, 0]}
    assert cut(columns)[0] == [(0, 2), (2, 4), (4, 6)]
    columns = {"id": ["b", "b", "a"], "timeout": ["False", "true", ""]}
    assert cut(columns)[0] == [(0, 2), (2, 3)]


def test_a_row_without_action_after_the_end_holds_its_last_observation():
    columns = {"u": [1, 1, np.nan, 1, 1], "terminal": [0, 1, np.nan, 0, 0]}
    assert cut(columns)[0] == [(0, 3), (3, 5)]


def test_time_that_starts_anew_or_jumps_splits_and_is_said():
    found, remarks, cuts, _ = cut({"time": [0, 1, 2, 0, 1, 2, 9, 10]})
    assert found == [(0, 3), (3, 6), (6, 8)] and cuts[1].step == 1
    assert "1 times at which time starts anew" in remarks[0] and "row 2" in remarks[0]
    assert "1 gaps in time" in remarks[1] and "after row 5" in remarks[1]


def test_jitter_is_reported():
    _, remarks, _, _ = cut({"time_ms": [0, 10, 20.5, 30, 40]}, time_col="time_ms")
    assert remarks == ["the time steps vary; largest deviation, in steps: 0.05"]


def test_resampling_forgives_single_missing_samples():
    found, remarks, cuts, _ = cut({"time": [0, 1, 3, 4, 5, 50, 51]}, resample=0.5)
    assert found == [(0, 5), (5, 7)] and cuts[1].step == 1
    assert len(remarks) == 1 and "gaps" in remarks[0]


def test_a_single_row_has_no_time_step():
    assert cut({"time": [3.0]})[2][1].step is None


def test_hidden_boundaries_are_found():
    columns = {"y": [0.0, 1, 2, 7, 8], "next_observation": [1.0, 2, 3, 8, 9]}
    found, remarks, _, _ = cut(columns)
    assert found == [(0, 3), (3, 5)] and "1 hidden episode boundaries" in remarks[0]


def test_a_time_limit_cuts_only_what_is_not_labelled():
    assert cut({"u": [0.0] * 5}, max_episode_steps=2)[0] == [(0, 2), (2, 4), (4, 5)]
    assert cut({"episode": [0] * 5}, max_episode_steps=2)[0] == [(0, 5)]


def test_named_row_ranges_are_episodes_of_their_split_and_the_rest_is_counted():
    found, remarks, cuts, dropped = cut(
        {"u": [0.0] * 10}, train_rows=("1:3", "7:8"), test_rows=("3:6",)
    )
    assert found == [(1, 3), (3, 6), (7, 8)]
    assert [s.split for s in cuts[0].segments] == ["train", "test", "train"]
    assert dropped == {segments.OUTSIDE: 4} and remarks == []


def test_what_is_left_out_may_be_uneven():
    found, remarks, cuts, dropped = cut(
        {"time": [0, 1, 2, 7, 7.5, 7.6]}, train_rows=("0:3",)
    )
    assert found == [(0, 3)] and cuts[1].step == 1 and remarks == []
    assert dropped == {segments.OUTSIDE: 3}


def test_a_split_column_is_understood():
    _, _, cuts, _ = cut({"split": ["train", "train", "Valid", "test"]})
    assert [s.split for s in cuts[0].segments] == ["train", "val", "test"]


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"episode": [0, 1, 0]}, {}, "episode 0 starts again in row 2"),
        ({"episode": [0.0, np.nan]}, {}, "row 1 has no 'episode'"),
        ({"terminal": [0.0, 3.0]}, {}, r"terminal\[1\] is 3, not a flag"),
        ({"terminal": ["no", "true"]}, {}, "'terminal' holds 'no', not numbers"),
        ({"time": [0.0, 0.0]}, {}, "after row 0: time stands still"),
        ({"time": [0.0, 1, 0], "id": [1, 1, 1]}, {}, "row 1: time runs backwards"),
        ({"time": [0.0, 1, 2.3]}, {}, "uneven sampling"),
        ({"time": [0.0, np.nan]}, {}, "row 1 has no 'time'"),
        ({"split": ["train", "dev"]}, {}, "row 1: split 'dev' is none of"),
        ({"u": [0.0, 1]}, {"test_rows": ("0:3",)}, "test rows 0:3, but it has 2"),
    ],
)
def test_what_contradicts_itself_is_refused(columns, settings, message):
    with pytest.raises(DataError, match=message):
        cut(columns, **settings)


def test_overlapping_ranges_are_refused():
    with pytest.raises(ConfigError, match="train rows 1:2 overlap"):
        cut({"u": [0.0] * 3}, test_rows=("0:2",), train_rows=("1:2",))
