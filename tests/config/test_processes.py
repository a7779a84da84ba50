import pytest

from koopcli.config.processes import Processes
from koopcli.errors import ConfigError

ALL = {"coordinator": "node1:5000", "num_processes": 2, "process_id": 1}


def test_nothing_said_leaves_it_to_jax_and_everything_said_does_not():
    assert not Processes().explicit
    assert Processes(**ALL).explicit
    Processes(**(ALL | {"coordinator": "[fe80::1]:5000"}))


@pytest.mark.parametrize("missing", ALL)
def test_two_of_three_are_refused(missing):
    with pytest.raises(ConfigError, match="belong together"):
        Processes(**(ALL | {missing: None}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"coordinator": "node1"}, "node1: expected HOST:PORT"),
        ({"coordinator": ":5000"}, "expected HOST:PORT"),
        ({"coordinator": "node1:ssh"}, "expected HOST:PORT"),
        ({"process_id": 2}, "--process-id 2: must be from 0 to 1"),
        ({"process_id": -1}, "--process-id -1: must be from 0 to 1"),
    ],
)
def test_values_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        Processes(**(ALL | wrong))


def test_no_processes_at_all_are_refused():
    with pytest.raises(ConfigError, match="--num-processes 0: must be at least 1"):
        Processes(**(ALL | {"num_processes": 0, "process_id": 0}))
