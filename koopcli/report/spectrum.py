"""The spectrum of each run, with its verified modes."""

from collections.abc import Callable

import numpy as np

from koopcli.config.choices import ModeOrder
from koopcli.evaluate.formats import number
from koopcli.report.blocks import Block, Lines, Part, Section, Text
from koopcli.report.material import NO_DATA, Material
from koopcli.report.pictures import Album
from koopcli.report.words import table
from koopcli.spectrum import frequency_response, tables
from koopcli.spectrum.inspect import Inspection


def section(material: Material, album: Album) -> Section:
    """Return the section; the pictures of run N are in the folder `spectrum-N`."""
    blocks: list[Block] = []
    if material.held is None:
        blocks.append(Text(f"No mode is verified. {NO_DATA}"))
    for place, run in enumerate(material.runs):
        found = material.spectrum_of(run)
        if found is None:
            said = f"{run.name}: a {run.kind} model has no eigenvalues."
            blocks.append(Text(said))
            continue
        shown = _ordered(found).top(material.config.modes)
        album_of_run = album.under(f"spectrum-{place}")
        blocks.append(Part(run.name, tuple(_of_run(found, shown, album_of_run))))
    return Section("spectrum", "Spectrum", tuple(blocks))


def _ordered(found: Inspection) -> Inspection:
    return found if found.verification is None else found.sorted(ModeOrder.ENERGY)


def _of_run(found: Inspection, shown: Inspection, album: Album) -> list[Block]:
    held = found.verification
    modes = tables.modes(shown)
    order = "slowest decay first" if held is None else "most energy first"
    title = f"{len(shown.modes)} of {len(found.modes)} modes, {order}"
    blocks: list[Block] = [Lines(tuple(tables.statements(found)))]
    for name, (alt, caption) in _PICTURES.items():
        if (album.folder / f"{name}.png").is_file():
            blocks += album.pictures(name, alt(found), caption)
    blocks.append(table(modes._replace(title=title)))
    legend = tables.legend(shown)
    if legend:
        blocks.append(Lines(tuple(legend)))
    rest = [tables.matches(found), tables.training(found)]
    blocks += [table(each) for each in rest if each.rows]
    folded = [tables.summary(found)]
    if held is not None:
        folded += [tables.latents(held), tables.growth(held.growth)]
    return [
        *blocks,
        *(Part(each.title, (table(each),), folded=True) for each in folded),
    ]


def _disc(found: Inspection) -> str:
    total = found.summary
    said = (
        f"{total.modes} eigenvalues and the unit circle: spectral radius "
        f"{total.spectral_radius:.6g}, {total.unstable_modes} outside"
    )
    if found.verification is None:
        return f"{said}."
    return f"{said}, {len(found.verification.verified)} verified."


def _s_plane(found: Inspection) -> str:
    fastest = max(mode.frequency_hz for mode in found.modes)
    growth = number(found.summary.spectral_abscissa)
    known = found.summary.dt_known
    return (
        f"Modes by growth rate and frequency: largest growth rate {growth} "
        f"{'1/s' if known else '1/step'}, highest frequency {number(fastest)} "
        f"{'Hz' if known else 'cycles per step'}."
    )


def _residuals(found: Inspection) -> str:
    assert found.verification is not None
    held = found.verification
    first, last = held.residuals.by_lag[0], held.residuals.by_lag[-1]
    return (
        f"Held-out residuals of all modes: median {number(float(np.median(first)))} one "
        f"step ahead, {number(float(np.median(last)))} {held.residuals.lags[-1]} steps "
        f"ahead; {len(held.verified)} modes are verified at {held.config.tolerance:g}."
    )


def _pseudospectrum(found: Inspection) -> str:
    assert found.verification is not None
    tau = found.verification.pseudospectrum.tau
    return (
        f"Smallest residual over the upper half of the disc: {number(float(tau.min()))} "
        f"to {number(float(tau.max()))}."
    )


def _perturbation(found: Inspection) -> str:
    assert found.verification is not None
    grown = found.verification.growth
    return (
        f"Growth of small changes over {len(grown.state)} steps: a change of the start "
        f"ends {number(float(grown.state[-1]))} times as large, changes of the actions "
        f"{number(float(grown.action[-1]))} times."
    )


def _bode(found: Inspection) -> str:
    meta = found.modal.meta
    response = frequency_response.of(found.linear_form, meta.dt).response
    gain = np.abs(response) / np.array(meta.observation_scale)[:, None]
    peak = np.unravel_index(int(gain.argmax()), gain.shape)
    return (
        f"Frequency response, gain and phase: the largest gain is from "
        f"{meta.action_names[peak[2]]} to {meta.observation_names[peak[1]]}, "
        f"{number(float(gain.max()))} standard deviations per unit."
    )


def _training(found: Inspection) -> str:
    assert found.history is not None
    past = found.history
    return (
        f"Eigenvalues at {len(past.steps)} checkpoints, steps {past.steps[0]} to "
        f"{past.steps[-1]}: since the first, the median mode moved by "
        f"{number(float(past.moved[0]))}."
    )


def _runs(found: Inspection) -> str:
    said = "; ".join(
        f"{match.b}: {100 * match.common:.0f} % of the modes in common (by chance "
        f"{100 * match.by_chance:.0f} %)"
        for match in found.matches
    )
    return f"Spectra of several runs. {said}."


_PICTURES: dict[str, tuple[Callable[[Inspection], str], str]] = {
    "spectrum_disc": (
        _disc,
        "Eigenvalues per step. With data, colour is the held-out residual, and a thick "
        "ring means verified.",
    ),
    "spectrum_s_plane": (_s_plane, "The same in continuous time."),
    "residuals": (_residuals, "How the residual of each mode grows with the steps."),
    "pseudospectrum": (
        _pseudospectrum,
        "The smallest residual that any combination of latents has: where it is small "
        "everywhere, single eigenvalues mean little.",
    ),
    "perturbation": (
        _perturbation,
        "How far a small change of the start, of the actions or of the precision spreads.",
    ),
    "bode": (_bode, "From the strongest actions to the strongest observations."),
    "spectrum_over_training": (_training, "The way of each mode over training."),
    "spectra_of_runs": (_runs, "Do the runs find the same physics?"),
}
