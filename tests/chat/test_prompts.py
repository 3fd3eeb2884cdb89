"""The prompt library: variables, versions, who sees what, and what comes into the composer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from django.urls import reverse

from apps.chat.models import Prompt
from apps.chat.prompts import GrammarError, Variable, fill, find_variables

pytestmark = pytest.mark.django_db


# --- the grammar ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("{{topic}}", Variable("topic")),
        ("{{ topic }}", Variable("topic")),
        ("{{topic:text}}", Variable("topic")),
        ("{{Größe der Stadt}}", Variable("Größe der Stadt")),
        ("{{letter:long}}", Variable("letter", "long")),
        ("{{count:number=3}}", Variable("count", "number", (), "3")),
        ("{{day:date=2026-02-28}}", Variable("day", "date", (), "2026-02-28")),
        ("{{tone:choice(warm|formal)}}", Variable("tone", "choice", ("warm", "formal"))),
        (
            "{{tone : choice( very warm | formal ) = formal }}",
            Variable("tone", "choice", ("very warm", "formal"), "formal"),
        ),
        ("{{name=Ada Lovelace}}", Variable("name", "text", (), "Ada Lovelace")),
    ],
)
def test_a_variable_is_read(text, variable):
    assert find_variables(f"Write about {text}.") == [variable]


@pytest.mark.parametrize("text", ["{topic}", "{{}}", "{{ 3 }}", "{{% if %}}", "{{a}", "{{{}}}", "${{ }}", "{{_x}}"])
def test_other_braces_stay_as_they_are(text):
    assert find_variables(text) == []
    assert fill(text, {}) == text


@pytest.mark.parametrize(
    "text",
    [
        "{{a:colour}}",
        "{{a:choice}}",
        "{{a:choice()}}",
        "{{a:text(b|c)}}",
        "{{a:number=many}}",
        "{{a:date=2026-02-30}}",
        "{{a:choice(b|c)=d}}",
        "{{a:number}} {{a:date}}",
        " ".join(f"{{{{a{number}}}}}" for number in range(31)),
    ],
)
def test_what_cannot_be_is_said(text):
    with pytest.raises(GrammarError):
        find_variables(text)


def test_the_type_is_said_once_and_holds_everywhere():
    assert find_variables("{{n}} times, {{n:number}}, {{n}}") == [Variable("n", "number")]


def test_a_value_is_never_read_as_a_variable():
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": r"\1"}) == r"{{b}} \1"


def test_a_long_text_full_of_braces_is_read_at_once():
    assert find_variables("{{a " * 10_000 + "{{" * 10_000) == []


# --- the library ------------------------------------------------------------------------------------------------------


def at(name: str, *args) -> str:
    return reverse(f"chat:{name}", args=["night-shift", *args])


@pytest.fixture
def as_member(client) -> Callable:
    def sign_in(member):
        client.force_login(member.user)
        return client

    return sign_in


@pytest.fixture
def make(as_member) -> Callable[..., Prompt]:
    def made(member, name="Letter", body="Dear {{name}},", **fields) -> Prompt:
        answer = as_member(member).post(at("add_prompt"), {"name": name, "body": body, **fields})
        assert answer.status_code == 302, answer.context["form"].errors
        return Prompt.objects.get(pk=answer.headers["Location"].rstrip("/").rpartition("/")[2])

    return made


def test_a_prompt_is_made_and_found_by_its_words(as_member, creator, make):
    make(creator, "Letter to the bank", "Dear {{name}}, about my account")
    make(creator, "Recipe", "Cook {{dish}}")
    html = as_member(creator).get(at("prompts"), {"q": "account LETTER"}).content.decode()
    assert "Letter to the bank" in html
    assert "Recipe" not in html


def test_a_mistake_in_the_grammar_is_shown_and_nothing_is_saved(as_member, creator):
    answer = as_member(creator).post(at("add_prompt"), {"name": "Letter", "body": "{{a:colour}}"})
    assert answer.status_code == 422
    assert "colour" in answer.content.decode()
    assert not Prompt.objects.exists()


def test_each_text_is_a_version_and_an_old_one_can_be_used_again(as_member, creator, make):
    prompt = make(creator, body="First")
    browser = as_member(creator)
    browser.post(at("prompt", prompt.pk), {"name": "Letter", "body": "Second"})
    browser.post(at("prompt", prompt.pk), {"name": "Renamed only", "body": "Second"})
    assert [(version.number, version.body) for version in prompt.versions.all()] == [(2, "Second"), (1, "First")]
    assert "First" in browser.get(at("prompt_version", prompt.pk, 1)).content.decode()
    browser.post(at("restore_prompt", prompt.pk, 1))
    prompt.refresh_from_db()
    assert (prompt.name, prompt.body, prompt.versions.count()) == ("Renamed only", "First", 3)


def test_a_private_prompt_is_seen_by_nobody_else(as_member, creator, owner, make):
    prompt = make(creator)
    browser = as_member(owner)
    for name, args in [("prompt", [prompt.pk]), ("use_prompt", [prompt.pk]), ("prompt_version", [prompt.pk, 1])]:
        assert browser.get(at(name, *args)).status_code == 404
    assert "Dear {{name}}" not in browser.get(at("prompts")).content.decode()


def test_a_shared_prompt_is_used_by_all_and_changed_by_its_maker_and_managers(as_member, creator, viewer, admin, make):
    prompt = make(creator, is_shared="on")
    assert "Letter" in as_member(viewer).get(at("prompts")).content.decode()
    assert as_member(viewer).get(at("use_prompt", prompt.pk)).status_code == 200
    assert as_member(viewer).post(at("delete_prompt", prompt.pk)).status_code == 403
    assert (
        as_member(admin).post(at("prompt", prompt.pk), {"name": "Ours", "body": "Hi", "is_shared": "on"}).status_code
        == 302
    )
    prompt.refresh_from_db()
    assert (prompt.name, prompt.created_by_id) == ("Ours", creator.user_id)


def test_another_creator_cannot_change_it(as_member, creator, owner, make, django_user_model):
    prompt = make(owner, is_shared="on")
    for name, args in [("prompt", [prompt.pk]), ("delete_prompt", [prompt.pk]), ("restore_prompt", [prompt.pk, 1])]:
        assert as_member(creator).post(at(name, *args)).status_code == 403


def test_strangers_find_nothing(as_member, creator, stranger, make):
    prompt = make(creator, is_shared="on")
    browser = as_member(stranger)
    for name, args in [("prompts", []), ("prompt_offer", []), ("prompt", [prompt.pk]), ("use_prompt", [prompt.pk])]:
        assert browser.get(at(name, *args)).status_code == 404


def test_a_deleted_prompt_is_gone_with_its_versions(as_member, creator, make):
    prompt = make(creator)
    assert as_member(creator).post(at("delete_prompt", prompt.pk), headers={"HX-Request": "true"}).status_code == 204
    assert not Prompt.objects.exists()


# --- in the composer --------------------------------------------------------------------------------------------------


def test_a_slash_offers_what_holds_the_words(as_member, creator, make):
    make(creator, "Letter")
    make(creator, "Recipe", "Cook")
    html = as_member(creator).get(at("prompt_offer"), {"q": "let"}).content.decode()
    assert re.findall(r"<strong[^>]*>(\w+)", html) == ["Letter"]


def filled(answer) -> str:
    return json.loads(answer.headers["HX-Trigger"])["prompt:filled"]["text"]


def test_a_prompt_without_variables_comes_at_once(as_member, creator, make):
    prompt = make(creator, body="Say hello.")
    assert filled(as_member(creator).get(at("use_prompt", prompt.pk))) == "Say hello."


def test_variables_are_asked_for_and_filled_in(as_member, creator, make):
    body = "{{count:number=3}} {{tone:choice(warm|cold)}} lines for {{name}} until {{day:date}}: {{name}}"
    prompt = make(creator, body=body)
    html = as_member(creator).get(at("use_prompt", prompt.pk)).content.decode()
    assert 'type="number"' in html
    assert 'type="date"' in html
    assert html.count("<option") == 2
    assert 'value="3"' in html
    values = {"v0": "4", "v1": "cold", "v2": "Ada <b>", "v3": "2026-12-24"}
    assert filled(as_member(creator).post(at("use_prompt", prompt.pk), values)) == (
        "4 cold lines for Ada <b> until 2026-12-24: Ada <b>"
    )


@pytest.mark.parametrize("wrong", [{"v0": "many"}, {"v1": "hot"}, {"v2": ""}])
def test_a_wrong_value_is_named(as_member, creator, make, wrong):
    prompt = make(creator, body="{{count:number}} {{tone:choice(warm|cold)}} {{name}}")
    answer = as_member(creator).post(at("use_prompt", prompt.pk), {"v0": "1", "v1": "warm", "v2": "Ada"} | wrong)
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
