"""Sealing everything anew with the newest secret, so that an old one can be given up."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from apps.workspaces.sealing import SealBrokenError, reseal

FACTOR_SECRETS = ("secret", "seed")  # of an app's codes, and of recovery codes


def sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every column named `…_sealed`: what an app seals is found without being listed here."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name.endswith("_sealed"):
                yield model, field.name


@transaction.atomic
def reseal_everything() -> tuple[int, list[str]]:
    """Return how many secrets were sealed anew, and which no known secret opens: those stay as they are."""
    count, lost = 0, []
    for model, name in sealed_columns():
        rows = model._base_manager.exclude(**{name: ""}).select_for_update()
        for pk, sealed in list(rows.values_list("pk", name)):
            try:
                model._base_manager.filter(pk=pk).update(**{name: reseal(sealed)})
                count += 1
            except SealBrokenError:
                lost.append(f"{model._meta.label} {pk}")
    for factor in list(Authenticator.objects.select_for_update()):
        try:
            anew = {name: reseal(factor.data[name]) for name in FACTOR_SECRETS if factor.data.get(name)}
        except SealBrokenError:
            lost.append(f"{factor._meta.label} {factor.pk}")
            continue
        if anew:
            Authenticator.objects.filter(pk=factor.pk).update(data={**factor.data, **anew})
            count += 1
    return count, lost
