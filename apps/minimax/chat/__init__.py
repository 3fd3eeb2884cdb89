"""Chat over both surfaces that MiniMax offers for its language models."""

from apps.minimax.chat.events import Event, Finished, Started, TextDelta, ThinkingDelta, ToolCall, Usage
from apps.minimax.chat.listing import ListedModel, count_tokens, list_models
from apps.minimax.chat.prices import cost_by, price_of_chat, price_row
from apps.minimax.chat.request import Block, ChatRequest, Message, Surface, Tool, text_of
from apps.minimax.chat.stream import stream_chat

__all__ = [
    "Block",
    "ChatRequest",
    "Event",
    "Finished",
    "ListedModel",
    "Message",
    "Started",
    "Surface",
    "TextDelta",
    "ThinkingDelta",
    "Tool",
    "ToolCall",
    "Usage",
    "cost_by",
    "count_tokens",
    "list_models",
    "price_of_chat",
    "price_row",
    "stream_chat",
    "text_of",
]
