"""Writes the linear form to a file that control software reads: NPZ, MAT or JSON.

The arrays are those of `koopcli.spectrum.linear_form`, under the names of `arrays`; a
complex array is two real ones, `NAME_real` and `NAME_imag`, in JSON alone.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.errors import ConfigError
from koopcli.files import replacing
from koopcli.model.header import ModelMeta
from koopcli.spectrum.linear_form import LinearForm

SCHEMA = "koopcli.linear/1"
SUFFIXES = (".npz", ".mat", ".json")


def check_format(path: Path) -> None:
    """Stop before any work if `path` cannot hold a linear model.

    Raises:
        ConfigError: The suffix is not one of `SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"{path}: a linear model is written as {', '.join(SUFFIXES)}; choose one"
        )


def write(path: Path, form: LinearForm, meta: ModelMeta) -> None:
    """Write the matrices in one piece; the suffix of `path` chooses the format.

    Raises:
        ConfigError: The suffix is unknown.
    """
    check_format(path)
    content = {**arrays(form), **_facts(form, meta)}
    with replacing(path) as temporary:
        match path.suffix.lower():
            case ".npz":
                named: dict[str, Any] = {k: np.asarray(v) for k, v in content.items()}
                np.savez(temporary, **named)
            case ".mat":
                from scipy.io import savemat

                named = {k: _for_matlab(v) for k, v in content.items()}
                savemat(temporary, named, oned_as="column")
            case _:
                temporary.write_text(json.dumps(_for_json(content), indent=1) + "\n")


def arrays(form: LinearForm) -> dict[str, np.ndarray]:
    """Return the arrays by the names they have in a file."""
    return {
        "eigenvalues": form.eigenvalues,
        "B": form.input_matrix,
        "b": form.input_offset,
        "C": form.output_matrix,
        "d": form.output_offset,
        "E": form.encoder_matrix,
        "e": form.encoder_offset,
    }


def _facts(form: LinearForm, meta: ModelMeta) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dt": meta.dt,
        "dt_known": meta.dt_known,
        "observation_names": list(meta.observation_names),
        "action_names": list(meta.action_names),
        "B_exact": form.exact.input,
        "C_exact": form.exact.output,
        "E_exact": form.exact.encoder,
    }


def _for_matlab(value: Any) -> Any:
    return np.array(value, object) if isinstance(value, list) else value


def _for_json(content: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in content.items():
        if not isinstance(value, np.ndarray):
            plain[name] = value
        elif np.iscomplexobj(value):
            plain[f"{name}_real"] = value.real.tolist()
            plain[f"{name}_imag"] = value.imag.tolist()
        else:
            plain[name] = value.tolist()
    return plain
