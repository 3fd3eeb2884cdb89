"""The drawer of an asset: everything known of it, where it goes from here, and what is lost without it."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from apps.books.models import Book
from apps.chat.models import Call, Conversation, Message
from apps.jobs.models import Job
from apps.library import lineage
from apps.library.dependants import MOST, dependants_of
from apps.library.models import Asset
from apps.library.services import keep
from apps.sharing.services import share
from apps.voices.models import Consent, Voice
from tests.library.test_views import HTMX, make_row, url

pytestmark = pytest.mark.django_db


def picture(member, title: str, **values) -> Asset:
    row = make_row(member, title, **({"kind": "image", "content_type": "image/png", "file": "x.png"} | values))
    lineage.record(row)
    return row


def depends(member, asset: Asset) -> dict[str, list[str]]:
    return {str(group.name): [str(label) for label, _url in group.things] for group in dependants_of(member, asset)}


def details(client, member, asset: Asset) -> str:
    client.force_login(member.user)
    return client.get(url("asset", asset), headers=HTMX).content.decode()


def test_drawer_shows_relatives_versions_and_both_prices(client, creator):
    portrait = picture(creator, "portrait", kind="upload")
    request = {"prompt": "An owl", "reference": str(portrait.pk), "seed": 4}
    first = picture(creator, "owl one", text="An owl", request=request)
    second = picture(creator, "owl two", text="An owl", request=request, cost_usd=Decimal("0.0035"), trace_id="04abc")
    job = Job.objects.create(
        workspace=creator.workspace, created_by=creator.user, kind="image", title="An owl", request=request, click="1",
        status="succeeded", estimate_usd=Decimal("0.0040"), results=[{}],
    )  # fmt: skip
    job.assets.add(second)
    html = details(client, creator, second)
    assert url("asset", portrait) in html
    assert url("asset", first) in html
    assert "$0.0035" in html
    assert "$0.004 was expected" in html
    assert 'data-copy="04abc"' in html
    assert f'data-copy="{second.sha256}"' in html


def test_relatives_of_another_workspace_are_a_404_and_never_shown(client, creator, stranger):
    ours, theirs = picture(creator, "ours"), picture(stranger, "theirs")
    lineage.Derivation.objects.create(child=theirs, parent=ours, role="reference")
    assert "theirs" not in details(client, creator, ours)
    assert client.get(url("asset", theirs), headers=HTMX).status_code == 404
    client.force_login(stranger.user)
    assert client.post(url("trash", ours), {"sure": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("only", "filled"),
    [
        ("", {"prompt": "An owl", "seed": 4, "aspect_ratio": "4:3"}),
        ("prompt", {"prompt": "An owl"}),
        ("settings", {"seed": 4, "aspect_ratio": "4:3"}),
        ("seed", {"seed": 4}),
    ],
)
def test_all_settings_or_a_part_of_them_go_back_into_the_form(client, creator, only, filled):
    request = {"prompt": "An owl", "seed": 4, "aspect_ratio": "4:3"}
    owl = picture(creator, "owl", text="An owl", request=request)
    html = details(client, creator, owl)
    address = f"{reverse('images:index', args=['night-shift'])}?from={owl.pk}"
    assert f"{address}&amp;only={only}" in html or not only
    assert client.get(f"{address}&only={only}").context["form"].initial == filled


def test_remix_is_the_same_with_another_seed(client, creator):
    owl = picture(creator, "owl", text="An owl", request={"prompt": "An owl", "seed": 4})
    client.force_login(creator.user)
    address = f"{reverse('images:index', args=['night-shift'])}?from={owl.pk}&only=remix"
    initial = client.get(address).context["form"].initial
    assert initial["prompt"] == "An owl"
    assert initial["seed"] not in (None, 4)


def test_text_file_is_read_aloud_from_its_beginning(client, creator, tmp_path, rings):
    source = tmp_path / "story.txt"
    source.write_text("Once upon a time there was an owl. " * 500)
    story = keep(
        creator, kind="upload", title="story", text="", source=source, filename="story.txt", content_type="text/plain",
        request={},
    )  # fmt: skip
    address = f"{reverse('speech:index', args=['night-shift'])}?read={story.pk}"
    assert address in details(client, creator, story)
    text = client.get(address).context["form"].initial["text"]
    assert text.startswith("Once upon a time")
    assert len(text) <= 10_000


def test_what_depends_on_it_is_named_by_every_app(creator, owner):
    proof = picture(creator, "proof")
    consent = Consent.objects.create(
        workspace=creator.workspace, person="Anna", how="file", file=proof, given_by=owner.user
    )
    values = {"workspace": creator.workspace, "created_by": owner.user, "name": "Anna’s voice", "origin": "clone"}
    Voice.objects.create(consent=consent, sample=proof, **values)
    picture(creator, "child", request={"reference": str(proof.pk)})
    values = {"workspace": creator.workspace, "created_by": owner.user, "title": "An owl", "kind": "image"}
    Job.objects.create(request={"reference": str(proof.pk)}, click="1", **values)
    Job.objects.create(request={"reference": str(proof.pk)}, click="2", status="succeeded", **values)
    share(owner, proof)
    for member, title in ((creator, "mine"), (owner, "secret")):
        talk = Conversation.objects.create(
            workspace=creator.workspace, created_by=member.user, title=title, moved_at=proof.created_at
        )
        blocks = [{"type": "image", "asset": str(proof.pk)}]
        Message.objects.create(conversation=talk, role="user", created_by=member.user, blocks=blocks, click=title)
    found = depends(creator, proof)
    assert found["Voices made from it"] == ["Anna’s voice"]
    assert found["Consent that it proves"] == ["Anna: Anna’s voice"]
    assert found["Made from it"] == ["child"]
    assert found["Jobs on their way"] == ["Image: An owl"]
    assert sorted(found["Conversations that show it"]) == ["Somebody’s own conversation", "mine"]
    assert len(found["Public links"]) == 1
    assert "secret" not in str(found)


def test_asset_says_which_conversation_book_and_voice_it_comes_from(creator, owner):
    recording = make_row(creator, "recording", kind="voice_sample", content_type="audio/wav")
    values = {"workspace": creator.workspace, "created_by": creator.user}
    voice = Voice.objects.create(name="Anna", origin="clone", sample=recording, **values)
    book = Book.objects.create(title="The sea", click="1", **values)
    request = {"book": str(book.pk), "chapter": ""}
    edition = make_row(creator, "edition", kind="book", voice_id=voice.alias, request=request)
    newer = make_row(creator, "edition", kind="book", request=request)
    lineage.record_all([edition, newer])
    talk = Conversation.objects.create(title="Nightly", moved_at=edition.created_at, **values)
    said = Message.objects.create(conversation=talk, role="assistant", created_by=creator.user, click="2")
    job = Job.objects.create(kind="image", title="An owl", request={}, click="1", **values)
    job.assets.add(edition)
    Call.objects.create(message=said, call_id="1", name="make_image", job=job)
    seen = lineage.family(creator, edition)
    assert sorted(origin.title for origin in seen.origins) == ["Anna", "Nightly", "The sea"]
    assert [each.asset for each in seen.parents] == [recording]
    assert seen.versions == [edition, newer]
    assert sorted(origin.title for origin in lineage.family(owner, edition).origins) == ["Anna", "The sea"]
    lineage.Derivation.objects.all().delete()
    import_module("apps.voices.migrations.0005_lineage").look_back(apps, None)
    assert [each.asset for each in lineage.family(creator, recording).children] == [edition]


def test_list_of_what_depends_on_it_is_short(creator):
    portrait = picture(creator, "portrait")
    for number in range(MOST + 3):
        picture(creator, f"child {number}", request={"reference": str(portrait.pk)})
    (group,) = dependants_of(creator, portrait)
    assert len(group.things) == MOST
    assert group.has_more


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_whoever_throws_away_what_others_need_is_asked_first(client, creator, headers):
    portrait = picture(creator, "portrait")
    picture(creator, "child", request={"reference": str(portrait.pk)})
    client.force_login(creator.user)
    asked = client.post(url("trash", portrait), headers=headers)
    assert "child" in asked.content.decode()
    assert asked.headers.get("HX-Retarget") == ("#drawer" if headers else None)
    assert Asset.objects.get(pk=portrait.pk).trashed_at is None
    client.post(url("trash", portrait), {"sure": "1"}, headers=headers)
    assert Asset.objects.get(pk=portrait.pk).trashed_at is not None


def test_what_nothing_depends_on_goes_at_once(client, creator):
    alone = picture(creator, "alone")
    assert "Nothing depends on it" in details(client, creator, alone)
    client.post(url("trash", alone), headers=HTMX)
    assert Asset.objects.get(pk=alone.pk).trashed_at is not None


def test_viewer_is_offered_nothing_that_changes_anything(client, viewer):
    owl = picture(viewer, "owl", text="An owl", request={"prompt": "An owl"})
    html = details(client, viewer, owl)
    assert "library" in html
    for name in ("only=prompt", "first_frame_image", url("trash", owl)):
        assert name not in html
    assert client.post(url("trash", owl), {"sure": "1"}).status_code == 403


def test_drawer_costs_the_same_however_many_relatives_there_are(client, creator, django_assert_max_num_queries):
    portrait = picture(creator, "portrait")
    for number in range(30):
        picture(creator, f"child {number}", text="same", request={"reference": str(portrait.pk)})
    client.force_login(creator.user)
    client.get(url("asset", portrait), headers=HTMX)
    with django_assert_max_num_queries(40):
        client.get(url("asset", portrait), headers=HTMX)
