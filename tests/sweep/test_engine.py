import logging
import sys

import pytest

from koopcli.errors import ConfigError
from koopcli.sweep import engine


def test_a_missing_optuna_is_said_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r'pip install "koopcli\[sweep\]"'):
        engine.require()


def test_optuna_keeps_quiet():
    engine.require()
    assert logging.getLogger("optuna").level == logging.ERROR
