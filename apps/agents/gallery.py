"""The templates as the wall shows them: which can be had, what each wants, and the little scene that stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.minimax.catalogue.schema import TemplateRow
from apps.workspaces.models import ConnectionKind

# The drawing of templates/agents/scenes that shows what a template does.
SCENES = {
    "392747428568649728": "dive",
    "393769180141805569": "chase",
    "397087679467597833": "robot",
    "393881433990066176": "rings",
    "393498001241890824": "lift",
    "393488336655310850": "climb",
    "393876118804459526": "tryon_him",
    "393866076583718914": "tryon_her",
    "393879757702918151": "courier",
    "394176968202485769": "miniature",
    "394514820878671878": "life",
    "397017167949312007": "pilot",
    "394875727173492739": "letters",
    "394220989629177861": "waterfall",
    "393853165953970178": "advert",
    "401431836934868999": "presenter",
    "392753057216684038": "dive",
    "394246956137422856": "toy",
    "393766210733957121": "portrait",
    "394125185182695432": "life",
    "393857704283172864": "winter",
    "398574688191234048": "seasons",
}
ANY_SCENE = "stage"  # for a template that is new in the catalogue


@dataclass(frozen=True)
class Template:
    """One row of the catalogue, with the words that a page needs."""

    row: TemplateRow

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def name(self) -> str:
        return _(self.row.name)

    @property
    def price(self) -> Decimal | None:
        return catalogue.price_of_template(self.id)

    @property
    def scene(self) -> str:
        return f"agents/scenes/{SCENES.get(self.row.id, ANY_SCENE)}.svg"

    @property
    def takes_media(self) -> bool:
        return self.row.media != "no"

    @property
    def takes_text(self) -> bool:
        return self.row.text != "no"

    @property
    def needs_media(self) -> bool:
        return self.row.media == "yes"

    @property
    def needs_text(self) -> bool:
        return self.row.text == "yes"

    @property
    def is_unsure(self) -> bool:
        """MiniMax has not said what it needs."""
        return "unknown" in (self.row.media, self.row.text)

    @property
    def media_hint(self) -> str:
        return _(self.row.media_hint) if self.row.media_hint else _("A picture")

    @property
    def text_hint(self) -> str:
        return _(self.row.text_hint) if self.row.text_hint else _("Your words")

    @property
    def wants(self) -> str:
        """What it needs, in one line."""
        if self.is_unsure:
            return _("MiniMax does not say what it needs")
        given = [self.media_hint] if self.needs_media else []
        if self.needs_text:
            given.append(self.text_hint if not given else self.text_hint[:1].lower() + self.text_hint[1:])
        return " + ".join(given)


def templates_for(connection_kind: str) -> list[Template]:
    """The templates that can be had where the workspace sends its requests, those of MiniMax's overview first."""
    region = "mainland" if connection_kind == ConnectionKind.MAINLAND else "global"
    rows = [row for row in catalogue.templates.values() if region in row.regions]
    return [Template(row) for row in sorted(rows, key=lambda row: not row.current)]


def find_template(template_id: str) -> Template | None:
    row = catalogue.templates.get(template_id)
    return Template(row) if row else None
