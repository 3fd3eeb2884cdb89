import pytest

from apps.agents.gallery import find_template
from apps.agents.tables import MOST_BYTES, Line, TableRefusedError, read_table
from tests.agents.conftest import DIVING, LETTERS, RUN

TABLE = "picture,text\nrex.jpg,Lion\nbello.jpg,Bär\n"
LINES = [Line("rex.jpg", "Lion"), Line("bello.jpg", "Bär")]


def read(content, template_id=RUN):
    return read_table(content if isinstance(content, bytes) else content.encode(), find_template(template_id))


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("cp1252"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.replace("picture", " Photo ").replace("text", "TEXT"),
        "\n" + TABLE + ",\n\n",
        'text,note,picture\n"Lion","a, b",rex.jpg\nBär,,bello.jpg',
    ],
)
def test_what_spreadsheets_write_is_read(content):
    assert read(content) == LINES


def test_a_cell_may_hold_the_separator_and_a_short_row_is_empty_at_its_end():
    assert read('picture;text\n"a;b.jpg";"Lion; old"\nc.jpg\n') == [Line("a;b.jpg", "Lion; old"), Line("c.jpg", "")]


@pytest.mark.parametrize(
    ("content", "template_id", "sentence"),
    [
        ("", RUN, "This table is empty."),
        ("picture,text\n", RUN, "no rows below it"),
        ("picture\nrex.jpg\n", RUN, "no column “text”. Its first line says: picture."),
        ("rex.jpg,Lion\n", RUN, "none of the columns “picture” and “text”"),
        ("text\nLion\n", DIVING, "no column “picture”"),
        ("title\nNight\n", LETTERS, "no column “text”"),
        ("text\n" + "Lion\n" * 1001, LETTERS, "That makes 1,001 films; a batch takes 1,000 at most."),
        (b"x" * (MOST_BYTES + 1), LETTERS, "too large for a table: 4 MB at most"),
        (b"\xff\xfeodd", RUN, "not a text that can be read"),
        ("text\n" + "a" * 200_000, LETTERS, "This table cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_a_sentence(content, template_id, sentence):
    with pytest.raises(TableRefusedError) as refusal:
        read(content, template_id)
    assert sentence in str(refusal.value)


def test_a_thousand_rows_are_taken():
    assert len(read("text\n" + "Lion\n" * 1000, LETTERS)) == 1000
