import numpy as np
import pytest

from koopcli import plots
from koopcli.errors import ConfigError

CURVES = {"koopman": np.linspace(0.1, 0.5, 20), "linear": np.full(20, np.nan)}
SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml"}


@pytest.mark.parametrize("suffix", plots.FORMATS)
def test_each_picture_is_written_in_each_format(tmp_path, suffix):
    wave = np.sin(np.arange(30.0))[:, None] * np.ones(4)
    plots.error_over_horizon(tmp_path / f"e{suffix}", CURVES, (1, 20, 50))
    plots.unit_disc(tmp_path / f"d{suffix}", np.array([0.5 + 0.2j, -1.5]))
    plots.rollout(tmp_path / f"r{suffix}", wave, wave, "abcd", dt=0.1)
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(SIGNATURES[suffix])
    assert len(list(tmp_path.iterdir())) == 3


def test_labels_are_in_the_picture(tmp_path, monkeypatch):
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    plots.error_over_horizon(tmp_path / "e.svg", CURVES, (1, 20))
    text = (tmp_path / "e.svg").read_text()
    assert "koopman" in text
    assert "steps ahead" in text


def test_the_same_arrays_give_the_same_svg(tmp_path):
    for name in ("a.svg", "b.svg"):
        plots.unit_disc(tmp_path / name, np.array([0.5j]))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_errors_of_any_size_are_drawn(tmp_path):
    curves = {"wild": np.array([1e-12, 1e30, np.inf]), "exact": np.zeros(3)}
    plots.error_over_horizon(tmp_path / "e.png", curves, (1, 3))
    plots.unit_disc(tmp_path / "d.png", np.zeros(0, complex))


@pytest.mark.parametrize("count", [1, 5, 17])
def test_every_dimension_gets_a_panel(tmp_path, count):
    wave = np.zeros((5, count))
    plots.rollout(tmp_path / "r.png", wave, wave, [str(i) for i in range(count)])


def test_an_unknown_format_is_refused(tmp_path):
    for draw in (
        lambda path: plots.error_over_horizon(path, CURVES),
        lambda path: plots.unit_disc(path, np.zeros(1, complex)),
        lambda path: plots.rollout(path, np.zeros((2, 1)), np.zeros((2, 1)), "a"),
    ):
        with pytest.raises(ConfigError, match=r"pictures end in \.png or \.svg"):
            draw(tmp_path / "a.pdf")


@pytest.mark.parametrize("suffix", plots.FORMATS)
def test_a_name_that_is_a_broken_formula_is_drawn_as_it_is(tmp_path, suffix):
    figure = plots.make_figure((3.0, 2.0))
    figure.add_subplot().set_title(r"$\bad{x}$")
    plots.save(figure, tmp_path / f"a{suffix}")
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000
