import dataclasses
import json

import pytest

from koopcli.delays import Delays, parse

THREE = Delays(count=3, lag=2, outputs=("y", "z"), inputs=("u",))


def test_the_present_keeps_its_names_and_the_past_says_how_long_ago():
    assert THREE.lags == (2, 4)
    assert THREE.past == 4
    assert THREE.names == (
        *("y", "z", "y[t-2]", "z[t-2]", "y[t-4]", "z[t-4]"),
        *("u[t-2]", "u[t-4]"),
    )


def test_one_sample_is_no_past():
    alone = Delays(1, 1, ("y",), ("u",))
    assert (alone.past, alone.names) == (0, ("y",))


def test_json_gives_it_back():
    assert parse(json.loads(json.dumps(THREE.as_json()))) == THREE
    assert parse(None) is None


def test_it_describes_its_own_columns_alone():
    assert THREE.describes(THREE.names)
    assert not THREE.describes(THREE.names[:-1])
    assert not THREE.describes(("x", *THREE.names[1:]))
    # Would take minutes and all memory if the names were made first.
    assert not dataclasses.replace(THREE, count=10**12).describes(THREE.names)


@pytest.mark.parametrize(
    "change",
    [{"count": 0}, {"lag": 0}, {"outputs": []}, {"count": "many"}, {"inputs": 3}],
)
def test_a_damaged_record_is_refused(change):
    with pytest.raises(ValueError, match=r"damaged|invalid literal"):
        parse({**THREE.as_json(), **change})
    with pytest.raises(ValueError, match="damaged"):
        parse([1])
