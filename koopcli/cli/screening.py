"""Model files are looked at before JAX, which takes seconds to start, is imported."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARAMETERS = ("run", "runs", "judge", "compare_with")
"""Of commands: what names models."""


def screened(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command`, which refuses what is no sound model before anything else."""

    @functools.wraps(command)
    def run(*args: Any, **settings: Any) -> None:
        for name in PARAMETERS:
            given = settings.get(name)
            if given:
                screen(*(given if isinstance(given, list | tuple) else [given]))
        command(*args, **settings)

    return run


def screen(*runs: Path) -> None:
    """Refuse run folders and files without a sound model, as far as JAX is not needed.

    Raises:
        ModelError: See `koopcli.model.header.screen`.
    """
    from koopcli import run_dir
    from koopcli.model import header

    for run in runs:
        header.screen(run_dir.model_file(Path(run)))
