"""Who is asking, and what there is to ask for."""

from __future__ import annotations

from typing import Annotated, Any

from django import forms
from ninja import Router
from pydantic import Field

from apps.gateway import makers
from apps.gateway.api import TokenRequest, need
from apps.gateway.models import Scope
from apps.gateway.schemas import KindSchema, LineSchema, Me, SettingSchema, UsageSchema, VoicePage, VoiceSchema, Words
from apps.speech.voices import VoiceQuery, find_own, search_voices
from apps.usage.reports import Line, month_from, report

router = Router(tags=["about"])
MOST_CHOICES = 300
Month = Annotated[Words, Field(description="2026-11; empty: the running month")]


@router.get("me", response=Me, summary="Whom the token stands for")
def me(request: TokenRequest) -> dict[str, Any]:
    member, token = request.auth.member, request.auth.token
    return {
        "workspace": member.workspace.slug,
        "workspace_name": member.workspace.name,
        "name": str(member.user),
        "role": member.role,
        "scopes": token.scopes,
        "token": token.name,
        "expires_at": token.expires_at,
    }


@router.get("kinds", response=list[KindSchema], summary="What can be made, and its settings")
def kinds(request: TokenRequest) -> list[dict[str, Any]]:
    member = need(request, Scope.READ)
    return [
        {"kind": name, "label": str(maker.label), "settings": [_setting(*field) for field in maker.fields(member)]}
        for name, maker in makers.offered().items()
    ]


def _setting(name: str, field: forms.Field) -> SettingSchema:
    choices = getattr(field, "choices", None)
    flat = [str(value) for value, _label in choices if not isinstance(_label, (list, tuple))] if choices else None
    initial = field.initial() if callable(field.initial) else field.initial
    return SettingSchema(
        name=name,
        label=str(field.label or name),
        required=field.required,
        default=initial if isinstance(initial, (str, int, float, bool, type(None))) else str(initial),
        choices=flat[:MOST_CHOICES] if flat else None,
        minimum=getattr(field, "min_value", None),
        maximum=getattr(field, "max_value", None),
        max_length=getattr(field, "max_length", None),
    )


@router.get("voices", response=VoicePage, summary="Voices of the workspace, then those of MiniMax")
def voices(
    request: TokenRequest, q: Words = "", language: Words = "", gender: Words = "", cursor: Words = ""
) -> dict[str, Any]:
    member = need(request, Scope.READ)
    query = VoiceQuery(q=q, language=language, gender=gender, page=cursor)
    found = search_voices(member.workspace, query)
    own = (
        [
            VoiceSchema(
                voice_id=voice.alias, name=voice.name, language=voice.language, gender=voice.gender, group=voice.origin
            )
            for voice in find_own(member, query)
        ]
        if cursor in ("", "1")
        else []
    )
    others = [
        VoiceSchema(
            voice_id=voice.voice_id, name=voice.name, language=voice.language, gender=voice.gender, group=voice.group
        )
        for voice in found.voices
    ]
    return {
        "items": own + others,
        "total": found.total + len(own),
        "next": str(found.next_page) if found.next_page else None,
    }


@router.get("usage", response=UsageSchema, summary="What one month cost, as far as the member may see")
def usage(request: TokenRequest, month: Month = "") -> Any:
    found = report(need(request, Scope.READ), month_from(month))

    def lines(given: list[Line]) -> list[LineSchema]:
        return [LineSchema(label=x.label, acts=x.acts, usd=x.actual, estimate_usd=x.estimate) for x in given]

    return {
        "month": found.first,
        "usd": found.total.actual,
        "estimate_usd": found.total.estimate,
        "acts": found.total.acts,
        "unknown": found.total.unknown,
        "by_kind": lines(found.by_kind),
        "by_model": lines(found.by_model),
        "by_person": lines(found.by_person),
        "by_day": lines(found.by_day),
    }
