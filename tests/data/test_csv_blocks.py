import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from koopcli.data import csv_blocks
from koopcli.data.csv_text import layout

CELLS = {
    "whole": ["1", "2", "30"],
    "real": ["1.5", "2", "-1e3"],
    "flag": ["0", "1", "true"],
    "gap": ["", "NaN", "3"],
    "empty": [""],
    "day": ["2024-01-01", "2024-01-02"],
    "moment": ["2024-01-01 00:00:01", "2024-01-01 00:00:01.5", "2024-01-02"],
    "text": ["a", "1", "é", ""],
}


def read(path):
    parts = list(csv_blocks.read(path, layout(path)))
    return pa.concat_tables(parts) if parts else None


@settings(max_examples=80)
@given(
    kinds=st.lists(st.sampled_from(sorted(CELLS)), min_size=2, max_size=5),
    rows=st.integers(1, 25),
    seed=st.integers(0, 99),
    size=st.integers(1, 40),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
@example(["flag", "whole"], 20, 1, 5, "\n")
def test_the_size_of_the_blocks_changes_nothing(
    tmp_path_factory, kinds, rows, seed, size, newline
):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    rng = np.random.default_rng(seed)
    lines = [",".join(f"{kind}{i}" for i, kind in enumerate(kinds))]
    for _ in range(rows):
        lines.append(",".join(str(rng.choice(CELLS[kind])) for kind in kinds))
        lines += [""] * int(rng.random() < 0.1)
    path.write_bytes(("﻿" + newline.join(lines)).encode())
    whole = read(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_blocks, "BLOCK_BYTES", size)
        found = read(path)
    assert (found is None) == (whole is None)
    assert found is None or found.equals(whole)


def test_an_error_names_the_row_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 8)
    (tmp_path / "x.csv").write_text("a,b\n" + "1,2\n" * 9 + "3\n")
    with pytest.raises(pa.ArrowInvalid, match="Row #11: Expected 2 columns"):
        read(tmp_path / "x.csv")


def test_columns_apart_by_blanks(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 6)
    (tmp_path / "x.csv").write_text("a   b\n 1  2\n3 4.5\n")
    assert read(tmp_path / "x.csv").to_pydict() == {"a": [1, 3], "b": [2, 4.5]}


def test_text_among_fractions_is_met_when_it_comes(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 8)
    (tmp_path / "x.csv").write_text("a,b\n" + "1.5,2\n" * 3 + "lost,3\n" + "2,4\n" * 3)
    parts = list(csv_blocks.read(tmp_path / "x.csv", layout(tmp_path / "x.csv")))
    found = [value for part in parts for value in part["a"].to_pylist()]
    assert "lost" in found and found.count(1.5) + found.count("1.5") == 3
    assert {str(part.schema.field("b").type) for part in parts} == {"int64"}
