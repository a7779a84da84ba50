"""VERB: the spectrum of a run, alone or held against data and other runs -> Inspection."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex

from koopcli.config.choices import ModeOrder
from koopcli.config.evaluation import InspectConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError
from koopcli.evaluate.compatibility import check_fit
from koopcli.files import sha256
from koopcli.spectrum import (
    gradient_flow,
    history,
    linear_form,
    matching,
    modal,
    perturbation,
)
from koopcli.spectrum.gradient_flow import GradientFlow
from koopcli.spectrum.history import History
from koopcli.spectrum.linear_form import LinearForm
from koopcli.spectrum.matching import Match
from koopcli.spectrum.modal import Modal
from koopcli.spectrum.modes import Mode, describe, values_of
from koopcli.spectrum.pairs import gather, probes
from koopcli.spectrum.residuals import measure as residuals_of
from koopcli.spectrum.summary import Summary, summarise
from koopcli.spectrum.verification import Verification, verify

SCHEMA = "koopcli.spectrum/1"


@dataclass(frozen=True)
class Inspection:
    """All that is known of a spectrum.

    Attributes:
        run: The run as given.
        modal: Its model.
        reencode_every: Steps between re-encodings of its rollouts; 0 never.
        summary: All modes together.
        modes: The modes, slowest decay first unless sorted otherwise.
        bound: What bounded inputs can add up to.
        flow: Gradients; None for a model that is not diagonal.
        history: Over training; None without checkpoints.
        verification: Held against data; None without data.
        matches: Compared with other runs: all modes.
        verified_matches: The same for verified modes.
        warnings: What does not quite fit.
    """

    run: str
    modal: Modal
    reencode_every: int
    summary: Summary
    modes: tuple[Mode, ...]
    bound: perturbation.Bound
    flow: GradientFlow | None
    history: History | None
    verification: Verification | None
    matches: tuple[Match, ...]
    verified_matches: tuple[Match, ...]
    warnings: tuple[str, ...]

    @cached_property
    def linear_form(self) -> LinearForm:
        """The model as matrices."""
        return linear_form.of(self.modal)

    def top(self, count: int | None) -> "Inspection":
        """Keep the first `count` modes; all else still speaks of all of them."""
        return replace(self, modes=self.modes[:count])

    def sorted(self, order: ModeOrder) -> "Inspection":
        """Sort the modes.

        Raises:
            ConfigError: The order needs data, and there are none.
        """
        if order is ModeOrder.DECAY:
            return self
        if self.verification is None:
            raise ConfigError(f"--sort {order}: needs --data DATA")
        found = self.verification.residuals
        key = -found.energy if order is ModeOrder.ENERGY else found.residual
        ranked = sorted(self.modes, key=lambda mode: float(key[mode.index]))
        return replace(self, modes=tuple(ranked))

    def eigenvalues(self) -> Complex[np.ndarray, " latent"]:
        """Return λ of these modes, in their order."""
        return values_of(self.modes)

    def scope(self) -> str:
        """Say what the spectrum speaks of."""
        if not self.reencode_every:
            return "rollouts never re-encode: the spectrum speaks of all time"
        gate = getattr(self.modal.model, "gate", None)
        kept = ", keeping a part of the latents through a gate" if gate else ""
        return (
            f"rollouts re-encode every {self.reencode_every} steps{kept}: the spectrum "
            "speaks of the linear stretch between, not of the rollout as a whole"
        )

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        held = self.verification
        rows = [
            asdict(mode) | ({} if held is None else held.of_mode(mode.index))
            for mode in self.modes
        ]
        parts = {
            "gradient_flow": self.flow,
            "history": self.history,
            "verification": held,
        }
        return {
            "schema": SCHEMA,
            "run": self.run,
            "reencode_every": self.reencode_every,
            "scope": self.scope(),
            "summary": asdict(self.summary),
            "modes": rows,
            "bound": self.bound.as_json(),
            **{name: part and part.as_json() for name, part in parts.items()},
            "matches": [match.as_json() for match in self.matches],
            "verified_matches": [match.as_json() for match in self.verified_matches],
            "warnings": list(self.warnings),
        }


def inspect(
    run: Path,
    data: Path | None = None,
    config: InspectConfig | None = None,
    *,
    others: Sequence[Path] = (),
) -> Inspection:
    """Describe the spectrum of a run folder or model file.

    Args:
        run: What is inspected.
        data: Dataset file to hold it against.
        config: How.
        others: Runs whose spectra are compared with it.

    Raises:
        ModelError: A model is unusable, has no eigenvalues, or does not fit the data.
        DataError: The dataset is unusable or a split is empty.
    """
    config = config or InspectConfig()
    model, dataset, warnings = modal.load(run), None, []
    if not model.meta.dt_known:
        warnings.append(_DT_UNKNOWN)
    if data is not None:
        dataset = store.load(data)
        digest = sha256(data)
        warnings += check_fit(str(run), model.meta, dataset, digest)
    verification = None if dataset is None else verify(model, dataset, config)
    warnings += [] if verification is None else verification.warnings()
    all_modes, verified = _compare((run, model), others, dataset, config, verification)
    meta = model.meta
    window_s = meta.horizon * meta.dt
    described = describe(model.eigenvalues, meta.dt, window_s, model.phases)
    return Inspection(
        run=str(run),
        modal=model,
        reencode_every=model.model.reencoding(None),
        summary=summarise(described, meta.dt, meta.dt_known, meta.horizon),
        modes=described,
        bound=perturbation.bound(model.eigenvalues, meta.horizon),
        flow=_flow(model, dataset, config),
        history=history.read(run) if run.is_dir() else None,
        verification=verification,
        matches=all_modes,
        verified_matches=verified,
        warnings=tuple(warnings),
    )


_DT_UNKNOWN = (
    "the time step of the data is unknown (dt = 1 was assumed): read seconds as steps "
    "and Hz as cycles per step, or ingest with --dt"
)


def _flow(
    model: Modal, dataset: Dataset | None, config: InspectConfig
) -> GradientFlow | None:
    horizon = model.meta.horizon
    windows = None if dataset is None else probes(dataset, config, horizon)
    return gradient_flow.measure(model, horizon, windows, seed=config.seed)


def _compare(
    subject: tuple[Path, Modal],
    others: Sequence[Path],
    dataset: Dataset | None,
    config: InspectConfig,
    verification: Verification | None,
) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    run, model = subject
    every, verified = [], []
    for other in others:
        second = modal.load(other)
        names = (str(run), str(other))
        every.append(matching.compare(model.eigenvalues, second.eigenvalues, names))
        if dataset is None or verification is None:
            continue
        check_fit(str(other), second.meta, dataset)
        found = residuals_of(gather(second, dataset, config.split, config), config)
        theirs = second.eigenvalues[found.verified]
        if len(theirs) and len(verification.verified):
            verified.append(matching.compare(verification.verified, theirs, names))
    return tuple(every), tuple(verified)
