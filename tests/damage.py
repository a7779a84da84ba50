"""Damage to files, of bytes and of structure; everything follows from one generator."""

import h5py
import numpy as np

SHAPES = [(0,), (3,), (1, 1), (10**9,), (10**6, 10**6), (2, 0, 3), ()]
KINDS = ["f8", "f4", "i1", "u8", "c16", "S3", "?", "f2", "V4", [("a", "f4")]]


def damage(path, rng):
    """Damage one file of a dataset: its bytes, or, if it is HDF5, its structure."""
    content = path.read_bytes()
    if h5py.is_hdf5(path) and rng.random() < 0.5:
        try:
            restructure(path, rng)
            return
        except (OSError, RuntimeError, KeyError, ValueError, TypeError):
            pass  # h5py refuses this one: bytes, then
    path.write_bytes(spoilt(content, rng))


def spoilt(whole, rng):
    """Change up to 5 bytes at random; sometimes cut the end off."""
    content = bytearray(whole)
    for place in rng.integers(0, len(content), rng.integers(1, 6)):
        content[place] = rng.choice([0, 255, rng.integers(256)])
    return bytes(
        content[: rng.integers(0, len(content)) if rng.random() < 0.2 else None]
    )


def restructure(path, rng):
    """Replace one member of an HDF5 file by something else, or give it an attribute."""
    with h5py.File(path, "r+") as file:
        names = []
        file.visit(names.append)
        name = names[rng.integers(len(names))]
        shape = SHAPES[rng.integers(len(SHAPES))]
        kind = np.dtype(KINDS[rng.integers(len(KINDS))])
        choice = rng.integers(8)
        if choice == 7:
            file[name].attrs["env_args"] = rng.integers(256, size=9)
            return
        old = file[name]
        values = old[()] if isinstance(old, h5py.Dataset) else np.zeros(3)
        parent = old.parent
        del file[name]
        if choice == 1:
            file[name] = h5py.SoftLink("/" + name)
        elif choice == 2:
            file[name] = h5py.ExternalLink("/etc/hostname", "/x")
        elif choice == 3:
            file[name] = parent  # a group that contains itself
        elif choice == 4:
            # Promised and never written: h5py takes no memory for it.
            chunks = tuple(min(n, 64) for n in shape) if all(shape) and shape else None
            file.create_dataset(name, shape, kind, chunks=chunks)
        elif choice == 5:
            file[name] = np.zeros(shape if np.prod(shape) < 100 else (5,)).astype(
                kind if kind.kind in "fiub" else "f8"
            )
        elif choice == 6:
            file[name] = np.where(rng.random(values.shape) < 0.3, np.nan, 1e300)


def damage_columns(columns, rng):
    """Damage a table before it is written: a column lost, shortened, of another kind."""
    columns = dict(columns)
    name = sorted(columns)[rng.integers(len(columns))]
    values = np.asarray(columns[name])
    choice = rng.integers(6)
    if choice == 0:
        del columns[name]
    elif choice == 1:
        columns[name] = values[: rng.integers(len(values))]
    elif choice == 2:
        columns[name] = np.where(rng.random(values.shape) < 0.3, np.inf, values)
    elif choice == 3:
        columns[name] = values.astype(str)
    elif choice == 4:
        columns[name] = values.reshape(-1)
    else:
        columns[name] = values[..., None] * np.ones(int(rng.integers(0, 3)))
    return columns
