"""The `koopcli` program: registers the commands and turns errors into exit codes."""

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from koopcli import __version__, compile_cache
from koopcli.cli import (
    augment,
    benchmark,
    compare,
    demo,
    doctor,
    env,
    eval,
    export_data,
    info,
    ingest,
    inspect_eigenvalues,
    predict,
    render,
    report,
    split,
    sweep,
    train,
)
from koopcli.cli.screening import screened
from koopcli.errors import KoopError

INTERRUPTED = 130
UNEXPECTED = 1


class _Group(TyperGroup):
    # The one place where errors become words and exit codes. It wraps `invoke`, so that
    # tests through CliRunner see what users see.
    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KoopError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _complain("interrupted")
            raise typer.Exit(INTERRUPTED) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError) or error.errno not in _REASONS:
                raise
            where = f"{error.filename}: " if error.filename else ""
            # What whoever was writing can say about going on.
            advice = "; ".join(
                [_REASONS[error.errno], *getattr(error, "__notes__", ())]
            )
            _complain(f"{where}{os.strerror(error.errno)}; {advice}")
            raise typer.Exit(UNEXPECTED) from error


_REASONS = {
    errno.ENOSPC: "free some space or write elsewhere",
    errno.EDQUOT: "free some space or write elsewhere",
    errno.EFBIG: "a limit on the size of files is in force",
    errno.EACCES: "choose a place you may write to",
    errno.EPERM: "choose a place you may write to",
    errno.EROFS: "choose a place you may write to",
    errno.ENOTDIR: "a part of the path is a file; choose another path",
    errno.EISDIR: "a file is needed, not a folder",
}


def _complain(message: str) -> None:
    line = " ".join(message.split())
    typer.secho(f"error: {line}", fg="red", err=True)


def _cached(command: Callable[..., None]) -> Callable[..., None]:
    # Here and not in the verbs: a library has no business in the user's cache folder.
    @functools.wraps(command)
    def run(*args: Any, **settings: Any) -> None:
        problem = compile_cache.turn_on(os.environ)
        if problem is not None:
            render.remark(problem)
        command(*args, **settings)

    return run


app = typer.Typer(
    name="koopcli",
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.command("ingest")(ingest.ingest)
app.command("info")(info.info)
app.command("doctor")(doctor.doctor)
app.command("split")(split.split)
app.command("export-data")(export_data.export_data)
app.command("train")(_cached(train.train))
app.command("predict")(_cached(screened(predict.predict)))
app.command("eval")(_cached(screened(eval.evaluate)))
app.command("compare")(_cached(compare.compare))
app.command("sweep")(_cached(sweep.sweep))
app.command("augment")(_cached(screened(augment.augment)))
app.command("inspect-eigenvalues")(
    _cached(screened(inspect_eigenvalues.inspect_eigenvalues))
)
app.command("report")(_cached(screened(report.report)))
app.add_typer(benchmark.app, name="benchmark")
app.command("demo")(_cached(demo.demo))
app.command("env")(env.env)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"koopcli {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Train, judge and use long-horizon Koopman dynamics models from trajectories.

    Exit codes: 0 ok, 1 unexpected, 2 usage or configuration, 3 invalid input data,
    4 model and data do not match, 5 training diverged, 6 a requested gate failed,
    7 requested device missing, 8 another process of the run lost, 130 interrupted.
    """


def main() -> None:
    """Run the program: the entry point of the console script."""
    try:
        app(prog_name="koopcli")
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not our error, say nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNEXPECTED)
    except Exception:
        sys.excepthook(*sys.exc_info())
        _complain(
            f"this is a bug in koopcli {__version__}; please report it with the command "
            "and the lines above"
        )
        sys.exit(UNEXPECTED)
