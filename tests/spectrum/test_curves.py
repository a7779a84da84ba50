import numpy as np
from linear_world import model_meta, world, write_run

from koopcli.spectrum import curves
from koopcli.spectrum.inspect import inspect


def test_the_strongest_come_first_in_their_order():
    assert curves._strongest(np.array([1.0, 5.0, 0.0, 4.0, 3.0, 2.0])) == [1, 3, 4, 5]


def test_gradients_and_responses_are_drawn_from_the_model_alone(tmp_path):
    found = inspect(write_run(tmp_path / "run", model_meta(world(), horizon=3)))
    for draw in (curves.gradient_flow, curves.bode):
        draw(found, tmp_path / "a.svg")
        text = (tmp_path / "a.svg").read_text()
        assert len(text) > 1000 and "nan" not in text.lower()
