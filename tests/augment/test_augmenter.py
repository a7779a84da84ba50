import bilinear_plant
import numpy as np
import pytest
from augmentation_parts import write_plant
from linear_plant import matrices, plant
from linear_world import model_meta, untrained, world, write_run, write_world

from koopcli.augment import SymmetryAugmenter
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Symmetry
from koopcli.errors import DataError


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    run, data = write_plant(tmp_path_factory.mktemp("augmenter"), plant(noise=0.003))
    return SymmetryAugmenter(run, data, AugmentConfig(scale=0.1))


def buffer(count=64, seed=0):
    a, b, mix = matrices()
    random = np.random.default_rng(seed)
    states = 0.1 * random.normal(size=(count, 6)) @ mix.T
    actions = random.normal(size=(count, 2))
    return {
        "observations": states.astype(np.float32),
        "actions": actions.astype(np.float32),
        "rewards": np.arange(count, dtype=np.float64),
        "next_observations": (states @ a.T + actions @ b.T).astype(np.float32),
        "terminals": np.zeros(count, bool),
    }


def test_about_four_of_five_transitions_are_moved_and_obey_the_plant(subject):
    batch = buffer()
    found = subject(batch)
    a, b, _ = matrices()
    moved = found["augmented"]
    assert 0.6 < moved.mean() < 0.95
    error = (
        found["next_observations"]
        - found["observations"] @ a.T
        - found["actions"] @ b.T
    )
    assert np.abs(error).max() < 2e-5
    same = (found["observations"] == batch["observations"]).all(axis=1)
    np.testing.assert_array_equal(same, ~moved)
    assert subject.moved <= subject.seen


def test_types_rewards_and_other_keys_stay(subject):
    batch = buffer() | {"timeouts": np.ones(64)}
    batch["rewards"] = batch["rewards"][:, None]
    found = subject(batch)
    for name, values in batch.items():
        assert found[name].dtype == values.dtype and found[name].shape == values.shape
    np.testing.assert_array_equal(found["rewards"], batch["rewards"])
    np.testing.assert_array_equal(found["timeouts"], batch["timeouts"])


def test_batches_are_moved_one_after_the_other_with_new_draws(subject):
    first, second = subject.batches([buffer(), buffer()])
    assert (first["observations"] != second["observations"]).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": np.zeros((64, 3))}, r"actions has the shape \(64, 3\), expected"),
        ({"rewards": np.zeros(3)}, r"rewards has the shape \(3,\), expected \(64,\)"),
        ({"next_observations": np.zeros((64, 5))}, "next_observations has the shape"),
    ],
)
def test_a_batch_of_another_shape_is_refused(subject, change, message):
    with pytest.raises(DataError, match=message):
        subject(buffer() | change)


def test_a_batch_that_lacks_something_is_refused(subject):
    batch = buffer()
    del batch["terminals"]
    with pytest.raises(DataError, match="batch: lacks terminals"):
        subject(batch)


def test_the_scale_is_searched_on_the_data(tmp_path):
    dataset = world()
    meta = model_meta(dataset)
    run = write_run(tmp_path / "run", meta, untrained(meta))
    data = write_world(tmp_path / "world.h5", dataset)
    config = AugmentConfig(min_accepted=0, max_cycle=99, max_residual=99, largest=0.004)
    assert SymmetryAugmenter(run, data, config).scale == 0.004


def test_a_kfc_run_moves_batches_too(tmp_path):
    dataset = bilinear_plant.plant(noise=0.003)
    run, data = write_plant(tmp_path, dataset, bilinear_plant.turning(dataset))
    config = AugmentConfig(mode=Symmetry.KFC_PLUS, scale=0.1)
    augmenter = SymmetryAugmenter(run, data, config)
    random = np.random.default_rng(0)
    states, actions = 0.3 * random.normal(size=(64, 2)), random.normal(size=(64, 1))
    following = [
        bilinear_plant.turned(*row) for row in zip(states, actions[:, 0], strict=True)
    ]
    found = augmenter(
        {
            "observations": states.astype(np.float32),
            "actions": actions.astype(np.float32),
            "rewards": np.zeros(64),
            "next_observations": np.array(following, np.float32),
            "terminals": np.zeros(64, bool),
        }
    )
    assert 0.5 < found["augmented"].mean() < 0.95
    rows = zip(found["observations"], actions[:, 0], strict=True)
    expected = [bilinear_plant.turned(*row) for row in rows]
    np.testing.assert_allclose(found["next_observations"], expected, atol=2e-5)
