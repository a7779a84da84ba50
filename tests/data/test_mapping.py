import numpy as np
import pytest

from koopcli.config.data import IngestConfig
from koopcli.data.mapping import resolve
from koopcli.data.table import Table
from koopcli.errors import DataError


def mapped(names, **settings):
    table = Table("x.csv", {name: np.zeros(2) for name in names.split()})
    return resolve(table, IngestConfig(**settings))


@pytest.mark.parametrize(
    ("names", "observations", "actions", "episode", "time"),
    [
        ("time y0 y1 u0 exp_id", ("y0", "y1"), ("u0",), "exp_id", "time"),  # NeuroMANCER
        ("id time x1 x2 u1", ("x1", "x2"), ("u1",), "id", "time"),  # AutoKoopman
        ("id time angle speed", ("angle", "speed"), (), "id", "time"),  # the same
        ("observation action episode", ("observation",), ("action",), "episode", None),
        ("observation.state action episode_index timestamp", ("observation.state",),
         ("action",), "episode_index", "timestamp"),
        ("obs[0] obs[1] act(0)", ("obs[0]", "obs[1]"), ("act(0)",), None, None),
    ],
)  # fmt: skip
def test_well_known_names_are_understood(names, observations, actions, episode, time):
    found = mapped(names)
    assert (found.observations, found.actions) == (observations, actions)
    assert (found.episode, found.time) == (episode, time)


def test_patterns_numbers_and_names_choose_columns():
    found = mapped(
        "clock y10 y2 u obs[0]",
        obs_cols=("y*", "obs[0]"),
        action_cols=("3",),
        time_col="clock",
    )
    assert found.observations == ("y10", "y2", "obs[0]")
    assert found.actions == ("u",) and found.time == "clock"


def test_a_pattern_takes_what_has_no_other_meaning():
    found = mapped("time a b u reward", obs_cols=("*",), action_cols=("u",))
    assert found.observations == ("a", "b")
    assert found.used() == {"a", "b", "u", "time", "reward"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"obs_cols": ("z*",)}, r"--obs-cols: no column 'z\*'; there are V1, V2"),
        ({"obs_cols": ("9",)}, "no column '9'"),
        ({"obs_cols": ("V1",), "episode_col": "run"}, "--episode-col: no column 'run'"),
        ({}, "which columns are observations"),
        ({"obs_cols": ("V1",), "action_cols": ("V1",)}, "both observation and action"),
    ],
)
def test_what_cannot_be_found_is_named_beside_what_is_there(settings, message):
    with pytest.raises(DataError, match=message):
        mapped("V1 V2", **settings)


def test_one_well_known_name_among_others_is_no_guess():
    with pytest.raises(
        DataError, match=r"is 'x' the only observation\? there are y, t"
    ):
        mapped("t x y theta u")
    assert mapped("t x y theta u", obs_cols=("x",)).observations == ("x",)
    assert mapped("0 t x u").observations == ("x",)  # 0: a column without a name


def test_a_long_list_of_columns_is_cut():
    with pytest.raises(DataError, match="and 5 more"):
        mapped(" ".join(f"c{i}z" for i in range(25)))
