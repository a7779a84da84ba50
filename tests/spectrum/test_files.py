import csv

import numpy as np
import pytest
from linear_world import model_meta, world, write_run, write_world

from koopcli import plots
from koopcli.config.evaluation import InspectConfig
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError
from koopcli.spectrum import figures, files
from koopcli.spectrum.inspect import inspect


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    config = ModelConfig(latent_dim=4, encoder_width=8, decoder_width=8)
    meta = model_meta(world(), model_config=config, horizon=4)
    run = write_run(folder / "run", meta)
    config = InspectConfig(resamples=20, grid=5, probes=2, lags=(1, 2))
    return inspect(run, write_world(folder / "data.h5"), config, others=[run])


def test_everything_is_written_and_told(found, tmp_path):
    targets = files.Targets(tmp_path / "a.png", tmp_path / "all", tmp_path / "m.npz")
    files.refuse(targets, overwrite=False)
    told = list(files.write(found, targets, "{}"))
    assert told[0] == f"wrote {tmp_path}/a.png"
    assert "B, C, E: derivatives at the training mean" in told[1]
    assert (tmp_path / "all" / "spectrum.json").read_text() == "{}\n"
    text = (tmp_path / "all" / "modes.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [int(row["index"]) for row in rows] == [m.index for m in found.modes]
    assert float(rows[0]["residual"]) == pytest.approx(
        found.verification.residuals.residual[found.modes[0].index]
    )
    for name in figures.names(found):
        for suffix in plots.FORMATS:
            assert (tmp_path / "all" / f"{name}{suffix}").stat().st_size > 1000
    assert set(np.load(tmp_path / "m.npz").files) > {"eigenvalues", "B", "C", "dt"}
    for part in ("plot", "folder", "linear"):
        one = files.Targets(**{part: getattr(targets, part)})
        with pytest.raises(ConfigError, match="already exists"):
            files.refuse(one, overwrite=False)
        files.refuse(one, overwrite=True)


def test_an_unknown_format_stops_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match="pictures end in"):
        files.refuse(files.Targets(plot=tmp_path / "a.pdf"), overwrite=False)
    with pytest.raises(ConfigError, match="a linear model is written as"):
        files.refuse(files.Targets(linear=tmp_path / "a.txt"), overwrite=False)


def test_a_picture_in_the_way_is_named(tmp_path):
    (tmp_path / "bode.png").touch()
    with pytest.raises(ConfigError, match=r"bode\.png: already exists"):
        figures.refuse(tmp_path, overwrite=False)
