"""Tags and filters that every template may use."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template import Context, Template

from apps.home.templatetags.components import duration, usd


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, ""),
        (0, "$0.00"),
        (Decimal("0.0042"), "$0.0042"),
        (Decimal("0.021000"), "$0.021"),
        (Decimal("0.1"), "$0.10"),
        (12, "$12.00"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0.00000001"), "<$0.00001"),
        (-2, "−$2.00"),
        ("not money", ""),
    ],
)
def test_money(amount, words):
    assert usd(amount) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0:00"),
        (0.1, "0:00.1"),
        (3.24, "0:03.2"),
        (9.96, "0:10"),
        (59.7, "1:00"),
        (65, "1:05"),
        (3723, "1:02:03"),
        (3599.6, "1:00:00"),
    ],
)
def test_duration(seconds, words):
    assert duration(seconds) == words


def test_an_icon_is_drawn_inline_and_hidden_from_screen_readers():
    drawn = Template('{% icon "play" 20 "big" %}').render(Context())
    assert drawn.startswith('<svg class="icon big" width="20" height="20"')
    assert 'aria-hidden="true"' in drawn
    assert "<!--" not in drawn


def test_a_field_says_label_hint_and_error_to_a_screen_reader():
    from django import forms

    class Form(forms.Form):
        title = forms.CharField(help_text="People find it by this.", max_length=3)

    drawn = Template('{% include "components/field.html" %}').render(
        Context({"field": Form({"title": "long"})["title"]})
    )
    assert 'aria-invalid="true"' in drawn
    for part in ("id_title_helptext", "id_title_error"):
        assert f'id="{part}"' in drawn
        assert part in drawn.split("aria-describedby=")[1].split(">")[0]
