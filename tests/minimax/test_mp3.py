import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.minimax.mp3 import FrameWalk
from tests.minimax.mp3_files import MP3, encoded


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 32000, 44100])
@pytest.mark.parametrize("bitrate", [32000, 64000, 128000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_a_whole_file_is_intact(rate, bitrate, layout):
    walk = FrameWalk()
    walk.feed(encoded(rate, bitrate, layout))
    assert walk.is_intact


@given(st.lists(st.integers(0, len(MP3))))
def test_any_way_of_cutting_a_file_is_intact(places):
    walk, places = FrameWalk(), sorted(places)
    for start, end in zip([0, *places], [*places, len(MP3)], strict=True):
        walk.feed(MP3[start:end])
    assert walk.is_intact


@given(st.integers(1000, len(MP3) - 1000), st.integers(1, 500))
def test_a_gap_is_noticed(place, size):
    walk = FrameWalk()
    walk.feed(MP3[:place])
    walk.feed(MP3[place + size :])
    assert not walk.is_intact


@given(st.binary(max_size=4000), st.integers(0, 4000))
def test_anything_can_be_walked(data, place):
    one, two = FrameWalk(), FrameWalk()
    one.feed(data)
    two.feed(data[:place])
    two.feed(data[place:])
    assert one.is_intact == two.is_intact
