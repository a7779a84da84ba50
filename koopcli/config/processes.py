"""How the processes of one run find each other."""

from dataclasses import dataclass

from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Processes:
    """Where the first process listens, and which this one is; unset: as JAX finds it."""

    coordinator: str | None = None
    """Address of the first process, HOST:PORT."""
    num_processes: int | None = None
    """How many there are."""
    process_id: int | None = None
    """Which one this is, from 0."""

    def __post_init__(self) -> None:
        given = (self.coordinator, self.num_processes, self.process_id)
        if given == (None, None, None):
            return
        if None in given:
            raise ConfigError(
                "--coordinator, --num-processes and --process-id belong together: give "
                "all three, or --distributed alone in a SLURM or Open MPI job"
            )
        host, _, port = str(self.coordinator).rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError(
                f"--coordinator {self.coordinator}: expected HOST:PORT, such as node1:5000"
            )
        count, number = self.num_processes or 0, self.process_id or 0
        if count < 1:
            raise ConfigError(f"--num-processes {count}: must be at least 1")
        if not 0 <= number < count:
            raise ConfigError(
                f"--process-id {number}: must be from 0 to {count - 1}, since "
                f"--num-processes is {count}"
            )

    @property
    def explicit(self) -> bool:
        """Whether somebody said where the processes are."""
        return self.coordinator is not None
