import pytest

from apps.jobs import kinds
from apps.library import kinds as library_kinds
from apps.music.apps import MusicConfig
from apps.workspaces import navigation


@pytest.fixture
def registered(monkeypatch, settings):
    """What the app registers, in registries of its own."""

    def register(*, music: bool):
        for module, name in ((kinds, "_kinds"), (library_kinds, "_kinds"), (navigation, "_pages")):
            monkeypatch.setattr(module, name, {})
        settings.MUSIC = music
        MusicConfig.ready(None)
        return navigation.get_page("music"), library_kinds.get_kind("music")

    return register


def test_music_has_a_page_and_its_songs_can_be_made_again(registered):
    page, kind = registered(music=True)
    assert page.url_name == kind.recall == "music:index"


def test_where_it_is_switched_off_songs_stay_and_lead_nowhere(registered):
    page, kind = registered(music=False)
    assert page is None
    assert (kind.name, kind.recall) == ("music", "")


def test_lyrics_have_a_name_for_the_bill_and_no_files(registered):
    registered(music=True)
    assert str(library_kinds.get_kind("lyrics").label) == "Lyrics"
    assert [kind.name for kind in library_kinds.all_kinds()] == ["music"]
