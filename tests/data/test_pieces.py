from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.config.choices import ActionAlign
from koopcli.config.data import IngestConfig
from koopcli.data import pieces
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "max_episode_steps": st.integers(1, 6),
        "action_align": st.sampled_from(ActionAlign),
        "train_rows": st.just(("3:9", "10:11")),
        "test_rows": st.just(("12:15",)),
        "resample": st.just(0.5),
    },
)


def parted(table, sizes):
    """Cut a table into pieces of the given sizes, again and again."""
    found, row = [], 0
    while row < table.rows:
        size = sizes[len(found) % len(sizes)]
        found.append(table.part(slice(row, min(row + size, table.rows))))
        row += size
    return found


@st.composite
def tables(draw):
    """Tables of whatever shows boundaries; some contradict themselves."""
    rows = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    has = draw(st.sets(st.sampled_from(("episode", "terminal", "time", "next", "u"))))
    columns = {"obs": rng.normal(size=(rows, 2))}
    cuts = np.cumsum(rng.random(rows) < 0.2)
    if "u" in has:
        empty = rng.random(rows) < 0.15
        columns["u"] = np.where(empty, np.nan, rng.normal(size=rows))
    if "episode" in has:
        columns["episode"] = cuts * (1 if rng.random() < 0.9 else -1) % 7
    if "terminal" in has:
        columns["terminal"] = rng.random(rows) < 0.1
        if rng.random() < 0.5:
            columns["timeout"] = (rng.random(rows) < 0.1).astype(float)
    if "time" in has:
        jumps = rng.choice([0.0, 3.0, 50.0, -90.0], size=rows, p=[0.8, 0.1, 0.05, 0.05])
        columns["time"] = np.arange(rows) + np.cumsum(jumps) + 0.01 * rng.random(rows)
    if "next" in has:
        columns["next_obs"] = np.concatenate([columns["obs"][1:], np.ones((1, 2))])
        columns["next_obs"][rng.random(rows) < 0.1] += 3
    return Table("file", columns)


def outcome(found, config):
    """Return all that `ingest` would see of a source, or the kind of its refusal."""
    try:
        source = open_tables(lambda: iter([iter(found)]), (Path("file"),), config)
        episodes = list(source.episodes())
    except DataError as error:
        return str(error)
    told = [
        (
            e.source,
            e.split,
            e.observations.tobytes(),
            e.actions.tobytes(),
            None if e.rewards is None else e.rewards.tobytes(),
            e.terminations.tobytes(),
            e.truncations.tobytes(),
        )
        for e in episodes
    ]
    return told, source.dt, sorted(source.warnings), dict(source.dropped)


@settings(max_examples=150)
@given(tables(), SETTINGS, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_the_size_of_the_pieces_changes_nothing(table, given, sizes):
    config = IngestConfig(**given)
    whole, found = outcome([table], config), outcome(parted(table, sizes), config)
    if isinstance(whole, str) and "uneven sampling" in whole:
        # The worst time step of all, or the worst of the rows so far.
        whole, found = whole.split("but once")[0], found.split("but once")[0]
    assert found == whole or (isinstance(whole, str) and isinstance(found, str))


def test_rows_are_named_as_the_file_counts_them():
    columns = {"y": np.zeros(6), "u": np.zeros(6), "id": np.array([0, 0, 1, 1, 0, 0])}
    found = outcome(parted(Table("f", columns), [1]), IngestConfig())
    assert found.startswith("f: episode 0 starts again in row 4; sort the rows")
    columns = {"y": np.zeros(4), "u": np.zeros(4), "done": np.array([0, 0, 0, 7.0])}
    found = outcome(parted(Table("f", columns), [2]), IngestConfig())
    assert found == "f: done[3] is 7, not a flag (0, 1)"


def test_vectors_that_change_their_length_are_refused():
    found = [Table("f", {"v": np.zeros((1, n))}, n) for n in (2, 3)]
    with pytest.raises(DataError, match=r"f: the lists in 'v' differ in length"):
        pieces.joined(found)


def test_the_first_rows_are_looked_at_until_they_show_a_time_step(monkeypatch):
    monkeypatch.setattr(pieces, "HEAD_ROWS", 2)
    time = np.array([0, -9, -19, -29, -28.5, -28.0])
    table = Table("f", {"y": np.zeros(6), "u": np.zeros(6), "time": time})
    found, dt, *_ = outcome(parted(table, [1]), IngestConfig())
    assert dt == 0.5 and len(found) == 4


def test_a_long_episode_is_joined_in_linear_time(monkeypatch):
    rows = []
    original = pieces.joined

    def counted(found):
        rows.append(sum(piece.rows for piece in found))
        return original(found)

    monkeypatch.setattr(pieces, "joined", counted)
    table = Table("f", {"y": np.zeros(300), "u": np.zeros(300)})
    assert len(outcome(parted(table, [1]), IngestConfig())[0]) == 1
    assert sum(rows) < 6 * 300
