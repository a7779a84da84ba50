"""Memory and open files of a process that trains and evaluates again and again.

python tests/benchmarks/soak.py [--minutes 30] [--folder /tmp] [--compile]

A dataset of noise; in turn a training of 20 steps of the Koopman model, of the same from a
scratch copy on disk, of the MLP and of edmdc, each with another seed, and an evaluation of
what was trained. After each: resident memory, open files, arrays on the device, compiled
programs, threads. A program that JAX keeps shows as a compiled program, an array as an
array; memory that grows without either is a leak of ours or of a library. Programs are
compiled in the first turn and come from JAX's cache on disk then, as they do for the
program `koopcli`; with --compile every training compiles them anew.

Prints a line per training to stderr and one JSON document: at most 60 of the samples, and
a verdict. The first third warms up: caches fill, and the allocator finds its size. Of the
rest, the median of the last quarter may exceed that of the first by 2 % in memory and by
nothing in files, arrays, programs and threads. Exit code 1 if it does.
"""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import jax
from streaming import generate

from koopcli import config_file
from koopcli.config.choices import Split
from koopcli.config.evaluation import EvalConfig
from koopcli.config.training import RunConfig
from koopcli.evaluate.evaluate import evaluate
from koopcli.train.fit import fit

SMALL = {
    "model.latent_dim": 8,
    "model.encoder_width": 16,
    "model.decoder_width": 16,
    "model.action_width": 8,
    "model.width": 16,
    "train.steps": 20,
    "train.batch_size": 16,
    "train.horizon": 10,
    "train.dispatch_steps": 5,
    "train.eval_every": 10,
    "train.checkpoint_every": 10,
    "train.val_windows": 64,
}
KINDS = [
    {"model.kind": "koopman"},
    {"model.kind": "koopman", "train.memory_budget": 1_000_000},
    {"model.kind": "mlp"},
    {"model.kind": "edmdc"},
]
ALLOWED = {"megabytes": 0.02, "files": 0, "arrays": 0, "programs": 0, "threads": 0}
"""Growth, as a share, that is none."""


def config(number: int) -> RunConfig:
    """Return the settings of a training; their kinds take turns."""
    values = SMALL | KINDS[number % len(KINDS)] | {"train.seed": number}
    typed = {
        name: config_file.convert(name, value, "soak", typed=True)
        for name, value in values.items()
    }
    return config_file.build(typed)


def once(data: Path, folder: Path, number: int) -> None:
    """Train and evaluate."""
    run = folder / "run"
    fit(data, run, config(number))
    evaluate([run], data, EvalConfig(split=Split.VAL, max_starts=99))
    shutil.rmtree(run)


def keep_compiled(folder: Path) -> None:
    """Have JAX keep all programs on disk."""
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def sample(began: float, trainings: int) -> dict[str, float]:
    """Return what the process holds now."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return {
        "seconds": round(time.monotonic() - began, 1),
        "trainings": trainings,
        "megabytes": int(status.split("VmRSS:")[1].split()[0]) / 1024,
        "files": len(os.listdir("/proc/self/fd")),
        "arrays": len(jax.live_arrays()),
        "programs": len(jax.devices()[0].client.live_executables()),
        "threads": threading.active_count(),
    }


def verdict(samples: list[dict[str, float]]) -> dict[str, object]:
    """Compare the end with the time after warming up, quantity by quantity."""
    warm = samples[len(samples) // 3 :]
    quarter = max(1, len(warm) // 4)
    found: dict[str, object] = {}
    for name, share in ALLOWED.items():
        before = median(each[name] for each in warm[:quarter])
        after = median(each[name] for each in warm[-quarter:])
        grown = after > before * (1 + share)
        found[name] = {"before": before, "after": after, "grown": grown}
    found["steady"] = not any(found[name]["grown"] for name in ALLOWED)
    return found


def main() -> None:
    """Go round until the time is over; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    samples: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        if not options.compile:
            keep_compiled(Path(temporary) / "compiled")
        data = Path(temporary) / "data.h5"
        generate(data, 20)
        began = time.monotonic()
        while time.monotonic() - began < 60 * options.minutes:
            once(data, Path(temporary), len(samples))
            samples.append(sample(began, len(samples) + 1))
            print(json.dumps(samples[-1]), file=sys.stderr, flush=True)
    every = -(-len(samples) // 60)
    document = {
        "trainings": len(samples),
        "verdict": verdict(samples),
        "samples": samples[::every],
    }
    print(json.dumps(document, indent=1))
    sys.exit(not document["verdict"]["steady"])


if __name__ == "__main__":
    main()
