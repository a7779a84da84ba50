"""Dataset files of any kind of episodes, drawn by hypothesis."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from koopcli.data.episode import Episode
from koopcli.data.writer import DatasetWriter

VALUES = {"allow_nan": False, "allow_infinity": False, "width": 32}
ENDS = st.sampled_from([(True, False), (False, True), (True, True)])


@st.composite
def episodes(draw, *, known=None):
    """Episodes of one dataset; `known` settles whether last observations are known."""
    width, inputs = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    rewarded = draw(st.booleans())
    floats = st.floats(**VALUES)
    found = []

    def array(shape):
        return draw(nps.arrays(np.float32, shape, elements=floats))

    for number in range(draw(st.integers(1, 4))):
        steps = draw(st.integers(2, 5))
        last = draw(st.booleans()) if known is None else known
        terminated, truncated = draw(ENDS)
        marks = np.arange(steps) == steps - 1
        found.append(
            Episode(
                observations=array((steps + last, width)),
                actions=array((steps, inputs)),
                rewards=array(steps) if rewarded else None,
                terminations=marks & terminated,
                truncations=marks & truncated,
                source=f"episode {number}",
            )
        )
    return found


def write(path, found, *, names=None, actions=None, dt=0.02):
    """Write a dataset file; the first episode trains, the last one tests."""
    numbers = np.arange(len(found))
    with DatasetWriter(path) as writer:
        for episode in found:
            writer.add(episode)
        writer.finish({"train": numbers[:1], "val": numbers[1:1], "test": numbers[1:]})
        width, inputs = found[0].observations.shape[1], found[0].actions.shape[1]
        writer.annotate(
            {
                "dt": dt or 1.0,
                "dt_known": dt is not None,
                "dt_source": "",
                "observation_names": names or [f"y {i}" for i in range(width)],
                "action_names": actions or [f"push,{i}" for i in range(inputs)],
                "provenance": {},
            }
        )
    return path
