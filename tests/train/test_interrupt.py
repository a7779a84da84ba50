import os
import signal
import threading

import pytest

from koopcli.train import interrupt


@pytest.mark.parametrize("number", interrupt.SIGNALS)
def test_the_first_signal_is_noted_and_the_second_stops(number):
    with pytest.raises(KeyboardInterrupt), interrupt.deferred() as asked:
        assert not asked
        os.kill(os.getpid(), number)
        assert asked
        assert asked.name == signal.Signals(number).name
        os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_as_before_afterwards():
    before = [signal.getsignal(number) for number in interrupt.SIGNALS]
    with interrupt.deferred():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in interrupt.SIGNALS] == before


def test_other_threads_are_left_alone():
    seen = []

    def run():
        with interrupt.deferred() as asked:
            seen.append(bool(asked))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [False]
