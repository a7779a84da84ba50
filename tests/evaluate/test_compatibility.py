from dataclasses import replace

import pytest
from linear_world import model_meta, world

from koopcli.errors import ModelError
from koopcli.evaluate.compatibility import check_fit


def test_what_it_was_trained_on_fits(dataset):
    assert check_fit("run", model_meta(dataset), dataset) == ()


def test_other_dimensions_are_refused_with_both_numbers(dataset):
    meta = model_meta(dataset, observation_names=("x", "y"))
    with pytest.raises(ModelError, match="2 observation dimensions, the data 3"):
        check_fit("run", meta, dataset)


def test_an_autonomous_model_does_not_fit_data_with_actions(dataset):
    with pytest.raises(ModelError, match="0 action dimensions, the data 1"):
        check_fit("run", model_meta(dataset, action_names=()), dataset)


def test_swapped_columns_are_refused(dataset):
    meta = model_meta(dataset, observation_names=("y", "x", "one"))
    with pytest.raises(ModelError, match="dimension 0 is 'y' in the model but 'x'"):
        check_fit("run", meta, dataset)


def test_made_up_names_match_anything(dataset):
    meta = model_meta(
        dataset, observation_names=("obs_0", "obs_1", "obs_2"), action_names=("act_0",)
    )
    assert check_fit("run", meta, dataset) == ()


def test_another_sampling_time_is_refused_with_both_values(dataset):
    meta = model_meta(dataset, dt=0.05)
    with pytest.raises(ModelError, match=r"dt = 0\.05 s, the data has dt = 0\.1 s"):
        check_fit("run", meta, dataset)


def test_rounding_of_dt_is_no_difference(dataset):
    assert check_fit("run", model_meta(dataset, dt=0.1 * (1 + 1e-8)), dataset) == ()


def test_an_unknown_dt_is_a_warning(dataset):
    (warning,) = check_fit("run", model_meta(dataset, dt_known=False, dt=1.0), dataset)
    assert "dt of the model's data is unknown" in warning
    (warning,) = check_fit("run", model_meta(dataset), replace(dataset, dt_known=False))
    assert "dt of the data is unknown" in warning


def test_rewards_on_one_side_only_are_a_warning(dataset):
    (warning,) = check_fit("run", model_meta(dataset, has_rewards=False), dataset)
    assert "the model has no rewards" in warning
    (warning,) = check_fit("run", model_meta(dataset), world(rewards=False))
    assert "the dataset has no rewards" in warning


def test_another_dataset_file_is_a_warning(dataset):
    meta = model_meta(dataset, dataset_sha256="aa")
    (warning,) = check_fit("run", meta, dataset, "bb")
    assert "trained on another dataset file" in warning
    assert check_fit("run", meta, dataset, "aa") == ()
