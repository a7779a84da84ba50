import csv as writer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_episodes import LENGTHS, assert_same, flat, random_episodes

from koopcli.config.data import IngestConfig
from koopcli.data import csv_blocks, store
from koopcli.data.ingest import ingest
from koopcli.data.readers import csv
from koopcli.errors import DataError


def read(path, **config):
    source = csv.open_source(str(path), IngestConfig(**config))
    return list(source.episodes()), source


def write(path, columns, separator=","):
    """Write columns with every digit; vectors as name0, name1, NaN as an empty cell."""
    single = {}
    for name, values in columns.items():
        wide = values.ndim > 1 and values.shape[1] > 1
        for i, column in enumerate(values.reshape(len(values), -1).T):
            single[f"{name}{i}" if wide else name] = column
    with open(path, "w", newline="") as file:
        rows = writer.writer(file, delimiter=separator)
        rows.writerow(single)
        for row in zip(*single.values(), strict=True):
            rows.writerow("" if v != v else repr(v.item()) for v in row)


@settings(max_examples=30)
@given(LENGTHS, st.booleans(), st.sampled_from(",;\t|"))
def test_episodes_come_back(tmp_path_factory, lengths, complete, separator):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    expected = random_episodes(lengths)
    write(path, flat(expected, complete=complete), separator)
    found, source = read(path)
    assert_same(found, expected, complete=complete)
    assert source.warnings == []


@settings(max_examples=10)
@given(LENGTHS)
def test_one_episode_per_file_of_a_folder(tmp_path_factory, lengths):
    folder = tmp_path_factory.mktemp("csv")
    expected = random_episodes(lengths)
    for i, episode in enumerate(expected):
        columns = flat([episode])
        del columns["episode"]
        write(folder / f"run{i}.csv", columns)
    found, source = read(folder)
    assert_same(found, expected)
    assert len(source.files) == len(lengths)


def test_a_table_without_header_by_column_number(tmp_path):
    (tmp_path / "x.csv").write_text("0 1.5  7\n1 2.5  8\n2 3.5  9\n")
    [episode], source = read(
        tmp_path / "x.csv", obs_cols=("1",), action_cols=("2",), time_col="0"
    )
    assert episode.observations[:, 0].tolist() == [1.5, 2.5, 3.5]
    assert episode.actions[:, 0].tolist() == [7, 8, 9] and source.dt == 1
    assert source.observation_names == ("1",)


def test_decimal_commas_and_comments(tmp_path):
    (tmp_path / "x.csv").write_text("# rig 3\nt;y;u\n0;1,5;2\n0,1;2,5;3\n")
    [episode], source = read(tmp_path / "x.csv")
    assert episode.observations[:, 0].tolist() == [1.5, 2.5] and source.dt == 0.1


def test_trailing_commas_make_an_empty_column_that_is_said(tmp_path):
    (tmp_path / "x.csv").write_text('"V1","V2",\n1,2,\n3,4,\n')
    [episode], source = read(tmp_path / "x.csv", obs_cols=("V2",), action_cols=("V1",))
    assert episode.observations[:, 0].tolist() == [2, 4]
    assert source.warnings == ["empty columns were left out: 2"]


@pytest.mark.parametrize(
    ("text", "config", "message"),
    [
        ("y,u\n", {}, "holds no rows"),
        ("y,u\n1,2\n3\n", {}, "not a readable CSV file .*Row #3"),
        ("y,u\n1,2\n,3\n", {}, r"observations\[1, 0\] is nan"),
        ("y,u\n1,2\nx,3\n", {}, "column 'y' holds '1', not numbers"),
        ("y,u\n1,2,3\n", {}, "more columns than the header has names"),
        ("V1,V2\n1,2\n", {}, "which columns are observations"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, config, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        ingest([str(tmp_path / "x.csv")], tmp_path / "o.h5", IngestConfig(**config))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_an_index_without_name_is_no_observation(tmp_path):
    (tmp_path / "x.csv").write_text(",y,u\n0,5,6\n1,7,8\n")
    [episode], source = read(tmp_path / "x.csv")
    assert episode.observations[:, 0].tolist() == [5, 7]
    assert source.warnings == ["columns not used: 0"]


def test_text_files_are_read_when_asked_for(tmp_path):
    (tmp_path / "x.txt").write_text("y u\n1 2\n3 4\n")
    assert not csv.detect(str(tmp_path))
    assert read(tmp_path)[0][0].length == 2
    (tmp_path / "x.csv").write_text("y,u\n1,2\n3,4\n5,6\n")
    assert [e.length for e in read(tmp_path)[0]] == [3]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "x.csv")


def test_the_authors_split_of_silverbox(tmp_path, shared_data):
    report = ingest(
        [str(shared_data / "sysid/silverbox/SNLS80mV.csv")],
        tmp_path / "o.h5",
        IngestConfig(
            obs_cols=("V2",),
            action_cols=("V1",),
            dt=1 / 610.35,
            train_rows=("40650:105712",),
            test_rows=("105712:127400", "100:40575"),
        ),
    )
    dataset = store.load(tmp_path / "o.h5")
    assert dataset.lengths.tolist() == [40_475, 65_062, 21_688]
    assert dataset.splits["train"].tolist() == [1]
    assert dataset.splits["test"].tolist() == [0, 2]
    assert "empty columns were left out: 2" in report.warnings
    assert report.dropped == {"outside the named row ranges": (0, 3847)}


def test_the_authors_blocks_of_drone14(tmp_path, shared_data):
    blocks = [f"{2000 + 1200 * i}:{2000 + 1200 * (i + 1)}" for i in range(5)]
    report = ingest(
        [str(shared_data / "sysid/drone14/sinal4_multiseno_malha_fechada.csv")],
        tmp_path / "o.h5",
        IngestConfig(
            obs_cols=("Saida*",),
            action_cols=("Controle*",),
            time_col="Tempo_s",
            subsample=5,
            train_rows=tuple(blocks[::2]),
            test_rows=tuple(blocks[1::2]),
        ),
    )
    assert report.dt == 0.05 and report.splits == {"train": 3, "val": 0, "test": 2}
    assert store.load(tmp_path / "o.h5").lengths.tolist() == [240] * 5
    assert report.dropped == {"outside the named row ranges": (0, 4000)}


def test_the_jittering_clock_of_drone14_needs_a_decision(shared_data):
    path = shared_data / "sysid/drone14/dados_14_drone.csv"
    columns = {
        "obs_cols": ("angulo_deg",),
        "action_cols": ("u_pct",),
        "time_col": "tempo_ms",
    }
    with pytest.raises(DataError, match=r"uneven sampling: the time step is 0\.01 s"):
        read(path, **columns)
    found, source = read(path, **columns, resample=0.01)
    assert source.dt == 0.01 and len(found) == 1
    assert np.isfinite(found[0].observations).all()


@settings(max_examples=10)
@given(LENGTHS, st.booleans(), st.integers(1, 200))
def test_a_file_larger_than_a_block_comes_back(
    tmp_path_factory, lengths, complete, size
):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    write(path, flat(random_episodes(lengths), complete=complete))
    whole, _ = read(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_blocks, "BLOCK_BYTES", size)
        found, source = read(path)
    assert [e.source for e in found] == [e.source for e in whole]
    assert_same(found, random_episodes(lengths), complete=complete)
    assert source.warnings == []
