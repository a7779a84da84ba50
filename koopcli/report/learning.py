"""Learning curves, from the metrics of the run folders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from koopcli import plots
from koopcli.evaluate.formats import number
from koopcli.report.blocks import Block, Section, Text
from koopcli.report.material import Material
from koopcli.report.pictures import Album
from koopcli.report.run import Run
from koopcli.report.words import side_by_side, together

NAME = "learning_curves"
CAPTION = (
    "Left: the training loss, as the mean over each call of the device. Right: the error "
    "of open-loop rollouts on validation windows (1 = training standard deviation)."
)


def section(material: Material, album: Album) -> Section:
    """Return the section; the curves are drawn into `album`."""
    curves = [run for run in material.runs if len(run.metrics) > 1]
    blocks: list[Block] = []
    if curves:
        album.draw(NAME, lambda path: draw(path, curves))
        blocks += album.pictures(NAME, together(map(_alt, curves)) + ".", CAPTION)
        names = [run.name for run in curves]
        blocks.append(
            side_by_side("Progress", names, [dict(_facts(r)) for r in curves])
        )
    for run in material.runs:
        if run not in curves:
            said = f"{run.name}: no learning curve, since its metrics are not there."
            blocks.append(Text(said))
    return Section("learning", "Learning curves", tuple(blocks))


def points(run: Run, name: str) -> tuple[list[int], list[float]]:
    """Return the steps at which a metric was measured, and its values."""
    known = [
        (record["step"], record[name])
        for record in run.metrics
        if isinstance(record.get(name), int | float)
    ]
    return [step for step, _ in known], [value for _, value in known]


def draw(path: Path, runs: list[Run]) -> None:
    """Draw training loss and validation error over gradient steps."""
    figure = plots.make_figure((8.4, 3.9))
    panels = figure.subplots(1, 2)
    for axes, name, title in (
        (panels[0], "train_loss", "Training loss"),
        (panels[1], "val_nrmse", "NRMSE on validation windows"),
    ):
        for number_, run in enumerate(runs):
            steps, values = points(run, name)
            look: dict[str, Any] = {
                "color": plots.COLOURS[number_ % len(plots.COLOURS)],
                "linestyle": plots.STYLES[number_ % len(plots.STYLES)],
                "linewidth": 1.6,
            }
            if len(values) < 40:
                look |= {"marker": "osD^vP"[number_ % 6], "markersize": 4}
            axes.plot(steps, values, label=run.name, **look)
        axes.set(yscale="log", xlabel="gradient steps")
        axes.set_title(title, loc="left", fontsize=11)
        axes.grid(True, which="major", color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
        _ticks(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def _ticks(axes: Any) -> None:
    from matplotlib.ticker import LogLocator

    low, high = axes.get_ylim()
    plots.plain_ticks(axes.yaxis)
    if high < 10 * low:
        # Less than a decade has hardly a power of ten in it.
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)))


def _alt(run: Run) -> str:
    steps, values = points(run, "val_nrmse")
    if not values:
        steps, values = points(run, "train_loss")
        what = "training loss"
    else:
        what = "validation NRMSE"
    if not values:
        return f"{run.name}: nothing was measured"
    return (
        f"{run.name}: {what} {number(values[0])} at step {steps[0]}, "
        f"{number(values[-1])} at step {steps[-1]}"
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    for name, what in (("train_loss", "training loss"), ("val_nrmse", "NRMSE")):
        steps, values = points(run, name)
        where = "" if name == "train_loss" else ", validation"
        if values:
            least = min(range(len(values)), key=values.__getitem__)
            yield f"first {what}{where}", f"{number(values[0])} (step {steps[0]})"
            yield (
                f"least {what}{where}",
                f"{number(values[least])} (step {steps[least]})",
            )
            yield f"last {what}{where}", f"{number(values[-1])} (step {steps[-1]})"
    skipped = sum(
        len(str(record.get("skipped") or "").split()) for record in run.metrics
    )
    yield "steps skipped (not finite)", str(skipped)
