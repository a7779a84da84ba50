import json
import subprocess
import sys

import jax
import pytest
from model_meta import META

from koopcli.model import checkpoint
from koopcli.model.koopman import KoopmanModel

PROGRAM = """
import sys
from koopcli.cli.app import app
try:
    app({arguments!r}, prog_name="koopcli")
except SystemExit as stop:
    code = stop.code
assert not {{"jax", "equinox"}} & set(sys.modules), "loaded JAX"
sys.exit(code)
"""


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "model.eqx"
    model = KoopmanModel(META.model_config, META.dimensions, key=jax.random.key(0))
    checkpoint.save(path, model, META)
    return path


def huge_header(content):
    line, rest = content.split(b"\n", 1)
    header = json.loads(line)
    header["parts"]["model"]["bytes"] = 10**15
    return json.dumps(header).encode() + b"\n" + rest


def last_array_gone(content):
    return content[: content.rindex(b"\x93NUMPY")]


def another_shape(content):
    at = content.index(b"'shape': (") + len("'shape': (")
    return content[:at] + b"9" + content[at + 1 :]


DAMAGE = {
    "random bytes": (lambda content: b"\x93\x00garbage" * 100, "not a koopcli model"),
    "huge header": (huge_header, "checksum"),
    "wrong leaf count": (last_array_gone, "its header says"),
    "shape lies": (another_shape, "checksum"),
}
COMMANDS = [
    ["info"],
    ["predict", "data.h5", "--output", "x.npz"],
    ["eval", "data.h5"],
    ["inspect-eigenvalues"],
    ["augment", "data.h5", "--output", "x.h5"],
    ["report", "--data", "data.h5", "--output", "x.html"],
]


def run(arguments):
    program = PROGRAM.format(arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_hostile_model_is_refused_before_jax_is_loaded(sound, damage):
    change, why = DAMAGE[damage]
    sound.write_bytes(change(sound.read_bytes()))
    done = run(["inspect-eigenvalues", str(sound)])
    assert done.returncode == 4, done.stderr
    assert why in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_looks_at_its_model_first(tmp_path, command):
    path = tmp_path / "model.eqx"
    path.write_bytes(b"?")
    name, *rest = command
    done = run([name, str(path), *rest])
    assert done.returncode == 4, done.stderr
    assert "not a koopcli model file" in done.stderr


def test_the_judge_and_the_compared_runs_are_looked_at_as_well(tmp_path, sound):
    path = tmp_path / "damaged.eqx"
    path.write_bytes(b"?")
    augment = ["augment", str(sound), "data.h5", "--output", "x.h5", "--judge"]
    inspect = ["inspect-eigenvalues", str(sound), "--compare-with"]
    for command in (augment, inspect):
        done = run([*command, str(path)])
        assert done.returncode == 4, done.stderr
        assert str(path) in done.stderr
