"""Pronunciations as MiniMax writes them (pinyin, jyutping, IPA), put into what espeak-ng reads."""

from __future__ import annotations

import re

# Longest first; IPA on the left, espeak-ng's phoneme names for English on the right.
_IPA = [
    ("tʃ", "tS"),
    ("dʒ", "dZ"),
    ("eɪ", "eI"),
    ("aɪ", "aI"),
    ("ɔɪ", "OI"),
    ("aʊ", "aU"),
    ("oʊ", "oU"),
    ("əʊ", "oU"),
    ("ɪə", "i@3"),
    ("eə", "e@"),
    ("ʊə", "U@"),
    ("iː", "i:"),
    ("uː", "u:"),
    ("ɑː", "A:"),
    ("ɔː", "O:"),
    ("ɜː", "3:"),
    ("ɝ", "3:"),
    ("ɚ", "3"),
    ("ɪ", "I"),
    ("ʊ", "U"),
    ("ə", "@"),
    ("ɛ", "E"),
    ("æ", "a"),
    ("ʌ", "V"),
    ("ɑ", "A:"),
    ("ɒ", "0"),
    ("ɔ", "O:"),
    ("ɜ", "3:"),
    ("ʃ", "S"),
    ("ʒ", "Z"),
    ("θ", "T"),
    ("ð", "D"),
    ("ŋ", "N"),
    ("ɹ", "r"),
    ("ɡ", "g"),
    ("ʔ", "?"),
    ("ɾ", "t#"),
    ("ˈ", "'"),
    ("ˌ", ","),
    ("ː", ":"),
    ("a", "a"),
    ("e", "E"),
    ("i", "i:"),
    ("o", "oU"),
    ("u", "u:"),
    ("y", "j"),
]
_IPA_MARKS = "ɪʊəɛæʌɑɒɔɜɝɚʃʒθðŋɹɡʔɾˈˌː"

PINYIN = re.compile(r"[a-zA-ZüÜ]{1,6}[1-5]")
JYUTPING = re.compile(r"[a-z]{1,6}[1-6]")
INLINE = re.compile(rf"\(([a-zA-ZüÜ]{{1,6}}[1-6]|(?=[^()]*[{_IPA_MARKS}])[^()\s<>\d]{{1,40}})\)")


def espeak_phonemes(ipa: str) -> str:
    """Best effort: a sound that English lacks is left out."""
    out = []
    index = 0
    while index < len(ipa):
        for symbol, name in _IPA:
            if ipa.startswith(symbol, index):
                out.append(name)
                index += len(symbol)
                break
        else:
            if ipa[index].isascii() and ipa[index].isalpha():
                out.append(ipa[index])
            index += 1
    return "".join(out)


def readable(pronunciation: str) -> tuple[str, str | None]:
    """What espeak-ng gets for the inside of one pair of parentheses, and the language it must be read in."""
    if JYUTPING.fullmatch(pronunciation) and pronunciation.endswith("6"):
        return f" {pronunciation} ", "yue"
    if PINYIN.fullmatch(pronunciation):
        return f" {pronunciation} ", "pinyin"
    return f" [[{espeak_phonemes(pronunciation)}]] ", "ipa"
