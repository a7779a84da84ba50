import pytest

from koopcli.data import split_lists
from koopcli.errors import ConfigError, DataError


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "lists.toml"
        path.write_text(text)
        return path

    return write


def named(path, episodes):
    found = split_lists.read(path, episodes)
    return {name: part.tolist() for name, part in found.items()}


def test_numbers_and_ranges(write):
    path = write('train = ["0:2", 5]\nval = [3, "4"]\ntest = ["2"]')
    assert named(path, 6) == {"train": [0, 1, 5], "val": [3, 4], "test": [2]}


def test_without_a_training_list_the_rest_is_for_training(write):
    assert named(write("test = [1]"), 3) == {"train": [0, 2], "val": [], "test": [1]}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("train = [0]", DataError, r"2 of 3 episodes are in no list .*episode 1"),
        ("test = [3]", DataError, r"names episode 3, but there are 3"),
        ('test = ["0:3"]', DataError, "no episode is left for training"),
        ("test = [0]\nval = [0]", ConfigError, "episode 0 is in test and in val"),
        ("tests = [0]", ConfigError, "unknown list 'tests'"),
        ("test = 0", ConfigError, "must be a list"),
        ("test = [true]", ConfigError, "must be a list"),
        ("test = [-1]", ConfigError, "expected numbers or first:stop"),
        ("test = [", ConfigError, "cannot read the lists"),
    ],
)
def test_what_cannot_be_a_split(write, text, error, message):
    with pytest.raises(error, match=message):
        split_lists.read(write(text), 3)
