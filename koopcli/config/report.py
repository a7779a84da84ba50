"""Settings of `koopcli report`."""

from dataclasses import dataclass

from koopcli.config.checks import at_least
from koopcli.config.choices import Split
from koopcli.config.evaluation import EvalConfig, InspectConfig


@dataclass(frozen=True, kw_only=True)
class ReportConfig:
    """What a report measures and shows; all else is as in `eval` and `inspect`."""

    split: Split = Split.TEST
    """Episodes that judge predictions and modes."""
    horizons: tuple[int, ...] = EvalConfig.horizons
    """Steps ahead at which errors are reported."""
    tolerance: float = InspectConfig.tolerance
    """Held-out residual below which a mode is verified."""
    modes: int = 20
    """Modes in the table of a spectrum: those with the most energy, or the slowest."""

    def __post_init__(self) -> None:
        at_least("report", 1, modes=self.modes)
        # Refused here rather than after the data were read.
        _ = self.evaluation, self.inspection

    @property
    def evaluation(self) -> EvalConfig:
        """The protocol of the errors."""
        return EvalConfig(split=self.split, horizons=self.horizons)

    @property
    def inspection(self) -> InspectConfig:
        """How the modes are judged."""
        return InspectConfig(split=self.split, tolerance=self.tolerance)
