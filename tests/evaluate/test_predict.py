import h5py
import jax.numpy as jnp
import numpy as np
import pytest
from linear_world import (
    model_meta,
    untrained,
    world,
    write_partial,
    write_run,
    write_world,
)

from koopcli.config.evaluation import PredictConfig
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.evaluate.predict import InputFiles, predict, spread


@pytest.fixture
def output(tmp_path):
    return tmp_path / "pred.h5"


@pytest.fixture
def state_file(tmp_path):
    path = tmp_path / "state.csv"
    path.write_text("x,y,one\n0.5,-0.5,3\n")
    return path


@pytest.fixture
def action_file(tmp_path):
    np.savez(tmp_path / "actions.npz", u=np.linspace(-1, 1, 7))
    return tmp_path / "actions.npz"


def test_every_start_is_predicted_with_truth_and_mask(
    data_file, run_folder, output, dataset
):
    config = PredictConfig(horizon=4, batch_size=10)
    summary = predict(run_folder, data_file, output, config)
    assert summary.header.rollouts == 45
    chosen = starts(dataset, "test")
    with h5py.File(output) as file:
        assert file.attrs["schema"] == "koopcli.prediction"
        assert list(file.attrs["observation_names"]) == ["x", "y", "one"]
        predicted, truth = file["predictions/observations"], file["truth/observations"]
        assert predicted.shape == truth.shape == (45, 5, 3)
        given = dataset.observations[chosen.observation_rows]
        np.testing.assert_array_equal(predicted[:, 0], given)
        np.testing.assert_array_equal(truth[:, 0], given)
        mask = file["mask"][()]
        expected = np.arange(5) <= chosen.remaining[:, None]
        np.testing.assert_array_equal(mask, expected)
        np.testing.assert_array_equal(np.isnan(truth[..., 0]), ~mask)
        np.testing.assert_array_equal(np.isnan(predicted[..., 0]), ~mask)
        assert file["predictions/rewards"].shape == (45, 4)
        np.testing.assert_array_equal(file["episode"], chosen.episodes)
        assert file["start_step"][()].tolist() == [*range(20), *range(25)]


def test_predictions_are_the_models_own(data_file, run_folder, output, dataset):
    predict(run_folder, data_file, output, PredictConfig(horizon=3, starts=2))
    model = untrained(model_meta(dataset))
    with h5py.File(output) as file:
        alone = model.rollout(
            jnp.asarray(file["predictions/observations"][0, 0]),
            jnp.asarray(file["actions"][0]),
        )
        found = file["predictions/observations"][0, 1:]
        np.testing.assert_allclose(found, alone.states, rtol=1e-4, atol=1e-5)


def test_reencoding_changes_later_steps_only(data_file, run_folder, tmp_path):
    found = []
    for every in (0, 2):
        config = PredictConfig(horizon=4, starts=1, reencode_every=every)
        predict(run_folder, data_file, tmp_path / f"{every}.h5", config)
        with h5py.File(tmp_path / f"{every}.h5") as file:
            found.append(file["predictions/observations"][0])
    np.testing.assert_allclose(found[0][:3], found[1][:3], rtol=1e-4, atol=1e-5)
    assert np.abs(found[0][3:] - found[1][3:]).max() > 1e-3


def test_a_count_is_spread_over_starts_that_see_the_whole_horizon(dataset):
    candidates = starts(dataset, "test")
    chosen = spread(candidates, 22, 3)
    assert (chosen.remaining >= 22).all()
    assert len(chosen) == 3
    assert len(spread(candidates, 99, 4)) == 4
    assert spread(candidates, 22, None) is candidates
    assert spread(candidates, 22, 45) is candidates


def test_a_horizon_beyond_the_data_is_clipped_with_a_warning(
    data_file, run_folder, output
):
    summary = predict(run_folder, data_file, output, PredictConfig(horizon=80))
    assert summary.header.horizon == 25
    assert "the horizon was clipped to 25" in summary.warnings[0]


def test_an_autonomous_model_predicts_beyond_the_data(tmp_path, output):
    free = world(actions=0, rewards=False)
    run = write_run(tmp_path / "free", model_meta(free))
    data = write_world(tmp_path / "free.h5", free)
    predict(run, data, output, PredictConfig(horizon=40, starts=3))
    with h5py.File(output) as file:
        assert file["predictions/observations"].shape == (3, 41, 3)
        assert np.isfinite(file["predictions/observations"]).all()
        assert not file["mask"][:, -1].any()
        assert "rewards" not in file["predictions"]
        assert file["actions"].shape == (3, 40, 0)


def test_a_written_down_start_is_predicted(run_folder, state_file, action_file, output):
    summary = predict(run_folder, InputFiles(state_file, action_file), output)
    assert summary.header.horizon == 7
    with h5py.File(output) as file:
        assert file["predictions/observations"].shape == (1, 8, 3)
        assert file["predictions/observations"][0, 0].tolist() == [0.5, -0.5, 3.0]
        assert file["mask"][0].tolist() == [True] + [False] * 7
        assert file["episode"][()].tolist() == [-1]


def test_a_horizon_cuts_the_actions(run_folder, state_file, action_file, output):
    source = InputFiles(state_file, action_file, horizon=3)
    assert predict(run_folder, source, output).header.horizon == 3
    with pytest.raises(ConfigError, match="holds 7 actions, fewer than the horizon 9"):
        source = InputFiles(state_file, action_file, horizon=9)
        predict(run_folder, source, output, overwrite=True)


def test_an_autonomous_model_needs_a_state_and_a_horizon(tmp_path, state_file, output):
    run = write_run(tmp_path / "free", model_meta(world(actions=0)))
    summary = predict(run, InputFiles(state_file, horizon=6), output)
    assert summary.header.horizon == 6
    with pytest.raises(ModelError, match="takes no actions"):
        predict(run, InputFiles(state_file, state_file), output, overwrite=True)


def test_missing_actions_are_asked_for(run_folder, state_file, output):
    with pytest.raises(ConfigError, match=r"has actions \(u\): add --actions"):
        predict(run_folder, InputFiles(state_file), output)


def test_two_initial_states_are_refused(run_folder, tmp_path, action_file, output):
    np.save(tmp_path / "two.npy", np.ones((2, 3)))
    with pytest.raises(ConfigError, match="holds 2 rows; give one initial state"):
        predict(run_folder, InputFiles(tmp_path / "two.npy", action_file), output)


def test_a_failure_leaves_no_file(run_folder, tmp_path, output):
    with pytest.raises(DataError):
        predict(run_folder, tmp_path / "none.h5", output)
    assert not output.exists()


def test_an_output_is_not_replaced_without_being_told(data_file, run_folder, output):
    config = PredictConfig(horizon=2, starts=1)
    predict(run_folder, data_file, output, config)
    with pytest.raises(ConfigError, match="already exists"):
        predict(run_folder, data_file, output, config)
    predict(run_folder, data_file, output, config, overwrite=True)


def test_samples_of_the_past_are_neither_predicted_nor_compared(tmp_path):
    samples = write_partial(tmp_path / "d.h5", count=3)
    dataset = store.load(tmp_path / "d.h5")
    run = write_run(tmp_path / "run", model_meta(dataset, delays=dataset.delays))
    config = PredictConfig(horizon=4, starts=1)
    predict(run, tmp_path / "d.h5", tmp_path / "p.h5", config)
    with h5py.File(tmp_path / "p.h5") as file:
        assert list(file.attrs["observation_names"]) == ["x"]
        assert file["predictions/observations"].shape == (1, 5, 1)
        # Sample 2 of the recording is the first that has two before it.
        truth = file["truth/observations"][0, :, 0]
        assert truth.tolist() == pytest.approx(samples[1][2:7], abs=1e-6)
    np.savetxt(tmp_path / "s.csv", np.zeros((1, 5)), delimiter=",")
    np.savetxt(tmp_path / "a.csv", np.zeros((3, 1)), delimiter=",")
    files = InputFiles(tmp_path / "s.csv", tmp_path / "a.csv")
    predict(run, files, tmp_path / "q.h5")
    with h5py.File(tmp_path / "q.h5") as file:
        assert file["predictions/observations"].shape == (1, 4, 1)
