import json

import bilinear_plant
import h5py
import numpy as np
import pytest
from augmentation_parts import ROUNDING, latent_model, write_plant
from linear_plant import matrices, plant

from koopcli.augment.augment import Listener, augment
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import ExportFormat, Symmetry, Unit
from koopcli.config.data import SplitConfig
from koopcli.data import store
from koopcli.data.export import export
from koopcli.data.resplit import resplit
from koopcli.errors import ConfigError, DataError, ModelError

CONFIG = AugmentConfig(scale=0.1, unit=Unit.TRAJECTORY, probability=1, max_cycle=0.9)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("augment")
    run, data = write_plant(folder, plant(noise=0.003), latent_model())
    output = folder / "more.h5"
    told, progress = [], []
    listener = Listener(told.append, lambda *now: progress.append(now))
    report = augment(run, data, output, CONFIG, judge=run, listener=listener)
    assert progress[-1] == (12, 12)
    return run, data, output, report


def test_what_was_recorded_is_there_unchanged_and_first(written):
    _, data, output, _ = written
    before, after = store.load(data), store.load(output)
    count = len(before.lengths)
    np.testing.assert_array_equal(after.lengths[:count], before.lengths)
    rows = len(before.observations)
    np.testing.assert_array_equal(after.observations[:rows], before.observations)
    assert after.sources[:count] == before.sources
    assert after.observation_names == before.observation_names and after.dt == before.dt


def test_all_that_is_new_trains_and_comes_from_training_episodes(written):
    _, data, output, report = written
    before, after = store.load(data), store.load(output)
    for name in ("val", "test"):
        np.testing.assert_array_equal(after.splits[name], before.splits[name])
    new = np.arange(len(before.lengths), len(after.lengths))
    assert len(new) == report.episodes["added"] > 0
    np.testing.assert_array_equal(
        after.splits["train"], np.concatenate([before.splits["train"], new])
    )
    trained = {f"episode {number}," for number in before.splits["train"]}
    for number in new:
        assert any(after.sources[number].startswith(name) for name in trained)


def test_new_episodes_obey_the_plant_and_the_record_says_where_they_are_from(written):
    _, data, output, report = written
    before, after = store.load(data), store.load(output)
    a, b, _ = matrices()
    with h5py.File(output) as file:
        record = {name: values[()] for name, values in file["augmentation"].items()}
    good = record["accepted"]
    assert good.sum() == report.episodes["added"]
    assert good.mean() == pytest.approx(report.checks.accepted)
    for row in np.flatnonzero(good):
        first = after.observation_starts[record["episode"][row]]
        moved = after.observations[first : first + 21].astype(np.float64)
        source = record["source_episode"][row], record["source_step"][row]
        start = before.observation_starts[source[0]] + source[1]
        recorded = before.observations[start : start + 21].astype(np.float64)
        step = before.step_starts[source[0]] + source[1]
        push = before.actions[step : step + 20] @ b.T

        def residual(states, push=push):
            return states[1:] - states[:-1] @ a.T - push

        # The noise of the recording is carried over, and nothing is added to it.
        np.testing.assert_allclose(
            residual(moved), residual(recorded), atol=2 * ROUNDING
        )
        shift = moved[0] - recorded[0]
        np.testing.assert_allclose(shift, record["draw"][row], atol=1e-5)
    assert report.checks.judge_ratio == pytest.approx(
        report.checks.residual_ratio, rel=1e-5
    )


def test_the_report_and_the_file_say_how_it_was_made(written):
    run, data, output, report = written
    document = report.document()
    assert document["schema"] == "koopcli.augment/1"
    assert document["settings"]["mode"] == "homogeneous"
    assert document["steps"] == 20 and document["scale"] == 0.1
    record = store.load(output).provenance["augmentation"]
    assert record["run"] == str(run) and record["data"] == str(data)
    assert record["checks"]["accepted"] == report.checks.accepted
    json.dumps(record, allow_nan=False)


def test_it_exports_and_cannot_be_split_anew_or_augmented_again(written, tmp_path):
    run, _, output, report = written
    done = export(output, tmp_path / "more.csv", ExportFormat.CSV)
    assert done.episodes == 12 + report.episodes["added"]
    with pytest.raises(DataError, match=r"holds augmented episodes.*would leak"):
        resplit(output, tmp_path / "split.h5", SplitConfig())
    with pytest.raises(DataError, match="holds augmented episodes already"):
        augment(run, output, tmp_path / "again.h5", CONFIG)


def test_nothing_is_written_where_nothing_is_accepted(written, tmp_path):
    run, data, output, _ = written
    target = tmp_path / "none.h5"
    huge = AugmentConfig(scale=1e4)
    with pytest.raises(ModelError, match=r"none of the \d+ proposals at scale 10000"):
        augment(run, data, target, huge)
    with pytest.raises(ModelError, match="no block was chosen"):
        augment(run, data, target, AugmentConfig(scale=0.1, probability=1e-9))
    assert not target.exists()
    with pytest.raises(ConfigError, match="already exists"):
        augment(run, data, output, CONFIG)


@pytest.mark.parametrize("mode", [Symmetry.KFC, Symmetry.KFC_PLUS])
def test_the_published_modes_move_along_a_bilinear_model(tmp_path, mode):
    dataset = bilinear_plant.plant(noise=0.003)
    run, data = write_plant(tmp_path, dataset, bilinear_plant.turning(dataset))
    config = AugmentConfig(mode=mode, probability=1)
    report = augment(run, data, tmp_path / "more.h5", config, judge=run)
    before, after = store.load(data), store.load(tmp_path / "more.h5")
    assert report.checks.scale > 0.1 and report.search and report.generators is None
    assert report.steps == 1 and report.steps_added == report.episodes["added"] > 0
    assert (after.lengths[len(before.lengths) :] == 1).all()
    assert after.sources[-1].endswith(f"{mode} at scale {report.checks.scale:g}")
    with h5py.File(tmp_path / "more.h5") as file:
        record = {name: values[()] for name, values in file["augmentation"].items()}
    good = record["accepted"]
    rows = before.observation_starts[record["source_episode"]] + record["source_step"]
    steps = before.step_starts[record["source_episode"]] + record["source_step"]
    for row in np.flatnonzero(good)[:50]:
        place = after.observation_starts[record["episode"][row]]
        moved = after.observations[place : place + 2].astype(np.float64)
        source = before.observations[rows[row] : rows[row] + 2].astype(np.float64)
        action = before.actions[steps[row]][0]
        left, were = (
            np.linalg.norm(s[1] - bilinear_plant.turned(s[0], action))
            for s in (moved, source)
        )
        # σ only turns and scales here, the error of the step as well as the state.
        size = np.linalg.norm(moved[0]) / np.linalg.norm(source[0])
        assert left == pytest.approx(size * were, abs=ROUNDING)
