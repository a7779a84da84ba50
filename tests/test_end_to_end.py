"""The whole chain on a linear plant with known eigenvalues.

5 % of the steps of its recordings are missing, and must become episode boundaries.
"""

import json

import numpy as np
import pytest
from damped_plant import DT, MODES, plant, write
from typer.testing import CliRunner

from koopcli.cli.app import app

HORIZON = 20


def run(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("plant"), np.random.default_rng(0)
    matrices = plant(rng)
    holes = write(folder / "holes.hdf5", matrices, rng, episodes=40, missing=0.05)
    report = run("ingest", holes, "-o", folder / "data.h5", "--dt", DT)
    assert (
        report["episodes"] > 400
        and "hidden episode boundaries" in report["warnings"][0]
    )
    linear = (
        "encoder_depth=0",
        "decoder_depth=0",
        "action_depth=0",
        "eigenvalue_rate=1",
        # As many latents as modes: from some random phases both settle on one mode.
        "seed=2",
    )
    run(
        *("train", folder / "data.h5", "-o", folder / "run", "--latent-dim", 2),
        *("--horizon", HORIZON, "--batch-size", 64),
        *("--steps", 4000, "--learning-rate", 0.02),
        *(part for setting in linear for part in ("--set", setting)),
    )
    whole = write(folder / "whole.hdf5", matrices, rng, episodes=8, missing=0.0)
    run(
        *("ingest", whole, "-o", folder / "whole.h5", "--dt", DT),
        *("--test-fraction", 0.5, "--val-fraction", 0),
    )
    return folder


def test_eigenvalues_are_recovered_within_one_percent(trained):
    modes = run("inspect-eigenvalues", trained / "run")["modes"]
    found = sorted((mode["modulus"], abs(mode["frequency_hz"])) for mode in modes)
    for (modulus, frequency), (radius, angle) in zip(found, sorted(MODES), strict=True):
        assert modulus == pytest.approx(radius, rel=0.01)
        assert frequency == pytest.approx(angle / (2 * np.pi * DT), rel=0.01)


def test_ten_times_beyond_the_training_horizon_stays_within_two_percent(trained):
    document = run(
        *("eval", trained / "run", trained / "whole.h5"),
        *("--horizons", f"1,{HORIZON},{10 * HORIZON}"),
    )
    errors = {
        row["horizon"]: row["nrmse"]
        for row in document["results"]
        if row["model"] == "koopman" and row["quantity"] == "observations"
    }
    assert errors.keys() == {1, HORIZON, 10 * HORIZON}
    assert max(errors.values()) < 0.02
