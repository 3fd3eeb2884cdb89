"""The body of POST /anthropic/v1/messages, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.sandbox.chatting import reading, tokens
from apps.sandbox.chatting.conversation import Ask, Picture, Segment, ToolCall, ToolResult, Turn
from apps.sandbox.chatting.models import Model
from apps.sandbox.envelope import invalid

_VIDEO_SCHEMES = ("http://", "https://", "data:", "mm_file://")


def read_ask(body: Mapping[str, Any], *, generate: bool = True) -> tuple[Ask, Model]:
    model = reading.read_model(body, "anthropic")
    temperature = reading.number(body, "temperature", 1, 0, 2)
    reading.number(body, "top_p", model.top_p, 0, 1)
    system, segments = _system(body.get("system"))
    tools = _tools(body.get("tools"))
    forced = _forced(body.get("tool_choice"), {tool.name for tool in tools})
    turns, more_system, message_segments = _turns(body.get("messages"), model)
    ask = Ask(
        model=model.id,
        turns=tuple(turns),
        system="\n\n".join(part for part in (system, more_system) if part),
        tools=() if forced == "-" else tuple(tools),
        forced_tool="" if forced == "-" else forced,
        thinking=reading.wants_thinking(body, model, default=False),
        temperature=temperature,
        seed=reading.seed_of(body),
        max_tokens=reading.most_output(body, model, "max_tokens") if generate else 0,
        stop=reading.stop_texts(body.get("stop_sequences")),
        stream=reading.switch(body, "stream"),
        priority=reading.is_priority(body),
        segments=(*reading.tool_segments(body.get("tools")), *segments, *message_segments),
    )
    reading.check_context(ask, model)
    return ask, model


def _system(value: Any) -> tuple[str, list[Segment]]:
    if value is None or value == "":
        return "", []
    if isinstance(value, str):
        value = [{"type": "text", "text": value}]
    if not isinstance(value, list):
        raise invalid("system", "must be a text or a list of text blocks")
    texts, segments = [], []
    for block in value:
        text = block.get("text") if isinstance(block, dict) else None
        if not isinstance(text, str):
            raise invalid("system", "must be a text or a list of text blocks")
        texts.append(text)
        segments.append(Segment(f"system\0{text}", tokens.count(text), bool(block.get("cache_control"))))
    return "\n".join(texts), segments


def _tools(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise invalid("tools", "must be a list")
    return [reading.read_tool(tool.get("name"), tool.get("description"), tool.get("input_schema")) for tool in value]


def _forced(value: Any, names: set[str]) -> str:
    """A tool's name, * for any, - for none, or nothing."""
    if value is None:
        return ""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "tool":
        if value.get("name") not in names:
            raise invalid("tool_choice", "there is no such tool")
        return value["name"]
    try:
        return {"auto": "", "none": "-", "any": "*"}[kind or ""]
    except KeyError:
        raise invalid("tool_choice", "must be auto, none, any or tool") from None


def _turns(value: Any, model: Model) -> tuple[list[Turn], str, list[Segment]]:
    if not isinstance(value, list) or not value:
        raise invalid("messages", "must be a list with at least one message")
    turns: list[Turn] = []
    segments: list[Segment] = []
    system: list[str] = []
    asked: set[str] = set()
    for number, message in enumerate(value):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("user", "assistant"):
            raise invalid(f"messages[{number}]", f"unsupported role '{role}'")
        turn, parts = _turn(role, message.get("content"), model, number, system)
        answered = {result.call_id for result in turn.results}
        if answered - asked:
            raise invalid("messages", f"tool result's tool id({min(answered - asked)}) not found")
        asked |= {call.id for call in turn.calls}
        turns.append(turn)
        segments += parts
    return turns, "\n".join(system), segments


def _turn(role: str, content: Any, model: Model, number: int, system: list[str]) -> tuple[Turn, list[Segment]]:
    where = f"messages[{number}].content"
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list) or not content:
        raise invalid(where, "must be a text or a list of blocks")
    texts: list[str] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    pictures: list[Picture] = []
    segments: list[Segment] = []
    videos, overhead = 0, reading.TOKENS_PER_MESSAGE
    for block in content:
        if not isinstance(block, dict):
            raise invalid(where, "each block must be an object")
        cost = 0
        match block.get("type"):
            case "text" | "mid_conv_system":
                text = block.get("text")
                if not isinstance(text, str):
                    raise invalid(where, "text must be a text")
                (texts if block["type"] == "text" else system).append(text)
                cost = tokens.count(text)
            case "thinking":
                cost = tokens.count(str(block.get("thinking", "")))
            case "redacted_thinking":
                pass
            case "image":
                picture = _picture(block, model)
                pictures.append(picture)
                cost = picture.tokens
            case "video":
                _check_video(block, model)
                videos += 1
                cost = reading.VIDEO_TOKENS
            case "tool_use":
                calls.append(_call(block, where))
                cost = 1 + tokens.count(json.dumps(block.get("input"), ensure_ascii=False))
            case "tool_result":
                result, seen = _result(block, model, where)
                results.append(result)
                pictures += seen
                cost = tokens.count(result.text) + sum(picture.tokens for picture in seen)
            case kind:
                raise invalid(where, f"unknown block type '{kind}'")
        content_key = json.dumps({k: v for k, v in block.items() if k != "cache_control"}, ensure_ascii=False)
        segments.append(Segment(f"{role}\0{content_key}", cost + overhead, bool(block.get("cache_control"))))
        overhead = 0
    turn = Turn(role, "\n\n".join(texts), tuple(calls), tuple(results), tuple(pictures), videos)
    return turn, segments


def _picture(block: Mapping[str, Any], model: Model) -> Picture:
    reading.need_pictures(model)
    source = block.get("source")
    source = source if isinstance(source, dict) else {}
    detail = str(source.get("detail", "default"))
    if source.get("type") == "base64" and isinstance(source.get("data"), str):
        return reading.read_picture(source["data"], detail, str(source.get("media_type") or "?"))
    if source.get("type") == "url" and isinstance(source.get("url"), str):
        return reading.read_picture(source["url"], detail)
    raise invalid("image", "source must be of type url or base64")


def _check_video(block: Mapping[str, Any], model: Model) -> None:
    reading.need_pictures(model)
    source = block.get("source")
    source = source if isinstance(source, dict) else {}
    url, data = source.get("url"), source.get("data")
    if not (isinstance(url, str) and url.startswith(_VIDEO_SCHEMES)) and not (isinstance(data, str) and data):
        raise invalid("video", "source must be of type url or base64")


def _call(block: Mapping[str, Any], where: str) -> ToolCall:
    call_id, name, arguments = block.get("id"), block.get("name"), block.get("input")
    if not isinstance(call_id, str) or not isinstance(name, str) or not isinstance(arguments, dict):
        raise invalid(where, "tool_use needs id, name and input")
    return ToolCall(call_id, name, arguments)


def _result(block: Mapping[str, Any], model: Model, where: str) -> tuple[ToolResult, list[Picture]]:
    call_id, content = block.get("tool_use_id"), block.get("content", "")
    if not isinstance(call_id, str):
        raise invalid(where, "tool_result needs tool_use_id")
    seen: list[Picture] = []
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        seen = [_picture(part, model) for part in parts if part.get("type") == "image"]
        content = "\n".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")
    return ToolResult(call_id, str(content or ""), bool(block.get("is_error"))), seen
