from dataclasses import replace

import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.errors import ConfigError
from koopcli.evaluate import figures
from koopcli.evaluate.evaluate import evaluate


@pytest.fixture
def report(data_file, run_folder):
    config = EvalConfig(horizons=(1, 3), stride=5, bootstrap=10, reencode_sweep=(0, 2))
    return evaluate([run_folder], data_file, config)


def test_all_pictures_are_drawn_and_survive_errors_that_are_not_finite(
    report, tmp_path, monkeypatch
):
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    (tmp_path / "one").mkdir()
    figures.draw(report, tmp_path / "one", ["y"])
    assert {path.name for path in (tmp_path / "one").iterdir()} == set(figures.FILES)
    text = (tmp_path / "one" / "dimensions.svg").read_text()
    assert "NRMSE by dimension, 3 steps ahead" in text and "persistence" in text
    assert ">y<" in (tmp_path / "one" / "rollout_worst.svg").read_text()
    broken = replace(
        report,
        rows=tuple(replace(row, nrmse=np.nan) for row in report.rows),
        spread={name: np.full(3, np.inf) for name in report.spread},
        examples=(),
        more={},
    )
    monkeypatch.setattr("koopcli.plots.FORMATS", (".svg",))
    (tmp_path / "two").mkdir()
    figures.draw(broken, tmp_path / "two")
    assert len(list((tmp_path / "two").iterdir())) == 3


def test_the_first_dimensions_are_drawn_unless_others_are_named():
    names = [f"d{i}" for i in range(9)]
    assert figures.columns(names, ()) == [0, 1, 2, 3, 4, 5]
    assert figures.columns(names, ("d8", "d1")) == [8, 1]
    with pytest.raises(ConfigError, match="--plot-dims 'q': the dimensions are d0"):
        figures.columns(names, ("q",))
