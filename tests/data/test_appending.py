import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl

from koopcli.config.data import IngestConfig
from koopcli.data import store
from koopcli.data.ingest import ingest
from koopcli.errors import ConfigError, DataError

TRAIN_ONLY = IngestConfig(val_fraction=0.0, test_fraction=0.0, dt=0.1)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data.h5"


def sources(folder, *lengths):
    found = []
    for seed, several in enumerate(lengths):
        path = folder / f"{seed}.hdf5"
        write_d4rl(path, several, seed=seed)
        found.append(str(path))
    return found


def contents(path):
    """All arrays of a file by name."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tolist()})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def test_one_after_the_other_is_the_same_as_all_at_once(tmp_path, out):
    several = sources(tmp_path, (5, 6, 7), (8,), (9, 4))
    ingest(several, tmp_path / "once.h5", TRAIN_ONLY)
    ingest(several[:1], out, TRAIN_ONLY)
    for source in several[1:]:
        report = ingest([source], out, TRAIN_ONLY, append=True)
    assert contents(out) == contents(tmp_path / "once.h5")
    assert (report.episodes, report.episodes_before, report.steps) == (2, 4, 13)
    assert report.splits == {"train": 6, "val": 0, "test": 0}


def test_old_episodes_keep_their_splits_and_the_new_ones_are_split_by_themselves(
    tmp_path, out
):
    first, second = sources(tmp_path, (5,) * 10, (6,) * 10)
    ingest([first], out, IngestConfig(seed=3, dt=0.1))
    before = store.load(out)
    report = ingest([second], out, IngestConfig(seed=4, dt=0.1), append=True)
    after = store.load(out)
    for name, part in before.splits.items():
        assert after.splits[name][: len(part)].tolist() == part.tolist()
        assert (after.splits[name][len(part) :] >= 10).all()
    assert report.splits == {"train": 16, "val": 2, "test": 2}
    [remark] = [line for line in report.warnings if "keep their splits" in line]
    assert remark.startswith("the 10 episodes that were there")
    assert remark.endswith("train 8, val 1, test 1")
    train = after.splits["train"]
    rows = [after.observations[6 * e : 6 * e + 6] for e in train[train < 10]]
    rows += [after.observations[60 + 7 * (e - 10) :][:7] for e in train[train >= 10]]
    mean = np.concatenate(rows).mean(axis=0, dtype=np.float64)
    assert np.allclose(after.statistics.observations.mean, mean)


def test_the_record_keeps_both(tmp_path, out):
    first, second = sources(tmp_path, (5,), (6,))
    ingest([first], out, TRAIN_ONLY, command="koopcli ingest 0")
    for _ in range(2):
        report = ingest([second], out, TRAIN_ONLY, append=True, command="and 1")
    found = store.load(out).provenance
    assert found["sources"] == [first] and found["command"] == "koopcli ingest 0"
    assert [record["sources"] for record in found["appended"]] == [[second]] * 2
    assert found["appended"][0]["command"] == "and 1"
    assert any("was ingested before" in line for line in report.warnings)


def test_an_owner_may_append_episodes_for_testing_alone(tmp_path, out):
    (tmp_path / "x.csv").write_text("y,u,split\n" + "1,2,train\n" * 3)
    (tmp_path / "z.csv").write_text("y,u,split\n" + "3,4,test\n" * 3)
    ingest([str(tmp_path / "x.csv")], out, IngestConfig(dt=1.0))
    report = ingest([str(tmp_path / "z.csv")], out, IngestConfig(dt=1.0), append=True)
    assert report.splits == {"train": 1, "val": 0, "test": 1}


def test_an_unknown_sampling_time_is_that_of_the_file(tmp_path, out):
    first, second = sources(tmp_path, (5,), (6,))
    ingest([first], out, TRAIN_ONLY)
    config = IngestConfig(val_fraction=0.0, test_fraction=0.0)
    report = ingest([second], out, config, append=True)
    assert report.dt == 0.1 and store.load(out).dt == 0.1
    assert any("that of the file, 0.1 s, is assumed" in w for w in report.warnings)


def test_a_delay_embedding_goes_on(tmp_path, out):
    first, second = sources(tmp_path, (5,), (6,))
    config = IngestConfig(val_fraction=0.0, test_fraction=0.0, dt=0.1, delay_embed=2)
    ingest([first], out, config)
    ingest([second], out, config, append=True)
    assert store.load(out).lengths.tolist() == [4, 5]
    with pytest.raises(DataError, match=r"--delay-embed 2 --delay-lag 1, not 1 and 1"):
        ingest([second], out, TRAIN_ONLY, append=True)


def test_what_does_not_agree_is_refused_and_the_file_stays(tmp_path, out):
    first, second = sources(tmp_path, (5,), (6,))
    write_d4rl(tmp_path / "wide.hdf5", (5,), actions=np.zeros((5, 2), np.float32))
    write_d4rl(tmp_path / "none.hdf5", (5,), drop=("rewards",))
    ingest([first], out, TRAIN_ONLY)
    whole = out.read_bytes()
    for source, config, message in (
        ("wide.hdf5", TRAIN_ONLY, r"data\.h5 and .*wide\.hdf5 differ in action names"),
        ("none.hdf5", TRAIN_ONLY, "some episodes have rewards and some have none"),
        (
            second,
            IngestConfig(dt=0.2),
            r"data\.h5 has a sampling time of 0\.1 s, .*0.2",
        ),
    ):
        with pytest.raises(DataError, match=message):
            ingest([str(tmp_path / source)], out, config, append=True)
        assert out.read_bytes() == whole
    ingest([first], tmp_path / "unknown.h5", IngestConfig())
    with pytest.raises(DataError, match=r"unknown\.h5: its sampling time is unknown"):
        ingest([second], tmp_path / "unknown.h5", TRAIN_ONLY, append=True)
    with pytest.raises(DataError, match="no such file"):
        ingest([second], tmp_path / "missing.h5", TRAIN_ONLY, append=True)
    with pytest.raises(ConfigError, match="--append and --overwrite exclude"):
        ingest([second], out, TRAIN_ONLY, append=True, overwrite=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
