from dataclasses import replace

from koopcli.report import glance
from koopcli.report.blocks import Lines, Text


def test_runs_and_baselines_stand_side_by_side(material):
    table = glance.section(material).blocks[0]
    names = ("what", "run <b>", "model.eqx", "persistence", "linear")
    assert table.columns == names
    rows = {row[0]: row[1:] for row in table.rows}
    evaluation = material.held.evaluation
    first = next(row for row in evaluation.rows if row.horizon == 5)
    assert rows["NRMSE, 5 steps ahead"][0].startswith(f"{first.nrmse:.4g}")
    assert rows["NRMSE, 1 step ahead"][2] != "-"
    assert rows["model"][2] == "repeats the start"
    assert rows["verified modes"][0].endswith("of 4")
    assert rows["verified modes"][1:] == ["-", "-", "-"]


def test_runs_are_compared_in_pairs_and_baselines_are_not(material):
    (verdicts,) = [
        block
        for block in glance.section(material).blocks
        if isinstance(block, Lines) and block.tone == "plain"
    ]
    assert len(verdicts.lines) == 1
    assert verdicts.lines[0].startswith("run <b> against model.eqx, mean NMSE over 5")
    assert "better: " in verdicts.lines[0]


def test_warnings_come_first(material):
    warnings = glance.section(material).blocks[-1]
    assert warnings.tone == "warning"
    assert warnings.lines == material.warnings()


def test_without_data_it_says_what_is_missing(bare):
    table, text = glance.section(bare).blocks
    assert table.columns == ("what", "alone")
    assert isinstance(text, Text)
    assert "add --data" in text.text


def test_one_run_has_nothing_to_be_compared_with(material):
    more = {**material.held.evaluation.more, "comparisons": []}
    evaluation = replace(material.held.evaluation, more=more)
    held = replace(material.held, evaluation=evaluation)
    blocks = glance.section(replace(material, held=held)).blocks
    assert len(blocks) == 2
