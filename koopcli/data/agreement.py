"""What several sources must agree in to become one dataset."""

from collections.abc import Sequence

from koopcli.config.data import IngestConfig
from koopcli.data.readers import Source
from koopcli.errors import DataError


def check_columns(names: Sequence[str], sources: list[Source]) -> None:
    """Refuse sources whose columns cannot be the same quantities.

    That is so for other numbers of columns, and for the same names in another order;
    other names are only remarked on.

    Raises:
        DataError: Names both sources.
    """
    for name, source in zip(names[1:], sources[1:], strict=True):
        for kind in ("observation_names", "action_names"):
            expected, found = getattr(sources[0], kind), getattr(source, kind)
            if expected != found and (
                len(expected) != len(found) or set(expected) == set(found)
            ):
                raise DataError(
                    f"{names[0]} and {name} differ in {kind.replace('_', ' ')}: "
                    f"{len(expected)} {list(expected)[:4]} against "
                    f"{len(found)} {list(found)[:4]}"
                )


def other_names(names: Sequence[str], sources: list[Source]) -> list[str]:
    """Return a remark for each source with other names than the first."""
    found = []
    for name, source in zip(names[1:], sources[1:], strict=True):
        for kind in ("observation_names", "action_names"):
            if getattr(source, kind) != getattr(sources[0], kind):
                found.append(
                    f"{name} has other {kind.replace('_', ' ')} than {names[0]}, whose "
                    "names are used: are they the same quantities?"
                )
    return found


def sampling_time(
    sources: list[Source], config: IngestConfig
) -> tuple[float, str, bool]:
    """Return the seconds between two kept observations, their source, and if known.

    Raises:
        DataError: The sources know different ones.
    """
    dt, source, known = _source_time(sources, config)
    if config.subsample == 1 or not known:
        return dt, source, known
    return (
        dt * config.subsample,
        f"{source}, {config.subsample} samples per step",
        known,
    )


def _source_time(
    sources: list[Source], config: IngestConfig
) -> tuple[float, str, bool]:
    if config.dt is not None:
        return config.dt, "--dt", True
    known = {source.dt for source in sources if source.dt is not None}
    if len(known) > 1:
        raise DataError(
            f"the sources have different sampling times {sorted(known)}; give --dt"
        )
    if known and all(source.dt is not None for source in sources):
        return known.pop(), sources[0].dt_source, True
    return 1.0, "assumed", False
