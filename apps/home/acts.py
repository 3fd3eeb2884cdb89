"""What a person can do, by name, for the command palette: each leads to where it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.workspaces import navigation
from apps.workspaces.models import Membership

Text = str | Promise


@dataclass(frozen=True)
class Act:
    """`can`: as for navigation.Page; `page`: offered only where that page is; `query`: added to the address."""

    name: str
    label: Text
    icon: str  # a name at lucide.dev
    url_name: str  # takes the workspace's slug
    can: str = "create"
    page: str = ""
    query: str = ""
    words: Text = ""  # more that finds it


@dataclass(frozen=True)
class HereAct:
    """Something that the page itself does: it opens the dialog `opens`, or folds the part `folds`."""

    name: str
    label: Text
    icon: str
    opens: str = ""
    folds: str = ""
    words: Text = ""


ACTS = [
    Act("speak", _("Speak a text"), "audio-lines", "speech:index", page="speech", words=_("speech, voice, say, new")),
    Act("read", _("Read a long text aloud"), "book-audio", "books:new", page="books", words=_("book, chapters, new")),
    Act("clone", _("Clone a voice"), "mic", "voices:clone", page="voices", words=_("record, new voice")),
    Act("design", _("Design a voice"), "wand-sparkles", "voices:design", page="voices", words=_("describe, new voice")),
    Act("audition", _("Hear a sentence in many voices"), "ear", "voices:audition", page="voices", words=_("compare")),
    Act("image", _("Make an image"), "image", "images:index", page="images", words=_("picture, draw, new")),
    Act("video", _("Make a video"), "clapperboard", "video:index", page="video", words=_("film, animate, new")),
    Act("template", _("Fill in a template"), "drama", "agents:index", page="agents", words=_("video, agent, new")),
    Act("song", _("Make a song"), "music", "music:index", page="music", words=_("lyrics, sing, new")),
    Act("talk", _("New conversation"), "message-circle-plus", "chat:index", page="chat", words=_("chat, ask, model")),
    Act("models", _("Compare models"), "columns-2", "chat:compare", page="chat", words=_("side by side")),
    Act("prompts", _("Prompt library"), "library-big", "chat:prompts", page="chat", words=_("templates, variables")),
    Act("collect", _("New collection"), "folder-plus", "collections:index", words=_("folder, group")),
    Act("collections", _("Collections"), "layers", "collections:index", can="view", words=_("folders, groups")),
    Act("stars", _("My favourites"), "heart", "library:index", can="view", query="favourite=1", words=_("stars")),
    Act("trash", _("Trash"), "trash-2", "library:index", can="view", query="trash=1", words=_("deleted, restore, bin")),
    Act(
        "storage",
        _("Storage and its limits"),
        "hard-drive",
        "library:storage",
        can="view",
        words=_("quota, full"),
    ),
    Act("invite", _("Invite somebody"), "user-plus", "workspaces:members", can="manage", words=_("team, member")),
]
HERE_ACTS = [
    HereAct("shortcuts", _("Keyboard shortcuts"), "keyboard", opens="shortcuts", words=_("keys, help")),
    HereAct("fold", _("Fold or unfold the side bar"), "panel-left", folds="rail", words=_("rail, wide")),
]


def acts_for(member: Membership) -> Iterator[tuple[Act, str]]:
    """What the member may do, and where."""
    offered = {page.name for page in navigation.pages_for(member)}
    for act in ACTS:
        if member.may(act.can) and (not act.page or act.page in offered):
            address = reverse(act.url_name, args=[member.workspace.slug])
            yield act, f"{address}?{act.query}" if act.query else address
