"""A page's cards are filled in, not rendered; nobody can tell."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from apps.library.cards import render_card
from tests.library.test_search import make

pytestmark = pytest.mark.django_db
PICTURE = {"kind": "image", "content_type": "image/png", "measurements": {"width": 1280, "height": 720}}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("rating", [0, 4])
@pytest.mark.parametrize(
    "values",
    [
        {"duration_s": 2.0, "peaks": [10, 100, 40] * 200},
        {"duration_s": 3725.125, "peaks": [0], "voice_id": "English_CalmWoman", "subtitles": [{"text": "x"}]},
        {"status": "saved", "voice_id": "<b>mine</b>"},
        {"status": "damaged"},
        PICTURE,
        PICTURE | {"poster": "x.webp"},
        PICTURE | {"kind": "video", "content_type": "video/mp4", "poster": "x.webp", "duration_s": 6.0},
        {"kind": "video", "content_type": "video/mp4"},
        {"kind": "upload", "content_type": "application/pdf", "size": 1_234_567},
    ],
)
def test_a_filled_in_card_is_the_rendered_one(creator, values, rating, language):
    make(creator, "An owl")
    for title in ("<script>\"&' {{ x }} %s \ue000", "夜班 100 %"):
        one = make(creator, title, rating=rating, **values)
        with translation.override(language), timezone.override("Asia/Tokyo"):
            assert render_card(one) == render_to_string("library/_card.html", {"asset": one})
            starred = render_to_string("library/_card.html", {"asset": one, "favourites": {one.pk}})
            assert render_card(one, is_favourite=True) == starred
