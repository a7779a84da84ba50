from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.model import checkpoint
from koopcli.spectrum import history


def write(path, step, shift):
    meta = model_meta(world())
    model = untrained(meta)
    phase = model.spectrum.phase + shift
    model = eqx.tree_at(lambda m: m.spectrum.phase, model, phase)
    path.parent.mkdir(exist_ok=True)
    checkpoint.save(path, model, replace(meta, step=step))
    return np.asarray(model.eigenvalues())


def test_the_way_of_each_mode_is_read_from_the_checkpoints(tmp_path):
    first = write(tmp_path / "checkpoints" / "step_00000010.eqx", 10, 0.2)
    write(tmp_path / "checkpoints" / "step_00000020.eqx", 20, 0.1)
    last = write(tmp_path / "last.eqx", 30, 0.0)
    found = history.read(tmp_path)
    assert found.steps == (10, 20, 30)
    assert found.eigenvalues[0] == pytest.approx(first)
    assert found.moved[0] == pytest.approx(np.median(np.abs(first - last)), abs=1e-6)
    assert found.moved[0] > found.moved[1] > found.moved[2] == 0.0
    assert found.hausdorff[-1] == 0.0
    assert found.as_json()["steps"] == [10, 20, 30]


def test_one_model_has_no_history(tmp_path):
    assert history.read(tmp_path) is None
    write(tmp_path / "last.eqx", 30, 0.0)
    assert history.read(tmp_path) is None
