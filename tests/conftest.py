"""Shared by all tests: the helpers in this folder, and one running product for those that need it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

os.environ["RELAIS_ENV_FILE"] = "/nonexistent"      # before anything of ours is imported: a developer's .env is not the tests'

from tests.product import Product, train_once

settings.register_profile("steady", deadline=None)      # a busy machine is not a failure
settings.load_profile("steady")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Files made by a test module hold the time: processes that share out the tests must name them alike."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def trained() -> None:
    """The models of the checkout's content are in ``.pytest_cache``."""
    train_once()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, trained: None) -> Iterator[Product]:
    """The whole product, started once."""
    running = Product(tmp_path_factory.mktemp("product")).start()
    yield running
    running.stop()
