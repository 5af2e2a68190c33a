"""Shared by all tests: the helpers in this folder, and one running product for those that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.product import Product

settings.register_profile("steady", deadline=None)      # a busy machine is not a failure
settings.load_profile("steady")


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, started once; its first start trains the models."""
    running = Product(tmp_path_factory.mktemp("product")).start()
    yield running
    running.stop()
