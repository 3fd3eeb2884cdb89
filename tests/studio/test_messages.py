"""The translations: what is found, what is missing, and a language from its catalogue to a person's page."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation

from studio.config import ROOT

PYTHON = """from django.utils.translation import gettext_lazy as _, ngettext
A = _("Library")
B = ngettext("%(n)d file", "%(n)d files", 2)
"""
PAGE = (
    '{% load i18n %}<h1>{% translate "Profile" %}</h1>{% blocktranslate with a=b %}Hello {{ a }}{% endblocktranslate %}'
)
CHINESE = {"Library": "资料库", "%(n)d file": "%(n)d 个文件", "Profile": "个人资料", "Hello %(a)s": "你好 %(a)s"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small product with texts in Python and in a page."""
    for name, text in {"apps/one/views.py": PYTHON, "templates/one/page.html": PAGE}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(tree: Path, *arguments: str) -> tuple[int, str]:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import messages; from pathlib import Path;"
    code += "sys.exit(messages.main(sys.argv[3:], Path(sys.argv[2])))"
    command = [sys.executable, "-c", code, str(ROOT / "scripts"), str(tree), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def translate(tree: Path, words: dict[str, str]) -> Path:
    """As a translator does it: in the catalogue."""
    from babel.messages.pofile import read_po, write_po

    path = tree / "locale/zh_Hans/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="zh_Hans")
    for message in catalog:
        if message.id:
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            message.string = (words[key],) if isinstance(message.id, tuple) else words[key]
    with path.open("wb") as file:
        write_po(file, catalog)
    return path


def test_a_text_that_is_new_changed_or_lost_its_placeholder_is_told(tree):
    assert run(tree, "check") == (0, "")  # nobody has begun
    assert run(tree, "extract", "zh_Hans")[1].endswith("4 to translate\n")
    assert run(tree, "check")[1].count("missing:") == 4
    translate(tree, CHINESE | {"Hello %(a)s": "你好"})
    assert run(tree, "check")[1].count("other placeholders:") == 1
    translate(tree, CHINESE)
    assert run(tree, "check") == (0, "")
    (tree / "templates/one/page.html").write_text(PAGE.replace("Profile", "Account"))
    code, told = run(tree, "check")
    assert (code, told.count("missing:"), told.count("no longer used:")) == (1, 1, 1)


def test_only_a_complete_catalogue_is_compiled(tree):
    run(tree, "extract", "zh_Hans")
    path = tree / "locale/zh_Hans/LC_MESSAGES/django.po"
    assert "not complete" in run(tree, "compile")[1]
    assert not path.with_suffix(".mo").exists()
    translate(tree, CHINESE)
    assert run(tree, "compile") == (0, "")
    assert path.with_suffix(".mo").exists()


@pytest.fixture
def chinese(tree, settings):
    run(tree, "extract", "zh_Hans")
    translate(tree, CHINESE)
    run(tree, "compile")
    settings.LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
    settings.LOCALE_PATHS = [tree / "locale"]
    yield
    translation.activate("en")


def test_a_person_chooses_a_language_and_reads_it(client, owner, chinese):
    client.force_login(owner.user)
    form = {"name": "Olga", "time_zone": "Asia/Shanghai", "language": "zh-hans", "theme": "auto"}
    page = client.post("/account/profile/", form, follow=True, headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="zh-hans"' in page
    assert "个人资料" in page
    page = client.post("/account/profile/", form | {"language": "en"}, follow=True).content.decode()
    assert "个人资料" not in page


def test_who_is_not_signed_in_gets_the_language_of_their_browser(client, owner, chinese):
    page = client.get("/account/login/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-hans"' in page.content.decode()
    assert "Accept-Language" in page.headers["Vary"]
    assert '<html lang="en"' in client.get("/account/login/", headers={"Accept-Language": "fr"}).content.decode()


def test_every_text_of_the_product_is_found_and_the_catalogues_that_are_there_are_whole():
    done = subprocess.run(
        [sys.executable, "scripts/messages.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
