"""Planted faults are found; what cannot be judged is refused."""

import csv
import json
from dataclasses import replace

import linear_world
import numpy as np
import pytest

from koopcli.config.choices import Method
from koopcli.config.model import ModelConfig
from koopcli.config.training import (
    LossConfig,
    OptimizerConfig,
    RunConfig,
    TrainConfig,
)
from koopcli.data import data_map as stored
from koopcli.data import store
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.evaluate import data_map
from koopcli.files import sha256
from koopcli.train.fit import fit

GLUED, WRONG, SOUND = 3, 6, 4
EPISODES = 14


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Episode 3 jumps into another one at step 15; episode 6 has others' actions."""
    world = linear_world.world((30,) * EPISODES, rewards=False)
    first, step = world.observation_starts, world.step_starts
    observations, actions = world.observations.copy(), world.actions.copy()
    donor = first[SOUND]
    observations[first[GLUED] + 15 : first[GLUED] + 31, :2] = observations[
        donor : donor + 16, :2
    ] + [3.0, -3.0]
    actions[step[WRONG] : step[WRONG] + 30] *= -1
    world = replace(
        world,
        observations=observations,
        actions=actions,
        splits={
            "train": np.arange(EPISODES - 1),
            "val": np.array([EPISODES - 1]),
            "test": np.zeros(0, np.int64),
        },
    )
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    config = RunConfig(
        model=ModelConfig(
            latent_dim=4, encoder_width=16, decoder_width=16, action_width=8,
            reencode_every=0,
        ),
        train=TrainConfig(
            steps=400, batch_size=16, horizon=5, eval_every=40, dispatch_steps=40,
            data_map=True, map_windows=80,
        ),
        # How many windows become suspicious depends on how training goes: these are the
        # settings that the bounds below were found with.
        loss=LossConfig(one_step=0.3),
        optimizer=OptimizerConfig(method=Method.ADAMW),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("r") / "run"
    fit(data, folder, config)
    return folder


@pytest.fixture(scope="module")
def report(run, data):
    return data_map.data_map(run, data)


@pytest.mark.slow
def test_planted_faults_are_suspicious_and_nothing_else_is_as_much(report):
    worst = [row["episode"] for row in report.episodes[:2]]
    assert sorted(worst) == [GLUED, WRONG]
    suspicious = report.of_kind("suspicious")
    wrong = [row for row in suspicious if row["episode"] == WRONG]
    assert len(wrong) >= 4
    # Sound before the jump; after it, states are shifted to where they do not belong.
    jump = [row for row in suspicious if row["episode"] == GLUED]
    assert jump and all(row["start"] + 5 >= 15 for row in jump)
    others = [r for r in suspicious if r["episode"] not in (GLUED, WRONG)]
    assert len(others) <= 2
    assert suspicious[0]["error"] == max(row["error"] for row in suspicious)


def test_tables_name_episode_source_and_start(report):
    shown = data_map.sections(report)
    assert shown[0][0].startswith("Episodes with suspicious windows")
    assert {row[0] for row in shown[0][2][:2]} == {str(GLUED), str(WRONG)}
    for _, columns, rows in shown:
        assert all(len(row) == len(columns) for row in rows)
        assert len(rows) <= data_map.SHOWN
    worst = report.of_kind("suspicious")[0]
    row = shown[1][2][0]
    assert row[:3] == [str(worst["episode"]), worst["source"], str(worst["start"])]
    hard = [row for table in shown if table[0].startswith("Hard") for row in table[2]]
    named = {(r["episode"], r["start"]) for r in report.of_kind("suspicious")}
    assert not {(int(row[0]), int(row[2])) for row in hard} & named


def test_files_hold_every_window_and_are_not_replaced(report, tmp_path):
    data_map.write(report, tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == set(data_map.FILES)
    document = json.loads((tmp_path / "out/data_map.json").read_text())
    assert document["schema"] == "koopcli.data_map/1"
    protocol = document["protocol"]
    assert protocol["validations"] == list(range(40, 401, 40))
    assert (protocol["share"], protocol["fence"]) == (0.1, 1.5)
    with open(tmp_path / "out/data_map.csv") as file:
        rows = list(csv.DictReader(file))
    assert (
        len(rows)
        == len(document["windows"])
        == protocol["windows"]
        == len(report.windows)
    )
    assert rows[0]["source"] == "episode 0" and rows[0]["start"] == "0"
    with pytest.raises(ConfigError, match="already exists"):
        data_map.write(report, tmp_path / "out")


def test_a_run_without_a_map_is_told_how_to_get_one(run, data, tmp_path):
    other = linear_world.write_run(tmp_path / "other")
    with pytest.raises(ModelError, match="is not a run folder"):
        data_map.data_map(other, data)
    (other / "config.toml").write_text("")
    with pytest.raises(
        ModelError, match=r"no data map; train one: koopcli train .*--da"
    ):
        data_map.data_map(other, data)


def test_another_dataset_is_refused(run, tmp_path):
    other = linear_world.write_world(tmp_path / "other.h5")
    with pytest.raises(DataError, match=r"is not the file that .* was trained on"):
        data_map.data_map(run, other)


def planted(tmp_path, errors):
    """A run folder whose map holds these errors of windows of the world."""
    data = linear_world.write_world(tmp_path / "data.h5")
    dataset, errors = store.load(data), np.array(errors, float)
    chosen = stored.windows(dataset, 5, 100)
    chosen = chosen.take(np.arange(errors.shape[1]))
    made = stored.empty(dataset, chosen, 5, sha256(data))
    for number, row in enumerate(errors, start=1):
        made = made.add(number, row)
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.toml").write_text("")
    stored.write(run / "data_map.npz", made)
    return run, data


def test_one_validation_is_no_course_of_training(tmp_path):
    with pytest.raises(ModelError, match=r"has 1 validations.*eval_every"):
        data_map.data_map(*planted(tmp_path, [[1, 2, 3, 4]]))


def test_three_windows_are_too_few_to_compare(tmp_path):
    with pytest.raises(ModelError, match="has 3 windows; 4 are the fewest"):
        data_map.data_map(*planted(tmp_path, [[1, 2, 3]] * 2))


def test_errors_that_are_not_finite_are_the_worst_and_said(tmp_path):
    found = data_map.data_map(*planted(tmp_path, [[1, 2, 3, 4, np.inf]] * 3))
    assert found.windows[4]["mean"] == pytest.approx(1)
    assert found.warnings[0].startswith("the error of 1 windows was not finite")
    assert found.warnings[1].startswith("3 validations say little")
    json.dumps(data_map.without_nan(found.document()), allow_nan=False)
