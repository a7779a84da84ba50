"""Whether a model and the data it is given belong together."""

import re

from koopcli.data.store import Dataset
from koopcli.errors import ModelError
from koopcli.model.header import ModelMeta

DT_TOLERANCE = 1e-6
"""Relative difference up to which two time steps count as equal."""
_DEFAULT_NAME = re.compile(r"(obs|observation|state|act|action)_?\[?\d+\]?")


def check_fit(
    run: str, meta: ModelMeta, dataset: Dataset, digest: str = ""
) -> tuple[str, ...]:
    """Check that a model and a dataset describe the same system; return warnings.

    Args:
        run: Name of the run, for messages.
        meta: What the model was trained on.
        dataset: The data it is to predict.
        digest: Hash of the dataset file; empty: not compared.

    Raises:
        ModelError: Dimensions, names or time steps differ.
    """
    where = f"{run} on {dataset.path}"
    check_names("observation", meta.observation_names, dataset.observation_names, where)
    check_names("action", meta.action_names, dataset.action_names, where)
    warnings = [*check_dt(meta, dataset.dt, dataset.dt_known, where)]
    if meta.has_rewards != (dataset.rewards is not None):
        lacking = "dataset" if meta.has_rewards else "model"
        warnings.append(f"{where}: the {lacking} has no rewards, so none are compared")
    if digest and meta.dataset_sha256 and meta.dataset_sha256 != digest:
        warnings.append(
            f"{where}: the model was trained on another dataset file; its training "
            "episodes may be among those used here"
        )
    return tuple(warnings)


def check_names(
    kind: str, model: tuple[str, ...], data: tuple[str, ...], where: str
) -> None:
    """Compare the dimensions of a model with those of its input.

    Names that an ingest made up (`obs_0`, `action_1`) say nothing, so they match any
    other.

    Args:
        kind: `observation` or `action`, for the message.
        model: Names the model was trained on.
        data: Names in the input.
        where: The two files, for the message.

    Raises:
        ModelError: The numbers differ, or the names do.
    """
    if len(model) != len(data):
        raise ModelError(
            f"{where}: the model has {len(model)} {kind} dimensions, the data "
            f"{len(data)}; use data of the system that the model was trained on"
        )
    for number, (expected, found) in enumerate(zip(model, data, strict=True)):
        if expected != found and not (_made_up(expected) or _made_up(found)):
            raise ModelError(
                f"{where}: {kind} dimension {number} is {expected!r} in the model but "
                f"{found!r} in the data; use data with the same columns in that order"
            )


def check_dt(meta: ModelMeta, dt: float, dt_known: bool, where: str) -> tuple[str, ...]:
    """Compare time steps; return a warning when one of them is unknown.

    Raises:
        ModelError: Both are known and differ.
    """
    if meta.dt_known and dt_known:
        if abs(dt - meta.dt) > DT_TOLERANCE * abs(meta.dt):
            raise ModelError(
                f"{where}: the model was trained at dt = {meta.dt:.9g} s, the data has "
                f"dt = {dt:.9g} s; a discrete-time model only fits its own sampling"
            )
        return ()
    if meta.dt_known or dt_known:
        unknown = "data" if meta.dt_known else "model's data"
        return (f"{where}: dt of the {unknown} is unknown, so it was not compared",)
    return ()


def _made_up(name: str) -> bool:
    return _DEFAULT_NAME.fullmatch(name) is not None
