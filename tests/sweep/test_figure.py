import math

import matplotlib
import pytest
from sweep_parts import made, trial

from koopcli.errors import ConfigError
from koopcli.sweep import figure


def svg(sweep, tmp_path, monkeypatch):
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    figure.draw(tmp_path / "s.svg", sweep)
    return (tmp_path / "s.svg").read_text()


def test_panels_and_kinds_of_trials_are_named(tmp_path, monkeypatch):
    text = svg(
        made(
            trial(0, error=0.2),
            trial(1, "pruned", last_error=0.4),
            trial(2, "diverged", rate=0.05),
            trial(3, "running", settings={}),
        ),
        tmp_path,
        monkeypatch,
    )
    words = ("finished", "pruned", "failed", "best so far", "learning_rate", ">64<")
    assert all(word in text for word in (*words, "over 100 steps", "latent_dim"))


@pytest.mark.parametrize(
    "trials",
    [
        (),
        (trial(0, "running", settings={}),),
        (trial(0, "diverged"),),
        (trial(0, "pruned", last_error=math.nan), trial(1, "pruned", last_error=2.0)),
        (trial(0, error=0.2), trial(1, error=0.2)),
        (trial(0, error=1e-3), trial(1, error=1e30)),
        (trial(0, error=0.0),),
    ],
    ids=len,
)
def test_whatever_there_is_is_drawn(tmp_path, trials):
    figure.draw(tmp_path / "s.png", made(*trials))
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="pictures end in"):
        figure.draw(tmp_path / "s.pdf", made())
