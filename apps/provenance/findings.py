"""The codes of C2PA in plain sentences."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.provenance.manifests import Verdict

CONTENT = _("The picture, sound or film itself was changed after it was signed.")
NOTE = _("The note itself was changed after it was signed.")
SENTENCES: dict[str, str | Promise] = {
    "assertion.dataHash.mismatch": CONTENT,
    "assertion.bmffHash.mismatch": CONTENT,
    "assertion.boxesHash.mismatch": CONTENT,
    "assertion.hashedURI.mismatch": NOTE,
    "assertion.missing": _("A part of the note was taken out."),
    "claimSignature.mismatch": NOTE,
    "claimSignature.missing": _("The signature was taken out."),
    "claim.missing": _("A part of the note was taken out."),
    "signingCredential.expired": _("The certificate had ended when it was signed."),
    "signingCredential.invalid": _("The certificate is not one that may sign files."),
}


def explain(verdict: Verdict) -> list[str]:
    """What was changed, each thing once; a code that has no sentence stands for itself."""
    return list(dict.fromkeys(str(SENTENCES.get(code, code)) for code in verdict.faults))
