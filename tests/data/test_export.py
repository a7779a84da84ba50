import dataclasses

import numpy as np
import pytest
from any_dataset import episodes, write
from good_episode import GOOD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_world import write_partial

from koopcli.config.choices import ExportFormat, Split
from koopcli.config.data import IngestConfig
from koopcli.data import exporters, mapping_file, store
from koopcli.data.export import DELAYS, export
from koopcli.data.ingest import ingest
from koopcli.errors import ConfigError, DataError

COLUMNS = ("observations", "actions", "terminations", "truncations", "lengths")
NAMES = {ExportFormat.CSV: "x.csv", ExportFormat.PARQUET: "x.parquet"}
ENDED = dataclasses.replace(
    GOOD, terminations=np.array([0, 0, 1], bool), observations=np.ones((4, 2))
)


def there_and_back(folder, kind, **how):
    output = folder / NAMES.get(kind, "x")
    report = export(folder / "d.h5", output, kind, **how)
    read = (
        {} if report.mapping is None else mapping_file.read(output.with_suffix(".toml"))
    )
    ingest([str(output)], folder / "back.h5", IngestConfig(**read))
    return store.load(folder / "back.h5"), report


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ExportFormat)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), dt=st.sampled_from([0.02, 0.0016384042, None]))
def test_ingest_of_an_export_gives_the_same_episodes(tmp_path_factory, kind, data, dt):
    known = True if kind is ExportFormat.MINARI else None
    folder = tmp_path_factory.mktemp("way")
    expected = store.load(
        write(folder / "d.h5", data.draw(episodes(known=known)), dt=dt)
    )
    found, report = there_and_back(folder, kind)
    for name in (*COLUMNS, "last_observation_known"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    assert (found.rewards is None) == (expected.rewards is None)
    if found.rewards is not None:
        assert np.array_equal(found.rewards, expected.rewards)
    for name in ("observation_names", "action_names", "dt", "dt_known"):
        assert getattr(found, name) == getattr(expected, name)
    if kind in NAMES:
        for name, part in expected.splits.items():
            assert np.array_equal(found.splits[name], part)
    assert report.steps == expected.lengths.sum() and not report.remarks


@pytest.mark.parametrize("kind", [ExportFormat.D4RL, *NAMES])
def test_systems_without_actions(tmp_path, kind):
    autonomous = dataclasses.replace(ENDED, actions=np.zeros((3, 0)))
    write(tmp_path / "d.h5", [autonomous], actions=[])
    found, _ = there_and_back(tmp_path, kind)
    assert np.array_equal(found.observations, autonomous.observations)
    assert found.terminations.tolist() == [False, False, True]
    assert found.lengths.tolist() == [3]


def test_one_split_alone(tmp_path):
    write(tmp_path / "d.h5", [ENDED, dataclasses.replace(ENDED, source="other")])
    found, report = there_and_back(tmp_path, ExportFormat.CSV, split=Split.TEST)
    assert report.episodes == 1 and found.lengths.tolist() == [3]
    with pytest.raises(DataError, match="the val split is empty"):
        export(tmp_path / "d.h5", tmp_path / "v.csv", ExportFormat.CSV, split=Split.VAL)


@pytest.mark.parametrize("kind", ExportFormat)
def test_nothing_is_overwritten_or_left_half_done(tmp_path, kind, monkeypatch):
    write(tmp_path / "d.h5", [ENDED])
    output = tmp_path / NAMES.get(kind, "x")
    before = sorted(tmp_path.iterdir())

    def fail(*_):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(f"koopcli.data.export.{_module(kind)}.write", fail)
        with pytest.raises(OSError):
            export(tmp_path / "d.h5", output, kind)
    assert sorted(tmp_path.iterdir()) == before
    export(tmp_path / "d.h5", output, kind)
    with pytest.raises(ConfigError, match="already exists"):
        export(tmp_path / "d.h5", output, kind)
    if kind is not ExportFormat.MINARI:
        export(tmp_path / "d.h5", output, kind, overwrite=True)


def _module(kind):
    return "tabular" if kind in NAMES else kind.value


def test_a_table_needs_its_suffix(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.csv"):
        export(tmp_path / "d.h5", tmp_path / "x.txt", ExportFormat.CSV)


@pytest.mark.parametrize("kind", [ExportFormat.D4RL, *NAMES])
def test_the_size_of_the_batches_changes_nothing(tmp_path, kind, monkeypatch):
    found = [
        dataclasses.replace(
            ENDED, observations=np.full((4, 2), float(i)), source=f"episode {i}"
        )
        for i in range(5)
    ]
    write(tmp_path / "d.h5", found)
    monkeypatch.setattr(exporters, "BATCH_ROWS", 5)
    back, _ = there_and_back(tmp_path, kind)
    assert back.observations[::4, 0].tolist() == [0, 1, 2, 3, 4]
    assert back.lengths.tolist() == [3] * 5 and back.terminations[2::3].all()


def test_samples_of_the_past_are_said_to_be_ordinary_columns_now(tmp_path):
    write_partial(tmp_path / "d.h5", count=2)
    found, report = there_and_back(tmp_path, ExportFormat.CSV)
    assert report.remarks[0] == DELAYS
    assert found.observation_names == ("x", "x[t-1]", "u[t-1]")
    assert found.delays is None
