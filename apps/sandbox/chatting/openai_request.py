"""The body of POST /v1/chat/completions, and of the older /v1/text/chatcompletion_v2, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.sandbox.chatting import reading, tokens
from apps.sandbox.chatting.conversation import Ask, Picture, Segment, Tool, ToolCall, ToolResult, Turn
from apps.sandbox.chatting.models import Model
from apps.sandbox.envelope import invalid

_ROLES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "user"}
_ROLE_PLAY = {  # of the model for role play
    "user_system": "system",
    "group": "system",
    "sample_message_user": "user",
    "sample_message_ai": "assistant",
}


def read_ask(body: Mapping[str, Any], *, native: bool = False) -> tuple[Ask, Model]:
    model = reading.read_model(body, "openai")
    top = 1 if native else 2
    temperature = reading.number(body, "temperature", 1, 0, top, above=native)
    reading.number(body, "top_p", model.top_p, 0, 1, above=native)
    if body.get("n") not in (None, 1):
        raise invalid("n", "must be 1")
    for name in ("functions", "function_call"):
        if body.get(name) is not None:
            raise invalid(name, "is not supported, use tools")
    tools = _tools(body.get("tools"))
    forced = _forced(body.get("tool_choice"), {tool.name for tool in tools})
    turns, system, segments = _turns(body.get("messages"), model)
    ask = Ask(
        model=model.id,
        turns=tuple(turns),
        system=system,
        tools=() if forced == "-" else tuple(tools),
        forced_tool="" if forced == "-" else forced,
        thinking=reading.wants_thinking(body, model, default=True),
        temperature=temperature,
        seed=reading.seed_of(body),
        max_tokens=reading.most_output(body, model, "max_completion_tokens", "max_tokens"),
        stop=reading.stop_texts(body.get("stop")),
        stream=reading.switch(body, "stream"),
        priority=reading.is_priority(body),
        segments=(*reading.tool_segments(body.get("tools")), *segments),
    )
    reading.check_context(ask, model)
    return ask, model


def _tools(value: Any) -> list[Tool]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid("tools", "must be a list")
    tools = []
    for tool in value:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            raise invalid("tools", "each must be of type function")
        tools.append(reading.read_tool(function.get("name"), function.get("description"), function.get("parameters")))
    return tools


def _forced(value: Any, names: set[str]) -> str:
    """A tool's name, * for any, - for none, or nothing."""
    if value in (None, "auto"):
        return ""
    if value in ("none", "required"):
        return "-" if value == "none" else "*"
    function = value.get("function") if isinstance(value, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if name not in names:
        raise invalid("tool_choice", "must be none, auto, required or one of the tools")
    return str(name)


def _turns(value: Any, model: Model) -> tuple[list[Turn], str, list[Segment]]:
    if not isinstance(value, list) or not value:
        raise invalid("messages", "chat content is empty")
    known = {**_ROLES, **_ROLE_PLAY} if model.thinking == "none" else _ROLES
    turns: list[Turn] = []
    segments: list[Segment] = []
    system: list[str] = []
    asked: set[str] = set()
    for number, message in enumerate(value):
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(role, str) or role not in known:
            raise invalid(f"messages[{number}]", f"unsupported role '{role}'")
        if role == "system" and system:
            raise invalid("messages", "invalid chat setting")
        turn = _turn(message, known[role], model, number)
        cost = reading.TOKENS_PER_MESSAGE + _cost(turn)
        segments.append(Segment(json.dumps(message, ensure_ascii=False, sort_keys=True), cost))
        if known[role] == "system":
            system.append(turn.text)
            continue
        if role == "tool":
            (result,) = turn.results
            if result.call_id not in asked:
                raise invalid("messages", f"tool result's tool id({result.call_id}) not found")
            if turns and turns[-1].results:  # several results are one turn
                turn = Turn("user", results=(*turns.pop().results, result))
        asked |= {call.id for call in turn.calls}
        turns.append(turn)
    if not turns:
        raise invalid("messages", "chat content is empty")
    return turns, "\n\n".join(system), segments


def _cost(turn: Turn) -> int:
    cost = tokens.count(turn.text) + sum(tokens.count(result.text) for result in turn.results)
    cost += sum(1 + tokens.count(json.dumps(call.arguments, ensure_ascii=False)) for call in turn.calls)
    return cost + sum(picture.tokens for picture in turn.pictures) + turn.videos * reading.VIDEO_TOKENS


def _turn(message: Mapping[str, Any], role: str, model: Model, number: int) -> Turn:
    text, pictures, videos = _content(message.get("content"), model, f"messages[{number}].content")
    if message.get("role") == "tool":
        call_id = message.get("tool_call_id")
        if not isinstance(call_id, str) or not call_id:
            raise invalid(f"messages[{number}]", "tool_call_id is required")
        return Turn("user", results=(ToolResult(call_id, text),))
    calls = tuple(_call(call) for call in message.get("tool_calls") or () if role == "assistant")
    if not text and not calls and not pictures and not videos and role != "assistant":
        raise invalid(f"messages[{number}]", "chat content is empty")
    return Turn(role, text, calls, (), tuple(pictures), videos)


def _call(call: Any) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(call.get("id"), str):
        raise invalid("tool_calls", "each needs id and function")
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except (TypeError, ValueError):
        arguments = None
    if not isinstance(arguments, dict):
        raise invalid("tool_calls", f"invalid function arguments json string, tool_call_id: {call['id']}")
    return ToolCall(call["id"], str(function.get("name")), arguments)


def _content(value: Any, model: Model, where: str) -> tuple[str, list[Picture], int]:
    if value is None:
        return "", [], 0
    if isinstance(value, str):
        return value, [], 0
    if not isinstance(value, list):
        raise invalid(where, "must be a text or a list of parts")
    texts: list[str] = []
    pictures: list[Picture] = []
    videos = 0
    for part in value:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "image_url":
            reading.need_pictures(model)
            url, detail = _url(part.get("image_url"))
            pictures.append(reading.read_picture(url, detail))
        elif kind == "video_url":
            reading.need_pictures(model)
            _url(part.get("video_url"))
            videos += 1
        else:
            raise invalid(where, f"unknown part '{kind}'")
    return "\n\n".join(texts), pictures, videos


def _url(value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        return value, "default"
    if isinstance(value, dict) and isinstance(value.get("url"), str):
        return value["url"], str(value.get("detail", "default"))
    raise invalid("url", "is required")
