from __future__ import annotations

import contextlib
import io
import random
import struct
import time
import tracemalloc
import zipfile

import pypdfium2
import pytest

from apps.books.text import archive, chapters, cleaning, pdf, plain, readers
from apps.books.text.readers import UnreadableDocumentError, read_document
from tests.books.text.making_documents import make_epub, make_pdf, make_word, set_page

LETTERS = {
    "English": "It’s a “quiet” morning – nobody was about, and the café was closed. Naïve, she thought.",
    "German": "Über allen Gipfeln ist Ruh, in allen Wipfeln spürest du kaum einen Hauch. „Schön“, sagte er.",
    "Chinese": "他说：你好！然后走了。这是一个很长的句子，里面有很多字，可是它总会结束的。我们在中国。",
    "Traditional Chinese": "他說：你好！然後走了。這是一個很長的句子，裡面有很多字，可是它總會結束的。我們在中國。",
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗い所で泣いていた。",
    "Korean": "나는 집에 간다. 그는 학교에서 책을 읽고 있었다. 그것은 아주 좋은 이야기이다.",
    "Russian": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.",
    "Arabic": "هل أنت بخير؟ نعم، أنا بخير. كتب أحمد الكتاب في المدرسة وذهب إلى البيت.",
    "Hindi": "मैं घर जा रहा हूँ। तुम कहाँ हो? वह स्कूल में किताब पढ़ रहा था।",
    "Greek": "Τη γλώσσα μου έδωσαν ελληνική, το σπίτι φτωχικό στις αμμουδιές του Ομήρου.",
}
ENCODINGS = [
    *((name, encoding) for name in LETTERS for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
    *(("English", "cp1252"), ("German", "cp1252"), ("Chinese", "gb18030"), ("Traditional Chinese", "big5")),
    *(("Japanese", "shift_jis"), ("Japanese", "euc_jp"), ("Korean", "cp949"), ("Russian", "cp1251")),
    *(("Russian", "koi8_r"), ("Arabic", "cp1256"), ("Greek", "cp1253")),
]
LOREM = (
    "The quick brown fox jumps over the extraordinarily lazy dog while considering the mathematical implications of"
    " philosophical wandering, and it is said that nobody ever asked why."
)


def texts(document, kind="paragraph"):
    return [block.text for block in document.blocks if block.kind == kind]


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "encoding"), ENCODINGS)
def test_the_encoding_of_a_text_is_found_out(tmp_path, name, encoding):
    text = "\n".join([LETTERS[name]] * 3)
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    found = read_document(tmp_path / "a.txt", "A story.txt")
    assert "\n".join(texts(found)) == text
    assert found.title == "A story"


def test_paragraphs_of_a_text_are_told_by_blank_lines_or_else_by_lines():
    assert len(plain._blocks("One\nline.\n\nTwo.\n\n\nThree.")) == 3
    assert len(plain._blocks("".join(f"这是第{n}段。\n" for n in range(20)))) == 20


def test_pages_of_a_text_lose_their_numbers_and_heads(tmp_path):
    pages = "\f".join(f"MY BOOK\n\nParagraph {n} is here.\n\nAnd another one, {n * n}.\n\n- {n} -" for n in range(1, 9))
    (tmp_path / "a.txt").write_text(pages)
    found = read_document(tmp_path / "a.txt", "a.txt")
    assert texts(found, "page_number") == [f"- {n} -" for n in range(1, 9)]
    assert texts(found, "running_head") == ["MY BOOK"] * 8


# --- Word -------------------------------------------------------------------------------------------------------------


def test_a_word_document_has_headings_notes_and_every_script(tmp_path):
    blocks = [("heading 1", "One"), ("paragraph", "Hello{note 1} world."), ("heading 2", "Inside")]
    blocks += [("paragraph", text) for text in LETTERS.values()] + [("heading 1", "Two"), ("paragraph", "The end.")]
    found = read_document(make_word(tmp_path / "a.docx", blocks, title="My book", notes=["A note."]), "a.docx")
    assert (found.title, found.author) == ("My book", "An author")
    assert [(block.level, block.text) for block in found.blocks if block.kind == "heading"] == [
        (1, "One"), (2, "Inside"), (1, "Two"),
    ]  # fmt: skip
    assert texts(found) == ["Hello[1] world.", *LETTERS.values(), "The end."]
    assert texts(found, "note") == ["A note."]
    assert [chapter.title for chapter in chapters.divide(found)] == ["One", "Two"]


def test_a_word_document_that_defines_entities_is_refused(tmp_path):
    path = make_word(tmp_path / "a.docx", [("paragraph", "Hello")])
    changed = tmp_path / "b.docx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                data = data.replace(b"<w:document", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document', 1)
            new.writestr(name, data)
    with pytest.raises(UnreadableDocumentError, match="entities"):
        read_document(changed, "b.docx")


# --- epub -------------------------------------------------------------------------------------------------------------


def test_an_epub_is_read_in_the_order_of_its_spine(tmp_path):
    pages = {
        "z.xhtml": "<h1>One</h1><p>Hello&nbsp;&mdash; <b>bold</b> text<sup><a href='#n'>1</a></sup>.</p>"
        "<aside epub:type='footnote'><p>A note</p></aside><p>漢<ruby>字<rt>じ</rt></ruby></p><script>no</script>",
        "a.xhtml": "<div>bare <p>inner</p> tail</div><p>Page<span epub:type='pagebreak'>5</span> end</p>",
    }
    nav = "<ol><li><a href='a.xhtml'>From the contents</a></li></ol>"
    found = read_document(make_epub(tmp_path / "a.epub", pages, title="Ein Buch", language="de", nav=nav), "x.epub")
    assert (found.title, found.author, found.language) == ("Ein Buch", "An author", "de")
    assert found.cover
    assert found.cover.startswith(b"\x89PNG")
    assert texts(found, "heading") == ["One", "From the contents"]
    assert texts(found) == ["Hello\xa0— bold text[1].", "漢字", "bare", "inner", "tail", "Page end"]
    assert texts(found, "note") == ["A note"]


def test_broken_xhtml_is_read_all_the_same(tmp_path):
    found = read_document(make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>One<br>Two & three <p>Four"}), "a.epub")
    assert texts(found) == ["One\nTwo & three", "Four"]


def test_an_epub_under_a_shops_lock_is_refused(tmp_path):
    lock = (
        b'<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
        b'<e:EncryptedData><e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        b"</e:EncryptedData></encryption>"
    )
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>x</p>"}, extra={"META-INF/encryption.xml": lock})
    with pytest.raises(UnreadableDocumentError, match="protected"):
        read_document(path, "a.epub")


def test_entities_that_grow_are_refused(tmp_path):
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>x</p>"})
    bomb = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><html><body><p>&b;</p></body></html>'
    for encoding in ("utf-8", "utf-16"):
        changed = tmp_path / f"{encoding}.epub"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                new.writestr(name, bomb.encode(encoding) if name.endswith("a.xhtml") else old.read(name))
        with pytest.raises(UnreadableDocumentError, match="entities"):
            read_document(changed, "a.epub")


def test_deep_nesting_ends_in_text_or_a_sentence(tmp_path):
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<div>" * 100_000 + "deep" + "</div>" * 100_000})
    with contextlib.suppress(UnreadableDocumentError):
        assert texts(read_document(path, "a.epub")) == ["deep"]


# --- what is no document ----------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", "<Types/>")
        with bomb.open("word/document.xml", "w") as member:
            for _ in range(40):
                member.write(b" " * (1 << 20))
    tracemalloc.start()
    with pytest.raises(UnreadableDocumentError, match="unpacks to more"):
        read_document(path, "bomb.docx")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("a", b" " * 100_000)
    data = bytearray(buffer.getvalue())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(UnreadableDocumentError, match="damaged"):
        archive.Archive(path).read("a")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"", "no text"),
        (b" \n\n ", "no text"),
        (b"{\\rtf1 Hello}", "Rich text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Word"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "no text"),
        (bytes(range(256)) * 20, "not a text"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"%PDF-1.7 broken", "damaged"),
        (b"<!DOCTYPE html><html><p>Hi</p></html>", "Web pages"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path, head, sentence):
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(UnreadableDocumentError, match=sentence):
        read_document(tmp_path / "a", "a.txt")


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as other:
        other.writestr("hello.txt", "Hello")
    with pytest.raises(UnreadableDocumentError, match="neither"):
        read_document(tmp_path / "a.docx", "a.docx")


def test_a_file_that_is_too_large_is_not_opened(tmp_path):
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(readers.MOST_BYTES + 1)
    with pytest.raises(UnreadableDocumentError, match="200 MB"):
        read_document(tmp_path / "a.txt", "a.txt")


@pytest.mark.parametrize("make", [make_word, make_epub, make_pdf], ids=["docx", "epub", "pdf"])
def test_a_damaged_document_is_read_or_refused_with_a_sentence(tmp_path, make):
    content = {
        make_word: [("heading 1", "One"), ("paragraph", "Hello")],
        make_epub: {"a.xhtml": "<h1>One</h1><p>Hello</p>"},
        make_pdf: [[(72, 700, 11, "Hello there")]],
    }[make]
    whole = make(tmp_path / "whole", content).read_bytes()
    chance = random.Random(7)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "a").write_bytes(data)
        with contextlib.suppress(UnreadableDocumentError):
            assert read_document(tmp_path / "a", "a").blocks


# --- PDF --------------------------------------------------------------------------------------------------------------


def book_page(number):
    page = [(72, 800, 9, f"THE FOX BOOK {number}" if number % 2 else "An Author"), (290, 40, 9, f"– {number} –")]
    if number in (1, 4):
        page.append((200, 740, 18, "Chapter 1" if number == 1 else "Chapter 2"))
    return [*page, *set_page([LOREM, f"Page {number} says: {LOREM.lower()}"], top=700), (72, 90, 7.5, NOTES[number])]


NOTES = dict(enumerate(["", "1 See below.", "2 Ibidem.", "3 Foxes do.", "4 Not so.", "5 Nor so.", "6 The end."]))


def test_pages_of_a_pdf_become_paragraphs_headings_notes_and_what_only_a_page_needs(tmp_path):
    path = make_pdf(tmp_path / "a.pdf", [book_page(number) for number in range(1, 7)], title="Foxes")
    found = read_document(path, "a.pdf")
    assert found.title == "Foxes"
    assert texts(found, "heading") == ["Chapter 1", "Chapter 2"]
    assert texts(found, "page_number") == [f"– {number} –" for number in range(1, 7)]
    assert len(texts(found, "running_head")) == 6
    assert texts(found, "note") == [NOTES[number] for number in range(1, 7)]
    clean = cleaning.apply(found, set(cleaning.LABELS))
    assert texts(clean)[0] == LOREM
    assert len(texts(clean)) == 12
    assert [chapter.title for chapter in chapters.divide(clean)] == ["Chapter 1", "Chapter 2"]


def test_a_paragraph_goes_on_over_the_page(tmp_path):
    lines = ["Nobody was there.", "It was quiet.", LOREM, "The old man opened the door and looked out for long, at"]
    first = [(290, 40, 9, "1"), *set_page(lines)]
    second = [
        (290, 40, 9, "2"),
        (72, 740, 11, "the sea, which was as quiet as ever."),
        (72, 700, 11, "He slept."),
    ]
    found = read_document(make_pdf(tmp_path / "a.pdf", [first, second]), "a.pdf")
    assert [" ".join(text.split()) for text in texts(found)[-2:]] == [
        "The old man opened the door and looked out for long, at the sea, which was as quiet as ever.",
        "He slept.",
    ]


def test_a_raised_number_is_the_mark_of_a_note(tmp_path):
    row = [
        (72, 700, 11, "He saw nothing."),
        (72 + 15 * 5.5, 704, 7, "1"),
        (72 + 15 * 5.5 + 4, 700, 11, " Then 12 came."),
    ]
    found = read_document(
        make_pdf(tmp_path / "a.pdf", [[*row, (72, 686, 11, "It was late by then, and dark.")]]), "a.pdf"
    )
    assert texts(found)[0].startswith("He saw nothing.[1] Then 12 came.")


def test_a_large_heading_that_comes_again_on_many_pages_is_no_running_head(tmp_path):
    pages = [[(72, 760, 20, f"Chapter {number}"), *set_page([LOREM] * 4, top=700)] for number in range(1, 6)]
    found = read_document(make_pdf(tmp_path / "a.pdf", pages), "a.pdf")
    assert texts(found, "heading") == [f"Chapter {number}" for number in range(1, 6)]


@pytest.mark.parametrize("name", ["German", "Chinese", "Japanese", "Russian", "Hindi"])
def test_a_pdf_may_be_in_any_script(tmp_path, name):
    path = make_pdf(tmp_path / "a.pdf", [[(72, 700, 11, LETTERS[name][:40])]])
    assert texts(read_document(path, "a.pdf")) == [LETTERS[name][:40].strip()]


def test_a_pdf_of_pictures_is_refused_with_what_to_do(tmp_path):
    made = pypdfium2.PdfDocument.new()
    for _ in range(3):
        made.new_page(595, 842)
    made.save(tmp_path / "a.pdf")
    with pytest.raises(UnreadableDocumentError, match="OCR"):
        read_document(tmp_path / "a.pdf", "a.pdf")


def test_a_pdf_with_a_password_is_refused(tmp_path):
    path = make_pdf(tmp_path / "a.pdf", [[(72, 700, 11, "Hello there, nobody can read me.")]])
    data = path.read_bytes()
    lock = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> >>"
        b" /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
    )
    path.write_bytes(data.replace(b"/Info 7 0 R", b"/Info 7 0 R " + lock))
    with pytest.raises(UnreadableDocumentError, match="password"):
        read_document(path, "a.pdf")


def test_a_pdf_with_too_many_pages_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    path = make_pdf(tmp_path / "a.pdf", [[(72, 700, 11, "Hello")]] * 3)
    with pytest.raises(UnreadableDocumentError, match="too many pages"):
        read_document(path, "a.pdf")


def test_the_first_page_of_a_pdf_is_its_cover_if_it_has_little_text(tmp_path):
    path = make_pdf(tmp_path / "a.pdf", [[(72, 700, 40, "My book")], set_page([LOREM] * 8)])
    cover = read_document(path, "a.pdf").cover
    assert cover
    assert cover.startswith(b"\xff\xd8")


def test_hundreds_of_pages_are_read_in_seconds(tmp_path):
    pages = [set_page([LOREM, LOREM] * 4, columns=80) for _ in range(200)]
    path = make_pdf(tmp_path / "a.pdf", pages)
    start = time.process_time()
    found = read_document(path, "a.pdf")
    assert sum(len(text) for text in texts(found)) > 250_000
    assert time.process_time() - start < 20
