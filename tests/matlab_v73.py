"""MATLAB 7.3 files made on the spot, as MATLAB lays them out in HDF5."""

import h5py
import numpy as np


def write_v73(path, variables):
    """Write arrays, text, structs (dict), struct arrays and cells (lists)."""
    with h5py.File(path, "w") as file:
        file.create_group("#refs#")
        for name, value in variables.items():
            _write(file, file, name, value)


def _write(file, group, name, value):
    if isinstance(value, dict):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, part in value.items():
            _write(file, made, field, part)
    elif isinstance(value, list) and isinstance(value[0], dict):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field in value[0]:
            _references(file, made, field, [trial[field] for trial in value])
    elif isinstance(value, list):
        made = _references(file, group, name, value)
        made.attrs["MATLAB_class"] = np.bytes_("cell")
    elif isinstance(value, str):
        group[name] = np.array([[ord(letter)] for letter in value], np.uint16)
        group[name].attrs["MATLAB_class"] = np.bytes_("char")
    else:
        group[name] = np.atleast_2d(value).T
        group[name].attrs["MATLAB_class"] = np.bytes_("double")


def _references(file, group, name, values):
    made = group.create_dataset(name, (len(values), 1), h5py.ref_dtype)
    for i, value in enumerate(values):
        key = str(len(file["#refs#"]))
        _write(file, file["#refs#"], key, value)
        made[i, 0] = file["#refs#"][key].ref
    return made
