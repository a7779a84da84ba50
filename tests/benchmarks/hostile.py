"""How long hostile model files take to be refused, without the type checks of the tests.

python tests/benchmarks/hostile.py [--cli]

The files are those of tests/model/test_hostile_files.py, signed anew after each change:
every field of the header with every odd value, sizes at the edge of what is believed for
every kind, wrong arrays, rubbish. Prints how many there are and the slowest, in seconds of
the clock and of the processor. With --cli the slowest go through `koopcli
inspect-eigenvalues` as well, in processes of their own; one that is given rubbish says how
much of that is the start of Python and JAX.
"""

import argparse
import importlib.util
import inspect
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax

from koopcli.config.choices import ModelKind
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.build import build

TESTS = Path(__file__).parents[1] / "model" / "test_hostile_files.py"
Found = list[tuple[float, float, bool, bytes, str]]


def timed(found: Found):
    """Return what loads a file as the tests do, and notes the time."""

    def refused(path: Path, content: bytes) -> str:
        path.write_bytes(content)
        said = ""
        clock, processor = time.perf_counter(), time.process_time()
        try:
            checkpoint.load(path)
        except ModelError as error:
            said = str(error)
        spent = time.perf_counter() - clock, time.process_time() - processor
        found.append((*spent, bool(said), content, said))
        # The tests of contents that must be refused look for words in it.
        return said

    return refused


def run_all(folder: Path) -> Found:
    """Time every file that the tests make."""
    spec = importlib.util.spec_from_file_location("hostile", TESTS)
    sys.path.insert(0, str(TESTS.parents[1]))
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    path = folder / "sound.eqx"
    model = build(tests.META.model_config, tests.META.dimensions, key=jax.random.key(0))
    checkpoint.save(path, model, tests.META)
    checkpoint.load(path)  # the first one starts JAX
    sound, found = path.read_bytes(), []
    tests.refused = timed(found)
    tests.test_random_bytes_and_a_huge_header_are_no_model(folder)
    for part in ("meta", "model_config"):
        tests.test_whatever_a_field_of_the_header_holds(folder, sound, part)
    for kind in ModelKind:
        tests.test_sizes_at_the_edge_of_what_is_believed(folder, sound, kind)
    tests.test_the_format_and_the_list_of_parts(folder, sound)
    arrays = tests.test_arrays_that_are_not_those_of_the_model
    [mark] = [mark for mark in arrays.pytestmark if mark.name == "parametrize"]
    for change, why in mark.args[1]:
        inspect.unwrap(arrays)(folder, sound, change, why)
    return found


def through_cli(folder: Path, content: bytes) -> tuple[int, float, float]:
    """Return exit code, seconds and processor seconds of `koopcli predict`."""
    path = folder / "model.eqx"
    path.write_bytes(content)
    before = os.times()
    began = time.perf_counter()
    command = [sys.executable, "-m", "koopcli", "inspect-eigenvalues", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return done.returncode, time.perf_counter() - began, used


def main() -> None:
    """Time them and print the slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        found = run_all(folder)
        found.sort(key=lambda each: -each[1])
        refusals = sum(each[2] for each in found)
        print(f"{len(found)} files, {refusals} of them refused; the slowest:")
        for clock, processor, refused, _, said in found[:8]:
            words = said.partition(": ")[2][:90] if refused else "loads"
            print(f"{clock:.3f} s, {processor:.3f} s of processor: {words}")
        if options.cli:
            slowest = [("slow", each[3]) for each in found if each[2]][:3]
            for name, content in [("rubbish", b"?"), *slowest]:
                code, clock, processor = through_cli(folder, content)
                print(
                    f"{name}: exit {code}, {clock:.2f} s, {processor:.2f} s of processor"
                )


if __name__ == "__main__":
    main()
