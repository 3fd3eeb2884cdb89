"""Put the pinned packages in place: Python's in .venv, the front end's in node_modules. Does nothing if they are there.

Run by the Makefile with the machine's `python3`, before anything is installed: standard library only. It names no
package index; pip, uv and npm find their own, through whatever mirror the person has configured.
"""

import argparse
import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
OLDEST_NPM = 7  # the first that reads our lock file

# What pip calls it → what uv calls it. uv does not read pip's configuration.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


class InstallError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and linters need")
    wants_dev = parser.parse_args().dev
    os.chdir(ROOT)
    try:
        install(wants_dev)
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def install(wants_dev: bool) -> None:
    stamp = read_stamp()
    python = "{}.{}".format(*sys.version_info)
    if stamp.get("python") != python or not PYTHON.exists():
        make_environment()
        stamp = {"python": python}

    dev = wants_dev or bool(stamp.get("dev"))  # once there, what tests need stays: a later `make run` changes nothing
    lock = "requirements-dev.lock" if dev else "requirements.lock"
    if stamp.get("packages") != fingerprint(lock):
        install_packages(lock)
        stamp.update(dev=dev, packages=fingerprint(lock))
        write_stamp(stamp)

    front_dev = wants_dev or bool(stamp.get("front_dev"))
    is_there = (ROOT / "node_modules" / ".package-lock.json").exists()
    if not is_there or stamp.get("front") != fingerprint("package-lock.json") or front_dev != stamp.get("front_dev"):
        install_front_end(front_dev)
        stamp.update(front_dev=front_dev, front=fingerprint("package-lock.json"))
        write_stamp(stamp)

    if next((ROOT / "locale").glob("*/LC_MESSAGES/django.po"), None):
        compile_translations()


def compile_translations() -> None:
    """Catalogues are kept as text; the studio reads them compiled. Nothing happens where that was done."""
    if not run([str(PYTHON), "scripts/messages.py", "compile"]):
        raise InstallError("The translations could not be compiled; the lines above say why.")


def read_stamp() -> dict:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def write_stamp(stamp: dict) -> None:
    STAMP.write_text(json.dumps(stamp))


def fingerprint(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def make_environment() -> None:
    say("Making a virtual environment in .venv.")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        raise InstallError(
            f"{made.stdout}{made.stderr}\n"
            "Python could not make a virtual environment. On Debian and Ubuntu, install the package python3-venv."
        )


def install_packages(lock: str) -> None:
    started = time.monotonic()
    say(f"Installing the Python packages of {lock}.")
    uv = find_uv()
    done = uv and run(
        [uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode", lock],
        env={**os.environ, **settings_for_uv()},
    )
    if not done:
        say("uv could not do it; installing with pip instead, which takes a minute or two.")
        if not run([*pip(), "install", "--quiet", "--require-hashes", "-r", lock]):
            raise InstallError("The packages could not be installed; the lines above say why.")
    say(f"Python packages installed in {time.monotonic() - started:.0f} s.")


def find_uv() -> str:
    """Return uv's path: the machine's own, or one that pip puts into the environment; "" if there is none."""
    uv = shutil.which("uv") or str(VENV / "bin" / "uv")
    if Path(uv).exists() or run([*pip(), "install", "--quiet", "--require-hashes", "-r", "requirements-uv.lock"]):
        return uv
    return ""


def pip() -> list:
    if not (VENV / "bin" / "pip").exists():
        run([str(PYTHON), "-m", "ensurepip"])
    return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]


def settings_for_uv() -> dict:
    """Return pip's mirror and certificate, as uv spells them, unless the person configured uv itself."""
    if any(name.startswith("UV_") and "INDEX" in name for name in os.environ):
        return {}
    listed = subprocess.run([*pip(), "config", "list"], capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        found.setdefault(key.rpartition(".")[2], str(ast.literal_eval(value)))  # the environment is listed first
    settings = {UV_NAMES[key]: " ".join(value.split()) for key, value in found.items() if key in UV_NAMES}
    if "UV_FIND_LINKS" in settings:
        settings["UV_FIND_LINKS"] = settings["UV_FIND_LINKS"].replace(" ", ",")
    if "no-index" in found:
        settings["UV_NO_INDEX"] = found["no-index"]
    # As pip does: any index may serve any package. The hashes say which file is the right one.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **settings}


def install_front_end(dev: bool) -> None:
    say("Installing the front-end packages.")
    npm = find_npm()
    omit = [] if dev else ["--omit=dev"]
    env = {**os.environ, "PATH": f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"}
    if not run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *omit], env=env):
        raise InstallError("The front-end packages could not be installed; the lines above say why.")


def find_npm() -> str:
    npm = shutil.which("npm")
    if npm and npm_version(npm) >= OLDEST_NPM:
        return npm
    own = VENV / "bin" / "npm"
    if not own.exists():
        say("Node is not on this machine; installing it into .venv (about 200 MB).")
        uv = find_uv()
        command = [uv, "pip", "install", "--python", str(PYTHON)] if uv else [*pip(), "install"]
        env = {**os.environ, **settings_for_uv()} if uv else dict(os.environ)
        if not run([*command, "--quiet", "--require-hashes", "-r", "requirements-node.lock"], env=env):
            raise InstallError("Node could not be installed. Install Node 20 or newer and run the command again.")
    return str(own)


def npm_version(npm: str) -> int:
    answer = subprocess.run([npm, "--version"], capture_output=True, text=True).stdout.strip()
    major = answer.partition(".")[0]
    return int(major) if major.isdigit() else 0


def run(command: list, env: "dict | None" = None) -> bool:
    return subprocess.run(command, env=env).returncode == 0


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
