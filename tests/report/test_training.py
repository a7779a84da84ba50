from dataclasses import replace

from koopcli.report import training
from koopcli.report.blocks import Part, Text


def test_what_was_trained_on_what(material):
    blocks = training.section(material).blocks
    rows = {row[0]: row[1:] for row in blocks[0].rows}
    assert rows["kind"] == ["koopman", "gru"]
    assert rows["data"] == ["script>.h5", "-"]
    assert rows["train.steps"] == ["30", "-"]
    assert rows["optimizer.method"] == ["muon", "-"]
    assert rows["steps taken"] == ["30", "-"]
    assert rows["time taken"] == ["3 s", "-"]
    assert rows["stored model, after step"] == ["20", "0"]
    assert rows["data, SHA-256"] == ["abababababab", "-"]


def test_all_settings_are_folded_away(bare):
    (part,) = [b for b in training.section(bare).blocks if isinstance(b, Part)]
    assert part.folded
    assert ["train.batch_size", "32"] in [list(row) for row in part.blocks[0].rows]


def test_settings_that_differ_are_named(bare):
    (run,) = bare.runs
    other = replace(run, name="other", settings=run.settings | {"train.seed": 1})
    several = training.section(replace(bare, runs=(run, other))).blocks[1]
    assert several.title == "Settings that differ"
    assert several.rows == [["train.seed", "0", "1"]]


def test_a_model_file_says_that_its_settings_are_unknown(material):
    last = training.section(material).blocks[-1]
    assert isinstance(last, Text)
    assert last.text.startswith("model.eqx: a model file alone")
