"""Pictures: arrays in, a PNG or SVG file out. Knows nothing of models or datasets.

Colours are told apart with every common colour blindness (Okabe & Ito, with a darker
purple); line styles and markers repeat what colour says. `matplotlib.figure` is used
directly: no display, no global state.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from koopcli.errors import ConfigError
from koopcli.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Complex, Float

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#882255", "#E69F00", "#56B4E9")
STYLES: tuple[Any, ...] = ("-", "--", "-.", (0, (2, 1)))
FORMATS = (".png", ".svg")
DPI = 150


def check_format(path: Path) -> None:
    """Stop before any work if `path` cannot become a picture.

    Raises:
        ConfigError: The suffix is not one of `FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path}: pictures end in {' or '.join(FORMATS)}")


def error_over_horizon(
    path: Path,
    curves: "Mapping[str, Float[np.ndarray, ' time']]",
    marks: Sequence[int] = (),
    *,
    bands: "Mapping[str, Sequence[Float[np.ndarray, ' time']]] | None" = None,
) -> None:
    """Draw NRMSE against steps ahead, both logarithmic, one curve per model.

    Args:
        path: Where to; the suffix chooses PNG or SVG.
        curves: NRMSE per step ahead, from step 1, by label.
        marks: Steps to mark on each curve.
        bands: Lower and upper end of an interval around a curve, by label.

    Raises:
        ConfigError: The suffix is unknown.
    """
    import numpy as np

    figure, axes = _axes(path, (7.0, 4.4))
    for number, (label, values) in enumerate(curves.items()):
        steps = np.arange(1, len(values) + 1)
        shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
        axes.plot(
            steps,
            shown,
            color=COLOURS[number % len(COLOURS)],
            linestyle=STYLES[number % len(STYLES)],
            linewidth=1.8,
            marker="osD^vP"[number % 6],
            markersize=5,
            markevery=[mark - 1 for mark in marks if 0 < mark <= len(values)],
            label=label,
        )
        if bands and label in bands:
            ends = [np.where(np.isfinite(end) & (end > 0), end, np.nan)
                    for end in bands[label]]  # fmt: skip
            colour = COLOURS[number % len(COLOURS)]
            axes.fill_between(steps, *ends, color=colour, alpha=0.15, linewidth=0)
    axes.axhline(1.0, color="0.55", linewidth=0.8, zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="steps ahead")
    axes.set_ylabel("NRMSE (1 = training standard deviation)")
    plain_ticks(axes.xaxis, axes.yaxis)
    axes.set_title("Open-loop prediction error", loc="left")
    axes.grid(True, which="major", color="0.9")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def unit_disc(path: Path, eigenvalues: "Complex[np.ndarray, ' latent']") -> None:
    """Draw eigenvalues against the unit circle; those outside it are crosses.

    Raises:
        ConfigError: The suffix is unknown.
    """
    import numpy as np

    figure, axes = _axes(path, (5.4, 5.4))
    angle = np.linspace(0, 2 * np.pi, 361)
    axes.fill(np.cos(angle), np.sin(angle), color="0.96", zorder=0)
    axes.plot(np.cos(angle), np.sin(angle), color="0.4", linewidth=1.0, zorder=1)
    axes.axhline(0, color="0.85", linewidth=0.8, zorder=1)
    axes.axvline(0, color="0.85", linewidth=0.8, zorder=1)
    outside = np.abs(eigenvalues) > 1 + 1e-6
    for chosen, colour, marker, label in (
        (~outside, COLOURS[0], "o", "|λ| ≤ 1"),
        (outside, COLOURS[1], "X", "|λ| > 1"),
    ):
        values = eigenvalues[chosen]
        if not len(values):
            continue
        axes.scatter(
            values.real,
            values.imag,
            s=26 if marker == "o" else 60,
            color=colour,
            marker=marker,
            alpha=0.75,
            linewidths=0.5,
            edgecolors="white",
            label=f"{label}: {len(values)}",
            zorder=2,
        )
    reach = 1.08 * max(1.0, float(np.abs(eigenvalues).max(initial=0.0)))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="Re λ", ylabel="Im λ")
    axes.set_title("Eigenvalues per step and the unit circle", loc="left")
    if len(eigenvalues):
        axes.legend(framealpha=0.9, edgecolor="none", loc="upper right")
    save(figure, path)


def rollout(
    path: Path,
    predicted: "Float[np.ndarray, 'steps dim']",
    truth: "Float[np.ndarray, 'steps dim']",
    names: Sequence[str],
    *,
    dt: float | None = None,
) -> None:
    """Draw predicted against true observations, one panel per dimension.

    Args:
        path: Where to; the suffix chooses PNG or SVG.
        predicted: Predictions, from the given state (row 0) on.
        truth: What happened; NaN where unknown.
        names: One per dimension.
        dt: Seconds per step; unset: the axis counts steps.

    Raises:
        ConfigError: The suffix is unknown.
    """
    import numpy as np

    count = len(names)
    columns = 1 if count <= 3 else 2 if count <= 8 else 3
    rows = -(-count // columns)
    check_format(path)
    figure = make_figure((4.2 * columns + 0.6, 1.45 * rows + 1.1))
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    time = np.arange(len(predicted)) * (dt or 1.0)
    for number, axes in enumerate(grid.T.flat):
        if number >= count:
            axes.set_visible(False)
            continue
        (true,) = axes.plot(time, truth[:, number], color="0.15", linewidth=1.6)
        (model,) = axes.plot(
            time, predicted[:, number], color=COLOURS[1], linestyle="--", linewidth=1.5
        )
        axes.set_title(names[number], loc="left", fontsize=9)
        axes.grid(True, color="0.92")
        if number == count - 1:
            axes.tick_params(labelbottom=True)
    figure.supxlabel("steps ahead" if dt is None else "seconds ahead", fontsize=10)
    figure.legend(
        [true, model], ["true", "predicted"], loc="outside upper right", ncols=2,
        frameon=False,
    )  # fmt: skip
    save(figure, path)


def make_figure(size: tuple[float, float]) -> Any:
    """Return an empty figure; size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def _axes(path: Path, size: tuple[float, float]) -> tuple[Any, Any]:
    check_format(path)
    figure = make_figure(size)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def plain_ticks(*axes: Any) -> None:
    """Label logarithmic axes 0.1, 0.2, 0.5, 1, … instead of by powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())


def save(figure: Any, path: Path) -> None:
    """Write a figure in one piece; the suffix of `path` chooses the format."""
    import matplotlib.text

    # No date and no random names inside: the same arrays give the same file.
    metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
    fixed = matplotlib.rc_context({"svg.hashsalt": "koopcli"})
    with fixed, replacing(path) as temporary:
        try:
            figure.savefig(temporary, dpi=DPI, metadata=metadata)
        except ValueError:
            # A column called "$a{$" looks like a formula and is none.
            for text in figure.findobj(matplotlib.text.Text):
                text.set_parse_math(False)
            figure.savefig(temporary, dpi=DPI, metadata=metadata)
