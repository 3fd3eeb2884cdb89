"""C2PA manifests: a signed note within a file that says what made it. Written and checked in a process apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.library.children import ChildError, run_child
from apps.library.details import making_of
from apps.library.models import Asset, Derivation
from apps.provenance.carriers.xmp import SOURCE
from apps.provenance.identity import Signer, roots

CHILD = Path(__file__).with_name("manifest_child.py")
GENERATION = "studio.generation"  # the label of our own assertion
TYPES = {
    "image/jpeg", "image/png", "image/webp", "video/mp4", "audio/mpeg", "audio/wav", "audio/mp4", "audio/flac",
}  # fmt: skip
BLOCK_BY_BLOCK = {"video/mp4", "audio/mp4"}
# Other files the library holds in memory up to three times over, in the child: 500 MB of WAV took 1.5 GB.
LARGEST_WHOLE = 100_000_000  # bytes
MADE_FROM_OTHERS = {"frame", "film"}  # these are what they were made from
ALWAYS_MADE = {"book"}


class NotSignedError(Exception):
    """The text is what the library said."""


def is_made_by_ai(asset: Asset, depth: int = 3) -> bool:
    """What people brought or recorded themselves is not; a still of a film is what the film is."""
    if asset.model or asset.kind in ALWAYS_MADE:
        return True
    if asset.kind not in MADE_FROM_OTHERS or not depth:
        return False
    parents = [each.parent for each in Derivation.objects.filter(child=asset).select_related("parent")[:20]]
    return bool(parents) and all(is_made_by_ai(parent, depth - 1) for parent in parents)


def can_sign(content_type: str, size: int) -> bool:
    return content_type in TYPES and (size <= LARGEST_WHOLE or content_type in BLOCK_BY_BLOCK)


def can_check(path: Path) -> bool:
    """Whether it is looked at: films of any length, other files only as long as the memory for them is known."""
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    return is_mp4 or path.stat().st_size <= 3 * LARGEST_WHOLE


def write_definition(asset: Asset, *, with_prompt: bool, hide_text: bool) -> dict[str, Any]:
    """What is signed: that a machine made it, with which model and when."""
    when, on_sandbox = asset.created_at.isoformat(timespec="seconds"), making_of(asset).is_on_sandbox
    agent = asset.model or asset.kind
    generation: dict[str, Any] = {"kind": asset.kind, "model": asset.model, "made_at": when, "id": str(asset.pk)}
    if on_sandbox:
        agent, generation["sandbox"] = f"sandbox ({agent})", True
    if with_prompt and not hide_text and asset.text:
        generation["prompt"] = asset.text[:20_000]
    action = {
        "action": "c2pa.created",
        "when": when,
        "digitalSourceType": SOURCE,
        "softwareAgent": {"name": agent},
    }
    return {
        "claim_generator_info": [{"name": "Studio", "version": "1"}],
        "title": "" if hide_text else asset.title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": GENERATION, "data": generation},
        ],
    }


def sign(source: Path, target: Path, content_type: str, definition: dict[str, Any], signer: Signer) -> None:
    """Blocks. Raises NotSignedError."""
    order = {
        "source": str(source),
        "target": str(target),
        "content_type": content_type,
        "manifest": definition,
        "chain": signer.chain,
        "key": signer.key,
    }
    try:
        run_child(CHILD, "sign", order=order, timeout_s=seconds_for(source))
    except ChildError as exc:
        raise NotSignedError(str(exc)) from exc


@dataclass(frozen=True)
class Verdict:
    """state: "own" signed here and unchanged; "other" unchanged, by a key that this studio does not know; "changed";
    "broken" a manifest that cannot be read; "none".
    """

    state: str
    signed_by: str = ""  # the name in the certificate
    organization: str = ""
    generator: str = ""  # the program that wrote it
    agent: str = ""  # the model, as the file says
    when: str = ""  # ISO 8601
    is_ai: bool = False
    prompt: str = ""
    asset_id: str = ""
    faults: tuple[str, ...] = field(default=())  # the codes of C2PA, e.g. "assertion.dataHash.mismatch"


def check(path: Path) -> Verdict:
    """Blocks. Asks nobody outside."""
    order = {"path": str(path), "content_type": "", "anchors": roots()}
    try:
        answer = run_child(CHILD, "check", order=order, timeout_s=seconds_for(path))
    except ChildError:
        return Verdict("broken")
    if not answer["state"]:
        return Verdict("broken" if _is_hurt(answer.get("fault", "")) else "none")
    return _read(answer)


def _is_hurt(fault: str) -> bool:
    """Whether there is a manifest that cannot be read, as against a kind of file that has none."""
    return bool(fault) and not any(word in fault for word in ("NotSupported", "unsupported", "type is", "detect"))


def _read(answer: dict[str, Any]) -> Verdict:
    manifest, results = answer["manifest"], answer["results"]
    codes = [str(each.get("code", "")) for each in results.get("failure", [])]
    faults = tuple(code for code in codes if code != "signingCredential.untrusted")
    state = "changed" if faults else {"Trusted": "own", "Valid": "other"}.get(answer["state"], "changed")
    signature = manifest.get("signature_info") or {}
    generators = manifest.get("claim_generator_info") or [{}]
    action: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    for each in manifest.get("assertions") or []:
        data = each.get("data") if isinstance(each.get("data"), dict) else {}
        if str(each.get("label", "")).startswith("c2pa.actions"):
            action = next(iter(data.get("actions") or []), {})
        elif each.get("label") == GENERATION:
            generation = data
    agent = action.get("softwareAgent") or ""
    return Verdict(
        state=state,
        signed_by=str(signature.get("common_name") or "")[:200],
        organization=str(signature.get("issuer") or "")[:200],
        generator=str(generators[0].get("name", ""))[:200],
        agent=str(agent.get("name", "") if isinstance(agent, dict) else agent)[:200],
        when=str(action.get("when") or generation.get("made_at") or signature.get("time") or "")[:40],
        is_ai=str(action.get("digitalSourceType", "")).endswith(("rainedAlgorithmicMedia", "algorithmicMedia")),
        prompt=str(generation.get("prompt", ""))[:20_000],
        asset_id=str(generation.get("id", ""))[:36],
        faults=faults,
    )


def seconds_for(path: Path) -> float:
    return 60 + path.stat().st_size / 5_000_000
