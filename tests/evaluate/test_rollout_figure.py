import numpy as np
import pytest

from koopcli import plots
from koopcli.evaluate import rollout_figure
from koopcli.evaluate.examples import Example


@pytest.mark.parametrize("dt", [None, 0.1])
def test_runs_and_their_re_encodings_are_drawn(tmp_path, monkeypatch, dt):
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    wave = np.sin(np.arange(12.0))[:, None] * np.ones(5)
    wild = np.where(np.arange(12)[:, None] > 8, np.nan, wave)
    example = Example("worst", 7, 3, wave, {"a": wave + 1, "b": wild}, dt)
    path = tmp_path / "r.svg"
    rollout_figure.draw(path, example, dict(enumerate("pqrst")), {"a": 5, "b": 0})
    text = path.read_text()
    assert "The worst start: episode 7, step 3" in text
    assert "a (re-encoded every 5)" in text and "b (re-encoded" not in text
    assert ("steps ahead" in text) == (dt is None)
    assert plots.FORMATS[1] == path.suffix
