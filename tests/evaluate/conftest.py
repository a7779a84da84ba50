"""Fixtures around `linear_world`."""

import linear_world
import pytest


@pytest.fixture
def dataset():
    return linear_world.world()


@pytest.fixture
def data_file(tmp_path):
    return linear_world.write_world(tmp_path / "data.h5")


@pytest.fixture
def run_folder(tmp_path):
    return linear_world.write_run(tmp_path / "run")
