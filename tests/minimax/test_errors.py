import pytest

from apps.minimax import catalogue
from apps.minimax.errors import (
    KNOWN_CODES,
    AuthenticationError,
    BalanceError,
    ContentRejectedError,
    InvalidRequestError,
    MiniMaxError,
    NoWorkDoneError,
    OutcomeUnknownError,
    QuotaError,
    RateLimitError,
    VoiceError,
    error_for_code,
    error_for_status,
)


def test_every_code_of_the_catalogue_has_its_own_words():
    assert {*catalogue.error_codes} == KNOWN_CODES


@pytest.mark.parametrize(
    ("code", "kind", "charged", "retryable"),
    [
        (1000, OutcomeUnknownError, "unknown", False),
        (1002, RateLimitError, "no", True),
        (1004, AuthenticationError, "no", False),
        (1008, BalanceError, "no", False),
        (1026, ContentRejectedError, "no", False),
        (1027, ContentRejectedError, "unknown", False),
        (1039, RateLimitError, "no", True),
        (1042, InvalidRequestError, "no", False),
        (2013, InvalidRequestError, "no", False),
        (20132, VoiceError, "no", False),
        (2042, VoiceError, "no", False),
        (2049, AuthenticationError, "no", False),
        (2056, QuotaError, "no", False),
        (4711, OutcomeUnknownError, "unknown", False),
    ],
)
def test_codes_say_what_was_charged(code, kind, charged, retryable):
    error = error_for_code(code, "words", trace_id="t")
    assert isinstance(error, kind)
    assert (error.code, error.charged, error.retryable, error.trace_id) == (code, charged, retryable, "t")
    assert str(error)
    assert error.next_step


@pytest.mark.parametrize("code", sorted(KNOWN_CODES))
def test_nothing_that_may_be_charged_is_retryable(code):
    error = error_for_code(code)
    assert error.charged == "no" or not error.retryable


@pytest.mark.parametrize("code", [1004, 2049])
def test_a_refused_key_names_both_causes(code):
    sentence = str(error_for_code(code, "invalid api key"))
    assert "key is wrong" in sentence
    assert "other region" in sentence


@pytest.mark.parametrize(
    ("status", "kind", "charged"),
    [
        (302, InvalidRequestError, "no"),
        (400, InvalidRequestError, "no"),
        (401, AuthenticationError, "no"),
        (402, BalanceError, "no"),
        (403, AuthenticationError, "no"),
        (404, InvalidRequestError, "no"),
        (408, OutcomeUnknownError, "unknown"),
        (413, InvalidRequestError, "no"),
        (429, RateLimitError, "no"),
        (500, OutcomeUnknownError, "unknown"),
        (502, OutcomeUnknownError, "unknown"),
        (504, OutcomeUnknownError, "unknown"),
        (529, NoWorkDoneError, "no"),
        (200, OutcomeUnknownError, "unknown"),
    ],
)
def test_statuses_without_a_word_from_minimax(status, kind, charged):
    error = error_for_status(status)
    assert isinstance(error, kind)
    assert error.charged == charged


def test_words_of_the_other_side_are_shown_without_links_and_keys():
    error = error_for_code(
        2013, "invalid params, speed\nsee https://api.minimax.io/x?k=1 with Bearer abc sk-api-123456789"
    )
    assert str(error) == "MiniMax did not accept the settings: invalid params, speed see … with … …"


def test_percent_signs_of_the_other_side_do_no_harm():
    assert "100% %(nothing)s" in str(error_for_code(2013, "100% %(nothing)s"))


def test_the_sentence_can_be_translated():
    error = error_for_code(2013, "speed")
    german = {error.message: "MiniMax nimmt die Einstellungen nicht an: %(detail)s"}
    assert error.sentence_in(german.__getitem__) == "MiniMax nimmt die Einstellungen nicht an: speed"


def test_a_refusal_in_the_middle_of_work_is_no_longer_free():
    error = error_for_code(1002).after_work()
    assert (error.charged, error.retryable) == ("unknown", False)
    assert "may have been charged" in error.next_step


def test_errors_are_one_family():
    assert issubclass(RateLimitError, MiniMaxError)
    assert isinstance(error_for_code(1002), NoWorkDoneError)
