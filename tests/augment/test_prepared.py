import numpy as np
import pytest
from augmentation_parts import encoded
from bilinear_plant import plant, turning

from koopcli.augment.prepare import prepare
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Symmetry


@pytest.fixture(scope="module")
def subject():
    dataset = plant(noise=0.01)
    model = turning(dataset)
    config = AugmentConfig(mode=Symmetry.KFC, scale=0.1)
    return prepare(model, dataset, config), encoded(model, dataset, steps=1)


def test_a_proposal_is_moved_measured_and_judged(subject):
    prepared, recorded = subject
    count = len(recorded.blocks)
    _, measured, good = prepared.propose(recorded, np.full((count, 1), 0.1))
    assert good.any() and (measured.shift > 0).all() and measured.cycle.max() < 1e-2
    # The error of the plant's own model turns and grows with the state.
    assert measured.after == pytest.approx(measured.before, rel=0.2)
    still, _, none = prepared.propose(recorded, np.zeros((count, 1)))
    assert not none.any()
    np.testing.assert_array_equal(
        still.blocks.observations, recorded.blocks.observations
    )


def test_without_a_judge_there_is_no_verdict(subject):
    prepared, recorded = subject
    assert prepared.judged(recorded.blocks, recorded.blocks) is None
