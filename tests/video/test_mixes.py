"""What goes together, against an independent statement of the vendor's pages (video generation, June 2026).

The page is walked as a person would: from any state, whatever is not greyed out may be pressed. None of the states that
come about that way makes a request that MiniMax forbids, and every request that it allows can be reached.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.jobs.models import Job
from apps.video.forms import VideoForm
from apps.video.generation import body_of

TODAYS = "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-02"
BOTH, SHORT = {6, 10}, {6}
# What may be asked for, by hand from the vendor's tables: mode → model → size → seconds.
ALLOWED: dict[str, dict[str, dict[str, set[int]]]] = {
    "t2v": {
        "MiniMax-Hailuo-2.3": {"768P": BOTH, "1080P": SHORT},
        "MiniMax-Hailuo-02": {"768P": BOTH, "1080P": SHORT},
        "T2V-01-Director": {"720P": SHORT},
        "T2V-01": {"720P": SHORT},
    },
    "i2v": {
        "MiniMax-Hailuo-2.3": {"768P": BOTH, "1080P": SHORT},
        "MiniMax-Hailuo-2.3-Fast": {"768P": BOTH, "1080P": SHORT},
        "MiniMax-Hailuo-02": {"512P": BOTH, "768P": BOTH, "1080P": SHORT},
        "I2V-01-Director": {"720P": SHORT},
        "I2V-01-live": {"720P": SHORT},
        "I2V-01": {"720P": SHORT},
    },
    "fl2v": {"MiniMax-Hailuo-02": {"768P": BOTH, "1080P": SHORT}},
    "s2v": {"S2V-01": {}},
}
MODELS = sorted({model for table in ALLOWED.values() for model in table})
KNOWN = {
    *("model", "prompt", "prompt_optimizer", "fast_pretreatment", "duration", "resolution", "callback_url"),
    *("first_frame_image", "last_frame_image", "subject_reference"),
}


def is_allowed(body: dict[str, Any]) -> bool:
    """Whether MiniMax's pages allow the request. The mode follows from the fields that are sent."""
    if not body.keys() <= KNOWN or len(body.get("prompt", "")) > 2000 or None in body.values():
        return False
    first, last, subject = (name in body for name in ("first_frame_image", "last_frame_image", "subject_reference"))
    if subject:
        forbidden = {"duration", "resolution", "fast_pretreatment", "first_frame_image", "last_frame_image"}
        [reference] = body["subject_reference"]
        return (
            body["model"] == "S2V-01"
            and not forbidden & body.keys()
            and reference["type"] == "character"
            and len(reference["image"]) == 1
        )
    mode = "fl2v" if last else "i2v" if first else "t2v"
    if (mode == "t2v" and not body.get("prompt")) or (last and not first):
        return False
    if body.get("fast_pretreatment") and (mode == "fl2v" or body["model"] not in TODAYS):
        return False
    return body.get("duration") in ALLOWED[mode].get(body["model"], {}).get(body.get("resolution", ""), set())


@dataclass(frozen=True)
class State:
    """What is set on the page."""

    mode: str = "t2v"
    model: str = ""
    resolution: str = ""
    duration: str = ""
    fast_pretreatment: bool = False

    @property
    def fields(self) -> dict[str, str]:
        fast = {"fast_pretreatment": "on"} if self.fast_pretreatment else {}
        named = {name: getattr(self, name) for name in ("mode", "model", "resolution", "duration")}
        return {name: value for name, value in named.items() if value} | fast


class Controls(HTMLParser):
    """What can be pressed and what is set, read off the page as a browser does."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.offered: list[tuple[str, str]] = [("mode", mode) for mode in ALLOWED]
        self.set: dict[str, str] = {}
        self.off: list[str] = []
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "select":
            self._select = given["name"] or ""
        name = self._select if tag == "option" else given.get("name") or ""
        if name not in ("model", "resolution", "duration", "fast_pretreatment"):
            return
        if tag == "select":
            return
        if "disabled" in given:
            self.off.append(f"{name}={given.get('value')}")
        else:
            self.offered.append((name, given.get("value") or "on"))
        if "checked" in given or "selected" in given:
            assert "disabled" not in given, f"{name} is set to what cannot be had"
            self.set[name] = given.get("value") or "on"


class Page:
    """The page as it answers to each press."""

    def __init__(self, client: Any, member: Any, pictures: list[str]) -> None:
        self.client, self.member, self.pictures = client, member, pictures
        self.seen: dict[State, tuple[State, list[tuple[str, str]]]] = {}

    def settle(self, state: State) -> tuple[State, list[tuple[str, str]]]:
        """What is set after the page has followed, and what can be pressed then."""
        if state not in self.seen:
            answer = self.client.get(reverse("video:mix", args=["night-shift"]), state.fields)
            controls = Controls(answer.content.decode())
            fast = controls.set.pop("fast_pretreatment", "") == "on"
            self.seen[state] = State(state.mode, **controls.set, fast_pretreatment=fast), controls.offered
        return self.seen[state]

    def press(self, state: State, name: str, value: str) -> State:
        if name == "fast_pretreatment":
            changed = State(**{**state.__dict__, name: not state.fast_pretreatment})
        else:
            changed = State(**{**state.__dict__, name: value})
        return self.settle(changed)[0]

    def request(self, state: State, **more: str) -> dict[str, Any] | None:
        """The request that Make would send; None when the form refuses."""
        names = ("first_frame_image", "last_frame_image", "subject_reference")
        pictures = dict(zip(names, self.pictures, strict=True))  # all of them: some were chosen in another mode
        form = VideoForm({"prompt": "A kite", **pictures, **state.fields, **more}, member=self.member)
        return body_of(form.cleaned_data, self.member.workspace) if form.is_valid() else None


@pytest.fixture
def page(client, creator, paid, kept_picture) -> Page:
    client.force_login(creator.user)
    return Page(client, creator, [str(kept_picture().pk) for _ in range(3)])


def reachable(page: Page) -> set[State]:
    start, _offered = page.settle(State())
    found, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for name, value in page.settle(state)[1]:
            following = page.press(state, name, value)
            if following not in found:
                found.add(following)
                todo.append(following)
    return found


def test_no_state_that_can_be_reached_makes_a_forbidden_request(page):
    states = reachable(page)
    assert len(states) > 30
    for state in states:
        body = page.request(state)
        assert body is not None, f"the page shows {state}, and the form refuses it"
        assert is_allowed(body), f"{state} sends {body}"


def test_every_allowed_mix_can_be_reached(page):
    reached = {
        (each.mode, each.model, each.resolution, each.duration, each.fast_pretreatment) for each in reachable(page)
    }
    wanted = set()
    for mode, table in ALLOWED.items():
        for model, sizes in table.items():
            fast = (False, True) if mode in ("t2v", "i2v") and model in TODAYS else (False,)
            pairs = [(size, str(each)) for size, seconds in sizes.items() for each in seconds] or [("", "")]
            wanted |= {(mode, model, *pair, quick) for pair in pairs for quick in fast}
    assert reached == wanted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(presses=st.lists(st.integers(0, 10_000), max_size=25), prompt=st.text(max_size=2000), last=st.booleans())
def test_no_walk_over_the_page_makes_a_forbidden_request(page, presses, prompt, last):
    state, offered = page.settle(State())
    for press in presses:
        state = page.press(state, *offered[press % len(offered)])
        offered = page.settle(state)[1]
    body = page.request(state, prompt=prompt, **({} if last else {"last_frame_image": ""}))
    assert body is None or is_allowed(body)


ANY = {
    "mode": st.sampled_from([*ALLOWED, "", "x"]),
    "model": st.sampled_from([*MODELS, "", "image-01"]),
    "resolution": st.sampled_from(["512P", "720P", "768P", "1080P", "", "4K"]),
    "duration": st.sampled_from(["6", "10", "", "8", "-1", "6.0", "6e0"]),
    "fast_pretreatment": st.sampled_from(["on", ""]),
    "prompt": st.sampled_from(["A kite", "", "   ", "x" * 2000, "x" * 2001, "\0"]),
}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.fixed_dictionaries(ANY), chosen=st.lists(st.booleans(), min_size=3, max_size=3))
def test_no_request_made_by_hand_gets_past_the_form(page, fields, chosen):
    names = ("first_frame_image", "last_frame_image", "subject_reference")
    pictures = {name: pk if is_chosen else "" for name, pk, is_chosen in zip(names, page.pictures, chosen, strict=True)}
    form = VideoForm({**fields, **pictures}, member=page.member)
    if form.is_valid():
        assert is_allowed(body_of(form.cleaned_data, page.member.workspace))


def test_the_form_takes_every_allowed_mix_and_no_other(page):
    sizes = ["512P", "720P", "768P", "1080P"]
    for mode, model, size, seconds in itertools.product(ALLOWED, MODELS, sizes, (6, 10)):
        is_fine = seconds in ALLOWED[mode].get(model, {}).get(size, set()) or (mode, model) == ("s2v", "S2V-01")
        body = page.request(State(mode, model, size, str(seconds)))
        assert (body is not None) == is_fine, (mode, model, size, seconds)


def test_what_is_left_out_is_filled_in_as_minimax_would(page):
    assert page.request(State("t2v", "MiniMax-Hailuo-02"))["resolution"] == "768P"
    assert page.request(State("i2v", "I2V-01"))["resolution"] == "720P"
    assert page.request(State("t2v", "MiniMax-Hailuo-2.3", duration="10"))["duration"] == 10


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State("t2v", "MiniMax-Hailuo-2.3-Fast"), "Hailuo 2.3 Fast is for: First frame."),
        (State("fl2v", "MiniMax-Hailuo-2.3"), "Hailuo 2.3 is for: From words, First frame."),
        (State("t2v", "MiniMax-Hailuo-2.3", "1080P", "10"), "10 s is not made at 1080P. Choose 768P first."),
        (State("t2v", "MiniMax-Hailuo-02", "512P", "6"), "512P is made by Hailuo 02 only, in the mode “First frame”."),
        (State("t2v", "MiniMax-Hailuo-2.3", "720P", "6"), "Hailuo 2.3 does not make 720P here."),
    ],
)
def test_a_mix_that_cannot_be_had_is_refused_with_its_reason_and_makes_no_job(page, state, sentence):
    answer = page.client.post(
        reverse("video:create", args=["night-shift"]),
        {"prompt": "A kite", "click": str(uuid.uuid4()), **state.fields, "first_frame_image": page.pictures[0]},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Job.objects.exists()


def test_beside_what_cannot_be_pressed_stands_why(page):
    url = reverse("video:mix", args=["night-shift"])
    shown = page.client.get(url, State("i2v", "MiniMax-Hailuo-02", "1080P", "6").fields).content.decode()
    assert "10 s is not made at 1080P. Choose 512P or 768P first." in shown or "Choose 768P or 512P first." in shown
    assert Controls(shown).off == ["resolution=720P", "duration=10"]
    assert "decides about size and length itself" in page.client.get(url, {"mode": "s2v"}).content.decode()
