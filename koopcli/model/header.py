"""The first line of a model file: what the model is. Read without JAX.

So a file that is no model is refused before JAX is started, which takes seconds.
"""

import dataclasses
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from koopcli import __version__, config_file, delays
from koopcli.config.model import ModelConfig
from koopcli.delays import Delays
from koopcli.errors import ConfigError, ModelError
from koopcli.model import container
from koopcli.model.dimensions import Dimensions

FORMAT = "koopcli.model"
FORMAT_VERSION = 3
UNCHECKED_VERSION = 2
"""Had no parts and no checksum: the leaves were the rest of the file."""
MODEL = "model"
LAYER_BYTES = 256
"""Fewest bytes of a layer: two arrays, and what describes them."""
FEW = 10
"""Layers that are believed whatever the size of the file."""
MANY = 1000
"""Numbers up to this are believed whatever the size of the file."""


@dataclass(frozen=True, kw_only=True)
class ModelMeta:
    """What a model is and what it was trained on.

    Attributes:
        model_config: Shape of the model.
        observation_names: One name per state dimension.
        action_names: One name per action dimension; empty when autonomous.
        dt: Seconds between two observations.
        dt_known: False when `dt` is a placeholder of 1.
        has_rewards: Whether there is a reward head.
        horizon: Training horizon in steps.
        step: Gradient steps taken.
        observation_min: Smallest training value per dimension, physical units.
        observation_max: Largest training value per dimension.
        observation_scale: Training standard deviation; 1 where constant.
        reward_scale: The same for rewards, if any.
        dataset_sha256: Hash of the dataset file it was trained on.
        delays: Which observations are samples of the past; None if none are.
    """

    model_config: ModelConfig
    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    dt: float
    dt_known: bool
    has_rewards: bool
    horizon: int
    step: int
    observation_min: tuple[float, ...]
    observation_max: tuple[float, ...]
    observation_scale: tuple[float, ...]
    reward_scale: float | None = None
    dataset_sha256: str = ""
    delays: Delays | None = None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the observations at present: all, unless some are of the past."""
        return self.observation_names if self.delays is None else self.delays.outputs

    @property
    def dimensions(self) -> Dimensions:
        """Sizes the model was built with."""
        return Dimensions(
            state=len(self.observation_names),
            action=len(self.action_names),
            reward=self.has_rewards,
        )


def screen(path: Path) -> None:
    """Refuse a file that is no sound model, as far as this shows without JAX.

    Raises:
        ModelError: The file is missing, foreign, damaged, or of another version.
    """
    with opened(path) as (file, header):
        content = model_part(path, file, header)
    decode(path, header, len(content))


def read_meta(path: Path) -> ModelMeta:
    """Read what a model is, without its parameters.

    Raises:
        ModelError: As for `screen`, as far as the header shows it.
    """
    with opened(path) as (file, header):
        return decode(path, header, os.fstat(file.fileno()).st_size)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, dict[str, Any]]]:
    """Yield the open file, at its first part, and its header.

    Raises:
        ModelError: As for `screen`, as far as the header shows it.
    """
    try:
        with open(path, "rb") as file:
            yield file, _header(path, file)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model file ({error})") from error


def model_part(path: Path, file: BinaryIO, header: dict[str, Any]) -> bytes:
    """Return the leaves of the model that an `opened` file holds.

    Raises:
        ModelError: There are none, or they are damaged.
    """
    if header["format_version"] == UNCHECKED_VERSION:
        return file.read()
    content = container.read_part(path, file, header, MODEL)
    if content is None:
        raise ModelError(f"{path}: damaged: holds no model")
    return content


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    header = container.read_header(file)
    if header is None or header.get("format") != FORMAT:
        raise ModelError(
            f"{path}: not a koopcli model file; give a run folder of `train`"
        )
    version = header.get("format_version")
    if version not in (UNCHECKED_VERSION, FORMAT_VERSION):
        raise ModelError(
            f"{path}: model format version {version!r}; this koopcli "
            f"({__version__}) reads versions {UNCHECKED_VERSION} and {FORMAT_VERSION}"
        )
    if version != UNCHECKED_VERSION:
        container.check(path, header)
    return header


def decode(path: Path, header: dict[str, Any], size: int) -> ModelMeta:
    """Return what a header says of a model of `size` bytes.

    Raises:
        ModelError: It says what cannot be.
    """
    try:
        meta = _meta(header["meta"])
    except (
        *(KeyError, TypeError, ValueError, AttributeError, OverflowError),
        ConfigError,
    ) as error:
        raise ModelError(f"{path}: damaged model header ({error})") from error
    # Every unit of a width has parameters. A header that lies about them would have even
    # the model's shapes take forever.
    for name, value in dataclasses.asdict(meta.model_config).items():
        sized = isinstance(value, int) and name != "params"
        if sized and value > max(MANY, size) and not name.endswith("_every"):
            raise ModelError(
                f"{path}: damaged: {name} = {value} describes a model of more than the "
                f"{size} bytes that are there"
            )
        if name.endswith("depth") and value > FEW and value * LAYER_BYTES > size:
            raise ModelError(
                f"{path}: damaged: {name} = {value} layers do not fit into {size} bytes"
            )
    return meta


def _meta(raw: dict[str, Any]) -> ModelMeta:
    # A setting that is newer than the file is missing there and has its default.
    config = {
        name: config_file.convert(f"model.{name}", value, "header", typed=True)
        for name, value in raw["model_config"].items()
    }
    # This one was that of the decoder before it was a setting.
    if "decoder_width" in config:
        config.setdefault("reward_width", config["decoder_width"])
    sequences = {key: tuple(v) for key, v in raw.items() if isinstance(v, list)}
    past = delays.parse(raw.get("delays"))
    if past is not None and not past.describes(sequences["observation_names"]):
        raise ValueError("the record of the delays and the observations disagree")
    decoded = {"model_config": ModelConfig(**config), "delays": past}
    meta = ModelMeta(**{**raw, **sequences, **decoded})
    _check_meta(meta)
    return meta


def _check_meta(meta: ModelMeta) -> None:
    for name in (*meta.observation_names, *meta.action_names, meta.dataset_sha256):
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is not text")
    for count in (meta.horizon, meta.step):
        if type(count) is not int or count < 0:
            raise ValueError(f"{count!r} is no number of steps")
    if not isinstance(meta.has_rewards, bool) or not isinstance(meta.dt_known, bool):
        raise TypeError("a flag is neither true nor false")
    ranges = (meta.observation_min, meta.observation_max, meta.observation_scale)
    rest = (meta.dt, 1.0 if meta.reward_scale is None else meta.reward_scale)
    if not all(math.isfinite(number) for row in (*ranges, rest) for number in row):
        raise ValueError("a range is not finite")
    if any(len(row) != len(meta.observation_names) for row in ranges) or meta.dt <= 0:
        raise ValueError("a range or the time step does not fit")
