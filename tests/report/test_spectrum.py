from dataclasses import replace

import numpy as np
import pytest

from koopcli.report import spectrum
from koopcli.report.blocks import Lines, Part, Picture, Table, Text
from koopcli.report.pictures import Album
from koopcli.spectrum import figures, matching
from koopcli.spectrum.history import History


@pytest.fixture(scope="module")
def drawn(material, tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    figures.write(material.spectrum_of(material.runs[0]), folder / "spectrum-0")
    return Album(folder)


@pytest.fixture(scope="module")
def part(material, drawn):
    return spectrum.section(material, drawn).blocks[0]


def test_verdict_pictures_modes(part, material):
    assert part.title == "run <b>"
    assert isinstance(part.blocks[0], Lines)
    assert part.blocks[0].lines[0].startswith("Verdict: ")
    (table,) = [block for block in part.blocks if isinstance(block, Table)]
    assert table.title == "3 of 4 modes, most energy first"
    energy = [float(row[table.columns.index("energy")]) for row in table.rows]
    assert energy == sorted(energy, reverse=True)
    folded = [block.title for block in part.blocks if isinstance(block, Part)]
    assert folded[0] == "Summary"
    assert len(folded) == 3


def test_pictures_say_their_main_number(part, material):
    found = material.spectrum_of(material.runs[0])
    alts = [block.alt for block in part.blocks if isinstance(block, Picture)]
    said = " ".join(alts)
    assert len(alts) == 6
    assert f"spectral radius {found.summary.spectral_radius:.6g}, 0 outside" in said
    assert "largest growth rate" in said and "1/s" in said
    assert "modes are verified at 0.05" in said
    assert "Smallest residual over the upper half" in said
    assert "Growth of small changes over" in said
    assert "the largest gain is from u to " in said


def test_other_kinds_of_model_have_none(material, drawn):
    last = spectrum.section(material, drawn).blocks[-1]
    assert last == Text("model.eqx: a gru model has no eigenvalues.")


def test_without_data_nothing_is_verified(bare, tmp_path):
    text, part = spectrum.section(bare, Album(tmp_path)).blocks
    assert text.text.startswith("No mode is verified.")
    (table,) = [block for block in part.blocks if isinstance(block, Table)]
    assert table.title == "3 of 4 modes, slowest decay first"
    assert spectrum._disc(bare.spectra[str(bare.runs[0].path)]).endswith("0 outside.")


def test_checkpoints_and_other_runs_are_put_into_words(bare):
    found = bare.spectra[str(bare.runs[0].path)]
    values, far = np.ones((3, 4), complex), np.array([0.5, 0.2, 0.0])
    history = History((10, 20, 30), values, far, far / 2)
    said = spectrum._training(replace(found, history=history))
    assert "3 checkpoints, steps 10 to 30" in said and "moved by 0.25" in said
    match = matching.compare(values[0], values[0], ("a", "runs/b"))
    said = spectrum._runs(replace(found, matches=(match,)))
    assert "runs/b: 100 % of the modes in common" in said
