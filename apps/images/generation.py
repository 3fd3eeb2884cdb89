"""The work, and IMAGE, the kind of job it registers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.images.forms import OWN_SIZE, ImageForm
from apps.jobs.kinds import Errand, Finished, Kind
from apps.library.uploads import data_url
from apps.minimax import catalogue
from apps.minimax.images import generate_images
from apps.workspaces.models import Workspace


def price(request: Mapping[str, Any]) -> Decimal | None:
    each = catalogue.prices.image.get(str(request.get("model")))
    return None if each is None else each * int(request.get("n") or 1)


def submit(errand: Errand) -> Finished:
    """Ask MiniMax for the job's pictures. They come with the answer, so no link can end."""
    request = errand.job.request
    pictures = generate_images(errand.client, body(request, errand.job.workspace))
    asked = int(request.get("n") or 1)
    made = len(pictures.files)
    notice = ""
    if made < asked:
        notice = ngettext(
            "MiniMax made %(made)d of %(asked)d pictures and withheld %(left)d: its safety check objects.",
            "MiniMax made %(made)d of %(asked)d pictures and withheld %(left)d: its safety check objects.",
            asked - made,
        ) % {"made": made, "asked": asked, "left": asked - made}
    return Finished(
        results=[errand.keep(picture, "image") for picture in pictures.files],
        trace_id=pictures.trace_id,
        usage={"images": made},
        cost_usd=price({**request, "n": made}) if made < asked else None,
        notice=notice,
    )


def body(request: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """The job's settings as the wire wants them; what was left out is not sent."""
    sent: dict[str, Any] = {
        "model": request["model"],
        "prompt": request["prompt"],
        "n": request["n"],
        "prompt_optimizer": request["prompt_optimizer"],
    }
    if request["aspect_ratio"] == OWN_SIZE:
        sent |= {"width": request["width"], "height": request["height"]}
    else:
        sent["aspect_ratio"] = request["aspect_ratio"]
    if request.get("seed") is not None:
        sent["seed"] = request["seed"]
    if request.get("style_type"):
        sent["style"] = {"style_type": request["style_type"], "style_weight": request["style_weight"]}
    if request.get("reference"):
        picture = data_url(workspace.pk, request["reference"])
        sent["subject_reference"] = [{"type": catalogue.image.reference.kinds[0], "image_file": picture}]
    return sent


IMAGE = Kind(
    name="image",
    label=_("Image"),
    icon="image",
    page="images:index",
    family="image",
    form=ImageForm,
    title=lambda request: str(request["prompt"]),
    price=price,
    submit=submit,
)
