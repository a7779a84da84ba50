import errno
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from koopcli import hdf5


def test_what_is_written_is_an_ordinary_hdf5_file(tmp_path):
    path = tmp_path / "x.h5"
    with hdf5.writing(path) as file:
        file.create_dataset("a", data=np.arange(10_000.0), compression="gzip")
        file["a"][0] = 5
    with h5py.File(path, "r") as file:
        assert file["a"][0] == 5 and file["a"][-1] == 9999


def test_an_error_of_the_body_comes_through(tmp_path):
    with pytest.raises(ValueError, match="mine"), hdf5.writing(tmp_path / "x.h5"):
        raise ValueError("mine")


@pytest.mark.parametrize("room", [0, 3000, 100_000])
def test_a_full_disk_is_an_os_error_with_its_reason(tmp_path, monkeypatch, room):
    original = hdf5._Guarded._put

    def small_disk(self, view):
        if self._file.tell() + len(view) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(self, view)

    monkeypatch.setattr(hdf5._Guarded, "_put", small_disk)
    with pytest.raises(OSError) as caught, hdf5.writing(tmp_path / "x.h5") as file:
        column = file.create_dataset("a", (0,), "f8", maxshape=(None,), chunks=(1000,))
        for block in range(50):
            column.resize(len(column) + 10_000, axis=0)
            column[-10_000:] = np.random.default_rng(block).normal(size=10_000)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename.endswith("x.h5")


def test_a_real_limit_on_file_size_does_not_kill_the_interpreter(tmp_path):
    program = """
import resource, sys, numpy as np
from pathlib import Path
from koopcli import hdf5
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with hdf5.writing(Path(sys.argv[1])) as file:
        file["a"] = np.random.default_rng(0).normal(size=100_000)
except OSError as error:
    print("errno", error.errno)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x.h5")],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == f"errno {errno.EFBIG}", done.stderr
    assert done.returncode == 0
