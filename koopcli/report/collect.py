"""VERB: measures runs, with and without data -> Material."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from koopcli import device as devices
from koopcli import environment
from koopcli.config.choices import Device, ModelKind
from koopcli.config.data import IngestConfig
from koopcli.config.report import ReportConfig
from koopcli.data import store
from koopcli.doctor.examine import examine
from koopcli.errors import ConfigError
from koopcli.evaluate.evaluate import Progress, evaluate
from koopcli.files import sha256
from koopcli.report import run as run_folder
from koopcli.report.material import Held, Material
from koopcli.report.run import Run
from koopcli.spectrum.inspect import Inspection, inspect

SPECTRAL = (ModelKind.KOOPMAN, ModelKind.EDMDC)
"""Kinds of model that have eigenvalues."""


@dataclass(frozen=True)
class Listener:
    """Who is told what.

    Attributes:
        tell: Called with a line about what is done next.
        progress: Called with starts evaluated, and their number.
    """

    tell: Callable[[str], None] = lambda line: None
    progress: Progress = lambda done, total: None


def collect(
    runs: Sequence[Path],
    data: Path | None = None,
    config: ReportConfig | None = None,
    *,
    device: Device = Device.AUTO,
    command: str = "",
    listener: Listener | None = None,
) -> Material:
    """Read the runs, and measure all that a report shows.

    Args:
        runs: Run folders or model files.
        data: Dataset file to hold them against.
        config: How.
        device: Where the models run.
        command: The command line, for the record.
        listener: Told how far it is.

    Raises:
        ConfigError: No run is given, or one twice.
        ModelError: A model is unusable or does not fit the data.
        DataError: The dataset is unusable.
        DeviceError: The device is not there.
    """
    config, listener = config or ReportConfig(), listener or Listener()
    if not runs or len({str(path) for path in runs}) < len(runs):
        raise ConfigError("report: give at least one RUN, and none twice")
    devices.select(device)
    found = run_folder.read(runs)
    held = None
    if data is not None:
        held = _hold(found, data, config, device, listener)
    return Material(
        runs=found,
        config=config,
        held=held,
        spectra=_spectra(found, data, config, listener),
        environment=environment.describe(),
        command=command,
        made=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def _hold(
    runs: tuple[Run, ...],
    data: Path,
    config: ReportConfig,
    device: Device,
    listener: Listener,
) -> Held:
    # What is quickly refused comes first: a wrong file, a model that does not fit.
    dataset = store.load(data)
    listener.tell("evaluating ...")
    evaluation = evaluate(
        [run.path for run in runs],
        data,
        config.evaluation,
        device=device,
        progress=listener.progress,
    )
    listener.tell(f"examining {data} ...")
    horizon = max(1, *(run.saved.meta.horizon for run in runs))
    diagnosis = examine([str(data)], IngestConfig(), horizon)
    return Held(data, sha256(data), dataset, diagnosis, evaluation)


def _spectra(
    runs: tuple[Run, ...], data: Path | None, config: ReportConfig, listener: Listener
) -> dict[str, Inspection]:
    able = [run.path for run in runs if run.kind in SPECTRAL]
    found = {}
    for number, path in enumerate(able):
        listener.tell(f"inspecting the spectrum of {path} ...")
        # The first is compared with the others; that is all pairs that a reader needs.
        others = able[1:] if number == 0 else ()
        found[str(path)] = inspect(path, data, config.inspection, others=others)
    return found
