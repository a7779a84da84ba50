from dataclasses import replace

import numpy as np
import pytest

from koopcli.report import rollouts
from koopcli.report.blocks import Text


def test_a_typical_and_the_worst_rollout_are_shown(material, album):
    typical, worst = rollouts.section(material, album).blocks
    assert "over 5 steps from the typical start, episode " in typical.alt
    assert "NRMSE over all of its steps and dimensions: run <b> " in worst.alt


def test_the_error_of_a_rollout_is_in_training_deviations(material):
    scale = material.held.dataset.output_statistics.observations.scale
    truth = np.zeros((3, 3))
    # One deviation off in every dimension, of one of two steps: the root of a half.
    predicted = truth + np.array([0, 1, 0])[:, None] * scale
    assert rollouts._nrmse(material.held, truth, predicted) == pytest.approx(0.5**0.5)


def test_no_example_no_picture(material, album):
    evaluation = replace(material.held.evaluation, examples=())
    held = replace(material.held, evaluation=evaluation)
    assert rollouts.section(replace(material, held=held), album).blocks == ()


def test_without_data_it_says_so(bare, album):
    (text,) = rollouts.section(bare, album).blocks
    assert text == Text("No data were given: add --data DATA.")
