"""Which espeak-ng voice reads which language, and which language a piece of text is in."""

from __future__ import annotations

import re
import unicodedata

# MiniMax's name of the language -> espeak-ng's. Filipino and Nynorsk have no voice of their own there: the nearest
# neighbour reads them.
CODES = {
    "Chinese": "cmn",
    "Chinese,Yue": "yue",
    "English": "en-us",
    "Arabic": "ar",
    "Russian": "ru",
    "Spanish": "es",
    "French": "fr",
    "Portuguese": "pt-br",
    "German": "de",
    "Turkish": "tr",
    "Dutch": "nl",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
    "Indonesian": "id",
    "Japanese": "ja",
    "Italian": "it",
    "Korean": "ko",
    "Thai": "th",
    "Polish": "pl",
    "Romanian": "ro",
    "Greek": "el",
    "Czech": "cs",
    "Finnish": "fi",
    "Hindi": "hi",
    "Bulgarian": "bg",
    "Danish": "da",
    "Hebrew": "he",
    "Malay": "ms",
    "Persian": "fa",
    "Slovak": "sk",
    "Swedish": "sv",
    "Croatian": "hr",
    "Filipino": "id",
    "Hungarian": "hu",
    "Norwegian": "nb",
    "Slovenian": "sl",
    "Catalan": "ca",
    "Nynorsk": "nb",
    "Tamil": "ta",
    "Afrikaans": "af",
}

_SCRIPTS = [
    ("han", re.compile(r"[\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("kana", re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")),
    ("hangul", re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("latin", re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u02af\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]")),
    ("cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("greek", re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")),
    ("arabic", re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")),
    ("hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("thai", re.compile(r"[\u0e00-\u0e7f]")),
    ("devanagari", re.compile(r"[\u0900-\u097f]")),
    ("tamil", re.compile(r"[\u0b80-\u0bff]")),
]

# The languages that are written in a script; the first one reads text in it that is nobody's.
_READERS = {
    "han": ("cmn", "yue", "ja"),
    "kana": ("ja",),
    "hangul": ("ko",),
    "cyrillic": ("ru", "uk", "bg"),
    "greek": ("el",),
    "arabic": ("ar", "fa"),
    "hebrew": ("he",),
    "thai": ("th",),
    "devanagari": ("hi",),
    "tamil": ("ta",),
}
_NOT_LATIN = {code for codes in _READERS.values() for code in codes}

# Frequent words and letters that give a language in Latin script away.
_HINTS = {
    "en-us": "the and of to is in that it you for with was this are not have what we be on hello",
    "es": "el los las que y es en una por con para no se del como pero está qué hola",
    "fr": "le les des est et une que qui dans pour pas je vous nous avec sur ce bonjour où",
    "de": "der die das und ist nicht ich ein eine mit zu den auf für sie wir auch hallo",
    "pt-br": "o os as que e é um uma não com para do da em mais você olá por são",
    "it": "il lo gli che è un una non di per con sono della come ma ciao questo",
    "nl": "de het een en is van niet dat ik je op te zijn met voor hallo wij",
    "pl": "i w nie na się z do jest to że jak co dla ale cześć",
    "tr": "ve bir bu için da de ne çok ben sen değil var merhaba ile",
    "id": "yang dan di ini itu dengan untuk tidak dari saya akan ada halo kita",
    "vi": "là và của không có một người tôi được trong cho với này xin chào",
    "ro": "și este în nu o un cu la pe ce din mai sunt salut pentru",
    "sv": "och är att det som en på inte jag för med av hej vi",
    "da": "og er at det som en på ikke jeg for med af hej vi",
    "fi": "ja on ei se että hän minä oli mutta kun hei tämä",
    "cs": "a je se na že to v s ale jak ahoj jsem není",
    "hu": "a az és nem hogy egy van ez de szia is meg",
}
_HINT_SETS = {code: frozenset(words.split()) for code, words in _HINTS.items()}
_LETTERS = {
    "ß": "de",
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ã": "pt-br",
    "õ": "pt-br",
    "ł": "pl",
    "ą": "pl",
    "ğ": "tr",
    "ı": "tr",
    "ș": "ro",
    "ț": "ro",
    "ő": "hu",
    "ű": "hu",
    "ř": "cs",
    "ě": "cs",
    "đ": "vi",
    "ơ": "vi",
    "ư": "vi",
    "œ": "fr",
}


def script_of(char: str) -> str | None:
    """None for what any language can have: digits, punctuation, spaces."""
    if char.isascii():
        return "latin" if char.isalpha() else None
    for name, pattern in _SCRIPTS:
        if pattern.match(char):
            return name if unicodedata.category(char)[0] in "LM" else None
    return None


def guess_latin(text: str, otherwise: str) -> str:
    votes: dict[str, float] = {}
    lowered = text.lower()
    for letter, code in _LETTERS.items():
        if letter in lowered:
            votes[code] = votes.get(code, 0) + 2
    for word in re.findall(r"[^\W\d_]+", lowered):
        for code, words in _HINT_SETS.items():
            if word in words:
                votes[code] = votes.get(code, 0) + 1
    if not votes:
        return otherwise
    best = max(votes.values())
    leaders = [code for code, count in votes.items() if count == best]
    return otherwise if otherwise in leaders else leaders[0]


def reader_of(script: str, text: str, preferred: str, *, guess: bool) -> str:
    """espeak-ng's voice for a stretch of `text` in one script. `preferred`: the language asked for, or the voice's."""
    if script == "latin":
        own = preferred if preferred not in _NOT_LATIN else "en-us"
        return guess_latin(text, own) if guess else own
    readers = _READERS[script]
    if script == "han" and any(script_of(char) == "kana" for char in text):
        return "ja"
    if preferred in readers and not (guess and preferred == "ja"):
        return preferred
    if script == "cyrillic" and re.search("[іїєґІЇЄҐ]", text):
        return "uk"
    if script == "arabic" and re.search("[پچژگ]", text):
        return "fa"
    return readers[0]
