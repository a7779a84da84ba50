from dataclasses import replace

import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.spectrum import figures, modal
from koopcli.spectrum.history import History
from koopcli.spectrum.inspect import inspect


@pytest.fixture
def bare(tmp_path):
    from linear_world import write_run

    return inspect(write_run(tmp_path / "run"))


def test_only_what_there_is_material_for_is_drawn(bare):
    wanted = ("spectrum_disc", "spectrum_s_plane", "gradient_flow", "bode")
    assert figures.names(bare) == wanted


def test_an_autonomous_model_has_no_frequency_response(bare):
    meta = model_meta(world(actions=0))
    silent = modal.of(modal.SavedModel(untrained(meta), meta))
    assert "bode" not in figures.names(replace(bare, modal=silent))


def test_a_history_adds_its_picture(bare):
    history = History((1, 2), np.ones((2, 4), complex), np.ones(2), np.ones(2))
    assert "spectrum_over_training" in figures.names(replace(bare, history=history))
