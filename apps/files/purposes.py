"""What files at MiniMax are for, and what each purpose takes: from the catalogue, in a person's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.files.recognising import Found
from apps.minimax import catalogue
from apps.minimax.catalogue.schema import FilePurpose

Text = str | Promise


@dataclass(frozen=True)
class Purpose:
    id: str  # MiniMax's word
    label: Text
    text: Text  # what becomes of such files
    icon: str  # a name at lucide.dev
    rules: FilePurpose

    @property
    def accept(self) -> str:
        """For a file field. What is chosen is looked at anyway."""
        return ",".join(f".{format}" for format in self.rules.formats)

    @property
    def rule(self) -> str:
        """Its limits in a sentence."""
        said = [
            _("%(formats)s, at most %(size)s.")
            % {
                "formats": ", ".join(format.upper() for format in self.rules.formats),
                "size": whole_size(self.rules.max_bytes or catalogue.files.document_bytes),
            }
        ]
        if self.rules.minimum_s and self.rules.maximum_s:
            said.append(
                _("%(least)s to %(most)s long.")
                % {"least": in_words(self.rules.minimum_s), "most": in_words(self.rules.maximum_s)}
            )
        elif self.rules.maximum_s:
            said.append(_("Shorter than %(most)s.") % {"most": in_words(self.rules.maximum_s)})
        return " ".join(said)


_WORDS: dict[str, tuple[Text, Text, str]] = {
    "voice_clone": (
        gettext_lazy("Voice samples"),
        gettext_lazy("Recordings that voices are cloned from."),
        "mic",
    ),
    "prompt_audio": (
        gettext_lazy("Example recordings"),
        gettext_lazy("Short recordings that make a clone more alike."),
        "audio-lines",
    ),
    "t2a_async_input": (
        gettext_lazy("Texts for long speech"),
        gettext_lazy("Texts, or archives of them, that long speech reads."),
        "file-text",
    ),
    "retrieval": (
        gettext_lazy("Documents"),
        gettext_lazy("Of older clients. MiniMax no longer says what for, and may refuse them."),
        "file",
    ),
    "t2a_async": (gettext_lazy("Long speech"), gettext_lazy("What long speech has made."), "book-audio"),
    "video_generation": (gettext_lazy("Videos"), gettext_lazy("What the video models have made."), "clapperboard"),
}

PURPOSES = {
    rules.id: Purpose(rules.id, *_WORDS.get(rules.id, (rules.id, "", "file")), rules)
    for rules in catalogue.files.purposes
    if not rules.later
}
UPLOADABLE = {name: purpose for name, purpose in PURPOSES.items() if purpose.rules.upload}
LISTED = [name for name, purpose in PURPOSES.items() if purpose.rules.list]

CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "mp4": "video/mp4",
    "txt": "text/plain",
    "jsonl": "text/plain",
    "json": "text/plain",
    "srt": "text/plain",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "zip": "application/zip",
    "tar": "application/x-tar",
}
# What a person calls what they brought.
_NAMES: dict[str, Text] = {
    "pdf": gettext_lazy("a PDF document"),
    "docx": gettext_lazy("a Word document"),
    "doc": gettext_lazy("an old Office document"),
    "rtf": gettext_lazy("an RTF document"),
    "epub": gettext_lazy("an e-book (EPUB)"),
    "sheet": gettext_lazy("a spreadsheet"),
    "slides": gettext_lazy("a presentation"),
    "txt": gettext_lazy("plain text"),
    "jsonl": gettext_lazy("lines of JSON"),
    "zip": gettext_lazy("a ZIP archive"),
    "tar": gettext_lazy("a TAR archive"),
    "gzip": gettext_lazy("a GZIP archive"),
    "7z": gettext_lazy("a 7z archive"),
    "rar": gettext_lazy("a RAR archive"),
    "mp3": gettext_lazy("MP3 sound"),
    "m4a": gettext_lazy("M4A sound"),
    "wav": gettext_lazy("WAV sound"),
    "flac": gettext_lazy("FLAC sound"),
    "ogg": gettext_lazy("Ogg sound"),
    "image": gettext_lazy("a picture"),
    "video": gettext_lazy("a video"),
    "exe": gettext_lazy("a program"),
    "script": gettext_lazy("a script"),
}
READABLE = {"pdf", "docx", "epub"}  # by long speech, which makes text of them


def most_bytes(purpose: Purpose) -> int:
    return purpose.rules.max_bytes or catalogue.files.document_bytes


def too_large(purpose: Purpose, size: int) -> str:
    """Why so many bytes are too many, as a sentence; empty: they are not."""
    most = most_bytes(purpose)
    if size <= most:
        return ""
    return _("This file is too large: %(purpose)s may have at most %(most)s, and it has %(size)s.") % {
        "purpose": purpose.label,
        "most": whole_size(most),
        "size": _("%(count)d bytes") % {"count": size} if size - most < 1 << 20 else filesizeformat(size),
    }


def refusal(purpose: Purpose, found: Found, name: str) -> str:
    """Why MiniMax would not take such a file for the purpose, as a sentence; empty: it would."""
    format = kind_of(found, name)
    if format not in purpose.rules.formats:
        is_what = _NAMES.get(format)
        said = (
            _("This is %(what)s, whatever its name says.") % {"what": is_what}
            if is_what
            else _("What this file is cannot be told.")
        )
        takes = ", ".join(each.upper() for each in purpose.rules.formats)
        said = f"{said} " + _("%(purpose)s: %(formats)s.") % {"purpose": purpose.label, "formats": takes}
        if format in READABLE and "txt" in purpose.rules.formats:
            said = f"{said} " + _("Save it as plain text first.")
        return said
    if found.is_damaged:
        return _("This file is damaged: it cannot be opened to its end.")
    if found.duration_s is not None:
        return _refuse_length(purpose.rules, found.duration_s)
    if format == "zip" and purpose.id == "t2a_async_input" and found.names not in ([".txt"], [".json"]):
        return _("This archive has to hold text files only, all TXT or all JSON.")
    return ""


def kind_of(found: Found, name: str) -> str:
    """The format. Lines of JSON in a file that calls itself a text are one."""
    return "txt" if found.format == "jsonl" and PurePath(name).suffix.lower() == ".txt" else found.format


def _refuse_length(rules: FilePurpose, seconds: float) -> str:
    if rules.minimum_s and seconds < rules.minimum_s:
        return _("This recording is too short: it lasts %(length)s, and %(least)s are needed.") % {
            "length": in_words(seconds),
            "least": in_words(rules.minimum_s),
        }
    if rules.maximum_s and seconds > rules.maximum_s:
        return _("This recording is too long: it lasts %(length)s, and at most %(most)s are taken.") % {
            "length": in_words(seconds),
            "most": in_words(rules.maximum_s),
        }
    return ""


def whole_size(size: int) -> str:
    """A limit in words: "20 MB", not "20.0 MB"."""
    for step, unit in ((1 << 30, _("%(count)d GB")), (1 << 20, _("%(count)d MB"))):
        if size >= step and size % step == 0:
            return unit % {"count": size // step}
    return filesizeformat(size)


def in_words(seconds: float) -> str:
    """10 → "10 seconds", 300 → "5 minutes", 7.84 → "7.8 seconds"."""
    if seconds >= 60 and seconds % 60 < 1:
        minutes = int(seconds // 60)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if seconds >= 60:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}
    return _("%(count)s seconds") % {"count": f"{seconds:.1f}".removesuffix(".0")}
