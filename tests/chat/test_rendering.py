"""What a model writes does nothing but be read, and is the same whether it comes at once or piece by piece."""

from __future__ import annotations

import random
import re
from html import unescape

import pytest

from apps.chat.rendering.growing import GrowingText
from apps.chat.rendering.markdown import render

DOCUMENT = """# Title

Some *prose* with **bold**, `code` and $x^2$, which costs $5 or $10.

- [x] done
- [ ] open
  1. nested

| a | b |
|---|--:|
| 1 | 2 |

```python
def f(x):
    return "<b>" + x
```

> quoted, and a formula:

$$
\\int_0^1 x\\,dx
$$

\\[ e^{i\\pi} = -1 \\]

Plain prose follows here, and it goes on for a while, with nothing special in it at all.
A second line of it.

Last words, [with a link](https://example.com/a).
"""


def words_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def bare(html: str) -> str:
    return re.sub(r"\s+", "", html)


# --- what comes out ---------------------------------------------------------------------------------------------------


def test_what_replies_are_made_of_is_rendered():
    html = render(DOCUMENT)
    for piece in (
        "<h3",
        "<strong>bold</strong>",
        'type="checkbox"',
        '<td dir="auto" class="to-right">2</td>',
        '<span class="hl-k">def</span>',
        "&lt;b&gt;",
        "<msup>",
        'display="block"',
        "costs $5 or $10",
        'rel="noopener noreferrer nofollow"',
    ):
        assert piece in html, piece


def test_headings_lie_below_those_of_the_page():
    assert re.findall(r"<h\d", render("# a\n\n## b\n\n###### c")) == ["<h3", "<h4", "<h6"]


def test_a_line_of_a_poem_stays_a_line():
    assert "sing,<br>" in render("a voice to sing,\nclear and strong")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\nscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        '[x](https://a.example/" onmouseover="alert(1))',
        '![x" onerror="alert(1)](https://a.example/x.png)',
        "![x](https://tracker.example/pixel.gif)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[x](/w/night-shift/team/delete)",
        "[x](//evil.example/x)",
        "<svg onload=alert(1)>",
        "<iframe src=https://evil.example>",
        "<style>*{display:none}</style>",
        '<div style="position:fixed;inset:0">x</div>',
        "<form action=/account/logout/ method=post><button>x</button></form>",
        "<input autofocus onfocus=alert(1)>",
        "```<script>\nx\n```",
        '```"><img src=x onerror=alert(1)>\nx\n```',
        "$\\text{<script>alert(1)</script>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$$\\unknown{<img src=x onerror=alert(1)>}$$",
        "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<!-- <img src=x onerror=alert(1)> -->",
        "[a]: javascript:alert(1)\n\n[a]",
        "\\<script\\>alert(1)\\</script\\>",
    ],
)
def test_nothing_that_acts_gets_through(text):
    html = render(text)
    tags = re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)>", html)
    allowed = {
        "p",
        "br",
        "a",
        "span",
        "strong",
        "em",
        "code",
        "pre",
        "figure",
        "figcaption",
        "button",
        "table",
        "thead",
    }
    allowed |= {"tbody", "tr", "th", "td", "div", "math", "mrow", "mtext", "mi", "mo", "mn", "mspace"}
    assert {name for name, _attributes in tags} <= allowed, html
    for _name, attributes in tags:
        assert not re.search(r"\son\w+=|style=|src=|javascript:|data:|vbscript:", attributes, re.I), html
        for href in re.findall(r'href="([^"]*)"', attributes):
            assert href.startswith(("https://", "http://", "mailto:")), html


def test_a_picture_from_elsewhere_is_a_link_and_not_loaded():
    html = render("![A chart](https://example.com/chart.png)")
    assert "<img" not in html
    assert 'href="https://example.com/chart.png"' in html
    assert ">A chart</a>" in html


@pytest.mark.parametrize("control", ["\u202e", "\u202d", "\u2066", "\u2067", "\u202a"])
@pytest.mark.parametrize("around", ["{}", "`{}`", "```\n{}\n```", "| a |\n|---|\n| {} |", "[{}](https://example.com)"])
def test_characters_that_turn_the_direction_become_words(control, around):
    html = render(around.format(f"user{control}nimda"))
    assert control not in html
    assert f"[U+{ord(control):04X}]" in html


def test_right_to_left_prose_keeps_its_direction():
    assert '<p dir="auto">שלום עולם</p>' in render("שלום עולם")


def test_a_huge_table_is_rendered_in_time():
    table = "| a | b | c |\n|---|---|---|\n" + "| 1 | 2 | 3 |\n" * 5_000
    assert render(table).count("<tr>") == 5_001


@pytest.mark.parametrize(
    "text", ["*" * 20_000, "[" * 5_000, "> " * 2_000 + "x", "`" * 20_001, "$" * 9_999, "- " * 3_000]
)
def test_what_is_meant_to_take_for_ever_does_not(text):
    render(text)


# --- while it is written ----------------------------------------------------------------------------------------------


def pieces_of(text: str, chance: random.Random) -> list[str]:
    """Cut like a tokenizer would, and now and then otherwise."""
    pieces = re.findall(r"\s?\w{1,6}|\s|[^\w\s]", text)
    assert "".join(pieces) == text
    joined: list[str] = []
    for piece in pieces:
        if joined and chance.random() < 0.2:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


@pytest.mark.parametrize("seed", range(12))
def test_what_was_written_piece_by_piece_is_what_comes_at_once(seed):
    chance = random.Random(seed)
    growing, done = GrowingText(), ""
    for piece in pieces_of(DOCUMENT * 2, chance):
        growing.add(piece)
        if growing.due_in is not None and chance.random() < 0.3:
            done += growing.render().done
    done += growing.finish().done
    assert bare(done) == bare(render(DOCUMENT * 2))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_shown_at_once_is_what_rendering_would_show(seed, monkeypatch):
    """The page puts plain words at the end of the open block itself; nothing may look otherwise afterwards."""
    monkeypatch.setattr("apps.chat.rendering.growing.PATIENCE_S", float("inf"))  # a slow machine is no busy one here
    chance = random.Random(seed)
    growing, shown = GrowingText(), ""
    for piece in pieces_of(DOCUMENT, chance):
        tail = growing.add(piece)
        shown += tail
        if not tail:
            shown = words_of(growing.render().open)
        assert bare(shown) == bare(words_of(growing.snapshot().open))


def test_plain_words_need_no_rendering():
    growing = GrowingText()
    growing.add("It")
    growing.render()
    assert [growing.add(word) for word in (" goes", " on", ", and", " on")] == [" goes", " on", ", and", " on"]
    assert growing.due_in is None


def test_a_space_at_the_end_is_not_lost():
    growing = GrowingText()
    growing.add("It goes ")
    assert growing.render().open.endswith("goes</p>\n")
    assert growing.add("on") == " on"


def test_one_who_joins_gets_everything_and_changes_nothing_for_the_others():
    growing = GrowingText()
    growing.add("One.\n\nTwo.\n\nThr")
    before = growing.snapshot()
    after = growing.render()
    assert "Thr" in before.open
    assert after.done.count("<p") == 2


def test_a_link_may_be_explained_at_the_end():
    growing = GrowingText()
    for piece in ("[here][1] and on.\n\n", "More.\n\n", "[1]: https://example.com/x\n"):
        growing.add(piece)
    growing.finish()
    assert 'href="https://example.com/x"' in "".join(growing.done_html)


def test_when_all_are_busy_words_are_shown_with_their_marks(monkeypatch):
    """Beauty may be late, text may not."""
    growing = GrowingText()
    growing.add("It")
    monkeypatch.setattr("apps.chat.rendering.growing.PACE.texts", 10_000)
    growing.render()
    assert growing.add(" **goes**") == " **goes**"
    assert growing.add(" on\u202e") == " on[U+202E]"
    assert "<strong>goes</strong>" in growing.render().open
