import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.minimax.sse import EventParser, EventTooLargeError


def parse(chunks) -> list[bytes]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)] + list(parser.finish())


def cut(data: bytes, places) -> list[bytes]:
    places = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data:one\r\n\r\ndata:  two\r\n\r\n", [b"one", b" two"]),
        (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
        (b"event: message\nid: 4\nretry: 10\ndata: one\n\n", [b"one"]),
        (b": keep-alive\n\ndata: one\n\n", [b"one"]),
        (b"data: {\ndata: }\n\n", [b"{\n}"]),
        (b"data\n\n", [b""]),
        (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
        (b"data: one\n\ndata: cut", [b"one", b"cut"]),
        (b"data: one\n", [b"one"]),
        (b"database: no\n\n", []),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_events_are_cut_out(stream, events):
    assert parse([stream]) == events


line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
lines = st.sampled_from(
    [b"", b"data: a", b'data:{"audio":"4944"}', b"data: \xe4\xb8\xad\xe6\x96\x87", b"event: x", b": ping", b"data"]
)


@given(st.lists(st.tuples(lines, line_ends)), st.lists(st.integers(0, 400)))
def test_any_way_of_cutting_the_bytes_gives_the_same_events(parts, places):
    stream = b"".join(line + end for line, end in parts)
    assert parse(cut(stream, places)) == parse([stream])


@given(st.binary(), st.lists(st.integers(0, 400)))
def test_garbage_never_breaks_the_parser(data, places):
    assert parse(cut(data, places)) == parse([data])


def test_an_endless_line_is_stopped():
    parser = EventParser(max_bytes=1000)
    for _ in range(10):
        parser.feed(b"x" * 100)
    with pytest.raises(EventTooLargeError):
        parser.feed(b"x")


def test_endless_data_lines_are_stopped():
    parser = EventParser(max_bytes=1000)
    for _ in range(10):
        parser.feed(b"data: " + b"x" * 100 + b"\n")
    with pytest.raises(EventTooLargeError):
        parser.feed(b"data: x\n")


def test_many_events_may_exceed_the_limit_of_one():
    parser = EventParser(max_bytes=1000)
    events = [event for _ in range(50) for event in parser.feed(b"data: " + b"x" * 100 + b"\n\n")]
    assert len(events) == 50
