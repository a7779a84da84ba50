import dataclasses
import json

import jax
import pytest
from model_meta import META

from koopcli.errors import ModelError
from koopcli.model import checkpoint, container, header
from koopcli.model.koopman import KoopmanModel


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.eqx"
    model = KoopmanModel(META.model_config, META.dimensions, key=jax.random.key(0))
    checkpoint.save(path, model, META)
    return path


def test_a_sound_file_passes_and_says_what_it_is(saved):
    header.screen(saved)
    assert header.read_meta(saved) == META


def test_a_flipped_bit_anywhere_in_the_arrays_is_found(saved):
    content = bytearray(saved.read_bytes())
    content[-5] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ModelError, match="model part fails its checksum"):
        header.screen(saved)
    assert header.read_meta(saved) == META  # which does not look that far


def test_a_width_without_the_bytes_for_it_is_found_without_building_the_model(saved):
    line, rest = saved.read_bytes().split(b"\n", 1)
    lying = json.loads(line)
    del lying["sha256"]
    lying["meta"]["model_config"]["width"] = 10**9
    saved.write_bytes(json.dumps(container.signed(lying)).encode() + b"\n" + rest)
    with pytest.raises(ModelError, match="width = 1000000000"):
        header.screen(saved)


def test_a_model_from_before_reward_heads_had_a_width_loads_as_it_was(tmp_path):
    config = dataclasses.replace(META.model_config, decoder_width=6, reward_width=6)
    meta = dataclasses.replace(META, model_config=config)
    path = tmp_path / "model.eqx"
    model = KoopmanModel(config, meta.dimensions, key=jax.random.key(0))
    checkpoint.save(path, model, meta)
    line, rest = path.read_bytes().split(b"\n", 1)
    older = json.loads(line)
    del older["sha256"], older["meta"]["model_config"]["reward_width"]
    path.write_bytes(json.dumps(container.signed(older)).encode() + b"\n" + rest)
    assert header.read_meta(path) == meta
    assert checkpoint.load(path).model.config.reward_width == 6


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="cannot read the model file"):
        header.screen(tmp_path / "model.eqx")


def test_a_file_without_a_model_part(tmp_path):
    path = tmp_path / "model.eqx"
    described = {"format": header.FORMAT, "format_version": header.FORMAT_VERSION}
    container.write(path, described, {"training": b"x"})
    with pytest.raises(ModelError, match="holds no model"):
        header.screen(path)
