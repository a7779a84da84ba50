"""Options that several commands have alike."""

from typing import Annotated

import typer

from koopcli.config.choices import Device
from koopcli.config.data import SplitConfig

_SPLIT = SplitConfig()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
OverwriteFile = Annotated[
    bool, typer.Option("--overwrite", help="Replace the output file.")
]
OverwriteResults = Annotated[
    bool, typer.Option("--overwrite", help="Replace results in the output folder.")
]
Where = Annotated[
    Device,
    typer.Option(
        help="Where to compute; gpu never falls back.", envvar="KOOPCLI_DEVICE"
    ),
]

# Unset, not the default: what was not asked for may depend on other options.
ValFraction = Annotated[
    float | None,
    typer.Option(
        help="Share of the episodes for validation.",
        show_default=str(_SPLIT.val_fraction),
    ),
]
TestFraction = Annotated[
    float | None,
    typer.Option(
        help="Share of the episodes for the final test.",
        show_default=str(_SPLIT.test_fraction),
    ),
]
SplitSeed = Annotated[
    int | None,
    typer.Option(help="Seed of the split.", show_default=str(_SPLIT.seed)),
]
