from dataclasses import replace

import numpy as np
import pytest
from linear_world import write_run

from koopcli.spectrum import plane
from koopcli.spectrum.history import History
from koopcli.spectrum.inspect import inspect


@pytest.mark.parametrize("draw", [plane.disc, plane.s_plane])
def test_dead_and_growing_modes_can_be_drawn(tmp_path, draw):
    found = inspect(write_run(tmp_path / "run"))
    values = found.modal.eigenvalues.copy()
    values[:2] = 0.0, 1.2
    found = replace(found, modal=replace(found.modal, eigenvalues=values))
    draw(found, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert len(text) > 1000
    assert "nan" not in text.lower()


def test_the_way_of_training_is_drawn(tmp_path):
    found = inspect(write_run(tmp_path / "run"))
    values = np.stack([0.9 * found.modal.eigenvalues, found.modal.eigenvalues])
    history = History((1, 2), values, np.ones(2), np.ones(2))
    plane.training(replace(found, history=history), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
