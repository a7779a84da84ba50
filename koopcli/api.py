"""The commands for Python: `from koopcli import api`.

Each is one call with the settings of the command, whose defaults are those of the command
line; paths may be strings. What goes wrong raises a `KoopError` that says what, where
and what to do. What the commands print comes back as an object.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from koopcli import run_dir
from koopcli.config.data import IngestConfig
from koopcli.config.evaluation import EvalConfig, InspectConfig, PredictConfig
from koopcli.config.model import ModelConfig
from koopcli.config.training import LossConfig, OptimizerConfig, RunConfig, TrainConfig
from koopcli.data import ingest as _ingest
from koopcli.data import store
from koopcli.data.ingest_report import IngestReport
from koopcli.data.store import Dataset
from koopcli.errors import KoopError
from koopcli.evaluate import evaluate as _evaluate
from koopcli.evaluate import predict as _predict
from koopcli.evaluate.prediction_file import PredictionSummary
from koopcli.evaluate.report import EvalReport
from koopcli.evaluate.trained_model import TrainedModel
from koopcli.model import checkpoint
from koopcli.spectrum import inspect as _inspect
from koopcli.spectrum.inspect import Inspection
from koopcli.train import fit as _fit
from koopcli.train.report import FitResult, StepReport

__all__ = [
    "EvalConfig",
    "IngestConfig",
    "InspectConfig",
    "KoopError",
    "LossConfig",
    "ModelConfig",
    "OptimizerConfig",
    "PredictConfig",
    "RunConfig",
    "TrainConfig",
    "TrainedModel",
    "evaluate",
    "ingest",
    "inspect_eigenvalues",
    "load",
    "load_dataset",
    "predict",
    "train",
]

StrPath = str | os.PathLike[str]


def ingest(
    sources: StrPath | Sequence[StrPath],
    output: StrPath,
    config: IngestConfig | None = None,
    *,
    overwrite: bool = False,
) -> IngestReport:
    """Turn files, folders or Minari ids into one dataset file (`koopcli ingest`).

    Raises:
        ConfigError: `output` exists, or the format is unknown.
        DataError: A source cannot be used.
    """
    names = [os.fspath(name) for name in _several(sources)]
    settings = config or IngestConfig()
    return _ingest.ingest(names, Path(output), settings, overwrite=overwrite)


def load_dataset(path: StrPath) -> Dataset:
    """Read a dataset file that `ingest` wrote.

    Raises:
        DataError: It is missing, damaged, foreign, or of another version.
    """
    return store.load(Path(path))


def train(
    data: StrPath,
    output: StrPath,
    config: RunConfig | None = None,
    *,
    overwrite: bool = False,
    report: Callable[[StepReport], None] = lambda _: None,
) -> FitResult:
    """Train a model; `output` becomes its run folder (`koopcli train`).

    Args:
        data: A dataset file.
        output: The folder to create.
        config: All settings.
        overwrite: Whether an existing run folder may be replaced.
        report: Called with the progress, every 25 steps (`train.dispatch_steps`).

    Raises:
        ConfigError: `output` exists, or a setting cannot be.
        DataError: The dataset cannot be used.
        DivergedError: A loss stopped being finite; the last good model is in the folder.
        TooLargeError: It does not fit into the memory of the device.
    """
    settings = config or RunConfig()
    paths = Path(data), Path(output)
    return _fit.fit(*paths, settings, overwrite=overwrite, report=report)


def load(run: StrPath) -> TrainedModel:
    """Read a trained model, to roll it out in a program of one's own.

    Args:
        run: Run folder, whose best model it is, or a `.eqx` file.

    Raises:
        ModelError: There is none, or it is damaged, foreign, or of another version.
    """
    return TrainedModel(checkpoint.load(run_dir.model_file(Path(run))))


def evaluate(
    runs: StrPath | Sequence[StrPath], data: StrPath, config: EvalConfig | None = None
) -> EvalReport:
    """Score runs, and two baselines, on the test episodes (`koopcli eval`).

    Raises:
        DataError: The dataset is unusable or a split is empty.
        ModelError: A model is unusable or does not fit the data.
    """
    folders = [Path(run) for run in _several(runs)]
    return _evaluate.evaluate(folders, Path(data), config)


def predict(
    run: StrPath,
    data: StrPath,
    output: StrPath,
    config: PredictConfig | None = None,
    *,
    overwrite: bool = False,
) -> PredictionSummary:
    """Write rollouts beside the truth into one file (`koopcli predict`).

    Raises:
        ConfigError: `output` exists, or the settings contradict the data.
        DataError: The dataset is unusable.
        ModelError: The model is unusable or does not fit the data.
    """
    paths = Path(run), Path(data), Path(output)
    return _predict.predict(*paths, config, overwrite=overwrite)


def inspect_eigenvalues(
    run: StrPath, data: StrPath | None = None, config: InspectConfig | None = None
) -> Inspection:
    """Describe the spectrum of a model (`koopcli inspect-eigenvalues`).

    Args:
        run: Run folder or `.eqx` file.
        data: Dataset file to hold it against.
        config: How.

    Raises:
        DataError: The dataset is unusable or a split is empty.
        ModelError: The model is unusable, has no eigenvalues, or does not fit the data.
    """
    against = None if data is None else Path(data)
    return _inspect.inspect(Path(run), against, config)


def _several(paths: StrPath | Sequence[StrPath]) -> Sequence[StrPath]:
    return [paths] if isinstance(paths, str | os.PathLike) else paths
