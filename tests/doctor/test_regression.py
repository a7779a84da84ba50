import numpy as np

from koopcli.doctor.regression import unexplained

INPUTS = np.random.default_rng(0).normal(size=(900, 3))


def test_affine_targets_are_explained_and_noise_is_not():
    noise = np.random.default_rng(1).normal(size=900)
    targets = np.stack([INPUTS @ [1.0, -2.0, 0.5] + 7, noise], axis=1)
    known, unknown = unexplained(INPUTS, targets)
    assert known < 1e-6 and 0.8 < unknown < 1.2


def test_a_smooth_function_needs_the_smooth_fit():
    targets = np.tanh(INPUTS[:, :1]) * np.cos(INPUTS[:, 1:2])
    assert unexplained(INPUTS, targets)[0] > 0.3
    assert unexplained(INPUTS, targets, smooth=True)[0] < 0.05


def test_constants_on_either_side():
    inputs = np.concatenate([INPUTS, np.ones((900, 1))], axis=1)
    assert unexplained(inputs, np.full((900, 1), 3.0)) == 1.0
