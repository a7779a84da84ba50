import dataclasses

import numpy as np
import pytest
from good_episode import GOOD

from koopcli.data.export_notes import Notes
from koopcli.data.exporters import About, tabular
from koopcli.errors import DataError

MARKED = dataclasses.replace(
    GOOD, terminations=np.array([0, 0, 1], bool), split="train"
)


def about(observations=("x", "y"), actions=("u",)):
    return About(Notes(observation_names=observations, action_names=actions), True)


def table(episodes, about, kind):
    config, remarks = tabular.columns(episodes, about, kind)
    [made] = tabular.tables(episodes, config)
    return made, config, remarks


def test_rows_by_hand(tmp_path):
    made, config, remarks = table([MARKED], about(), "csv")
    assert made.column_names == [
        *("episode", "split", "x", "y", "u", "reward", "terminal", "timeout"),
    ]
    assert made["u"].to_pylist() == [0, 0, 0, None]
    assert made["terminal"].to_pylist() == [False, False, False, True]
    assert (config.obs_cols, config.action_cols) == (("x", "y"), ("u",))
    assert remarks == []
    tabular.write(tmp_path / "x.csv", [made], "csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[1] == '0,"train",0,0,0,0,false,false'
    assert lines[4] == '0,"train",0,0,,,true,false'


@pytest.mark.parametrize(
    ("observations", "actions"),
    [
        (("time", "y"), ("u",)),
        (("x", "Next_Obs"), ("u",)),
        (("x", "y"), ("x",)),
        (("x", "y"), ("X",)),
        (("x", " y"), ("u",)),
        (("x", ""), ("u",)),
        (("x", "y\n"), ("u",)),
    ],
)
def test_names_that_mean_something_else_are_replaced_and_said(observations, actions):
    made, config, [remark] = table([MARKED], about(observations, actions), "csv")
    assert config.obs_cols == ("observation[0]", "observation[1]")
    assert config.action_cols == ("action[0]",)
    assert set(config.obs_cols) < set(made.column_names) and "renamed" in remark


def test_a_last_step_that_cannot_be_told_is_refused():
    autonomous = dataclasses.replace(
        MARKED, actions=np.zeros((3, 0)), observations=np.zeros((3, 2))
    )
    with pytest.raises(DataError, match="cannot tell its last step"):
        table([autonomous], about(actions=()), "csv")
