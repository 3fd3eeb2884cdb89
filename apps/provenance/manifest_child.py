"""Signs files and checks signatures, in a process apart: the C2PA library is native code that opens any file.

A program for `apps.library.children.run_child`: `sign` or `check`, JSON in, JSON out. The private key comes with the
order, over the pipe, and is in no file and no argument. It knows no package of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa

# What every order says: no address that a file names is asked for anything.
QUIET: dict[str, dict[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}


def _context(**more: Any) -> c2pa.Context:
    return c2pa.Context(settings=c2pa.Settings.from_dict({**QUIET, **more}))


def _sign(
    source: str, target: str, content_type: str, manifest: dict[str, Any], chain: str, key: str
) -> dict[str, Any]:
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo("es256", chain.encode(), key.encode(), None))
    with Path(source).open("rb") as given, Path(target).open("w+b") as made:
        c2pa.Builder(manifest, context=_context()).sign(signer, content_type, given, made)
    return {}


def _check(path: str, content_type: str, anchors: str) -> dict[str, Any]:
    """`state`: "Trusted", "Valid", "Invalid", or "" where there is no manifest."""
    trust = {"trust": {"user_anchors": anchors}, "verify": {**QUIET["verify"], "verify_trust": True}} if anchors else {}
    with Path(path).open("rb") as file:
        try:
            reader = c2pa.Reader(content_type or None, file, context=_context(**trust))
        except c2pa.C2paError.ManifestNotFound:
            return {"state": ""}
        except c2pa.C2paError as error:
            return {"state": "", "fault": str(error)[:300]}
        said = json.loads(reader.json())
    return {
        "state": said.get("validation_state", "Invalid"),
        "manifest": said.get("manifests", {}).get(said.get("active_manifest"), {}),
        "results": said.get("validation_results", {}).get("activeManifest", {}),
    }


def main() -> None:
    acts: dict[str, Callable[..., dict[str, Any]]] = {"sign": _sign, "check": _check}
    json.dump(acts[sys.argv[1]](**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
