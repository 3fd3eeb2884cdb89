import pytest

from apps.workspaces.consumers import NOT_FOUND
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_no_socket_opens_without_the_second_factor_that_is_demanded(owner, viewer):
    owner.workspace.demands_second_factor = True
    await owner.workspace.asave()
    assert (await open_socket(viewer)).close_code == NOT_FOUND
