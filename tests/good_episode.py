"""One small valid episode."""

import numpy as np

from koopcli.data.episode import Episode

GOOD = Episode(
    observations=np.zeros((4, 2)),
    actions=np.zeros((3, 1)),
    rewards=np.zeros(3),
    terminations=np.zeros(3, bool),
    truncations=np.zeros(3, bool),
    source="file: episode 7",
)
