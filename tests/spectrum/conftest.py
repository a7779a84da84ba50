"""A linear plant and the model that is exact for it, made once."""

import linear_plant
import linear_world
import numpy as np
import pytest

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum import pairs

SPURIOUS = 0.95 * np.exp(0.4j)


@pytest.fixture
def dataset():
    return linear_world.world()


@pytest.fixture(scope="session")
def plant_data():
    return linear_plant.plant()


@pytest.fixture(scope="session")
def exact(plant_data):
    return linear_plant.exact(plant_data)


@pytest.fixture(scope="session")
def with_spurious(plant_data):
    """The exact modes, and one whose φ is the first observation: no eigenfunction."""
    return linear_plant.exact(plant_data, [(SPURIOUS, np.eye(6)[0])])


@pytest.fixture(scope="session")
def held_out(with_spurious, plant_data):
    return pairs.gather(with_spurious, plant_data, Split.TEST, InspectConfig())
