"""Peak memory and throughput of ingest, against a plain copy of the same arrays.

python tests/benchmarks/ingest.py [--megabytes 4000] [--table-megabytes 400]
    [--kinds packed,plain,csv,parquet,npz,mat5,mat73] [--repeats 1] [--folder /tmp]

Generates a D4RL file of noise, packed as D4RL's own are or not (plain), or the same arrays
as CSV, Parquet, packed NPZ or MATLAB (5, 7.3), and deletes it. Sizes are those of the
arrays as float32; a CSV file is 2.5 times as large. Each job runs in a process of its own.
One copy holds the columns that ingest writes, one all columns of the source (with
`next_observations`, which ingest reads but need not store), both block by block from HDF5
and packed in the same way.
"""

import argparse
import multiprocessing
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
ARRAYS = {"npz": ".npz", "mat5": ".mat", "mat73": ".mat"}
TABLES = ("csv", "parquet", *ARRAYS)
BLOCK = 100
"""Episodes that are generated, or copied, at a time."""
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}

WRITTEN = "observations,actions,rewards,terminals,timeouts"
BASE = "import koopcli.data.ingest, h5py, koopcli.data.readers.d4rl"
INGEST = """
import sys
from pathlib import Path
from koopcli.config.data import IngestConfig
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


def generate_table(source: Path, table: Path) -> None:
    """Write the columns of a D4RL file, but `next_observations`, as CSV or Parquet."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    writer = None
    with h5py.File(source) as file:
        rows = len(file["rewards"])
        for first in range(0, rows, BLOCK * EPISODE):
            part = slice(first, first + BLOCK * EPISODE)
            columns = {"episode": np.arange(rows)[part] // EPISODE}
            for name in ("observations", "actions"):
                values = file[name][part]
                columns |= {f"{name[:3]}{i}": c for i, c in enumerate(values.T)}
            columns["reward"] = file["rewards"][part]
            made = pa.table({name: pa.array(c) for name, c in columns.items()})
            if writer is None:
                kind = (
                    csv.CSVWriter if table.suffix == ".csv" else parquet.ParquetWriter
                )
                writer = kind(table, made.schema)
            writer.write(made)
    assert writer is not None
    writer.close()


def generate_arrays(source: Path, target: Path, kind: str) -> None:
    """Write the columns of a D4RL file, but `next_observations`, as one file of arrays."""
    from scipy.io import savemat

    with h5py.File(source) as file:
        arrays = {
            name: file[name][:] for name in ("observations", "actions", "rewards")
        }
    arrays["episode"] = np.arange(len(arrays["rewards"]), dtype=np.float64) // EPISODE
    arrays = {name: values.reshape(len(values), -1) for name, values in arrays.items()}
    if kind == "npz":
        np.savez_compressed(target, **arrays)
    elif kind == "mat5":
        savemat(target, arrays, do_compression=True)
    else:
        with h5py.File(target, "w") as file:
            for name, values in arrays.items():
                # MATLAB's own layout: axes reversed, chunks along time, packed.
                chunks = (values.shape[1], min(len(values), 8192))
                file.create_dataset(name, data=values.T, chunks=chunks, compression=3)


def run(program: str, *arguments: object) -> tuple[float, float]:
    """Return seconds and peak megabytes of a program in a process of its own."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"failed: {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(kind: str, options: argparse.Namespace, base: float) -> None:
    """Print one line about one kind of source: medians of interleaved repeats."""
    size = options.table_megabytes if kind in TABLES else options.megabytes
    rows = size * 10**6 // ROW_BYTES // EPISODE * EPISODE
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        arrays = source = Path(folder) / "x.hdf5"
        generate(arrays, rows, kind == "packed")
        if kind in TABLES:
            source = arrays.with_suffix(ARRAYS.get(kind, f".{kind}"))
            if kind in ARRAYS:
                # Elsewhere: a child begins with the peak memory of its parent.
                made = multiprocessing.get_context("spawn").Process(
                    target=generate_arrays, args=(arrays, source, kind)
                )
                made.start()
                made.join()
            else:
                generate_table(arrays, source)
        copy, out = Path(folder) / "copy.h5", Path(folder) / "out.h5"
        times = []
        for _ in range(options.repeats):
            out.unlink(missing_ok=True)
            written, _peak = run(COPY, arrays, copy, WRITTEN)
            everything, _peak = run(COPY, arrays, copy, f"{WRITTEN},next_observations")
            seconds, peak = run(INGEST, source, out)
            times.append((seconds, seconds / written, seconds / everything))
        bytes_read = source.stat().st_size
    seconds, written, everything = np.median(times, axis=0)
    print(
        f"{kind}, {rows} rows, {bytes_read / 1e9:.2f} GB: ingest {seconds:.1f} s, "
        f"{written:.2f} x a copy of what it writes, {everything:.2f} x a copy of all; "
        f"peak {peak:.0f} MB, {peak - base:.0f} MB above the imports",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=4000)
    parser.add_argument("--table-megabytes", type=int, default=400)
    parser.add_argument("--kinds", default="packed,plain,csv,parquet")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    start, base = run(BASE)
    interpreter = run("pass")[1]
    print(f"imports: {start:.1f} s, {base:.0f} MB; interpreter: {interpreter:.0f} MB")
    for kind in options.kinds.split(","):
        measure(kind, options, base)


if __name__ == "__main__":
    main()
