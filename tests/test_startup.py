import subprocess
import sys

import pytest

HEAVY = [
    "jax",
    "equinox",
    "optax",
    "numpy",
    "h5py",
    "minari",
    "gymnasium",
    "matplotlib",
    "pyarrow",
    "jinja2",
    "optuna",
]
COMMANDS = [
    "ingest",
    "info",
    "doctor",
    "split",
    "export-data",
    "train",
    "predict",
    "eval",
    "compare",
    "sweep",
    "augment",
    "benchmark",
    "inspect-eigenvalues",
    "report",
    "demo",
    "env",
]

PROGRAM = """
import sys
from koopcli.cli.app import app
try:
    app({arguments!r}, prog_name="koopcli")
except SystemExit as stop:
    assert stop.code in (0, None), stop.code
loaded = set({heavy!r}) & set(sys.modules)
assert not loaded, loaded
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments):
    program = PROGRAM.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "koopcli" in done.stdout


def test_importing_the_package_loads_nothing():
    program = (
        "import sys, koopcli, koopcli.config.training, koopcli.errors, koopcli.run_dir;"
        f"assert not set({HEAVY!r}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
