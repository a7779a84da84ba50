import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matlab_v73 import write_v73
from random_episodes import LENGTHS, assert_same, flat, random_episodes
from scipy.io import savemat

from koopcli.config.data import IngestConfig
from koopcli.data import readers
from koopcli.data.readers import matlab
from koopcli.errors import DataError


def write_old(path, variables):
    made = {}
    for name, value in variables.items():
        if isinstance(value, list):
            fields = (
                [(f, object) for f in value[0]]
                if isinstance(value[0], dict)
                else object
            )
            made[name] = np.empty((1, len(value)), fields)
            for i, trial in enumerate(value):
                if isinstance(trial, dict):
                    made[name][0, i] = tuple(trial.values())
                else:
                    made[name][0, i] = trial
        else:
            made[name] = value
    savemat(path, made)


WRITERS = st.sampled_from([write_old, write_v73])


def read(path, **config):
    name, source = readers.open_source(str(path), IngestConfig(**config))
    assert name == "matlab"
    return list(source.episodes()), source


@settings(max_examples=25)
@given(LENGTHS, WRITERS, st.booleans())
def test_flat_variables_come_back(tmp_path_factory, lengths, write, complete):
    lengths = [length + 1 for length in lengths]  # one row alone looks like a parameter
    path = tmp_path_factory.mktemp("matlab") / "x.mat"
    expected = random_episodes(lengths)
    write(path, flat(expected, complete=complete))
    assert_same(read(path)[0], expected, complete=complete)


@settings(max_examples=25)
@given(LENGTHS, WRITERS, st.booleans())
def test_trials_come_back(tmp_path_factory, lengths, write, cells):
    lengths = [length + 1 for length in lengths]
    path = tmp_path_factory.mktemp("matlab") / "x.mat"
    expected = random_episodes(lengths)
    trials = [{"y": o, "u": a, "reward": r[:, None]} for o, a, r in expected]
    if cells:
        write(path, {name: [t[name] for t in trials] for name in trials[0]})
    else:
        write(path, {"data": trials})
    found, source = read(path)
    assert_same(found, expected)
    assert source.observation_names == ("y[0]", "y[1]")


@pytest.mark.parametrize(
    ("variables", "dt"),
    [
        ({"Ts": 0.05}, 0.05),
        ({"fs": 50.0}, 0.02),
        ({"t": np.arange(4.0) * 0.5}, 0.5),
        ({"Ts": -1.0}, None),
    ],
)
def test_named_variables_row_vectors_and_sampling_time(tmp_path, variables, dt):
    out = np.arange(8.0).reshape(4, 2)
    savemat(tmp_path / "x.mat", {"out": out, "in1": np.arange(4.0), **variables})
    [episode], source = read(
        tmp_path / "x.mat", obs_cols=("out",), action_cols=("in*",)
    )
    assert np.array_equal(episode.observations, out)
    assert episode.actions[:, 0].tolist() == [0, 1, 2, 3] and source.dt == dt


def test_a_struct_knows_its_sampling_time(tmp_path):
    savemat(tmp_path / "x.mat", {"data": {"y": np.zeros((5, 1)), "Ts": 0.1}})
    found, source = read(tmp_path / "x.mat")
    assert found[0].length == 4 and source.dt == 0.1
    assert source.dt_source == "variable Ts"


def test_one_episode_per_file_of_a_folder(tmp_path):
    for i in range(3):
        savemat(
            tmp_path / f"run{i}.mat", {"y": np.zeros((4 + i, 1)), "u": np.ones(4 + i)}
        )
    assert [e.length for e in read(tmp_path)[0]] == [4, 5, 6]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"name": "rig"}, "no arrays of numbers, structs or cells"),
        (
            {"a": {"y": np.zeros(3)}, "b": {"y": np.zeros(3)}},
            r"several structs \(a, b\)",
        ),
        (
            {"y": [np.zeros(3)] * 2, "u": [np.zeros(3)] * 3},
            "the cells differ in length",
        ),
        ({"data": [{"y": 1.0}, {"y": 2.0}]}, "trial 0: holds no arrays with rows"),
        ({"y": np.zeros((9, 1)), "u": np.zeros((5, 1))}, "'u' has 5 rows, 'y' has 9"),
    ],
)
def test_what_does_not_belong_together_is_named(tmp_path, variables, message):
    write_old(tmp_path / "x.mat", variables)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "x.mat")


def test_any_damage_ends_in_a_message(tmp_path):
    path = tmp_path / "x.mat"
    savemat(path, {"y": np.arange(40.0), "u": np.ones(40)}, do_compression=True)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole)
        for place in rng.integers(128, len(content), 3):
            content[place] = rng.integers(256)
        path.write_bytes(content[: rng.integers(100, len(content) + 1)])
        try:
            list(matlab.open_source(str(path), IngestConfig()).episodes())
        except DataError as error:
            assert "x.mat" in str(error)
