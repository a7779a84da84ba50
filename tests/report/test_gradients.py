from koopcli.report import gradients
from koopcli.report.blocks import Picture, Text


def test_picture_and_table_of_a_diagonal_model(material, album):
    introduction, part, other = gradients.section(material, album).blocks
    assert "arXiv:2306.11941" in introduction.text
    flow = material.spectrum_of(material.runs[0]).flow
    assert other == Text("model.eqx: a gru model is not diagonal.")
    table = part.blocks[-1]
    assert table.title.startswith("Gradient flow")
    assert table.rows[-1][0] == str(flow.steps[-1]) == "4"


def test_the_picture_says_range_and_agreement(material, album):
    part = gradients.section(material, album).blocks[1]
    (picture,) = [block for block in part.blocks if isinstance(block, Picture)]
    flow = material.spectrum_of(material.runs[0]).flow
    assert f"to {flow.predicted[-1].max():.4g} at 4 steps" in picture.alt
    assert f"differs by at most {flow.worst:.1e}; gain of the decoded" in picture.alt


def test_without_data_the_states_gain_is_unknown(bare, album):
    part = gradients.section(bare, album).blocks[1]
    assert "gain of the decoded" not in part.blocks[0].alt
