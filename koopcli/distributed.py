"""Several processes, on one machine or many, that do one piece of work together.

They find each other through `jax.distributed`. All do the same in the same order; where one
cannot go on, all must hear of it, or they would wait for it for ever. Imports JAX only when
called.
"""

import atexit
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from koopcli.config.processes import Processes
from koopcli.errors import (
    ApartError,
    ConfigError,
    DivergedError,
    InterruptedRunError,
    KoopError,
    LostProcessError,
)

TOGETHER = (ApartError, InterruptedRunError, DivergedError)
"""Errors that all processes have at the same point."""
LOST = re.compile(
    "gloo|nccl|collective|coordination|connection|heartbeat", re.IGNORECASE
)
"""What JAX speaks of when a process did not take part in an operation of all."""
INTERRUPTED = 130
DIGEST_BYTES = 32

_met = threading.Event()


@contextmanager
def joined(config: Processes, advice: str) -> Iterator[None]:
    """Join the other processes, and leave together with them.

    Args:
        config: How they find each other.
        advice: What to do when one of them is lost.

    Raises:
        ConfigError: There are no others, or they cannot be reached.
        LostProcessError: One has gone in the middle of the work.
    """
    import jax

    _join(config)
    with _results_untouched():
        try:
            yield
            # Not in `shutdown`, which waits for five minutes only.
            highest([0])
        except BaseException as error:
            if _together(error):
                jax.distributed.shutdown()
                raise
            if _lost(error):
                _leave_alone(LostProcessError.exit_code)
                raise _lost_process(error, advice) from error
            _leave_alone(_exit_code(error))
            raise
        jax.distributed.shutdown()


def primary() -> bool:
    """Whether this process is the one that writes; it is, if it is alone."""
    import jax

    return jax.process_index() == 0


def meet(digest: bytes) -> None:
    """Wait for all processes, and make sure that they are about to do the same.

    Args:
        digest: 32 bytes that are the same for the same work.

    Raises:
        ConfigError: One could not begin, or is about to do something else.
    """
    import jax

    if jax.process_count() == 1:
        return
    found = _gather(digest)
    _met.set()
    if missing := [number for number, other in enumerate(found) if not any(other)]:
        raise ApartError(
            f"process {missing[0]} could not begin; what it said is the cause"
        )
    if differing := [n for n, other in enumerate(found) if other != found[0]]:
        raise ApartError(
            f"process {differing[0]} has other settings, data or checkpoints, or another "
            "version of koopcli, than process 0; give all the same, and the run folder "
            "and the dataset on a disk that all see"
        )


def highest(values: Sequence[int]) -> list[int]:
    """Return the highest of each value over all processes, the same for all."""
    import jax
    import numpy as np
    from jax.experimental import multihost_utils

    if jax.process_count() == 1:
        return list(values)
    found = multihost_utils.process_allgather(np.array(values, np.int32))
    return np.asarray(found).max(axis=0).tolist()


def _join(config: Processes) -> None:
    import jax

    with suppress(AttributeError):  # should a later JAX not have it
        # It would swallow the SIGTERM that comes before `koopcli.train.interrupt` listens.
        jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            config.coordinator,
            config.num_processes,
            config.process_id,
            cluster_detection_method="deactivate" if config.explicit else None,
        )
    except ValueError as error:
        raise ConfigError(
            "--distributed: this is no process of a SLURM, Open MPI or Kubernetes job "
            f"that JAX knows ({error}); start it with srun or mpirun, or give "
            "--coordinator HOST:PORT --num-processes N --process-id K"
        ) from error
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"--distributed: cannot join the other processes ({reason}); see that all "
            "are started, and can reach the first at its address and port"
        ) from error


def _gather(digest: bytes) -> list[list[int]]:
    import numpy as np
    from jax.experimental import multihost_utils

    words = np.frombuffer(digest.ljust(DIGEST_BYTES, b"\0"), np.uint8)
    return np.asarray(multihost_utils.process_allgather(words)).tolist()


@contextmanager
def _results_untouched() -> Iterator[None]:
    # Gloo, in C++, announces its connections on stdout, where nothing but results belongs.
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _together(error: BaseException) -> bool:
    """Whether the other processes know that this one stops; those that wait are told."""
    if isinstance(error, TOGETHER):
        return True
    if _met.is_set() or not isinstance(error, Exception) or _lost(error):
        return False
    try:
        _gather(b"")
    except Exception as other:
        if _lost(other):
            return False
        raise
    return True


def _lost(error: BaseException) -> bool:
    import jax

    kinds = (jax.errors.JaxRuntimeError, ValueError)
    return isinstance(error, kinds) and LOST.search(str(error)) is not None


def _lost_process(error: BaseException, advice: str) -> LostProcessError:
    reason = str(error).splitlines()[0]
    return LostProcessError(
        f"another process of this run is gone ({reason}); what it said last is the cause; "
        f"{advice}"
    )


def _exit_code(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return error.exit_code if isinstance(error, KoopError) else 1


def _leave_alone(code: int) -> None:
    # JAX would wait at its exit for processes that, in turn, wait for this one.
    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(leave)
