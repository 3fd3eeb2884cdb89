"""The fifteen camera commands, measured on a set in small."""

from __future__ import annotations

import numpy as np
import pytest

from apps.minimax import catalogue
from apps.sandbox.filming.camera import MOVES, Camera, read_commands
from apps.sandbox.filming.film import Plate, _path
from apps.sandbox.filming.sets import build_stage
from apps.sandbox.filming.stage import Stage
from apps.sandbox.scene import read_scene
from tests.sandbox.films import a_picture, shift_between

WIDTH, HEIGHT = 342, 192
PROMPT = "a city at noon"


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build_stage(read_scene(PROMPT), WIDTH, HEIGHT)


def look(stage: Stage, camera: Camera, moment: float) -> np.ndarray:
    return np.asarray(stage.paint(camera.at(moment), camera.shake_at(moment, moment * 6), 0.0))


def drift(stage: Stage, prompt: str, before: float = 0.4, after: float = 0.6) -> tuple[float, float]:
    camera = Camera(prompt, 1)
    return shift_between(look(stage, camera, before), look(stage, camera, after))


def growth(stage: Stage, prompt: str) -> float:
    """How far the left edge and the right edge of the picture go apart."""
    camera = Camera(prompt, 1)
    before, after = look(stage, camera, 0.4), look(stage, camera, 0.6)
    half = WIDTH // 2
    left, _ = shift_between(before[:, :half], after[:, :half])
    right, _ = shift_between(before[:, half:], after[:, half:])
    return right - left


def test_every_command_of_the_catalogue_is_known():
    commands = {command.lower() for group in catalogue.video.camera.values() for command in group}
    assert commands == set(MOVES)


@pytest.mark.parametrize(
    ("command", "axis", "sign"),
    [
        ("Pan left", 0, 1),
        ("Pan right", 0, -1),
        ("Truck left", 0, 1),
        ("Truck right", 0, -1),
        ("Tilt up", 1, 1),
        ("Tilt down", 1, -1),
        ("Pedestal up", 1, 1),
        ("Pedestal down", 1, -1),
        ("Tracking shot", 0, -1),
    ],
)
def test_the_picture_moves_against_the_camera(stage, command, axis, sign):
    moved = drift(stage, f"{PROMPT} [{command}]")
    assert moved[axis] * sign >= 2
    assert abs(moved[1 - axis]) <= 1


@pytest.mark.parametrize(("command", "sign"), [("Zoom in", 1), ("Push in", 1), ("Zoom out", -1), ("Pull out", -1)])
def test_the_picture_grows_or_shrinks(stage, command, sign):
    assert growth(stage, f"{PROMPT} [{command}]") * sign >= 2


def test_a_static_shot_does_not_move_and_a_shaken_one_does(stage):
    still, shaken = Camera("[Static shot]", 1), Camera("[Shake]", 1)
    assert np.array_equal(look(stage, still, 0), look(stage, still, 1))
    assert len({shaken.shake_at(i / 50, i / 25) for i in range(50)}) == 50
    assert not np.array_equal(look(stage, shaken, 0.1), look(stage, shaken, 0.12))


def test_moves_in_one_bracket_happen_at_once(stage):
    right, down = drift(stage, "[Pan left,Pedestal up]")
    assert right >= 2
    assert down >= 1


def test_brackets_are_followed_in_their_order(stage):
    prompt = "first [Pan left] then [Pan right]"
    assert drift(stage, prompt, 0.1, 0.4)[0] >= 2
    assert drift(stage, prompt, 0.6, 0.9)[0] <= -2


def test_near_things_move_more_than_far_ones_when_the_camera_travels(stage):
    camera = Camera("[Truck left]", 1)
    before, after = look(stage, camera, 0.3), look(stage, camera, 0.7)
    far, _ = shift_between(before[: HEIGHT // 2], after[: HEIGHT // 2])
    near, _ = shift_between(before[int(HEIGHT * 0.7) :], after[int(HEIGHT * 0.7) :])
    assert near > far > 0


def test_words_in_brackets_that_are_no_commands_are_left_alone():
    assert read_commands("[a note] a boat [Zoom in, hello] 【左移】") == [["zoom in"], ["truck left"]]


@pytest.mark.parametrize(("command", "sign"), [("Pan left", 1), ("Truck right", -1)])
def test_a_given_picture_is_panned_too(command, sign):
    plate = Plate(a_picture(WIDTH, HEIGHT))
    at = _path(Camera(f"[{command}]", 1), WIDTH, HEIGHT)
    frames = [np.asarray(plate.seen(*at(moment, moment * 6))) for moment in (0.3, 0.6)]
    assert shift_between(*frames)[0] * sign >= 2


def test_the_same_prompt_paints_the_same_set_and_another_one_does_not():
    paint = [
        look(build_stage(read_scene(prompt), WIDTH, HEIGHT), Camera(prompt, 1), 0.5)
        for prompt in ("a boat on the sea", "a boat on the sea", "a boat on the sea at night", "a forest in snow")
    ]
    assert np.array_equal(paint[0], paint[1])
    assert np.abs(paint[0].astype(int) - paint[2]).mean() > 12
    assert np.abs(paint[0].astype(int) - paint[3]).mean() > 12


@pytest.mark.parametrize("time", ["dawn", "noon", "sunset", "dusk", "night"])
@pytest.mark.parametrize(
    "place",
    ["sea", "lake", "mountains", "forest", "city", "desert", "galaxy", "meadow", "underwater", "room", "abstract"],
)
def test_every_place_can_be_painted_at_every_time(place, time):
    scene = read_scene(f"{place} at {time} with a person, birds, a tree, rain")
    frame = np.asarray(build_stage(scene, 228, 128).paint(Camera("", 1).at(0.5), (0, 0), 2.0))
    assert frame.std() > 8
