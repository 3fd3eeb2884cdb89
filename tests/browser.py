"""A whole studio in processes of its own, as `make run` starts it, and Chromium to use it with.

Fixtures: `studio` (started and set up once), `tab` (a signed-in page of its own for each test), `open_tab` (more of
them, with options of Playwright's new_context). Tests that use them are async and carry `browser.marks`.
"""

from __future__ import annotations

import asyncio
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, StorageState, async_playwright, expect

from studio.config import ROOT

PATIENCE_MS = 45_000  # a busy machine with two cores is slow, not broken
READY = re.compile(r"ready after .*: (http://\S+?)/?\s*$")
SANDBOX = re.compile(r"sandbox listens on ([\d.]+), port (\d+)")
OWNER = {"name": "Olga", "email": "olga@example.com", "password": "correct horse battery", "workspace": "Night Shift"}
AXE = ROOT / "node_modules/axe-core/axe.min.js"
IMPACTS = ["minor", "moderate", "serious", "critical"]

SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True},
    "laptop": {"viewport": {"width": 1440, "height": 900}},
}
# A phone that is shown a page too wide makes its window wider instead of scrolling.
TOO_WIDE = """(width) => {
    const fits = (element) => element.scrollWidth <= width && element.getBoundingClientRect().right <= width;
    if ([document.documentElement, document.querySelector("main")].every(fits)) return [];
    return [...document.querySelectorAll("body *")].filter((element) => !fits(element)).map((element) =>
        `too wide: ${element.cloneNode().outerHTML.slice(0, 160)} ends at ${element.getBoundingClientRect().right} px`);
}"""

# One loop for the whole session: a browser that is shared cannot live in a loop that ends with each test.
marks = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("browser")]


def find_chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no Chromium: .ci/run installs it")
        pytest.skip(
            "Chromium is not installed: `apt-get install chromium`, or put chromium or google-chrome on the PATH"
        )
    return found


@dataclass
class Studio:
    """A running studio with one owner, one workspace, and the sandbox."""

    url: str  # http://localhost:PORT
    sandbox_url: str
    sandbox_key: str = field(repr=False)
    slug: str = ""
    faults_of_setup: list[str] = field(default_factory=list)
    state: StorageState = field(default_factory=lambda: StorageState(cookies=[], origins=[]), repr=False)

    def at(self, path: str = "") -> str:
        """The address of a page of the workspace."""
        return f"{self.url}/w/{self.slug}/{path}"

    async def fault(self, name: str, *, seconds: float = 1, path: str = "/v1/t2a_v2", times: int = 1) -> None:
        """Have the sandbox go wrong on its next request, or the next ones."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.sandbox_key}"}) as client:
            wanted = {"fault": name, "seconds": seconds, "path": path, "times": times}
            (await client.post(f"{self.sandbox_url}/sandbox/faults", json=wanted)).raise_for_status()

    async def no_faults(self) -> None:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.sandbox_key}"}) as client:
            (await client.delete(f"{self.sandbox_url}/sandbox/faults")).raise_for_status()


def wait_for(lines: queue.Queue[str], pattern: re.Pattern[str], seconds: float, heard: list[str]) -> re.Match[str]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            continue
        heard.append(line)
        found = pattern.search(line)
        if found:
            return found
    pytest.fail(f"The studio did not say {pattern.pattern!r} within {seconds} s:\n{''.join(heard)}")


@pytest.fixture(scope="session")
def started_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """`manage.py up` on free ports and in an empty folder: the same parts in the same processes as a person gets."""
    find_chromium()
    data: Path = tmp_path_factory.mktemp("studio")
    env = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env["STUDIO_PRIVATE_HOSTS"] = "127.0.0.1"  # so that a workspace can take the sandbox for a gateway that is paid
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0", "--data", str(data), "--stop-with-parent"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda out: [lines.put(line) for line in out], args=(process.stdout,), daemon=True)
    reader.start()
    try:
        heard: list[str] = []
        sandbox = wait_for(lines, SANDBOX, 120, heard)
        ready = wait_for(lines, READY, 120, heard)
        yield Studio(ready[1], f"http://{sandbox[1]}:{sandbox[2]}", (data / "sandbox.key").read_text().strip())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join(5)
        process.stdout.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright_async() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright_async: Playwright) -> AsyncIterator[Browser]:
    """Autoplay stays as a person has it: no sound without a press."""
    browser = await playwright_async.chromium.launch(
        executable_path=find_chromium(), args=["--no-sandbox", "--mute-audio"]
    )
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio(started_studio: Studio, chromium: Browser) -> Studio:
    """The first visit, made in the browser; its session is the one that tabs begin with."""
    for size in SIZES.values():
        context = await chromium.new_context(**size)
        started_studio.faults_of_setup += await list_faults(await context.new_page(), f"{started_studio.url}/setup/")
        await context.close()
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(started_studio.url)
    for name in ("name", "email", "password", "workspace"):
        await page.fill(f"[name={name}]", OWNER[name])
    await page.check("[name=connection][value=sandbox]")
    await page.click("main button[type=submit], form button[type=submit]")
    await page.wait_for_url(re.compile(r"/w/[\w-]+/"), timeout=PATIENCE_MS)
    started_studio.slug = re.search(r"/w/([\w-]+)/", page.url)[1]
    started_studio.state = await context.storage_state()
    await context.close()
    return started_studio


OpenTab = Callable[..., Awaitable[Page]]


HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[HAS_FAILED] = item.stash.get(HAS_FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(studio: Studio, chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[OpenTab]:
    """Open a signed-in page, in a browser of its own as far as storage goes. At the end no script may have failed.

    Of a test that failed it is told what stood on each page.
    """
    contexts, faults = [], []

    async def opened(path: str = "", *, init_script: str = "", **options: Any) -> Page:
        context = await chromium.new_context(**({"storage_state": studio.state} | options))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if init_script:
            await context.add_init_script(init_script)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda message: faults.extend(_broken_rules(message)))
        answer = await page.goto(studio.at(path))
        assert answer is not None
        assert answer.ok, f"{page.url} answered {answer.status}"
        return page

    yield opened
    for context in contexts:
        if request.node.stash.get(HAS_FAILED, False):
            for page in context.pages:
                seen = f"{page.url}\n{await page.locator('body').aria_snapshot()}"
                request.node.add_report_section("teardown", "page", seen)
        await context.close()
    assert not faults, "\n".join(faults)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(open_tab: OpenTab) -> Page:
    return await open_tab()


def _broken_rules(message: ConsoleMessage) -> list[str]:
    """What the browser refused because of the content security policy."""
    return [message.text] if "Content Security Policy" in message.text else []


async def find_barriers(page: Page, *, within: str = "", only: str = "", least: str = "serious") -> list[str]:
    """Findings of axe, one line each. `only`: the one rule that is asked; `least`: from which impact on."""
    # evaluate() runs beside the content security policy; a <script> element would not
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        """async ([within, only, impacts]) => {
            const options = { resultTypes: ["violations"], ...(only && { runOnly: { type: "rule", values: [only] } }) };
            const { violations } = await axe.run(within || document, options);
            const line = (id, { html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ""}`;
            return violations.filter(({ impact }) => impacts.includes(impact))
                .flatMap(({ id, nodes }) => nodes.map((node) => line(id, node)));
        }""",
        [within, only, IMPACTS[IMPACTS.index(least) :]],
    )
    return list(found)


async def list_faults(page: Page, url: str) -> list[str]:
    """Open a page as somebody does who never saw it; everything that is wrong with it, one line each."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_the_page = message.location["url"] == url and "Failed to load resource" in message.text  # meant: 404, 410
        if message.type == "error" and not is_the_page:
            said.append(message.text)

    def fail(error: Exception) -> None:
        said.append(str(error))

    page.on("console", hear)
    page.on("pageerror", fail)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await page.goto(url)
    await expect(page.locator(".htmx-request")).to_have_count(0)
    said += await page.evaluate(TOO_WIDE, page.viewport_size["width"])
    said += await find_barriers(page, least="moderate")
    await page.emulate_media(color_scheme="dark")
    said += [f"dark: {line}" for line in await find_barriers(page, only="color-contrast")]  # nothing else changes
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", fail)
    return [f"{url}: {line}" for line in said]


async def until(condition: Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE_MS / 1000, what: str = "") -> Any:
    """Ask again and again until the answer is true; return it."""
    end = time.monotonic() + seconds
    while True:
        answer = await condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {what or condition}"
        await asyncio.sleep(0.03)
