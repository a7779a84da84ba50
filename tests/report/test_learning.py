import pytest

from koopcli.report import learning
from koopcli.report.blocks import Text
from koopcli.report.pictures import Album


def test_points_are_where_a_metric_was_measured(material):
    run = material.runs[0]
    assert learning.points(run, "val_nrmse") == ([20, 30], [0.1, 2 / 30])
    assert learning.points(run, "train_loss")[0] == [10, 20, 30]
    assert learning.points(run, "nothing") == ([], [])


def test_curves_are_drawn_and_summed_up(material, tmp_path):
    picture, table, text = learning.section(material, Album(tmp_path)).blocks
    assert (
        picture.alt == "run <b>: validation NRMSE 0.1 at step 20, 0.06667 at step 30."
    )
    rows = {row[0]: row[1] for row in table.rows}
    assert rows["first training loss"] == "0.1 (step 10)"
    assert rows["least NRMSE, validation"] == "0.06667 (step 30)"
    assert rows["steps skipped (not finite)"] == "2"
    assert text == Text(
        "model.eqx: no learning curve, since its metrics are not there."
    )


@pytest.mark.parametrize(
    ("metrics", "alt"),
    [
        (({"step": 1, "train_loss": 2.0}, {"step": 2, "train_loss": 1.0}),
         "r: training loss 2 at step 1, 1 at step 2"),
        (({"step": 1}, {"step": 2}), "r: nothing was measured"),
    ],
)  # fmt: skip
def test_a_run_without_validation_tells_its_loss(material, metrics, alt):
    from dataclasses import replace

    run = replace(material.runs[0], name="r", metrics=metrics)
    assert learning._alt(run) == alt
