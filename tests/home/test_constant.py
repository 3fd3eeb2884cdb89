"""What is drawn once for everybody."""

from __future__ import annotations

from django.template import engines
from django.utils import translation


def test_a_constant_is_drawn_once_for_each_language_and_knows_nothing_of_who_asks():
    template = engines["django"].from_string(
        "{% load i18n %}{% constant %}{{ name }}{% get_current_language as now %}{{ now }}{% endconstant %} {{ name }}"
    )
    assert template.render({"name": "Olga"}) == "en Olga"
    assert template.render({"name": "Carla"}) == "en Carla"
    with translation.override("zh-hans"):
        assert template.render({"name": "Olga"}) == "zh-hans Olga"
    assert template.render({"name": "Olga"}) == "en Olga"
