from koopcli.augment.summary import Checks
from koopcli.cli.augment_tables import table

ROW = {
    "scale": 0.1,
    "proposals": 10,
    "accepted": 0.5,
    "shift": 0.25,
    "cycle_median": 0.3,
    "cycle_p95": 0.4,
    "outside": 0.125,
    "residual_ratio": 1.5,
}


def test_a_row_per_scale_and_dashes_for_what_is_not_there():
    columns, (row,) = table([Checks(**ROW)])
    cells = dict(zip(columns, row, strict=True))
    assert cells["accepted"] == "50.0%" and cells["outside"] == "12.5%"
    assert cells["residual"] == "1.5 (-)" and cells["judge"] == "-"
    assert "action miss" not in cells
    nothing = table([Checks(**ROW | {"outside": float("nan")})])[1][0]
    assert nothing[-1] == "-"


def test_the_judge_and_re_labelled_actions_have_columns():
    row = Checks(**ROW, judge_ratio=2.0, all_judge_ratio=3.0, action_miss=0.2)
    columns, (cells,) = table([row])
    assert columns[-1] == "action miss" and cells[-1] == "0.2"
    assert "2 (3)" in cells
