"""What a model wrote, as HTML that can do nothing but be read.

Two belts: raw HTML is never passed through, and what our own rules produce goes through an allow-list (nh3) all the
same. No `style`, because the page's policy forbids it; no picture from elsewhere, because loading it would tell its
server who reads; no text that turns the direction of what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from mdit_py_plugins.texmath import texmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

VERSION = 1  # of the HTML; rows rendered by another version are rendered again
HIGHLIGHT_CHARACTERS = 40_000  # a longer block of code stays without colours
FORMULA_CHARACTERS = 2_000  # a longer formula stays as it was written
HEADING_OFFSET = 2  # the page has the first two levels

# Embeddings, overrides and isolates: they could make a text read otherwise than it is (CVE-2021-42574).
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")

_MATH_TAGS = {
    "math", "semantics", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mpadded",
    "mphantom", "mstyle", "menclose",
}  # fmt: skip
_MATH_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "separator", "form", "accent", "accentunder", "displaystyle",
    "scriptlevel", "linethickness", "columnalign", "rowspacing", "columnspacing", "width", "height", "depth",
    "lspace", "rspace", "minsize", "maxsize", "movablelimits", "notation", "xmlns",
}  # fmt: skip
_TAGS = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "table", "thead", "tbody", "tr", "th", "td", "div", "span", "figure", "figcaption", "button", "input",
} | _MATH_TAGS  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "class"},
    "a": {"href", "title"},
    "ol": {"start"},
    "th": {"scope"},
    "div": {"tabindex"},
    "button": {"type", "data-copy-code"},
    "input": {"type", "disabled", "checked"},
    **dict.fromkeys(_MATH_TAGS, _MATH_ATTRIBUTES),
}
_CLASS = re.compile(r"[a-z0-9_ -]*\Z", re.I)
_FIXED = {
    ("*", "dir"): {"auto", "ltr"},
    ("button", "type"): {"button"},
    ("input", "type"): {"checkbox"},
    ("div", "tabindex"): {"0"},
}


def _check_attribute(tag: str, name: str, value: str) -> str | None:
    allowed = _FIXED.get((tag, name)) or _FIXED.get(("*", name))
    if allowed is not None:
        return value if value in allowed else None
    if name == "class":
        return value if _CLASS.match(value) else None
    if name == "href":
        return value if _is_open(value) else None
    return value


def _is_open(href: str) -> bool:
    """Whether a link leads out of the studio; one without a host would act inside it."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme == "mailto" or (parts.scheme in ("http", "https") and bool(parts.netloc))


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_check_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    strip_comments=True,
)


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Not loaded: a link that the reader may follow."""
        token = tokens[idx]
        source = str(token.attrGet("src") or "")
        words = self.renderInlineAsText(token.children, options, env) if token.children else token.content
        label = escapeHtml(words or urlsplit(source).netloc or source[:80])
        if not _is_open(source):
            return f'<span class="far-picture">{label}</span>'
        return f'<a class="far-picture" href="{escapeHtml(source)}">{label}</a>'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        language = (token.info.split() or [""])[0]
        return _code(token.content, language, colours=not env.get("is_open") or len(token.content) < 8_000)

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _code(tokens[idx].content, "", colours=False)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="prose__table" tabindex="0"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return formula(tokens[idx].content.strip(), False)

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div class="prose__formula" tabindex="0">{formula(tokens[idx].content.strip(), True)}</div>'

    math_inline_double = math_block
    math_single = math_inline


def _code(content: str, language: str, *, colours: bool) -> str:
    name = escapeHtml(language[:30])
    lexer = _lexer(language.lower()) if colours and language and len(content) <= HIGHLIGHT_CHARACTERS else None
    inner = highlight(content, lexer, _formatter) if lexer else escapeHtml(content)
    return (
        f'<figure class="code"><figcaption><span>{name}</span>'
        f'<button type="button" class="code__copy" data-copy-code=""></button></figcaption>'
        f'<pre dir="ltr"><code>{inner}</code></pre></figure>'
    )


_formatter: HtmlFormatter = HtmlFormatter(nowrap=True, classprefix="hl-")


@lru_cache(maxsize=128)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=1024)
def formula(latex: str, is_block: bool) -> str:
    """A formula as MathML; as it was written where it cannot be read."""
    if latex and len(latex) <= FORMULA_CHARACTERS:
        with suppress(Exception):  # whatever the converter trips over: an unfinished formula is no error of ours
            return convert(latex, display="block" if is_block else "inline")
    return f'<code class="formula">{escapeHtml(latex)}</code>'


def _tidy(state: StateCore) -> None:
    """Levels below the page's own, direction by content, alignment by class."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADING_OFFSET)}"
        if token.nesting == 1 and token.type in _DIRECTED:
            token.attrSet("dir", "auto")
        if token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", "")):
            token.attrJoin("class", "to-" + str(style).rpartition(":")[2])
        if token.type == "th_open":
            token.attrSet("scope", "col")


_DIRECTED = {"paragraph_open", "heading_open", "blockquote_open", "th_open", "td_open", "bullet_list_open",
             "ordered_list_open"}  # fmt: skip


def _new_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False, "breaks": True}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True)
    parser.use(texmath_plugin, delimiters="brackets")
    parser.use(tasklists_plugin)
    parser.core.ruler.push("tidy", _tidy)
    # the plugins put functions of their own in the way of our methods
    renderer = parser.renderer
    assert isinstance(renderer, _Renderer)
    for name in ("math_inline", "math_inline_double", "math_block", "math_single"):
        renderer.rules[name] = getattr(renderer, name)
    return parser


_parser = _new_parser()


def readable(text: str) -> str:
    """The text with control characters gone, and those that turn directions in words."""
    if text.isascii() and text.isprintable():
        return text
    return BIDI.sub(lambda found: f"[U+{ord(found[0]):04X}]", _CONTROL.sub("", text))


def parse(text: str, env: dict[str, Any]) -> list[Token]:
    return _parser.parse(text, env)


def to_html(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    return _cleaner.clean(_parser.renderer.render(tokens, _parser.options, env))


def render(text: str) -> str:
    """A whole text."""
    env: dict[str, Any] = {}
    return to_html(parse(readable(text), env), env)
