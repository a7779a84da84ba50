"""Writing HDF5 in a way that survives a full disk.

When a write fails inside the HDF5 library, it still tries to flush its caches on closing,
fails again, and can take the interpreter down with a segmentation fault. So HDF5 is given
a file object that remembers the first error and swallows what comes after; the error is
raised as soon as Python is back in charge.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py


class _Guarded(io.RawIOBase):
    def __init__(self, path: Path):
        self._path = path
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115 - closed in `close`
        self.error: OSError | None = None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer) -> int | None:
        return self._file.readinto(buffer)

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        if self.error is None:
            try:
                self._put(view)
            except OSError as error:
                self.error = OSError(error.errno, error.strerror, str(self._path))
        return len(view)

    def _put(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            done += self._file.write(view[done:]) or 0

    def truncate(self, size: int | None = None) -> int:
        size = self.tell() if size is None else size
        if self.error is None:
            try:
                self._file.truncate(size)
            except OSError as error:
                self.error = OSError(error.errno, error.strerror, str(self._path))
        return size

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def writing(path: Path) -> Iterator[h5py.File]:
    """Yield a new HDF5 file at `path`.

    Raises:
        OSError: Something could not be written (no space, for instance); raised when
            the body ends, or in place of what the body raised because of it.
    """
    guarded = _Guarded(path)
    try:
        with h5py.File(guarded, "w") as file:
            yield file
    except Exception as error:
        if guarded.error is not None:
            raise guarded.error from error
        raise
    finally:
        guarded.close()
    if guarded.error is not None:
        raise guarded.error
