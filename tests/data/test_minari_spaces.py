import numpy as np
import pytest
from gymnasium import spaces

from koopcli.data.minari_spaces import flatten, leaves, names
from koopcli.errors import DataError

WHERE = "x: observation"
SPACE = spaces.Dict(
    {
        "a": spaces.Box(-1, 1, (2,)),
        "ab": spaces.Tuple((spaces.Discrete(2), spaces.Text(5))),
        "z": spaces.Box(0, 255, (4, 4, 3), np.uint8),
    }
)


def test_images_and_text_are_refused():
    with pytest.raises(DataError, match=r"observation holds images \(4, 4, 3\)"):
        leaves(SPACE["z"], WHERE)
    with pytest.raises(DataError, match="has the space Text"):
        leaves(spaces.Text(5), WHERE)
    with pytest.raises(DataError, match=r"ab\.1 has the space Text.*--obs-keys"):
        leaves(SPACE, WHERE)


def test_wanted_parts_in_their_order():
    found = leaves(SPACE, WHERE, wanted=("ab.0", "a"))
    assert names(found, "observation") == ("ab.0==0", "ab.0==1", "a[0]", "a[1]")
    values = {"a": np.array([[1.0, 2.0]]), "ab": (np.array([1]), None), "z": None}
    assert flatten(values, found).tolist() == [[0, 1, 1, 2]]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("b",), r"--obs-keys b: not there; it has a, ab\.0, ab\.1, z"),
        (("a", "z"), "z holds images"),
        (("ab",), r"ab\.1 has the space Text"),
    ],
)
def test_what_is_wanted_must_be_there_and_be_numbers(wanted, message):
    with pytest.raises(DataError, match=message):
        leaves(SPACE, WHERE, wanted)
