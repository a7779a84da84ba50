"""A spectrum held against data: everything that needs held-out transitions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.data.store import Dataset
from koopcli.spectrum import edmd, latents, participation, perturbation, residuals
from koopcli.spectrum.modal import Modal
from koopcli.spectrum.modes import TOLERANCE
from koopcli.spectrum.pairs import gather, probes

FEW_EPISODES = 10
"""Intervals that rest on fewer episodes are rough; on one they are a point."""


@dataclass(frozen=True)
class Verification:
    """What the data say about each mode, in the order of the latents.

    Attributes:
        config: How it was measured.
        dataset: The file.
        pairs: Transitions looked at.
        episodes: Episodes they come from.
        eigenvalues: λ.
        residuals: Residuals and verdicts.
        latents: Rank and entropy.
        participation: Gains.
        nearest: EDMD eigenvalue of the same latents that is nearest to λ.
        nearest_residual: Its residual.
        pseudospectrum: τ on a grid.
        growth: Growth of small changes.
    """

    config: InspectConfig
    dataset: str
    pairs: int
    episodes: int
    eigenvalues: Complex[np.ndarray, " latent"]
    residuals: residuals.Residuals
    latents: latents.Latents
    participation: participation.Participation
    nearest: Complex[np.ndarray, " latent"]
    nearest_residual: Float[np.ndarray, " latent"]
    pseudospectrum: edmd.Pseudospectrum
    growth: perturbation.Growth

    @property
    def verified(self) -> Complex[np.ndarray, " verified"]:
        """λ of the verified modes."""
        return self.eigenvalues[self.residuals.verified]

    def verdict(self) -> str:
        """Return `stable`, `unstable` or `undecided`, from the verified modes alone."""
        if not len(self.verified):
            return "undecided"
        worst = np.abs(self.verified).max()
        return "unstable" if worst > 1 + TOLERANCE else "stable"

    def statement(self) -> str:
        """Say the verdict, and what it rests on."""
        count, total = len(self.verified), len(self.eigenvalues)
        basis = (
            f"{count} of {total} modes are verified (residual below "
            f"{self.config.tolerance:g} on {self.pairs} transitions of "
            f"{self.episodes} {self.config.split} episodes)"
        )
        if not count:
            return f"{basis}: the data support no statement on stability"
        radius = np.abs(self.verified).max()
        far = self.residuals.by_lag[-1, self.residuals.verified]
        return (
            f"{basis}, {self.residuals.lags[-1]} steps ahead their residuals are "
            f"{far.min():.2g} to {far.max():.2g}; judged by these modes alone the system "
            f"is {self.verdict()}, with spectral radius {radius:.6g}"
        )

    def warnings(self) -> tuple[str, ...]:
        """Say what makes the intervals rough."""
        if self.episodes >= FEW_EPISODES:
            return ()
        return (
            f"{self.dataset}: the intervals rest on {self.episodes} {self.config.split} "
            "episodes, drawn again and again; with more episodes they say more",
        )

    def of_mode(self, index: int) -> dict[str, Any]:
        """Return the fields that data add to a mode."""
        found, share = self.residuals, self.participation
        return {
            "residual": found.residual[index],
            "residual_low": found.low[index],
            "residual_high": found.high[index],
            "resdmd_residual": found.resdmd[index],
            "residual_by_lag": found.by_lag[:, index],
            "verified": bool(found.verified[index]),
            "dead": bool(found.dead[index]),
            "energy": found.energy[index],
            "input_gain": share.input_gain[index],
            "static_gain": share.static_gain[index],
            "output_participation": share.output_participation[index],
            "best_real": found.best[index].real,
            "best_imag": found.best[index].imag,
            "best_residual": found.best_residual[index],
            "edmd_real": self.nearest[index].real,
            "edmd_imag": self.nearest[index].imag,
            "edmd_residual": self.nearest_residual[index],
        }

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document that is not about single modes."""
        return {
            "dataset": self.dataset,
            "split": str(self.config.split),
            "tolerance": self.config.tolerance,
            "confidence": self.config.confidence,
            "resamples": self.config.resamples,
            "seed": self.config.seed,
            "pairs": self.pairs,
            "episodes": self.episodes,
            "lags": list(self.residuals.lags),
            "verified_modes": len(self.verified),
            "verdict": self.verdict(),
            "statement": self.statement(),
            "latents": self.latents.as_json(),
            "growth": self.growth.as_json(),
            "pseudospectrum": {
                "real": self.pseudospectrum.real,
                "imag": self.pseudospectrum.imag,
                "tau": self.pseudospectrum.tau,
                "directions": self.pseudospectrum.directions,
            },
        }


def verify(modal: Modal, dataset: Dataset, config: InspectConfig) -> Verification:
    """Hold the modes of a model against a split of a dataset.

    Raises:
        DataError: The split, or the training split, is empty.
    """
    held_out = gather(modal, dataset, config.split, config)
    training = gather(modal, dataset, Split.TRAIN, config)
    found = residuals.measure(held_out, config)
    windows = probes(dataset, config, modal.meta.horizon)
    nearest, nearest_residual = edmd.fit(training, held_out).nearest(modal.eigenvalues)
    return Verification(
        config=config,
        dataset=str(dataset.path),
        pairs=len(held_out),
        episodes=len(np.unique(held_out.episodes)),
        eigenvalues=modal.eigenvalues,
        residuals=found,
        latents=latents.measure(held_out.after, modal.eigenvalues, found.dead),
        participation=participation.measure(held_out, config.probes),
        nearest=nearest,
        nearest_residual=nearest_residual,
        pseudospectrum=edmd.pseudospectrum(held_out, config.grid),
        growth=perturbation.growth(
            modal.model, windows.states, windows.actions, seed=config.seed
        ),
    )
