from __future__ import annotations

import pytest

from apps.books import services
from apps.books.models import Book
from tests.books.conftest import SETTINGS, make_all
from tests.books.pages.asking import TEXT


@pytest.fixture
def member(client, connected):
    client.force_login(connected.user)
    return connected


@pytest.fixture
def book(member) -> Book:
    return services.create_book(member, title="The lamp", text=TEXT, settings=SETTINGS)


@pytest.fixture
def made(member, book) -> Book:
    make_all(member, book)
    return book
