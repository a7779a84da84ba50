"""Peak memory and throughput of ingest, against a plain copy of the same arrays.

python tests/benchmarks/ingest.py [--megabytes 1000] [--repeats 1] [--folder /tmp]

Generates a D4RL file of noise, once packed as D4RL's own are and once not, and deletes
it. Each job runs in a process of its own. One copy holds the columns that ingest writes,
one all columns of the source (with `next_observations`, which ingest reads but need not
store), both block by block and packed in the same way.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

ROW_BYTES = 4 * (17 + 6 + 17 + 1) + 2
EPISODE = 1000
BLOCK = 100
"""Episodes that are generated, or copied, at a time."""
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}

WRITTEN = "observations,actions,rewards,terminals,timeouts"
BASE = "import koopcli.data.ingest, h5py, koopcli.data.readers.d4rl"
INGEST = """
import sys
from pathlib import Path
from koopcli.config import IngestConfig
from koopcli.data.ingest import ingest
ingest([sys.argv[1]], Path(sys.argv[2]), IngestConfig(dt=0.05))
"""
COPY = """
import sys, h5py
packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
names = sys.argv[3].split(",")
with h5py.File(sys.argv[1]) as source, h5py.File(sys.argv[2], "w") as target:
    for name in names:
        column = source[name]
        row = max(1, column.dtype.itemsize * (column.shape[1] if column.ndim > 1 else 1))
        chunks = (max(1, 262144 // row), *column.shape[1:])
        made = target.create_dataset(
            name, column.shape, column.dtype, chunks=chunks, **packed
        )
        for first in range(0, len(column), 65536):
            made[first : first + 65536] = column[first : first + 65536]
"""


def generate(path: Path, rows: int, packed: bool) -> None:
    """Write whole episodes of noise, the last observation of each not lost."""
    random = np.random.default_rng(0)
    shapes = {"observations": (17,), "actions": (6,), "next_observations": (17,)}
    shapes |= {"rewards": (), "terminals": (), "timeouts": ()}
    with h5py.File(path, "w") as file:
        columns = {
            name: file.create_dataset(
                name,
                (rows, *shape),
                bool if name in ("terminals", "timeouts") else np.float32,
                chunks=(4096, *shape),
                **(PACKED if packed else {}),
            )
            for name, shape in shapes.items()
        }
        for first in range(0, rows, BLOCK * EPISODE):
            part = slice(first, min(first + BLOCK * EPISODE, rows))
            count = part.stop - first
            noise = random.standard_normal(
                (count // EPISODE, EPISODE + 1, 17), np.float32
            )
            columns["observations"][part] = noise[:, :-1].reshape(count, 17)
            columns["next_observations"][part] = noise[:, 1:].reshape(count, 17)
            columns["actions"][part] = random.standard_normal((count, 6), np.float32)
            columns["rewards"][part] = random.standard_normal(count, np.float32)
            columns["timeouts"][part] = np.arange(count) % EPISODE == EPISODE - 1


def run(program: str, *arguments: object) -> tuple[float, float]:
    """Return seconds and peak megabytes of a program in a process of its own."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"failed: {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print one line per layout: medians of interleaved repeats."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    rows = options.megabytes * 10**6 // ROW_BYTES // EPISODE * EPISODE
    start, base = run(BASE)
    print(f"{rows} rows; imports alone: {start:.1f} s, {base:.0f} MB")
    for packed in (True, False):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            source = Path(folder) / "x.hdf5"
            generate(source, rows, packed)
            copy, out = Path(folder) / "copy.h5", Path(folder) / "out.h5"
            times = []
            for _ in range(options.repeats):
                out.unlink(missing_ok=True)
                written, _peak = run(COPY, source, copy, WRITTEN)
                everything, _peak = run(
                    COPY, source, copy, f"{WRITTEN},next_observations"
                )
                seconds, peak = run(INGEST, source, out)
                times.append((seconds, seconds / written, seconds / everything))
        seconds, written, everything = np.median(times, axis=0)
        print(
            f"packed={packed}: ingest {seconds:.1f} s, {written:.2f} x a copy of what it "
            f"writes, {everything:.2f} x a copy of all; peak {peak:.0f} MB, "
            f"{peak - base:.0f} MB above the imports"
        )


if __name__ == "__main__":
    main()
