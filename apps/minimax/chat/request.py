"""What is asked for, in one form for both surfaces.

A message is `{"role": "user" | "assistant", "content": [block, …]}`, and a block is what the Anthropic-compatible
surface calls one, kept as plain data because whoever goes on with a conversation has to send it back unchanged:

- `{"type": "text", "text"}`
- `{"type": "image", "source": {"type": "base64", "media_type", "data"} | {"type": "url", "url"}}`
- `{"type": "thinking", "thinking", "signature"}`; from the OpenAI-compatible surface it has no signature, and instead
  `"details"` (what `reasoning_details` held), or `"in_content": True` where it stood between think tags
- `{"type": "tool_use", "id", "name", "input"}`
- `{"type": "tool_result", "tool_use_id", "content", "is_error"}`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.minimax.connection import Endpoint

Surface = Literal["anthropic", "openai"]
Block = dict[str, Any]
Message = dict[str, Any]

ANTHROPIC_PATH = "/anthropic/v1/messages"
OPENAI_PATH = "/v1/chat/completions"
ANTHROPIC_VERSION = "2023-06-01"  # MiniMax does not ask for it, others do
PATHS: dict[str, str] = {"anthropic": ANTHROPIC_PATH, "openai": OPENAI_PATH}
PLAIN_PATHS: dict[str, str] = {"anthropic": "/v1/messages", "openai": OPENAI_PATH}


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    input_schema: Mapping[str, Any]  # a JSON schema of an object


@dataclass(frozen=True)
class ChatRequest:
    """One turn. None: not sent, the server's own default holds.

    thinking: always say it, because its default is off on one surface and on on the other. tool_choice: "auto" or
    "none". reasoning_split: OpenAI-compatible surface only, where the thinking is put. is_plain: the server is not
    MiniMax but vLLM, SGLang, Ollama or the like, which may refuse MiniMax's own words.
    """

    model: str
    messages: Sequence[Message]
    max_tokens: int
    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    thinking: bool | None = None
    tools: Sequence[Tool] = ()
    tool_choice: str = ""
    service_tier: str = ""
    user_id: str = ""
    reasoning_split: bool = True
    is_plain: bool = False

    def path(self, surface: Surface) -> str:
        return (PLAIN_PATHS if self.is_plain else PATHS)[surface]

    def headers(self, endpoint: Endpoint, surface: Surface) -> dict[str, str]:
        """Raises AuthenticationError for a key that cannot be sent."""
        headers = endpoint.headers
        if self.is_plain and surface == "anthropic":
            headers |= {"anthropic-version": ANTHROPIC_VERSION}
            headers |= {"x-api-key": endpoint.api_key.strip()} if headers.get("Authorization") else {}
        return headers

    def body(self, surface: Surface, *, stream: bool = True) -> dict[str, Any]:
        return self._anthropic(stream) if surface == "anthropic" else self._openai(stream)

    # https://platform.minimax.io/docs/api-reference/text-chat-anthropic
    def _anthropic(self, stream: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "max_tokens": self.max_tokens, "stream": stream}
        body |= self.countable()
        body |= self._sampling()
        if self.user_id:
            body["metadata"] = {"user_id": self.user_id}
        return body

    def countable(self) -> dict[str, Any]:
        """The part of an Anthropic-compatible body that has tokens."""
        body: dict[str, Any] = {"messages": [_for_anthropic(message) for message in self.messages]}
        if self.system:
            body["system"] = self.system
        if self.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
                for tool in self.tools
            ]
            if self.tool_choice:
                body["tool_choice"] = {"type": self.tool_choice}
        if self.thinking is not None:
            body["thinking"] = {"type": "adaptive" if self.thinking else "disabled"}
        return body

    # https://platform.minimax.io/docs/api-reference/text-chat-openai
    def _openai(self, stream: bool) -> dict[str, Any]:
        messages: list[dict[str, Any]] = [{"role": "system", "content": self.system}] if self.system else []
        for message in self.messages:
            messages += _for_openai(message, is_plain=self.is_plain)
        body: dict[str, Any] = {
            "model": self.model,
            # the older name is the one that every server knows
            "max_tokens" if self.is_plain else "max_completion_tokens": self.max_tokens,
            "stream": stream,
            "messages": messages,
        }
        if stream:
            body["stream_options"] = {"include_usage": True}
        if self.reasoning_split and not self.is_plain:
            body["reasoning_split"] = True
        if self.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": dict(tool.input_schema),
                    },
                }
                for tool in self.tools
            ]
            if self.tool_choice:
                body["tool_choice"] = self.tool_choice
        if self.thinking is not None:
            body["thinking"] = {"type": "adaptive" if self.thinking else "disabled"}
        return body | self._sampling()

    def _sampling(self) -> dict[str, Any]:
        given = {"temperature": self.temperature, "top_p": self.top_p, "service_tier": self.service_tier or None}
        return {name: value for name, value in given.items() if value is not None}


def _for_anthropic(message: Message) -> Message:
    blocks = []
    for block in message["content"]:
        if block["type"] == "thinking" and not block.get("signature"):
            continue  # thought on the other surface: without its signature it would be refused
        blocks.append(block)
    return {"role": message["role"], "content": blocks}


def _for_openai(message: Message, *, is_plain: bool) -> Iterable[dict[str, Any]]:
    """One message; results of tools become messages of their own, before what the person adds."""
    blocks: Sequence[Block] = message["content"]
    if message["role"] == "assistant":
        return [_assistant_for_openai(blocks, is_plain=is_plain)]
    results = [
        {"role": "tool", "tool_call_id": block["tool_use_id"], "content": text_of(block["content"])}
        for block in blocks
        if block["type"] == "tool_result"
    ]
    parts: list[dict[str, Any]] = []
    for block in blocks:
        if block["type"] == "text":
            parts.append({"type": "text", "text": block["text"]})
        elif block["type"] == "image":
            parts.append({"type": "image_url", "image_url": {"url": _image_url(block["source"])}})
    if not parts:
        return results
    only_text = all(part["type"] == "text" for part in parts)
    content: Any = "\n\n".join(part["text"] for part in parts) if only_text else parts
    return [*results, {"role": "user", "content": content}]


def _assistant_for_openai(blocks: Sequence[Block], *, is_plain: bool) -> dict[str, Any]:
    content = thought = ""
    details: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for block in blocks:
        if block["type"] == "text":
            content += block["text"]
        elif block["type"] == "thinking" and block.get("in_content"):
            content += f"<think>{block['thinking']}</think>"
        elif block["type"] == "thinking" and is_plain:
            thought += block["thinking"]
        elif block["type"] == "thinking":
            details += block.get("details") or [{"type": "reasoning.text", "text": block["thinking"]}]
        elif block["type"] == "tool_use":
            arguments = json.dumps(block["input"], ensure_ascii=False)
            call = {"id": block["id"], "type": "function", "function": {"name": block["name"], "arguments": arguments}}
            calls.append(call)
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if details:
        message["reasoning_details"] = details
    if thought:
        message["reasoning_content"] = thought  # where vLLM and SGLang put it, and their templates look for it
    if calls:
        message["tool_calls"] = calls
    return message


def text_of(content: Any) -> str:
    """The text of what a tool answered, or of a message: a string, or blocks."""
    if isinstance(content, str):
        return content
    return "\n\n".join(block["text"] for block in content if block["type"] == "text")


def _image_url(source: Mapping[str, Any]) -> str:
    return source["url"] if source["type"] == "url" else f"data:{source['media_type']};base64,{source['data']}"
