"""What takes part in an evaluation: runs that fit a dataset, and the baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koopcli import device as devices
from koopcli import run_dir
from koopcli.config.choices import Device
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError
from koopcli.evaluate import baselines, compatibility
from koopcli.evaluate.rollouts import outputs_only, rollout_of
from koopcli.evaluate.tally import Entrant
from koopcli.files import sha256
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel


@dataclass(frozen=True)
class Loaded:
    """Runs and the dataset that they are evaluated on.

    Attributes:
        dataset: The dataset.
        digest: Hash of its file.
        saved: The models, by run as given.
        device: Where they run.
        warnings: What does not quite fit.
    """

    dataset: Dataset
    digest: str
    saved: Mapping[str, SavedModel]
    device: str
    warnings: tuple[str, ...]


def load(runs: Sequence[Path], dataset_path: Path, device: Device) -> Loaded:
    """Read runs and dataset, and check that they belong together.

    Raises:
        ConfigError: No run is given, or one twice.
        DataError: The dataset is unusable.
        ModelError: A model is unusable or does not fit the dataset.
        DeviceError: The device is not there.
    """
    if not runs or len({str(run) for run in runs}) < len(runs):
        raise ConfigError("eval: give at least one RUN, and none twice")
    place = devices.select(device)
    dataset = store.load(dataset_path)
    saved = {str(run): checkpoint.load(run_dir.model_file(run)) for run in runs}
    digest = sha256(dataset_path)
    warnings = tuple(
        warning
        for run, model in saved.items()
        for warning in compatibility.check_fit(run, model.meta, dataset, digest)
    )
    return Loaded(dataset, digest, saved, place, warnings)


def entrants(loaded: Loaded, size: int, reencode_every: int | None) -> list[Entrant]:
    """Return all runs, then the baselines fitted to the training split.

    They predict the outputs alone: samples of the past are known from the rollout.

    Args:
        loaded: Runs and dataset.
        size: Largest number of starts per call.
        reencode_every: Steps between re-encodings; None: as each model says.
    """
    dataset = loaded.dataset
    simple = {
        "persistence": baselines.persistence(dataset),
        "linear": baselines.linear(baselines.fit_linear(dataset)),
    }
    outputs = len(dataset.output_names)
    return runs_of(loaded, size, reencode_every) + [
        Entrant(None, name, outputs_only(rollout, outputs))
        for name, rollout in simple.items()
    ]


def runs_of(loaded: Loaded, size: int, reencode_every: int | None) -> list[Entrant]:
    """Return the runs alone; arguments as in `entrants`."""
    return [
        Entrant(
            run,
            str(model.meta.model_config.kind),
            rollout_of(model.model, size, reencode_every, loaded.dataset.delays),
        )
        for run, model in loaded.saved.items()
    ]
