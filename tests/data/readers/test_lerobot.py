import itertools
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as writer
from random_episodes import assert_same, flat, random_episodes

from koopcli.config.data import IngestConfig
from koopcli.data import readers
from koopcli.data.readers import parquet
from koopcli.errors import DataError


def write(folder, lengths=(4, 3, 5), cuts=(), **info):
    """Write the v3 layout; `cuts` are rows at which a new file starts."""
    expected = random_episodes(lengths)
    columns = flat(expected, complete=False)
    rows = len(columns["episode"])
    table = pa.table(
        {
            "observation.state": columns["obs"].tolist(),
            "action": columns["action"].tolist(),
            "next.reward": columns["reward"],
            "next.done": np.append(np.diff(columns["episode"]) > 0, True),
            "timestamp": np.zeros(rows, np.float32),
            "frame_index": np.arange(rows),
            "episode_index": columns["episode"].astype(np.int64),
        }
    )
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    features = {
        "observation.state": {"shape": [2], "names": ["hip", "knee"]},
        "action": {"shape": [1], "names": None},
        "next.reward": {"shape": [1]},
    }
    meta = {"codebase_version": "v3.0", "fps": 50, "features": features} | info
    (folder / "meta/info.json").write_text(json.dumps(meta))
    edges = [0, *cuts, rows]
    for i, (first, stop) in enumerate(itertools.pairwise(edges)):
        part = table.slice(first, stop - first)
        writer.write_table(part, folder / f"data/chunk-000/file-{i:03d}.parquet")
    return expected


def read(folder, **config):
    name, source = readers.open_source(str(folder), IngestConfig(**config))
    assert name == "lerobot"
    return list(source.episodes()), source


@pytest.mark.parametrize("cuts", [(), (4,), (2,), (5, 6), (1, 4, 9), (0, 12)])
def test_episodes_come_back_however_the_files_are_cut(tmp_path, cuts):
    expected = write(tmp_path, cuts=cuts)
    found, source = read(tmp_path)
    assert_same(found, expected, complete=False)
    assert source.dt == 0.02 and source.dt_source == "fps of meta/info.json"
    assert source.observation_names == (
        "observation.state.hip",
        "observation.state.knee",
    )
    assert source.action_names == ("action[0]",) and source.warnings == []
    assert source.files[0].name == "info.json"


def test_without_frame_rate_the_sampling_time_is_unknown(tmp_path):
    write(tmp_path, fps=None)
    assert read(tmp_path)[1].dt is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "meta/info.json").write_text("{"), "not readable"),
        (lambda f: (f / "meta/info.json").write_text("[]"), "not the metadata"),
        (lambda f: (f / "data/chunk-000/file-000.parquet").unlink(), "no data/chunk"),
        (
            lambda f: writer.write_table(
                pa.table({"action": [[1.0]]}), f / "data/chunk-000/file-000.parquet"
            ),
            "no column 'episode_index'",
        ),
        (
            lambda f: writer.write_table(
                pa.table({"episode_index": [3]}), f / "data/chunk-000/file-001.parquet"
            ),
            "the files differ in",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, message):
    write(tmp_path)
    change(tmp_path)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


@pytest.mark.parametrize("cuts", [(), (2,), (5, 6), (0, 12)])
@pytest.mark.parametrize("size", [1, 100, 300])
def test_the_size_of_the_pieces_changes_nothing(tmp_path, monkeypatch, cuts, size):
    expected = write(tmp_path, cuts=cuts)
    whole = read(tmp_path)[0]
    monkeypatch.setattr(parquet, "PIECE_BYTES", size)
    found = read(tmp_path)[0]
    assert_same(found, expected, complete=False)
    assert [e.source for e in found] == [e.source for e in whole]
