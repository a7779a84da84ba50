import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl

from koopcli.config.data import IngestConfig
from koopcli.data import split_parts, store
from koopcli.data.ingest import ingest


def test_statistics_are_read_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(split_parts, "BLOCK_ROWS", 4)
    expected = write_d4rl(tmp_path / "x.hdf5", (9, 6, 7))
    ingest([str(tmp_path / "x.hdf5")], tmp_path / "d.h5", IngestConfig())
    dataset = store.load(tmp_path / "d.h5")
    train = [expected[e] for e in dataset.splits["train"]]
    actions = np.concatenate([actions for _, actions, *_ in train])
    assert dataset.statistics.actions.mean == pytest.approx(actions.mean(axis=0))
    assert dataset.statistics.actions.count == len(actions)
    with h5py.File(tmp_path / "d.h5") as file:
        assert file["statistics/actions/constant"][()].tolist() == []
