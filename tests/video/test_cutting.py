import pytest
from PIL import Image

from apps.library.pictures import measure
from apps.video.cutting import CutError, join_films, take_frame
from tests.video.clips import BLUE, GREEN, RED, is_like, looks, write_clip


@pytest.fixture
def joined(tmp_path):
    def join(*clips):
        paths = [write_clip(tmp_path / f"{number}.mp4", **clip) for number, clip in enumerate(clips)]
        done = join_films(paths, tmp_path / "film.mp4", tmp_path / "percent")
        return done, tmp_path / "film.mp4", measure(tmp_path / "film.mp4", tmp_path / "poster.webp")

    return join


def test_the_last_frame_is_the_one_that_is_seen_last(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", seconds=2, fps=24)
    frame = take_frame(clip, tmp_path / "frame.png", at_s=None)
    assert (frame.width, frame.height, round(frame.at_s * 24)) == (320, 180, 47)
    with Image.open(tmp_path / "frame.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (320, 180)
        assert is_like(picture.convert("RGB").getpixel((160, 10)), (250, 250, 250))  # the strip is brightest at the end


@pytest.mark.parametrize(("at_s", "number"), [(0, 0), (0.5, 12), (0.51, 12), (0.5417, 13), (1.96, 47), (99, 47)])
def test_the_frame_at_the_playhead_is_the_one_that_is_seen_there(tmp_path, at_s, number):
    clip = write_clip(tmp_path / "clip.mp4", seconds=2, fps=24)
    frame = take_frame(clip, tmp_path / "frame.png", at_s=at_s)
    assert round(frame.at_s * 24) == number
    with Image.open(tmp_path / "frame.png") as picture:
        assert is_like(picture.convert("RGB").getpixel((160, 10)), (round(255 * number / 48),) * 3, within=8)


def test_what_is_no_film_says_so(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"nothing" * 99)
    with pytest.raises(CutError):
        take_frame(tmp_path / "clip.mp4", tmp_path / "frame.png", at_s=None)


def test_films_of_the_same_kind_are_copied_picture_by_picture(joined):
    done, film, found = joined({"color": RED}, {"color": GREEN}, {"color": BLUE, "seconds": 2})
    assert (done.is_encoded, done.frames) == (False, 96)
    assert (found.frames, found.duration_s, found.fps, found.faults) == (96, 4.0, 24.0, 0)
    for seconds, color in ((0.5, RED), (1.5, GREEN), (3.5, BLUE)):
        assert is_like(looks(film, seconds), color)


def test_films_of_other_sizes_and_rates_are_fitted_into_the_first(joined):
    done, film, found = joined(
        {"color": RED}, {"color": GREEN, "size": (180, 320), "fps": 30}, {"color": BLUE, "fps": 12}
    )
    assert done.is_encoded
    assert (found.width, found.height, found.fps, found.duration_s, found.frames) == (320, 180, 30.0, 3.0, 90)
    for seconds, color in ((0.5, RED), (1.5, GREEN), (2.5, BLUE)):
        assert is_like(looks(film, seconds), color)


def test_sound_is_kept_and_stays_with_its_pictures(joined):
    import av

    done, film, found = joined({"color": RED}, {"color": GREEN, "sound": True})
    assert done.is_encoded
    assert found.has_sound
    with av.open(str(film)) as container:
        loud = [(frame.time, float(abs(frame.to_ndarray()).max())) for frame in container.decode(audio=0)]
    assert max(level for time, level in loud if time < 0.9) < 0.01
    assert min(level for time, level in loud if 1.1 < time < 1.9) > 0.3
    assert abs(loud[-1][0] - 2) < 0.1


def test_a_long_film_takes_no_more_memory_than_a_short_one(tmp_path):
    """Measured as the peak of a process of its own."""
    import subprocess
    import sys

    from apps.video import cutting

    code = (  # VmHWM: unlike ru_maxrss it begins anew with the program
        "import re, runpy, sys; sys.argv = ['cutting.py'];"
        f"cut = runpy.run_path({cutting.__file__!r});"
        f"cut['_join'](sys.stdin.read().split(), {str(tmp_path / 'o.mp4')!r}, {str(tmp_path / 'p')!r});"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    one = write_clip(tmp_path / "one.mp4", size=(640, 360), seconds=2)
    other = write_clip(tmp_path / "other.mp4", size=(640, 360), fps=25, seconds=2)

    def peak(times: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code], input=f"{one} {other} " * times, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert peak(8) < 1.25 * peak(2)
