"""Options of `ingest` and `split` alike; unset where the default depends on others."""

from typing import Annotated

import typer

from koopcli.config.data import SplitConfig

_DEFAULT = SplitConfig()

ValFraction = Annotated[
    float | None,
    typer.Option(
        help="Share of the episodes for validation.",
        show_default=str(_DEFAULT.val_fraction),
    ),
]
TestFraction = Annotated[
    float | None,
    typer.Option(
        help="Share of the episodes for the final test.",
        show_default=str(_DEFAULT.test_fraction),
    ),
]
SplitSeed = Annotated[
    int | None,
    typer.Option(help="Seed of the split.", show_default=str(_DEFAULT.seed)),
]
