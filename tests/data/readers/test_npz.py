import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_episodes import LENGTHS, assert_same, flat, random_episodes

from koopcli.config.data import IngestConfig
from koopcli.data import readers
from koopcli.data.readers import npz
from koopcli.errors import DataError


def read(path, **config):
    source = npz.open_source(str(path), IngestConfig(**config))
    return list(source.episodes()), source


@settings(max_examples=30)
@given(LENGTHS, st.booleans(), st.booleans())
def test_flat_episodes_come_back(tmp_path_factory, lengths, complete, by_ends):
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    expected = random_episodes(lengths)
    columns = flat(expected, complete=complete)
    if by_ends:
        del columns["episode"]
        columns["episode_ends"] = np.cumsum([n + complete for n in lengths])
    np.savez_compressed(path, **columns)
    found, source = read(path)
    assert_same(found, expected, complete=complete)
    assert source.warnings == []


@settings(max_examples=30)
@given(LENGTHS, st.booleans(), st.integers(0, 3))
def test_padded_batches_come_back(tmp_path_factory, lengths, complete, padding):
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    expected = random_episodes(lengths)
    longest = max(lengths) + padding
    batch = {
        "observations": np.full((len(lengths), longest + complete, 2), 9.0),
        "actions": np.full((len(lengths), longest, 1), 9.0),
        "rewards": np.full((len(lengths), longest), 9.0),
        "lengths": np.array(lengths),
    }
    for i, (observations, actions, rewards) in enumerate(expected):
        rows = len(actions) + complete
        batch["observations"][i, :rows] = observations[:rows]
        batch["actions"][i, : len(actions)] = actions
        batch["rewards"][i, : len(actions)] = rewards
    np.savez(path, **batch)
    assert_same(read(path)[0], expected, complete=complete)


@settings(max_examples=10)
@given(LENGTHS)
def test_one_episode_per_file(tmp_path_factory, lengths):
    folder = tmp_path_factory.mktemp("npz")
    expected = random_episodes(lengths)
    for i, (observations, actions, rewards) in enumerate(expected):
        arrays = {"obs": observations, "act": actions, "reward": rewards}
        np.savez(folder / f"run{i}.npz", **arrays)
    assert npz.detect(str(folder))
    found, source = read(folder)
    assert_same(found, expected)
    assert len(source.files) == len(lengths)


def test_without_lengths_all_entries_are_full(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 5, 2)), u=np.zeros((3, 5, 1)))
    assert [e.length for e in read(tmp_path / "x.npz")[0]] == [5, 5, 5]


def small_cs285(path):
    columns = flat(random_episodes((4, 4)), complete=False)
    columns["terminal"] = np.array([0, 0, 0, 1] * 2, bool)
    columns["next_observation"] = np.roll(columns["obs"], -1, axis=0)
    columns["observation"] = columns.pop("obs")
    np.savez(path, **columns)


def test_the_cs285_layout_has_time_outs_that_call_themselves_terminal(tmp_path):
    small_cs285(tmp_path / "x.npz")
    found, source = read(tmp_path / "x.npz")
    assert [e.length for e in found] == [4, 4]
    assert all(e.last_observation_known and e.truncations[-1] for e in found)
    assert not any(e.terminations.any() for e in found)
    assert "2 terminations at the time limit" in source.warnings[0]


def test_the_cs285_file_itself(shared_data):
    found, source = read(shared_data / "formats/cs285_Hopper-v4.npz")
    assert [e.length for e in found] == [1000, 1000]
    assert not any(e.terminations.any() for e in found)
    assert all(e.truncations[-1] and e.last_observation_known for e in found)
    assert (
        source.dt == 0.008 and "2 terminations at the time limit" in source.warnings[0]
    )


@pytest.mark.parametrize("suffix", [".npy", ".pkl", ".pickle"])
def test_pickles_and_nameless_arrays_are_refused_with_the_reason(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(DataError, match=r"any program|without a name"):
        readers.open_source(str(path), IngestConfig())


def test_pickled_objects_inside_are_not_loaded(tmp_path):
    np.savez(tmp_path / "x.npz", obs=np.array([{}, None], object))
    with pytest.raises(DataError, match="'obs' holds Python objects"):
        read(tmp_path / "x.npz")


def member(path, header, data=b""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, header)
        archive.writestr("obs.npy", stream.getvalue() + data)


@pytest.mark.parametrize("shape", [(10**15, 10**15), (10**9, 8), (3,)])
def test_an_absurd_shape_is_refused_before_memory_is_asked_for(tmp_path, shape):
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    member(tmp_path / "x.npz", header)
    with pytest.raises(DataError, match="but holds 0 bytes; it is damaged"):
        read(tmp_path / "x.npz")


def test_a_size_that_deflate_cannot_reach_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, obs=np.zeros(4))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02") + 24  # the uncompressed size in the directory
    content[place : place + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"impossible size|not a readable NPZ"):
        read(path)


ROWS = {"obs": np.zeros((6, 2)), "action": np.zeros((6, 1))}
BATCH = {"obs": np.zeros((2, 6, 2)), "action": np.zeros((2, 6, 1))}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({**ROWS, "action": np.zeros((3, 1))}, "'action' has 3 rows, 'obs' has 6"),
        ({**ROWS, "episode_ends": np.array([3, 5])}, "'episode_ends' must rise to"),
        ({**ROWS, "episode_ends": np.array([3, 3, 6])}, "'episode_ends' must rise to"),
        ({**ROWS, "episode_ends": np.array([6.0])}, "'episode_ends' must rise to"),
        ({**BATCH, "action": np.zeros((3, 6, 1))}, "different numbers of episodes"),
        ({**BATCH, "lengths": np.array([2, 7])}, "'lengths' must hold 2 whole numbers"),
        ({**BATCH, "lengths": np.array([2])}, "'lengths' must hold 2 whole numbers"),
        ({"obs": np.zeros((0, 2)), "action": np.zeros((0, 1))}, "holds no rows"),
        ({"name": np.array("x")}, "holds no arrays with rows"),
    ],
)
def test_arrays_that_disagree_are_named(tmp_path, arrays, message):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "x.npz")


def test_other_arrays_are_left_alone(tmp_path):
    np.savez(tmp_path / "x.npz", **ROWS, gravity=np.array([9.81]), note=np.array("hi"))
    assert read(tmp_path / "x.npz")[0][0].length == 6


def test_any_damage_ends_in_a_message(tmp_path):
    small_cs285(tmp_path / "x.npz")
    whole = (tmp_path / "x.npz").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole[: rng.integers(1, len(whole))])
        if rng.random() < 0.7:
            content = bytearray(whole)
            for place in rng.integers(0, len(content), 5):
                content[place] = rng.integers(256)
        (tmp_path / "x.npz").write_bytes(content)
        try:
            read(tmp_path / "x.npz")
        except DataError as error:
            assert "x.npz" in str(error)
