import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_meta import META

from koopcli.delays import Delays
from koopcli.errors import ModelError
from koopcli.model import checkpoint, container
from koopcli.model import header as headers
from koopcli.model.koopman import KoopmanModel


def model_for(meta, seed=0):
    return KoopmanModel(meta.model_config, meta.dimensions, key=jax.random.key(seed))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.eqx"
    checkpoint.save(path, model_for(META, seed=3), META)
    return path


def change_header(path, **changes):
    line, rest = path.read_bytes().split(b"\n", 1)
    header = json.loads(line) | changes
    header.pop("sha256")  # a liar signs too
    header = container.signed(header)
    path.write_bytes(json.dumps(header).encode() + b"\n" + rest)


def test_what_is_loaded_is_what_was_saved(saved):
    loaded = checkpoint.load(saved)
    assert loaded.meta == META
    original = model_for(META, seed=3)
    pairs = zip(jax.tree.leaves(loaded.model), jax.tree.leaves(original), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)
    state, actions = jnp.array([0.1, 0.2]), jnp.ones((5, 1))
    assert jnp.array_equal(
        loaded.model.rollout(state, actions).states,
        original.rollout(state, actions).states,
    )


def test_nothing_but_the_model_is_left_beside_it(saved):
    assert [path.name for path in saved.parent.iterdir()] == ["model.eqx"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.eqx: cannot read"):
        checkpoint.load(tmp_path / "none.eqx")


def test_another_version_is_named(saved):
    change_header(saved, format_version=99)
    with pytest.raises(ModelError, match="model format version 99"):
        checkpoint.load(saved)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "model.eqx"
    path.write_bytes(b"\x89HDF\r\n\x1a\nabc")
    with pytest.raises(ModelError, match="not a koopcli model file"):
        checkpoint.load(path)


def test_a_header_without_its_fields_is_damaged(saved):
    change_header(saved, meta={"dt": 1})
    with pytest.raises(ModelError, match="damaged model header"):
        checkpoint.load(saved)


def test_a_header_that_lies_about_sizes_allocates_nothing(saved):
    header = json.loads(saved.read_bytes().split(b"\n", 1)[0])
    header["meta"]["model_config"]["encoder_width"] = 10**9
    change_header(saved, meta=header["meta"])
    with pytest.raises(ModelError, match="describes a model of"):
        checkpoint.load(saved)


def test_a_cut_file_is_truncated(saved):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        checkpoint.load(saved)


def test_trailing_bytes_are_noticed(saved):
    saved.write_bytes(saved.read_bytes() + b"x")
    with pytest.raises(ModelError, match="damaged: holds"):
        checkpoint.load(saved)


def test_nan_parameters_are_noticed(tmp_path):
    model = jax.tree.map(lambda leaf: leaf * jnp.nan, model_for(META))
    checkpoint.save(tmp_path / "m.eqx", model, META)
    with pytest.raises(ModelError, match="NaN"):
        checkpoint.load(tmp_path / "m.eqx")


@settings(max_examples=40)
@given(data=st.data())
def test_a_mutated_file_loads_or_is_refused_and_never_crashes(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "model.eqx"
    checkpoint.save(path, model_for(META), META)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        loaded = checkpoint.load(path)
    except ModelError as error:
        assert str(path) in str(error)
    else:
        assert loaded.model.log_gain.size == loaded.meta.model_config.latent_dim


def test_a_record_of_delays_that_does_not_fit_is_refused(tmp_path):
    delays = Delays(2, 1, ("x",), ("u",))
    meta = replace(
        META,
        observation_names=delays.names,
        observation_min=(-1.0,) * 3,
        observation_max=(1.0,) * 3,
        observation_scale=(1.0,) * 3,
        delays=delays,
    )
    model = KoopmanModel(meta.model_config, meta.dimensions, key=jax.random.key(0))
    checkpoint.save(tmp_path / "m.eqx", model, meta)
    assert checkpoint.load(tmp_path / "m.eqx").meta == meta
    assert (META.output_names, meta.output_names) == (("x", "v"), ("x",))
    header = json.loads((tmp_path / "m.eqx").read_bytes().split(b"\n", 1)[0])
    header["meta"]["delays"]["lag"] = 2
    change_header(tmp_path / "m.eqx", meta=header["meta"])
    with pytest.raises(ModelError, match="delays and the observations disagree"):
        checkpoint.load(tmp_path / "m.eqx")


def older(path, version):
    """Write the file as version 2 was: no parts, no checksums, the leaves at the end."""
    line, rest = path.read_bytes().split(b"\n", 1)
    header = {**json.loads(line), "format_version": version}
    for name in ("parts", "sha256"):
        del header[name]
    for name in ("rollout_every", "reencode_every"):  # as if they were newer
        header["meta"]["model_config"].pop(name, None)
    path.write_bytes(json.dumps(header).encode() + b"\n" + rest)


def test_a_file_of_version_2_loads(tmp_path):
    config = replace(META.model_config, reencode_every=None)
    meta = replace(META, model_config=config)
    model = model_for(meta)
    checkpoint.save(tmp_path / "m.eqx", model, meta)
    older(tmp_path / "m.eqx", 2)
    loaded = checkpoint.load(tmp_path / "m.eqx")
    assert loaded.meta == meta == headers.read_meta(tmp_path / "m.eqx")
    pairs = zip(jax.tree.leaves(loaded.model), jax.tree.leaves(model), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)


def test_a_file_of_version_1_is_refused_by_its_version(saved):
    older(saved, 1)
    with pytest.raises(
        ModelError, match=r"version 1; this koopcli .* reads versions 2 and"
    ):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"dt": -1.0},
        {"dt": float("inf")},
        {"step": "7"},
        {"horizon": -1},
        {"observation_names": [1, 2]},
        {"observation_min": [0.0]},
        {"dt_known": 3},
    ],
    ids=str,
)
def test_a_header_whose_values_do_not_fit_is_damaged(saved, changes):
    header = json.loads(saved.read_bytes().split(b"\n", 1)[0])
    change_header(saved, meta=header["meta"] | changes)
    with pytest.raises(ModelError, match="damaged model header"):
        checkpoint.load(saved)
