import numpy as np
import pytest

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.errors import DataError
from koopcli.spectrum import pairs


def test_pairs_never_cross_an_episode(exact, plant_data):
    found = pairs.gather(exact, plant_data, Split.TEST, InspectConfig())
    assert set(found.episodes) == set(plant_data.splits["test"].tolist())
    assert len(found) == plant_data.transitions[plant_data.splits["test"]].sum()
    moved = exact.eigenvalues * found.before + found.inputs
    assert moved == pytest.approx(found.after, abs=1e-4)


def test_their_number_is_bounded_and_spread_over_all_episodes(exact, plant_data):
    few = InspectConfig(max_pairs=12)
    found = pairs.gather(exact, plant_data, Split.TEST, few)
    assert len(found) == 12
    assert len(set(found.episodes)) == 6


def test_many_steps_ahead_are_steps_of_the_recurrence(exact, plant_data):
    found = pairs.gather(exact, plant_data, Split.TEST, InspectConfig())
    parts = list(pairs.ahead(found, (1, 5, 400)))
    assert [part.lag for part in parts] == [1, 5]
    assert parts[1].known.sum() == 6 * 36
    assert np.abs(parts[1].predicted - parts[1].observed).max() < 1e-4


def test_an_empty_split_is_an_error(exact, plant_data):
    with pytest.raises(DataError, match="the val split has no step"):
        pairs.gather(exact, plant_data, Split.VAL, InspectConfig())


def test_probes_are_whole_windows_spread_over_the_episodes(plant_data):
    few = InspectConfig(probes=3)
    found = pairs.probes(plant_data, few, 10)
    assert found.actions.shape == (3, 10, 2)
    assert found.mask.all()
    assert found.states[-1] == pytest.approx(plant_data.observations[12 * 41 - 11])
    assert pairs.probes(plant_data, few, 1000).actions.shape == (3, 40, 2)
