from django.urls import path

from apps.chat.consumers import ChatConsumer
from apps.speech.consumers import SpeechConsumer
from apps.workspaces.consumers import EventsConsumer

websocket_urlpatterns = [
    path("ws/w/<slug:workspace>/", EventsConsumer.as_asgi()),
    path("ws/w/<slug:workspace>/speech/", SpeechConsumer.as_asgi()),
    path("ws/w/<slug:workspace>/chat/", ChatConsumer.as_asgi()),
]
