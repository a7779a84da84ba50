"""Model files made to harm: refused in under a second, without allocating what they claim.

A header that fails its checksum is refused whatever it says, so these are signed.
"""

import json
import math
import time
import tracemalloc

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_meta import META

from koopcli.config.choices import ModelKind
from koopcli.errors import ModelError
from koopcli.model import checkpoint, container
from koopcli.model.build import build

WEIRD = [
    10**9,
    10**30,
    -1,
    0,
    1.5,
    1e308,
    math.inf,
    math.nan,
    "",
    "7",
    None,
    True,
    [],
    {},
]
WEIRD += [[1], "koopman", [["x"]], {"a": 1}, [10**400], [None, None], "\x00" * 99]
SECONDS, BYTES = 2.0, 64 * 2**20
"""Processor time of a refusal: twice the second that is promised, and seven times what the
slowest takes, since in tests every call has its types checked. What loads is no refusal."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "model.eqx"
    model = build(META.model_config, META.dimensions, key=jax.random.key(0))
    checkpoint.save(path, model, META)
    checkpoint.load(path)  # the first one starts JAX
    return path.read_bytes()


def refused(path, content):
    """Load it; return why not. It may load, if what was changed does not matter."""
    path.write_bytes(content)
    said = ""
    tracemalloc.start()
    started = time.process_time()
    try:
        checkpoint.load(path)
    except ModelError as error:
        said = str(error)
        assert str(path) in said
    spent, most = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < BYTES and (spent < SECONDS or not said), (most, spent, said)
    return said


def split(content):
    line, rest = content.split(b"\n", 1)
    header = json.loads(line)
    del header["sha256"]
    return header, rest


def signed(header, rest):
    return json.dumps(container.signed(header)).encode() + b"\n" + rest


def test_random_bytes_and_a_huge_header_are_no_model(tmp_path):
    random = np.random.default_rng(0)
    contents = [random.bytes(n) for n in (0, 1, 1000, 2**20)]
    contents += [b'{"format": "koopcli.model"', b"[" * 10**6, b"9" * 10**6, b"\n" * 99]
    contents += [b'{"a": "' + b"x" * 30 * 2**20]
    for content in contents:
        assert "not a koopcli model file" in refused(tmp_path / "m.eqx", content)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["meta", "model_config"])
def test_whatever_a_field_of_the_header_holds(tmp_path, sound, part):
    header, rest = split(sound)
    table = header["meta"] if part == "meta" else header["meta"]["model_config"]
    for name, good in list(table.items()):
        for value in WEIRD:
            table[name] = value
            refused(tmp_path / "m.eqx", signed(header, rest))
        del table[name]
        refused(tmp_path / "m.eqx", signed(header, rest))
        table[name] = good


@pytest.mark.parametrize("kind", ModelKind)
def test_sizes_at_the_edge_of_what_is_believed(tmp_path, sound, kind):
    header, rest = split(sound)
    config = header["meta"]["model_config"]
    config["kind"] = kind
    sizes = [n for n, v in config.items() if type(v) is int and not n.endswith("every")]
    for value in (100, 1000):
        changed = {**config, **dict.fromkeys(sizes, value)}
        for depth in (n for n in sizes if "depth" in n or n == "heads"):
            changed[depth] = min(value, 100)
        header["meta"]["model_config"] = changed
        assert refused(tmp_path / "m.eqx", signed(header, rest))


def test_the_format_and_the_list_of_parts(tmp_path, sound):
    for name in ("format", "format_version", "parts", "koopcli_version", "meta"):
        for value in WEIRD:
            header, rest = split(sound)
            header[name] = value
            assert refused(tmp_path / "m.eqx", signed(header, rest)) or name[0] == "k"
    for size in (*WEIRD, -(10**9)):
        header, rest = split(sound)
        header["parts"]["model"]["bytes"] = size
        assert refused(tmp_path / "m.eqx", signed(header, rest))


def repacked(path, header, part):
    del header["parts"]
    container.write(path, header, {"model": part})
    return path.read_bytes()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda part: part.replace(b"(2,)", b"(9" + b"9" * 6 + b",)", 1), "damaged"),
        (lambda part: part.replace(b"<f4", b"|O4", 1), "damaged parameters"),
        (lambda part: part.replace(b"<f4", b"<i4", 1), "in the place of"),
        (lambda part: part[: len(part) // 2], "damaged parameters"),
        (lambda part: part + part, "damaged"),
        (lambda part: part[128:] + part[:128], "damaged parameters"),
        (lambda part: b"", "bytes of parameters"),
    ],
)
def test_arrays_that_are_not_those_of_the_model(tmp_path, sound, change, why):
    header, rest = split(sound)
    content = repacked(tmp_path / "m.eqx", header, change(rest))
    assert why in refused(tmp_path / "m.eqx", content)


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_always_found(tmp_path_factory, sound, place, bit):
    content = bytearray(sound)
    content[int(place * len(content))] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "m.eqx"
    assert refused(path, bytes(content))
