import pytest

from koopcli.data.ranges import parse
from koopcli.errors import ConfigError


def test_numbers_and_ranges():
    assert parse("0, 4,10:12", "--x") == [range(1), range(4, 5), range(10, 12)]


@pytest.mark.parametrize("text", ["", "a", "3:3", "5:2", "-1", "1:2:3", "1,,2"])
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigError, match="--x"):
        parse(text, "--x")
