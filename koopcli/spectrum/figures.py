"""Pictures of a spectrum in a folder, each as PNG and as SVG.

Every picture takes an `Inspection`; those that need data, checkpoints or other runs are
left out without them.
"""

from collections.abc import Callable
from pathlib import Path

from koopcli import plots
from koopcli.files import refuse_overwrite
from koopcli.spectrum import curves, plane
from koopcli.spectrum.inspect import Inspection

_ALL: dict[str, Callable[[Inspection, Path], None]] = {
    "spectrum_disc": plane.disc,
    "spectrum_s_plane": plane.s_plane,
    "gradient_flow": curves.gradient_flow,
    "bode": curves.bode,
    "residuals": curves.residual_lags,
    "pseudospectrum": plane.pseudospectrum,
    "perturbation": curves.growth,
    "spectrum_over_training": plane.training,
    "spectra_of_runs": plane.runs,
}


def names(inspection: Inspection) -> tuple[str, ...]:
    """Return the files that `write` makes, without suffix."""
    return tuple(_pictures(inspection))


def refuse(folder: Path, *, overwrite: bool) -> None:
    """Stop before any work if a picture is in the way.

    Raises:
        ConfigError: One exists and may not be replaced.
    """
    for name in _ALL:
        for suffix in plots.FORMATS:
            refuse_overwrite(folder / f"{name}{suffix}", overwrite=overwrite)


def write(inspection: Inspection, folder: Path) -> None:
    """Draw every picture that there is material for."""
    for name, draw in _pictures(inspection).items():
        for suffix in plots.FORMATS:
            draw(inspection, folder / f"{name}{suffix}")


def _pictures(inspection: Inspection) -> dict[str, Callable[[Inspection, Path], None]]:
    held = inspection.verification is not None
    there = {
        "gradient_flow": inspection.flow is not None,
        "bode": bool(inspection.modal.meta.action_names),
        "residuals": held,
        "pseudospectrum": held,
        "perturbation": held,
        "spectrum_over_training": inspection.history is not None,
        "spectra_of_runs": bool(inspection.matches),
    }
    return {name: draw for name, draw in _ALL.items() if there.get(name, True)}
