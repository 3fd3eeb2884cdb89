from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.chatting.tokens import count, cut

ENGLISH = (
    "Type a sentence and hear it while it is still being made, or a prompt and get pictures; every result is kept with "
    "its settings, price and subtitles, is found again in the library, and can be shared with a link. "
)
CHINESE = "输入一句话，就能在生成的同时听到它；每个结果都会连同设置和价格一起保存，可以在资料库里再次找到。"


@given(st.text())
def test_the_tokens_of_a_text_are_the_text(text):
    assert "".join(cut(text)) == text
    assert count(text) == len(cut(text))


def test_a_thousand_tokens_are_about_750_english_words():
    assert 650 < len(ENGLISH.split()) / count(ENGLISH) * 1000 < 850


def test_a_thousand_tokens_are_about_1600_chinese_characters():
    assert 1400 < len(CHINESE) / count(CHINESE) * 1000 < 1900
