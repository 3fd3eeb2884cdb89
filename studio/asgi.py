"""The door for HTTP and WebSocket."""

import asyncio
import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  (needs the app registry)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from apps.chat import live as chat  # noqa: E402
from apps.chat import loop as chat_turns  # noqa: E402
from apps.jobs.events import start_publisher  # noqa: E402
from apps.speech import live as speech  # noqa: E402
from apps.workspaces.bodies import LimitedBodies  # noqa: E402
from studio.origins import SameOriginOnly  # noqa: E402
from studio.routing import websocket_urlpatterns  # noqa: E402


async def lifespan(scope, receive, send) -> None:
    """At the end, takes that are being spoken and replies that are being written are kept as far as they came."""
    await receive()  # lifespan.startup
    start_publisher()
    gc.collect()
    gc.freeze()  # what the program itself consists of is not looked through again while sound is flowing
    gc.set_threshold(10_000, 20, 20)
    resuming = asyncio.create_task(chat_turns.keep_resuming())
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    resuming.cancel()
    await asyncio.gather(speech.shut_down(), chat.shut_down())
    await send({"type": "lifespan.shutdown.complete"})


application = ProtocolTypeRouter(
    {
        "http": LimitedBodies(http),
        "lifespan": lifespan,
        "websocket": SameOriginOnly(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
