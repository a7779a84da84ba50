import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as writer
from random_episodes import LENGTHS, assert_same, flat, random_episodes

from koopcli.config.data import IngestConfig
from koopcli.data.readers import parquet
from koopcli.errors import DataError


def read(path, **config):
    source = parquet.open_source(str(path), IngestConfig(**config))
    return list(source.episodes()), source


def write(path, columns):
    arrays = {n: v[:, 0] if v.shape[1:] == (1,) else v for n, v in columns.items()}
    writer.write_table(pa.table({n: v.tolist() for n, v in arrays.items()}), path)


@settings(max_examples=30)
@given(LENGTHS, st.booleans())
def test_episodes_come_back(tmp_path_factory, lengths, complete):
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    expected = random_episodes(lengths)
    write(path, flat(expected, complete=complete))
    found, source = read(path)
    assert_same(found, expected, complete=complete)
    assert source.observation_names == ("observation[0]", "observation[1]")


def test_one_episode_per_file_of_a_folder(tmp_path):
    expected = random_episodes((3, 5))
    for i, episode in enumerate(expected):
        columns = flat([episode])
        del columns["episode"]
        write(tmp_path / f"run{i}.parquet", columns)
    assert parquet.detect(str(tmp_path))
    assert_same(read(tmp_path)[0], expected)


def test_damage_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    write(path, flat(random_episodes((3, 5))))
    whole = path.read_bytes()
    for content in (b"", b"PAR1", whole[:-20], b"x" * 40):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not a readable Parquet file"):
            read(path)


@settings(max_examples=25)
@given(LENGTHS, st.integers(1, 200), st.integers(1, 9))
def test_a_file_larger_than_a_piece_comes_back(tmp_path_factory, lengths, size, group):
    path = tmp_path_factory.mktemp("parquet") / "x.parquet"
    columns = flat(random_episodes(lengths))
    columns = {n: v.tolist() for n, v in columns.items()} | {
        "note": [None] * len(columns["episode"]),
        "late": [None] * (len(columns["episode"]) - 1) + ["x"],
    }
    writer.write_table(pa.table(columns), path, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "PIECE_BYTES", size)
        patch.setattr(parquet, "TRIAL_ROWS", 1)
        found, source = read(path)
    assert_same(found, random_episodes(lengths))
    assert source.warnings == ["columns not used: late"]


def test_a_file_without_rows_is_refused(tmp_path):
    writer.write_table(pa.table({"y": [1.0]}).slice(0, 0), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: holds no rows"):
        read(tmp_path / "x.parquet")


def test_a_moment_counts_from_the_first_one_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "PIECE_BYTES", 1)
    times = pa.array(range(0, 10_000_000, 1_000_000), pa.timestamp("us"))
    table = pa.table({"time": times, "y": [0.0] * 10, "u": [0.0] * 10})
    writer.write_table(table, tmp_path / "x.parquet")
    found, source = read(tmp_path / "x.parquet")
    assert len(found) == 1 and source.dt == 1 and source.warnings == []
