import json

import h5py
import numpy as np
from d4rl_file import write_d4rl
from linear_world import write_world
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def test_a_dataset_file_by_severity(tmp_path):
    path = write_world(tmp_path / "d.h5")
    with h5py.File(path, "r+") as file:
        file["actions"][33, 0] = np.nan
    result = run(path, "--horizon", 10)
    assert result.exit_code == 0
    assert "episode 1, step 3, column u" in result.stdout
    assert result.stdout.index("errors") < result.stdout.index("warnings")
    assert "episodes 3, steps 75: errors 1, warnings 1, remarks 0" in result.stdout
    strict = run(path, "--strict")
    assert strict.exit_code == 3 and "errors 2, warnings 1" in strict.stderr
    assert "finite" in strict.stdout


def test_a_source_as_json(tmp_path):
    write_d4rl(tmp_path / "a.hdf5", (5, 30, 31))
    result = run(tmp_path / "a.hdf5", "--json", "--horizon", 20)
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.doctor/1" and document["episodes"] == 3
    short = document["findings"][0]
    assert short["check"] == "short-episode" and short["severity"] == "remark"
    assert short["places"][0]["episode"] == 0 and short["advice"]
    assert not [path for path in tmp_path.iterdir() if path.name != "a.hdf5"]


def test_remarks_are_no_failure(tmp_path):
    write_d4rl(tmp_path / "a.hdf5", (30, 31))
    result = run(tmp_path / "a.hdf5", "--strict", "--horizon", 20)
    assert result.exit_code == 0 and "remarks 1" in result.stdout


def test_the_meaning_of_a_source(tmp_path):
    rows = "\n".join(f"{i},{i % 7},{i % 5}" for i in range(20))
    (tmp_path / "a.txt").write_text("n,y1,u1\n" + rows)
    (tmp_path / "m.toml").write_text('obs_cols = ["y1"]\naction_cols = ["u1"]\n')
    result = run(
        tmp_path / "a.txt", "--format", "csv", "--mapping", tmp_path / "m.toml"
    )
    assert result.exit_code == 0 and "episodes 1, steps 20" in result.stdout


def test_usage(tmp_path):
    missing = run(tmp_path / "none.h5")
    assert missing.exit_code == 3 and "no such file" in missing.stderr
    assert run(tmp_path, "--horizon", 0).exit_code == 2
