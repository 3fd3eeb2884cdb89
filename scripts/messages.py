"""The texts of the studio in other languages. A language is offered once its catalogue is complete and compiled.

    .venv/bin/python scripts/messages.py extract zh_Hans   begin or refresh locale/zh_Hans; what was translated stays
    .venv/bin/python scripts/messages.py check             nothing missing, nothing over, no placeholder lost
    .venv/bin/python scripts/messages.py compile           .po → .mo where that is older; set-up does it

Babel does the work, so that no system package (gettext) is needed; Django's own lexer reads the templates. Texts that
scripts show come from templates too. Catalogues are kept, compiled ones are not.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("apps/**/*.py", "studio/**/*.py", "templates/**/*.html", "templates/**/*.txt")
# Function → the places of message, plural and context among its arguments, as Babel takes them.
SINGULAR = ("_", "__", "gettext", "gettext_lazy", "gettext_noop", "translate")
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(SINGULAR),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# As Django writes them into a catalogue: %(name)s, {name}, %d.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)  # every catalogue says so: whoever wants to know when asks git
Found = tuple[str, int, str | tuple[str, ...], str | None]  # place, line, message (with its plural), context


def main(arguments: list[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=["extract", "check", "compile"])
    parser.add_argument("language", nargs="?", help="as its folder is called, e.g. zh_Hans")
    told = parser.parse_args(arguments)
    if told.act == "extract":
        if not told.language:
            parser.error("Which language?")
        return extract(root, told.language)
    return check(root) if told.act == "check" else compile_all(root)


# --- reading the sources ----------------------------------------------------------------------------------------------


def messages_in(root: Path) -> Iterator[Found]:
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            if "migrations" not in path.parts:
                yield from _messages_of(path, path.relative_to(root).as_posix())


def _messages_of(path: Path, name: str) -> Iterator[Found]:
    source = path.read_text()
    if path.suffix != ".py":
        # Django turns a template into Python of a kind; its lines are put to the margin, or they would not parse.
        source = "\n".join(line.lstrip() for line in templatize(source, origin=name).split("\n"))
    reader = io.BytesIO(source.encode())
    for line, function, given, _comments in extract_python(reader, KEYWORDS, [], {"encoding": "utf-8"}):
        arguments: Any = given if isinstance(given, tuple) else (given,)
        spec: Any = KEYWORDS[str(function)] or (1,)
        context: Any = None
        message: list[Any] = []
        for place in spec:
            number = place[0] if isinstance(place, tuple) else place
            value = arguments[number - 1] if number <= len(arguments) else None
            if isinstance(place, tuple):
                context = value
            else:
                message.append(value)
        if all(isinstance(part, str) and part for part in message):
            yield name, line, tuple(message) if len(message) > 1 else message[0], context


def read_sources(root: Path) -> Catalog:
    catalog = Catalog(charset="utf-8")
    for name, _line, message, context in messages_in(root):
        flags = ["python-format"] if "%(" in str(message) else []
        catalog.add(message, locations=[(name, 0)], context=context, flags=flags)
    return catalog


# --- catalogues -------------------------------------------------------------------------------------------------------


def catalogues(root: Path) -> list[Path]:
    return sorted(root.glob("locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=Locale.parse(path.parent.parent.name))


def extract(root: Path, language: str) -> int:
    path = root / "locale" / language / "LC_MESSAGES" / "django.po"
    kept = read(path) if path.exists() else Catalog(locale=Locale.parse(language), project="studio", charset="utf-8")
    kept.header_comment, kept.fuzzy = "# The texts of the studio: see scripts/messages.py.", False
    kept.update(read_sources(root), no_fuzzy_matching=True)
    kept.obsolete.clear()
    kept.creation_date = kept.revision_date = WRITTEN
    kept.last_translator = kept.language_team = kept.msgid_bugs_address = ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:  # no dates and no line numbers: two branches that add texts can be joined
        write_po(file, kept, width=120, omit_header=False, include_lineno=False, sort_output=True)
    missing = sum(1 for message in kept if message.id and not is_translated(message))
    sys.stdout.write(f"{path.relative_to(root)}: {len(kept)} texts, {missing} to translate\n")
    return 0


def is_translated(message: Message) -> bool:
    parts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(parts) and all(parts) and not message.fuzzy


def faults_of(catalog: Catalog, sources: Catalog) -> Iterator[str]:
    for wanted in sources:
        if not wanted.id:
            continue
        found = catalog.get(wanted.id, wanted.context)
        if found is None or not is_translated(found):
            yield f"missing: {wanted.id!r} ({', '.join(name for name, _line in wanted.locations[:2])})"
            continue
        originals = found.id if isinstance(found.id, (tuple, list)) else (found.id,)
        expected = set(PLACEHOLDER.findall(originals[-1]))
        for part in found.string if isinstance(found.string, (tuple, list)) else (found.string,):
            if set(PLACEHOLDER.findall(part or "")) != expected:
                yield f"other placeholders: {found.id!r} → {part!r}"
    for kept in catalog:
        if kept.id and sources.get(kept.id, kept.context) is None:
            yield f"no longer used: {kept.id!r}"


def check(root: Path) -> int:
    """Every catalogue that is there has to be whole; a language that nobody has begun is not offered, and no fault."""
    sources, failed = read_sources(root), False
    for path in catalogues(root):
        for fault in faults_of(read(path), sources):
            failed = True
            sys.stdout.write(f"{path.relative_to(root)}: {fault}\n")
    return int(failed)


def compile_all(root: Path) -> int:
    for path in catalogues(root):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        catalog = read(path)
        if not all(is_translated(message) for message in catalog if message.id):
            target.unlink(missing_ok=True)
            sys.stdout.write(f"{path.relative_to(root)} is not complete yet, so the language is not offered.\n")
            continue
        with target.open("wb") as file:
            write_mo(file, catalog)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
