"""Takes the README's pictures from a running product: starts a studio of its own, uses it, and presses the shutter.

.venv/bin/python scripts/screenshots.py        (needs the development packages and Chromium)
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
TEXTS = (
    "Good evening, and welcome back to the night shift.",
    "The last ferry leaves at nine. Please keep your ticket with you.",
    "Tonight we follow a small boat out past the harbour lights, where the water turns to glass and every word carries "
    "for miles. (breath) Stay with us until morning, and bring a warm coat: <#0.4#> the wind comes from the north.",
)

PICTURE = "A rainy city street at night, neon signs reflected in puddles, cinematic, wide view"
QUESTION = "Which models are there, and what do they cost?"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def set_up(page: Page, url: str) -> str:
    """Make the owner and the workspace; return the workspace's address."""
    page.goto(url)
    for field, value in {
        "name": "Olga Lindqvist",
        "email": "olga@example.com",
        "password": "correct horse battery",
        "workspace": "Night Shift",
    }.items():
        page.fill(f"[name={field}]", value)
    page.click("main button[type=submit]")
    page.wait_for_url("**/w/night-shift/")
    return page.url


def speak(page: Page, home: str) -> None:
    page.goto(f"{home}speech/")
    for text in TEXTS[:-1]:
        page.fill("textarea[name=text]", text)
        page.keyboard.press("Control+Enter")
        page.get_by_text("Kept in the library").wait_for()
        page.wait_for_timeout(6000)
    page.fill("textarea[name=text]", TEXTS[-1])
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(5500)
    page.screenshot(path=TARGET / "speech.png")


def paint(page: Page, home: str) -> None:
    page.goto(f"{home}images/?{urlencode({'text': PICTURE})}")
    page.wait_for_selector("#images[data-ready]")
    page.get_by_role("button", name="4:3").or_(page.locator("label", has_text="4:3")).first.click()
    page.fill("[name=n]", "4")
    page.click("[data-make]")
    page.locator(".picture").nth(3).wait_for(timeout=120_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=TARGET / "images.png")


def ask(page: Page, home: str) -> None:
    page.goto(f"{home}chat/?{urlencode({'text': QUESTION})}")
    page.locator("#id_say").press("Enter")
    page.locator("article.turn--assistant[data-status=done]").wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    page.screenshot(path=TARGET / "chat.png")


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        port = free_port()
        command = [sys.executable, "manage.py", "up", "--port", str(port), "--data", data]
        studio = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert studio.stdout
            next(line for line in studio.stdout if "is ready" in line)
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
            home = set_up(page, f"http://localhost:{port}/")
            speak(page, home)
            ask(page, home)
            paint(page, home)
            browser.close()
        finally:
            studio.terminate()
            studio.wait(20)


if __name__ == "__main__":
    main()
