"""Cloning: what is refused, what comes back, and that the copy resembles its model."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import FOX
from tests.sandbox.listening import listen
from tests.sandbox.voicing import Cloner, as_wav, lasting, new_voice_id, spoken_by


@pytest.fixture
def cloner(caller) -> Cloner:
    return Cloner(caller)


@pytest.fixture(scope="module")
def sample() -> bytes:
    return as_wav(lasting(spoken_by("English_Graceful_Lady"), 11))


def test_clone_with_a_text_gives_a_demo_behind_a_link(cloner, sample):
    answer = cloner.clone(sample, text=FOX, model="speech-2.8-hd")
    assert answer.code == 0
    assert answer.payload["input_sensitive"] == {"type": 0}
    demo = listen(cloner.caller.http.get(answer.payload["demo_audio"]).content)
    info = answer.payload["extra_info"]
    assert abs(demo.seconds * 1000 - info["audio_length"]) < 100
    assert info["usage_characters"] == len(FOX)
