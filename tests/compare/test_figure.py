import matplotlib
import numpy as np
import pytest

from koopcli.compare import figure, scores
from koopcli.errors import ConfigError


def svg(comparison, tmp_path, monkeypatch):
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    figure.draw(tmp_path / "c.svg", comparison)
    return (tmp_path / "c.svg").read_text()


def test_models_baselines_and_panels_are_named(comparison, tmp_path, monkeypatch):
    text = svg(comparison, tmp_path, monkeypatch)
    for word in ("koopman", "gru", "persistence", "States", "Rewards", "steps ahead"):
        assert word in text
    assert "lowest to highest seed" in text


def test_without_rewards_there_is_one_panel(comparison, tmp_path, monkeypatch):
    measures = tuple(m for m in comparison.measures if m.quantity == "observations")
    groups = tuple(
        scores.Group(group.model, group.scores[:1]) for group in comparison.groups
    )
    few = scores.Comparison(comparison.request, {}, groups, measures, ())
    text = svg(few, tmp_path, monkeypatch)
    assert "Rewards" not in text and "seed" not in text


@pytest.mark.parametrize("curve", [[np.inf, np.nan], [0.0, 0.0], [1e-9, 1e30]])
def test_errors_of_any_size_are_drawn(comparison, tmp_path, curve):
    wild = scores.Score(
        "mlp-seed0", "mlp", None, {}, 0.0, {"observations": np.array(curve)}
    )
    groups = (scores.Group("mlp", (wild,)),)
    figure.draw(
        tmp_path / "c.png",
        scores.Comparison({}, {}, groups, comparison.measures, ()),
    )
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_format_is_refused(comparison, tmp_path):
    with pytest.raises(ConfigError, match="pictures end in"):
        figure.draw(tmp_path / "c.pdf", comparison)
