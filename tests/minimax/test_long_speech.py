import httpx
import pytest

from apps.minimax import catalogue
from apps.minimax.errors import (
    BrokenAnswerError,
    ContentRejectedError,
    InvalidRequestError,
    OutcomeUnknownError,
    RateLimitError,
    TaskFailedError,
)
from apps.minimax.long_speech import create_long_speech, query_long_speech
from apps.minimax.speech import SpeechRequest

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
REQUEST = SpeechRequest(text="It was late.", format="flac", sample_rate=44100, channel=1, text_normalization=True)


def refused(code, words="no", **told):
    return {"base_resp": {"status_code": code, "status_msg": words}, **told}


def test_the_fields_are_spelled_as_this_endpoint_spells_them(client, minimax):
    minimax.answers({"task_id": 95157322514444, "file_id": 95157322514445, "usage_characters": 12, **OK})
    task = create_long_speech(client, REQUEST)
    assert (task.task_id, task.file_id, task.usage_characters) == ("95157322514444", "95157322514445", 12)
    assert minimax.requests[0].url.path == "/v1/t2a_async_v2"
    body = minimax.body
    assert body["text"] == "It was late."
    assert "text_file_id" not in body
    assert body["audio_setting"] == {"audio_sample_rate": 44100, "format": "flac", "channel": 1}
    assert body["voice_setting"]["english_normalization"] is True
    assert "text_normalization" not in body["voice_setting"]


def test_a_text_over_the_limit_is_sent_as_a_file_first(client, minimax):
    minimax.answers(
        {"file": {"file_id": 338123456789012, "filename": "text.txt"}, **OK}, {"task_id": "1", "file_id": 2, **OK}
    )
    text = "ab" * catalogue.speech.long_text.max_characters
    create_long_speech(client, SpeechRequest(text=text))
    upload, create = minimax.requests
    assert upload.url.path == "/v1/files/upload"
    assert b"t2a_async_input" in upload.content
    assert text.encode() in upload.content
    assert minimax.body["text_file_id"] == 338123456789012
    assert "text" not in minimax.body
    assert create.url.path == "/v1/t2a_async_v2"


@pytest.mark.parametrize("told", [{}, {"task_id": ""}, {"task_id": None}, {"task_id": True}, {"task_id": 0}])
def test_success_without_a_task_may_have_been_charged(client, minimax, told):
    minimax.answers({**told, **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        create_long_speech(client, REQUEST)
    assert caught.value.charged == "unknown"


def test_invisible_characters_and_the_rate_limit_cost_nothing_and_silence_may(client, minimax):
    minimax.answers(refused(1042), refused(1002), httpx.ReadTimeout("silence"))
    with pytest.raises(InvalidRequestError) as caught:
        create_long_speech(client, REQUEST)
    assert (caught.value.charged, caught.value.retryable) == ("no", False)
    with pytest.raises(RateLimitError) as late:
        create_long_speech(client, REQUEST)
    assert late.value.retryable
    with pytest.raises(OutcomeUnknownError):
        create_long_speech(client, REQUEST)


@pytest.mark.parametrize("word", ["Processing", "processing", "PROCESSING", "Something new", ""])
def test_a_word_that_is_no_end_means_that_it_still_runs(client, minimax, word):
    minimax.answers({"task_id": 7, "status": word, "file_id": 8, **OK})
    state = query_long_speech(client, "7")
    assert (state.status, state.word) == ("running", word)
    assert minimax.requests[0].url.path == "/v1/query/t2a_async_query_v2"
    assert minimax.requests[0].url.params["task_id"] == "7"


@pytest.mark.parametrize("word", ["Success", "success", "SUCCESS"])
@pytest.mark.parametrize("file_id", ["9007199254740993001", 9007199254740993001])
def test_a_finished_text_names_its_file(client, minimax, word, file_id):
    minimax.answers({"status": word, "file_id": file_id, **OK})
    assert query_long_speech(client, "7").file_id == "9007199254740993001"


@pytest.mark.parametrize("word", ["Failed", "failed", "Fail"])
def test_every_word_for_failure_ends_the_task(client, minimax, word):
    minimax.answers({"status": word, **OK})
    with pytest.raises(TaskFailedError) as caught:
        query_long_speech(client, "7")
    assert caught.value.charged == "unknown"


@pytest.mark.parametrize("word", ["Expired", "expired"])
def test_a_task_that_was_forgotten_was_paid_for(client, minimax, word):
    minimax.answers({"status": word, **OK})
    with pytest.raises(TaskFailedError) as caught:
        query_long_speech(client, "7")
    assert caught.value.charged == "yes"
    assert "forgot" in str(caught.value)


def test_a_code_beside_the_word_is_a_verdict_and_alone_it_only_refuses_the_question(client, minimax):
    minimax.answers(refused(1013, "oops", status="Failed"), refused(1002, status="Processing"))
    with pytest.raises(TaskFailedError):
        query_long_speech(client, "7")
    with pytest.raises(RateLimitError):
        query_long_speech(client, "7")


def test_a_text_against_the_rules_is_told_as_such(client, minimax):
    minimax.answers(refused(1026, "input new_sensitive", status="Failed"))
    with pytest.raises(ContentRejectedError):
        query_long_speech(client, "7")


def test_a_finished_text_without_a_file_was_charged(client, minimax):
    minimax.answers({"status": "Success", "file_id": "", **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        query_long_speech(client, "7")
    assert caught.value.charged == "yes"
