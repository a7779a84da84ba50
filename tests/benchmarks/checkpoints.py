"""Share of a run that writing checkpoints takes from training.

python tests/benchmarks/checkpoints.py [--calls 6] [--folder /tmp] [--set KEY=VALUE ...]

Trains on noise (17 observations, 6 actions, rewards) with the default settings, one
checkpoint after every call of the device, and times both. Prints the median seconds of a
step and of a checkpoint, and from these the share of the run that the device waits for:
with `--checkpoint-every 500`, and with the default of 5 minutes.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from streaming import generate

from koopcli import config_file
from koopcli.train.fit import fit
from koopcli.train.loop import Loop

EVERY, MINUTES = 500, 5


def timed(method, seconds: list[float]):
    """Return `method` with its time noted."""

    def call(*arguments):
        began = time.perf_counter()
        result = method(*arguments)
        seconds.append(time.perf_counter() - began)
        return result

    return call


def main() -> None:
    """Measure and print shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=6)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--set", action="append", default=[], dest="settings")
    options = parser.parse_args()
    assignments = dict(text.split("=", 1) for text in options.settings)
    values = {}
    for name, text in assignments.items():
        full = config_file.full_name(name, "--set")
        values[full] = config_file.convert(full, text, "--set")
    length = values.get("train.dispatch_steps", 25)
    values |= {
        "train.steps": options.calls * length,
        "train.checkpoint_every": length,
    }
    config, waits, rates = config_file.build(values), [], []
    Loop._checkpoint = timed(Loop._checkpoint, waits)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        data, run = Path(temporary) / "data.h5", Path(temporary) / "run"
        generate(data, 20)
        result = fit(
            data, run, config, report=lambda said: rates.append(said.steps_per_second)
        )
        size = max(p.stat().st_size for p in (run / "checkpoints").iterdir())
    step, wait = 1 / median(rates[1:]), median(waits)
    print(f"{result.parameters} parameters, checkpoints of {size / 1e6:.1f} MB")
    print(f"a step {1000 * step:.1f} ms, a checkpoint {1000 * wait:.1f} ms")
    print(f"every {EVERY} steps: {wait / (EVERY * step + wait):.3%} of the run")
    print(f"every {MINUTES} minutes: {wait / (60 * MINUTES + wait):.4%}")
    print(f"1 % is reached where a step takes {1000 * 99 * wait / EVERY:.2f} ms")


if __name__ == "__main__":
    main()
