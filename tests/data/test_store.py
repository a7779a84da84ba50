import h5py
import linear_world
import numpy as np
import pytest

from koopcli.data import store
from koopcli.errors import DataError

DELAYS = '{"count": 2, "lag": 1, "outputs": ["x"], "inputs": ["u"]}'


@pytest.fixture
def path(tmp_path):
    return linear_world.write_world(tmp_path / "d.h5")


def test_what_was_written_is_read(path):
    world, found = linear_world.world(), store.load(path)
    for name in ("observations", "actions", "rewards", "lengths", "step_starts"):
        assert np.array_equal(getattr(found, name), getattr(world, name)), name
    assert found.splits["test"].tolist() == [1, 2] and found.dt == 0.1
    assert found.observation_names == ("x", "y", "one") and found.dt_known
    assert found.transitions.tolist() == [30, 20, 25]
    assert np.allclose(found.statistics.rewards.mean, world.statistics.rewards.mean)


def test_an_unknown_last_observation_costs_a_transition(tmp_path):
    world = linear_world.world(last_known=False)
    found = store.load(linear_world.write_world(tmp_path / "d.h5", world))
    assert found.transitions.tolist() == [29, 19, 24]


def test_absent_rewards_stay_absent(tmp_path):
    world = linear_world.world(rewards=False)
    found = store.load(linear_world.write_world(tmp_path / "d.h5", world))
    assert found.rewards is None and found.statistics.rewards is None


def change(name, value):
    def edit(file):
        del file[name]
        if value is not None:
            file[name] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change("actions", None), "not a readable koopcli dataset file"),
        (change("episodes/step_start", np.array([0, 29, 50])), "offsets do not match"),
        (change("episodes/length", np.array([75, 0, 0])), "an episode has no step"),
        (change("terminations", np.zeros(9, bool)), "columns and episode lengths"),
        (change("splits/val", np.array([0])), "in no or in several splits"),
        (lambda file: file["observations"].write_direct(np.full((78, 3), np.nan, "f4")),
         "NaN or infinite"),
        (change("observations", np.zeros(78)), "observations has 1 axes, expected 2"),
        (change("rewards", 1.0), "rewards has 0 axes, expected 1"),
        (change("episodes/last_observation_known", np.ones(2, bool)), "episode table"),
        (change("episodes/source", [b"a"]), "episode table differ in length"),
        (change("splits/val", np.zeros((1, 1), int)), "val has 2 axes, expected 1"),
        (change("statistics/observations/mean", np.zeros(9)), "mean is not 3 finite"),
        (change("statistics/actions/std", np.full(1, np.nan)), "std is not 1 finite"),
        (lambda file: file.attrs.update(dt=0.0), "dt is not positive"),
        (lambda file: file.attrs.update(dt=np.inf), "dt is not positive"),
        (lambda file: file.attrs.update(delays=DELAYS), "record of the delays and"),
        (lambda file: file.attrs.update(delays="[1]"), "record of the delays is"),
        (lambda file: file.attrs.update(action_names='["a", "b"]'), "names and columns"),
        (lambda file: file.attrs.update(schema_version=9), "dataset schema version 9"),
        (lambda file: file.attrs.update(koopcli_schema="x"), "but not a koopcli dataset"),
    ],
)  # fmt: skip
def test_damage_is_named(path, edit, message):
    with h5py.File(path, "r+") as file:
        edit(file)
    with pytest.raises(DataError, match=message) as caught:
        store.load(path)
    assert "d.h5" in str(caught.value)


def test_missing_foreign_and_truncated_files_are_refused(path, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        store.load(tmp_path / "none.h5")
    text = tmp_path / "text.h5"
    text.write_text("hello")
    with pytest.raises(DataError, match="not a readable koopcli dataset file"):
        store.load(text)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match="not a readable koopcli dataset file"):
        store.load(path)
