"""Fail when a tracked file names a package registry's host, a machine's own path, or holds a built artefact."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "names a package registry": r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|jsdelivr|unpkg\.com|cdnjs",
    "names an index": r"--(extra-)?index-url[ =]|--find-links[ =]|\"resolved\":",
    "names a folder of one machine": r"(?<![\w.])/(home|root|Users)/[a-z]|/opt/(pypi|wheels)",
}
SIZE_LIMIT = 1_500_000  # bytes; screenshots are the largest files here


def main() -> int:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    faults = []
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if not path.is_file() or path == Path(__file__).resolve():
            continue
        content = path.read_bytes()
        if len(content) > SIZE_LIMIT:
            faults.append(f"{name}: {len(content):,} bytes; built or third-party files are not kept here")
        text = content.decode(errors="ignore")
        for why, pattern in FORBIDDEN.items():
            for found in re.finditer(pattern, text):
                line = text.count("\n", 0, found.start()) + 1
                faults.append(f"{name}:{line}: {why}: {found.group()}")
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
