from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from apps.jobs.events import publish
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_card_reaches_the_workspace_and_nobody_else(job_at_once, creator, viewer, stranger):
    inside, outside = await open_socket(viewer), await open_socket(stranger)
    await database_sync_to_async(publish)(job_at_once.pk)
    card = await inside.read()
    assert f'id="job-{job_at_once.pk}"' in card
    assert 'hx-swap-oob="true"' in card
    assert await outside.receive_nothing()
    await inside.close()
    await outside.close()
