import numpy as np

from koopcli.config.choices import ActionAlign
from koopcli.data.alignment import Rows
from koopcli.data.resampling import resample


def test_observations_are_interpolated_and_actions_held():
    rows = Rows(
        observations=np.array([[0.0], [3.0], [4.0]]),
        actions=np.array([[1.0], [2.0], [3.0]]),
        rewards=np.zeros(3),
        terminal=np.array([False, False, True]),
        timeout=np.zeros(3, bool),
        following=None,
    )
    found = resample(rows, np.array([0.0, 3.0, 4.0]), 1.0, ActionAlign.LEAD)
    assert found.observations[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert found.actions[:, 0].tolist() == [1, 1, 1, 2, 3]
    assert found.terminal.tolist() == [False] * 4 + [True]
    assert found.rewards is None and not found.timeout.any()
    late = resample(rows, np.array([0.0, 3.0, 4.0]), 1.0, ActionAlign.LAG)
    assert late.actions[:, 0].tolist() == [1, 2, 2, 2, 3]
