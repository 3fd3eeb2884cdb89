"""The content security policy forbids inline scripts and styles; no template may need one. Seen without a browser."""

from __future__ import annotations

import re

import pytest
from django.template.loader import get_template

from studio.config import ROOT

MAILS = ROOT / "templates/emails"  # no policy holds there, and mail programs read nothing but what stands in the mail
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if MAILS not in path.parents)
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a <style> element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an on… handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on, which htmx evaluates": re.compile(r"\shx-on[:-]", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*application/(ld\+)?json)", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "another host": re.compile(r"<(script|link|img|audio|video|source)[^>]*(src|href)=[\"']https?://", re.IGNORECASE),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_compiles_and_holds_nothing_inline(path):
    get_template(str(path.relative_to(ROOT / "templates")))
    text = path.read_text()
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.js")), ids=lambda path: path.name)
def test_a_script_neither_evaluates_text_nor_writes_style_attributes(path):
    text = path.read_text()
    assert not re.search(r"\beval\(|new Function\(|setAttribute\([\"']style[\"']", text)


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_loads_nothing_from_elsewhere(path):
    assert not re.search(r"@import|url\([\"']?(https?:)?//", path.read_text())
