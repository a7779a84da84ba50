"""Gradient flow: what the theorem predicts, and what encoder and decoder make of it."""

from koopcli.evaluate.formats import number
from koopcli.report.blocks import Block, Part, Section, Text
from koopcli.report.material import Material
from koopcli.report.pictures import Album
from koopcli.report.words import table
from koopcli.spectrum import tables
from koopcli.spectrum.gradient_flow import GradientFlow

INTRODUCTION = (
    "By the theorem of Mondal et al. (arXiv:2306.11941) the gradient of a loss k steps "
    "ahead with respect to a latent is, mode by mode, that at step k times |λ| to the "
    "power k. Factors near 1 carry gradients over the training horizon; factors near 0 "
    "lose them. The gains of states, measured with data, pass encoder and decoder too."
)
CAPTION = (
    "Predicted and measured factors of the latents, and the gains of decoded states."
)


def section(material: Material, album: Album) -> Section:
    """Return the section; the pictures of run N are in the folder `spectrum-N`."""
    blocks: list[Block] = [Text(INTRODUCTION)]
    for place, run in enumerate(material.runs):
        found = material.spectrum_of(run)
        if found is None or found.flow is None:
            blocks.append(Text(f"{run.name}: a {run.kind} model is not diagonal."))
            continue
        drawn = album.under(f"spectrum-{place}")
        pictures = drawn.pictures("gradient_flow", _alt(found.flow), CAPTION)
        blocks.append(Part(run.name, (*pictures, table(tables.flow(found.flow)))))
    return Section("gradients", "Gradient flow", tuple(blocks))


def _alt(flow: GradientFlow) -> str:
    row = flow.predicted[-1]
    said = (
        f"Factors of gradients over up to {flow.steps[-1]} steps: from "
        f"{number(float(row.min()))} to {number(float(row.max()))} at {flow.steps[-1]} "
        f"steps; automatic differentiation differs by at most {flow.worst:.1e}"
    )
    if flow.state_gain is None:
        return f"{said}."
    gain = number(float(flow.state_gain[-1]))
    return f"{said}; gain of the decoded states {gain}."
