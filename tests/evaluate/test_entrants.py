import numpy as np
import pytest
from linear_world import model_meta, write_partial, write_run

from koopcli.config.choices import Device
from koopcli.data import store
from koopcli.errors import ConfigError
from koopcli.evaluate.entrants import entrants, load


def test_all_predict_the_outputs_alone(tmp_path):
    write_partial(tmp_path / "d.h5", count=3)
    dataset = store.load(tmp_path / "d.h5")
    run = write_run(tmp_path / "run", model_meta(dataset, delays=dataset.delays))
    loaded = load([run], tmp_path / "d.h5", Device.CPU)
    state, actions = np.ones((2, 5), np.float32), np.ones((2, 4, 1), np.float32)
    found = entrants(loaded, 2, 1)
    assert [e.model for e in found] == ["koopman", "persistence", "linear"]
    assert {e.rollout(state, actions).states.shape for e in found} == {(2, 4, 1)}


def test_no_run_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="at least one RUN"):
        load([], tmp_path / "d.h5", Device.CPU)
