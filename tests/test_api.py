"""The commands as Python calls, with strings for paths, from source to rollout."""

import shutil

import d4rl_file
import h5py
import numpy as np
import pytest

from koopcli import api


@pytest.fixture
def folder(tmp_path):
    d4rl_file.write_d4rl(tmp_path / "log.hdf5", lengths=(12, 12, 12, 12, 12))
    return tmp_path


def settings():
    return api.RunConfig(
        model=api.ModelConfig(
            latent_dim=2, encoder_width=4, decoder_width=4, reencode_every=0
        ),
        loss=api.LossConfig(consistency=0.2),
        optimizer=api.OptimizerConfig(learning_rate=1e-3),
        train=api.TrainConfig(steps=2, horizon=3, batch_size=4, dispatch_steps=1),
    )


def test_from_a_log_to_a_rollout(folder):
    log, data, run = (str(folder / name) for name in ("log.hdf5", "data.h5", "run"))
    report = api.ingest(log, data, api.IngestConfig(seed=1))
    assert (report.episodes, report.steps) == (5, 60)
    dataset = api.load_dataset(data)
    assert dataset.observations.shape == (65, 2)

    steps = []
    result = api.train(data, run, settings(), report=lambda r: steps.append(r.step))
    assert (result.steps, steps) == (2, [1, 2])

    model = api.load(run)
    assert isinstance(model, api.TrainedModel)
    api.predict(run, data, folder / "pred.h5", api.PredictConfig(horizon=3))
    with h5py.File(folder / "pred.h5") as file:
        starts, actions = file["truth/observations"][:, 0], file["actions"][:]
        written, known = file["predictions/observations"][:, 1:], file["mask"][:, 1:]
    found = model.rollout(starts, actions)
    assert known.sum() > 20
    np.testing.assert_allclose(found.states[known], written[known], rtol=1e-5)
    again = api.load(folder / "run" / "model.eqx").rollout(starts, actions)
    np.testing.assert_array_equal(found.states, again.states)

    scores = api.evaluate(run, data, api.EvalConfig(horizons=(1, 2)))
    assert {s.model for s in scores.summaries} == {"koopman", "persistence", "linear"}
    spectrum = api.inspect_eigenvalues(run)
    assert len(spectrum.modes) == 2
    assert spectrum.verification is None
    assert api.inspect_eigenvalues(run, data).verification is not None


def test_several_sources_and_several_runs(folder):
    d4rl_file.write_d4rl(folder / "more.hdf5", lengths=(12, 12), seed=1)
    data = folder / "data.h5"
    report = api.ingest([folder / "log.hdf5", str(folder / "more.hdf5")], data)
    assert report.episodes == 7
    api.train(data, folder / "a", settings())
    shutil.copytree(folder / "a", folder / "b")
    both = [folder / "a", str(folder / "b")]
    scores = api.evaluate(both, data, api.EvalConfig(horizons=(1,)))
    runs = [summary.run for summary in scores.summaries if summary.run]
    assert runs == [str(run) for run in both]


def test_what_goes_wrong_is_a_koopcli_error(folder):
    for wrong in (
        lambda: api.load("nowhere"),
        lambda: api.load_dataset("nowhere.h5"),
        lambda: api.ingest("nowhere.hdf5", folder / "data.h5"),
        lambda: api.train("nowhere.h5", folder / "run"),
    ):
        with pytest.raises(api.KoopError, match="nowhere"):
            wrong()
    assert sorted(path.name for path in folder.iterdir()) == ["log.hdf5"]


def test_nothing_is_replaced_unasked(folder):
    data = folder / "data.h5"
    api.ingest(folder / "log.hdf5", data)
    with pytest.raises(api.KoopError, match="exists"):
        api.ingest(folder / "log.hdf5", data)
    api.ingest(folder / "log.hdf5", data, overwrite=True)
