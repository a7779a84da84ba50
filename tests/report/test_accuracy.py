from dataclasses import replace

import numpy as np
from report_parts import NAMES

from koopcli.report import accuracy
from koopcli.report.blocks import Part, Picture, Table, Text


def test_tables_and_pictures_of_the_evaluation(material, album):
    blocks = accuracy.section(material, album).blocks
    open_tables = [block.title for block in blocks if isinstance(block, Table)]
    assert open_tables[0] == "Steps 1 to 5"
    assert open_tables[1].startswith("Which is better")
    folded = [block.title for block in blocks if isinstance(block, Part)]
    assert folded[0].startswith("Error by steps ahead")
    assert all(block.folded for block in blocks if isinstance(block, Part))
    names = {row[0] for row in blocks[3].blocks[0].rows if isinstance(blocks[3], Part)}
    assert not any("(" in name for name in names)


def test_each_picture_says_its_main_number(material, album):
    report = material.held.evaluation
    pictures = [
        block
        for block in accuracy.section(material, album).blocks
        if isinstance(block, Picture)
    ]
    curve, heat, spread, _ = (picture.alt for picture in pictures)
    assert f"At 5 steps: run <b> {report.curves[0].nrmse[-1]:.4g}; model.eqx" in curve
    assert "5 steps ahead. run <b>: best " in heat
    assert sum(name in heat for name in NAMES) >= 2
    assert "run <b>: median " in spread


def test_what_is_not_finite_has_no_number(material):
    report = material.held.evaluation
    rows = tuple(replace(row, nrmse=np.nan) for row in report.rows)
    spread = {name: np.full(2, np.inf) for name in report.spread}
    broken = replace(report, rows=rows, spread=spread)
    assert accuracy._dimensions(broken) == ""
    assert accuracy._spread(broken) == ""


def test_without_data_it_says_so(bare, album):
    assert accuracy.section(bare, album).blocks == (
        Text("No data were given: add --data DATA."),
    )
