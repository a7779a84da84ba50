import hashlib
import json

import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.config.data import IngestConfig
from koopcli.data import store
from koopcli.data.ingest import ingest
from koopcli.errors import ConfigError, DataError


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data.h5"


def test_the_file_holds_the_episodes_and_the_report_counts_them(tmp_path, out):
    source = tmp_path / "x.hdf5"
    expected = write_d4rl(source, (12, 30, 14, 20), terminal=(1, 3))
    report = ingest([str(source)], out, IngestConfig(), command="koopcli ingest x")
    dataset = store.load(out)
    assert np.array_equal(
        dataset.observations, np.concatenate([e[0] for e in expected])
    )
    assert np.array_equal(dataset.actions, np.concatenate([e[1] for e in expected]))
    assert dataset.lengths.tolist() == [12, 30, 14, 20]
    assert (report.terminations, report.truncations) == (2, 2)
    assert report.lengths == (12, 17.0, 30) and report.splits == {
        "train": 2,
        "val": 1,
        "test": 1,
    }
    returns = [float(e[2].sum(dtype=np.float64)) for e in expected]
    assert report.returns == pytest.approx(
        (min(returns), np.mean(returns), max(returns))
    )
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert dataset.provenance["sha256"] == {str(source): digest}
    assert dataset.provenance["command"] == "koopcli ingest x"
    assert not dataset.dt_known and "sampling time is unknown" in report.warnings[-1]


@settings(max_examples=20)
@given(
    lengths=st.lists(st.integers(2, 9), min_size=1, max_size=8),
    following=st.booleans(),
    data=st.data(),
)
def test_any_episodes_survive_the_way_into_the_file(
    tmp_path_factory, lengths, following, data
):
    numbers = range(len(lengths))
    terminal = data.draw(st.sets(st.sampled_from(numbers)))
    folder = tmp_path_factory.mktemp("way")
    expected = write_d4rl(
        folder / "x.hdf5", lengths, terminal=terminal, following=following
    )
    ingest([str(folder / "x.hdf5")], folder / "o.h5", IngestConfig())
    found = store.load(folder / "o.h5")
    assert found.lengths.tolist() == lengths
    assert (found.last_observation_known == following).all()
    for number, (observations, actions, rewards, ended) in enumerate(expected):
        kept = observations if following else observations[:-1]
        first, step = found.observation_starts[number], found.step_starts[number]
        steps = slice(step, step + lengths[number])
        assert np.array_equal(found.observations[first : first + len(kept)], kept)
        assert np.array_equal(found.actions[steps], actions)
        assert np.array_equal(found.rewards[steps], rewards)
        none = [False] * (lengths[number] - 1)
        assert found.terminations[steps].tolist() == [*none, ended]
        assert found.truncations[steps].tolist() == [*none, not ended]
    chosen = np.concatenate(list(found.splits.values()))
    assert sorted(chosen.tolist()) == list(numbers)
    assert len(found.splits["train"]) > 0


def test_statistics_are_those_of_the_training_episodes_alone(tmp_path, out):
    source = tmp_path / "x.hdf5"
    expected = write_d4rl(source, (5, 6, 7, 8, 9, 10))
    ingest([str(source)], out, IngestConfig())
    dataset = store.load(out)
    train = np.concatenate([expected[e][0] for e in dataset.splits["train"]])
    found = dataset.statistics.observations
    assert found.count == len(train)
    assert np.allclose(found.mean, train.mean(axis=0, dtype=np.float64))
    assert np.allclose(found.std, train.std(axis=0, dtype=np.float64))


def test_dropped_steps_are_counted_and_said(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source, (5, 12, 3, 14))
    report = ingest([str(source)], out, IngestConfig(min_length=10))
    assert report.dropped == {"shorter than 10 steps": (2, 8)}
    assert store.load(out).lengths.tolist() == [12, 14]
    assert store.load(out).provenance["dropped"] == {"shorter than 10 steps": [2, 8]}


def test_a_single_step_into_the_unknown_is_dropped(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source, (1, 12), following=False)
    report = ingest([str(source)], out, IngestConfig())
    assert report.dropped == {"one step whose result is unknown": (1, 1)}


def test_several_sources_become_one_dataset(tmp_path, out):
    sources = [str(tmp_path / f"{name}.hdf5") for name in "ab"]
    for seed, source in enumerate(sources):
        write_d4rl(source, (5, 6), seed=seed)
    ingest(sources, out, IngestConfig(dt=0.1))
    dataset = store.load(out)
    assert dataset.lengths.tolist() == [5, 6, 5, 6]
    assert dataset.sources[2].startswith("b.hdf5: episode 0")
    assert dataset.dt == 0.1 and dataset.dt_known


def test_autonomous_data_has_no_action_columns(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source, (5, 6, 7), actions=np.zeros((18, 0), np.float32))
    report = ingest([str(source)], out, IngestConfig(format="d4rl"))
    assert report.action_names == () and store.load(out).actions.shape == (18, 0)


def nothing_left(folder, *expected):
    return sorted(path.name for path in folder.iterdir()) == sorted(expected)


def test_nan_is_refused_with_its_place_and_leaves_no_file(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source, (5, 6))
    with h5py.File(source, "r+") as file:
        file["actions"][7] = np.nan
    with pytest.raises(
        DataError, match=r"episode 1 \(rows 5-10\): actions\[2, 0\] is nan"
    ):
        ingest([str(source)], out, IngestConfig())
    assert nothing_left(tmp_path, "x.hdf5")


@pytest.mark.parametrize(
    ("column", "place", "value", "message"),
    [
        ("observations", (6, 1), np.inf, r"episode 1 .*: observations\[1, 1\] is inf"),
        ("observations", (6, 1), 1e300, r"observations\[1, 1\] is 1e\+300"),
        ("rewards", 7, -1e300, r"rewards\[2, 0\] is -1e\+300"),
        # Within an episode these are not kept, but whether it goes on is then unknown.
        ("next_observations", (2, 0), np.nan, r"observations\[3, 0\] is nan"),
    ],
)
def test_what_float32_cannot_hold_is_refused(
    tmp_path, out, column, place, value, message
):
    source = tmp_path / "x.hdf5"
    write_d4rl(source, (5, 6))
    with h5py.File(source, "r+") as file:
        values = file[column][()].astype(np.float64)
        values[place] = value
        del file[column]
        file[column] = values
    with pytest.raises(DataError, match=message):
        ingest([str(source)], out, IngestConfig())
    assert nothing_left(tmp_path, "x.hdf5")


@pytest.mark.parametrize("content", [b"", b"time,angle\n0,1\n"])
def test_what_is_not_hdf5_is_refused_and_leaves_no_file(tmp_path, out, content):
    (tmp_path / "x.hdf5").write_bytes(content)
    for format in ("auto", "d4rl"):
        with pytest.raises(
            DataError, match=r"x\.hdf5: (unknown format|not a readable)"
        ):
            ingest([str(tmp_path / "x.hdf5")], out, IngestConfig(format=format))
    assert nothing_left(tmp_path, "x.hdf5")


def test_sources_that_differ_are_refused_with_both_names(tmp_path, out):
    a, b = (str(tmp_path / name) for name in ("a.hdf5", "b.hdf5"))
    write_d4rl(a)
    write_d4rl(b, actions=np.zeros((12, 3)))
    with pytest.raises(
        DataError, match=r"a\.hdf5 and .*b\.hdf5 differ in action names"
    ):
        ingest([a, b], out, IngestConfig())
    assert nothing_left(tmp_path, "a.hdf5", "b.hdf5")


def test_other_names_are_remarked_on_but_another_order_is_refused(tmp_path, out):
    texts = {"a": "y1,y2,u\n1,2,3\n4,5,6\n", "b": "y2,y1,u\n1,2,3\n4,5,6\n"}
    texts["c"] = texts["a"].replace("y", "x")
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    a, b, c = (str(tmp_path / f"{name}.csv") for name in "abc")
    report = ingest([a, c], out, IngestConfig())
    assert (
        f"{c} has other observation names than {a}, whose names" in report.warnings[0]
    )
    with pytest.raises(DataError, match=r"a\.csv and .*b\.csv differ in observation"):
        ingest([a, b], out, IngestConfig(), overwrite=True)


def test_formats_mix_and_every_episode_knows_its_source(tmp_path, out):
    write_d4rl(tmp_path / "a.hdf5", (5, 6))
    arrays = {"observation": np.zeros((4, 2)), "action": np.zeros((4, 1))}
    np.savez(tmp_path / "b.npz", **arrays, reward=np.zeros(4))
    sources = [str(tmp_path / "a.hdf5"), str(tmp_path / "b.npz")]
    assert ingest(sources, out, IngestConfig()).formats == ("d4rl", "npz")
    found = [source.split(":")[0] for source in store.load(out).sources]
    assert found == ["a.hdf5", "a.hdf5", "b.npz"]


def test_a_longer_step_is_recorded(tmp_path, out):
    write_d4rl(tmp_path / "x.hdf5", (9, 8))
    config = IngestConfig(dt=0.1, subsample=4)
    report = ingest([str(tmp_path / "x.hdf5")], out, config)
    assert (
        report.dt == pytest.approx(0.4)
        and report.dt_source == "--dt, 4 samples per step"
    )
    assert report.dropped == {"beyond the last whole step of --subsample": (0, 1)}
    assert store.load(out).lengths.tolist() == [2, 2]


def test_different_sampling_times_need_a_decision(tmp_path, out):
    sources = [str(tmp_path / name) for name in ("a.hdf5", "b.hdf5")]
    for source, environment in zip(sources, ("Hopper-v5", "Ant-v5"), strict=True):
        write_d4rl(source)
        with h5py.File(source, "r+") as file:
            file.attrs["meta"] = json.dumps({"env_id": environment})
    with pytest.raises(DataError, match=r"different sampling times \[0.008, 0.05\]"):
        ingest(sources, out, IngestConfig())


def test_when_no_episode_is_left_there_is_no_file(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source)
    with pytest.raises(
        DataError, match="no episode is left; 3 dropped: shorter than 99"
    ):
        ingest([str(source)], out, IngestConfig(min_length=99))
    assert nothing_left(tmp_path, "x.hdf5")


def test_an_existing_file_is_only_replaced_when_asked(tmp_path, out):
    source = tmp_path / "x.hdf5"
    write_d4rl(source)
    out.write_text("precious")
    with pytest.raises(ConfigError, match="already exists"):
        ingest([str(source)], out, IngestConfig())
    assert out.read_text() == "precious"
    ingest([str(source)], out, IngestConfig(), overwrite=True)
    assert store.load(out).lengths.tolist() == [5, 3, 4]
    with pytest.raises(ConfigError, match="at least one source"):
        ingest([], tmp_path / "y.h5", IngestConfig())


def test_both_copies_of_hopper_give_the_same_dataset(
    tmp_path, shared_data, monkeypatch
):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(shared_data / "minari"))
    sources = (str(shared_data / "d4rl/hopper-medium.hdf5"), "rollout/hopper/medium-v0")
    datasets = []
    for number, source in enumerate(sources):
        ingest([source], tmp_path / f"{number}.h5", IngestConfig())
        datasets.append(store.load(tmp_path / f"{number}.h5"))
    a, b = datasets
    assert a.lengths.sum() == 88_863 and a.terminations.sum() == 178
    for name in ("lengths", "terminations", "truncations", "last_observation_known"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    for name in ("observations", "actions", "rewards"):
        assert np.allclose(getattr(a, name), getattr(b, name), rtol=1e-6, atol=1e-6), (
            name
        )
    assert all(np.array_equal(a.splits[name], b.splits[name]) for name in a.splits)
    assert a.dt == b.dt == 0.008


def test_hopper_random_does_not_know_its_last_observations(tmp_path, shared_data):
    source = str(shared_data / "d4rl/hopper-random.hdf5")
    report = ingest([source], tmp_path / "r.h5", IngestConfig())
    dataset = store.load(tmp_path / "r.h5")
    assert (report.episodes, report.steps) == (300, 6714)
    assert not dataset.last_observation_known.any()
    assert "unknown in 300 of 300" in " ".join(report.warnings)


def test_delay_embedding_is_named_and_does_not_cross_episodes(tmp_path, out):
    expected = write_d4rl(tmp_path / "x.hdf5", (5, 12, 2, 14), terminal=(1,))
    settings = IngestConfig(delay_embed=3, drop_terminated=True)
    report = ingest([str(tmp_path / "x.hdf5")], out, settings)
    dataset = store.load(out)
    assert dataset.observation_names[:4] == (
        *("observation[0]", "observation[1]"),
        *("observation[0][t-1]", "observation[1][t-1]"),
    )
    assert dataset.observation_names[-2:] == ("action[0][t-1]", "action[0][t-2]")
    assert report.observation_names == dataset.observation_names
    assert dataset.lengths.tolist() == [3, 12] and dataset.dt == 1
    last = expected[3][0]
    assert np.array_equal(dataset.observations[4, :6], last[2::-1].reshape(-1))
    assert report.dropped == {
        "terminated": (1, 12),
        "first steps of an episode, whose past --delay-embed needs": (0, 4),
        "too short for --delay-embed": (1, 2),
    }


def test_a_delay_embedding_is_recorded(tmp_path, out):
    source = tmp_path / "x.hdf5"
    expected = write_d4rl(source, (12, 30, 14, 20))
    report = ingest([str(source)], out, IngestConfig(delay_embed=3, delay_lag=2))
    dataset = store.load(out)
    assert dataset.delays is not None
    assert (dataset.delays.count, dataset.delays.lag) == (3, 2)
    assert dataset.lengths.tolist() == [8, 26, 10, 16]
    outputs = expected[0][0].shape[1]
    assert dataset.output_names == report.observation_names[:outputs]
    assert len(dataset.output_statistics.observations.mean) == outputs
    row = dataset.observations[0]
    assert np.array_equal(row[:outputs], expected[0][0][4])
    assert np.array_equal(row[outputs : 2 * outputs], expected[0][0][2])


def test_without_a_delay_embedding_all_columns_are_outputs(tmp_path, out):
    write_d4rl(tmp_path / "x.hdf5", (12, 30))
    ingest([str(tmp_path / "x.hdf5")], out, IngestConfig())
    dataset = store.load(out)
    assert dataset.delays is None
    assert dataset.output_names == dataset.observation_names
