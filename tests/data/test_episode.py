import dataclasses

import numpy as np
import pytest
from good_episode import GOOD

from koopcli.errors import DataError


def test_length_and_the_last_observation():
    GOOD.check()
    assert GOOD.length == 3 and GOOD.last_observation_known
    without = dataclasses.replace(GOOD, observations=np.zeros((3, 2)))
    without.check()
    assert not without.last_observation_known


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"observations": np.zeros((5, 2))},
            r"episode 7: 5 observations for 3 actions; expected 4 \(or 3",
        ),
        ({"rewards": np.zeros(2)}, "episode 7: 2 rewards for 3 actions"),
        ({"terminations": np.zeros(4, bool)}, "4 terminations for 3 actions"),
        ({"rewards": np.array([0, np.inf, 0])}, r"rewards\[1, 0\] is inf"),
        (
            {"observations": np.array([[0, 0], [0, np.nan], [np.nan, 0], [0, 0]])},
            r"observations\[1, 1\] is nan \(2 such values",
        ),
        ({"actions": np.array([[0.0], [0], [1e300]])}, r"actions\[2, 0\] is 1e\+300"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_what_breaks_the_contract_is_named_with_its_place(changes, message):
    with pytest.raises(DataError, match=message):
        dataclasses.replace(GOOD, **changes).check()
