"""The groups of the design page; the specimen of each is templates/home/design/<name>.html."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Group:
    name: str
    title: str | Promise
    text: str | Promise
    code: tuple[str, ...] = ()  # class names, attributes and files to use

    @property
    def template(self) -> str:
        return f"home/design/{self.name}.html"


GROUPS = [
    Group(
        "colour",
        _("Colour"),
        _("Warm paper, deep ink, one ember. Text keeps 4.5 : 1 on every surface, the edges of controls 3 : 1."),
        ("--color-paper", "--color-card", "--color-ink", "--color-ink-2", "--color-ink-3", "--color-accent"),
    ),
    Group(
        "type",
        _("Type"),
        _("Geist, set tight when large. 13 to 14 px to work in, 15 to 17 px to read. Numbers stand in columns."),
        ("--text-xs … --text-3xl", ".lead", ".read", ".muted", ".faint", ".number", ".mono", ".eyebrow"),
    ),
    Group(
        "space",
        _("Space, corners, depth"),
        _("Steps of 4 px. Corners of 8 px. Only what floats casts a shadow."),
        ("--space-1 … --space-24", "--radius-md", "--shadow-float", ".stack", ".row", ".grid"),
    ),
    Group(
        "buttons",
        _("Buttons"),
        _("One primary button per page. What costs money says how much, on the button."),
        (
            ".button",
            ".button--primary",
            ".button__price",
            ".button--quiet",
            ".button--danger",
            ".button--small",
            ".button--large",
            ".button--icon",
            ".button-group",
        ),
    ),
    Group(
        "fields",
        _("Fields"),
        _("The label above, the hint below, the error in its place."),
        (
            ".field",
            ".field__label",
            ".field__hint",
            ".field__error",
            ".input-group",
            "components/field.html",
            "components/form.html",
        ),
    ),
    Group(
        "choices",
        _("Choices"),
        _("Chips for a few words, segments for two to four, switches for what is on or off."),
        (".chips", ".chip", ".segmented", ".switch", ".check", ".select"),
    ),
    Group(
        "sliders",
        _("Sliders"),
        _("A range and a number that say the same. A double click on the label goes back to the default."),
        (".slider", "data-slider", "data-default", "data-origin", "components/slider.html"),
    ),
    Group(
        "cards",
        _("Cards and lists"),
        _("A hairline, no shadow. Rows when there are many."),
        (".card", ".card__head", ".card__meta", ".card__foot", ".card--link", ".group", ".list", ".list__row"),
    ),
    Group(
        "states",
        _("States"),
        _("A colour never stands alone: a word goes with it."),
        (".badge", ".badge--ok|warn|bad|info|accent", ".dot", ".dot--live", ".count", ".avatar", ".note"),
    ),
    Group(
        "player",
        _("Player"),
        _("The waveform is known before the sound is loaded, so nothing moves."),
        (".player", ".player__play", ".wave", ".wave__played", ".player__time", ".player--large", ".meter"),
    ),
    Group(
        "table",
        _("Tabs and tables"),
        _("Numbers to the end, hairlines between."),
        (".tabs", ".table-scroll", ".table", ".facts"),
    ),
    Group(
        "waiting",
        _("Waiting"),
        _("What is known is shown: a measure, or the shape of what will come."),
        (".progress", ".spinner", ".skeleton", ".skeleton--title", ".skeleton--block"),
    ),
    Group(
        "empty",
        _("Empty pages"),
        _("An empty page teaches: one example that runs with one click."),
        (".empty", "components/empty.html", "components/art.html"),
    ),
    Group(
        "floating",
        _("What floats"),
        _("The browser's own popovers and dialogs: Escape and a click beside close them."),
        (
            ".menu + popovertarget",
            ".dialog + data-open-dialog",
            ".drawer",
            "#drawer",
            "components/drawer_head.html",
            "components/dialog.html",
            ".toast",
            "data-tip",
            "data-copy",
            "data-shortcut",
        ),
    ),
]
