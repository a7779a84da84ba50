"""`koopcli demo`: collect, ingest, train, evaluate and inspect, on a pendulum."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import AsJson


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to create.")
    ] = Path("koopcli-demo"),
    steps: Annotated[int, typer.Option(min=1, help="Gradient steps.")] = 4000,
    episodes: Annotated[
        int, typer.Option(min=3, help="Episodes of 200 steps to collect.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier demo.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole job on Pendulum-v1 in about two minutes, without any data.

    Collects trajectories with Minari, then does what the five commands do.
    """
    from koopcli import demo as steps_of_demo
    from koopcli.cli import progress, render
    from koopcli.data.ingest import ingest
    from koopcli.evaluate import tables
    from koopcli.evaluate.evaluate import evaluate
    from koopcli.train.fit import fit

    files = steps_of_demo.DemoFiles(output)
    _make_room(files, overwrite=overwrite)
    render.remark(f"1/5  collecting {episodes} episodes of Pendulum-v1 with Minari")
    steps_of_demo.collect(files.minari, episodes=episodes, seed=seed)
    render.remark(f"2/5  koopcli ingest {steps_of_demo.DATASET_ID} -o {files.data}")
    with steps_of_demo.minari_root(files.minari):
        ingested = ingest(
            [steps_of_demo.DATASET_ID],
            files.data,
            steps_of_demo.ingest_config(seed),
            command=command_line(),
        )
    render.remark(f"3/5  koopcli train {files.data} -o {files.run}")
    with progress.reporter() as report:
        trained = fit(
            files.data,
            files.run,
            steps_of_demo.run_config(steps, seed),
            report=report,
            command=command_line(),
        )
    render.remark(f"4/5  koopcli eval {files.run} {files.data} -o {files.evaluation}")
    judged = evaluate([files.run], files.data, steps_of_demo.eval_config())
    tables.write(judged, files.evaluation)
    render.remark(f"5/5  koopcli inspect-eigenvalues {files.run}")
    spectrum = _inspect(files)
    if as_json:
        document = {
            "schema": "koopcli.demo/1",
            "folder": str(output),
            "episodes": ingested.episodes,
            "train": trained.as_json(),
            "eval": judged.document(),
            "spectrum": spectrum.document()["summary"],
        }
        render.json_document(document)
    else:
        _tell(files, judged, spectrum)


def _make_room(files: Any, *, overwrite: bool) -> None:
    from koopcli.errors import ConfigError
    from koopcli.files import refuse_overwrite, remove_tree

    folder = files.folder
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    refuse_overwrite(folder, overwrite=overwrite)
    if not files.is_demo():
        raise ConfigError(
            f"{folder}: is not an earlier demo, so --overwrite will not delete it; "
            "choose another --output"
        )
    remove_tree(folder)


def _inspect(files: Any) -> Any:
    from koopcli import demo as steps_of_demo
    from koopcli import plots
    from koopcli.spectrum.inspect import inspect

    spectrum = inspect(files.run)
    plots.unit_disc(files.disc, spectrum.eigenvalues())
    steps_of_demo.draw_rollout(files, files.rollout)
    return spectrum


def _tell(files: Any, judged: Any, spectrum: Any) -> None:
    from koopcli.cli import render
    from koopcli.evaluate import sections

    title = "Error by steps ahead (NRMSE: 1 = training standard deviation)"
    render.table(title, list(sections.COLUMNS), sections.overall_rows(judged))
    radius = render.number(spectrum.summary.spectral_radius, 6)
    stable = "stable" if spectrum.summary.stable else "NOT stable"
    render.text(f"The model is {stable}: spectral radius {radius}.")
    places = {
        "dataset": files.data,
        "run folder": files.run,
        "error over the horizon": files.evaluation / "error_over_horizon.png",
        "eigenvalues": files.disc,
        "a rollout against the truth": files.rollout,
    }
    for what, place in places.items():
        render.text(f"  {what + ':':29}{place}")
    render.text("On your own data, a Minari id or a D4RL file:")
    render.text("  koopcli ingest SOURCE --output data.h5")
    render.text("  koopcli train data.h5 --output runs/first")
