import httpx
import pytest

from apps.minimax.errors import (
    AuthenticationError,
    BrokenAnswerError,
    ContentRejectedError,
    InvalidRequestError,
    OutcomeUnknownError,
    TaskFailedError,
)
from apps.minimax.video import create_video, query_video

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
BODY = {"model": "MiniMax-Hailuo-2.3", "prompt": "A kite over dunes [Tilt up]", "duration": 6, "resolution": "768P"}


def refused(code, words="no", **told):
    return {"base_resp": {"status_code": code, "status_msg": words}, **told}


def test_a_task_is_created_with_the_body_as_given(client, minimax):
    minimax.answers({"task_id": "206843190034621", **OK})
    task = create_video(client, BODY)
    assert (task.task_id, task.trace_id) == ("206843190034621", "t-1")
    assert (minimax.requests[0].url.path, minimax.body) == ("/v1/video_generation", BODY)


def test_a_task_id_that_is_a_number_becomes_text_without_losing_a_digit(client, minimax):
    minimax.answers({"task_id": 9_007_199_254_740_993_001, **OK})
    assert create_video(client, BODY).task_id == "9007199254740993001"


@pytest.mark.parametrize("told", [{}, {"task_id": ""}, {"task_id": None}, {"task_id": True}])
def test_success_without_a_task_may_have_been_charged(client, minimax, told):
    minimax.answers({**told, **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        create_video(client, BODY)
    assert caught.value.charged == "unknown"


def test_a_refused_request_costs_nothing_and_silence_may(client, minimax):
    minimax.answers(refused(2013, "invalid params, duration"), httpx.ReadTimeout("silence"))
    with pytest.raises(InvalidRequestError) as caught:
        create_video(client, BODY)
    assert caught.value.charged == "no"
    with pytest.raises(OutcomeUnknownError):
        create_video(client, BODY)


@pytest.mark.parametrize("word", ["Preparing", "Queueing", "Processing", "processing", "Something new", ""])
def test_a_word_that_is_no_end_means_that_it_still_runs(client, minimax, word):
    minimax.answers({"task_id": "7", "status": word, "file_id": "", **OK})
    state = query_video(client, "7")
    assert (state.status, state.word) == ("running", word)
    assert minimax.requests[0].url.params["task_id"] == "7"


@pytest.mark.parametrize("word", ["Success", "success", "SUCCESS"])
@pytest.mark.parametrize("file_id", ["206843190098765", 206843190098765])
def test_a_finished_video_names_its_file(client, minimax, word, file_id):
    minimax.answers({"status": word, "file_id": file_id, "video_width": "1366", "video_height": 768, **OK})
    state = query_video(client, "7")
    assert (state.status, state.file_id, state.width, state.height) == ("done", "206843190098765", 1366, 768)


def test_odd_sizes_do_not_lose_the_video(client, minimax):
    minimax.answers({"status": "Success", "file_id": "5", "video_width": "wide", "video_height": [1], **OK})
    assert query_video(client, "7").file_id == "5"


def test_a_finished_video_without_a_file_was_charged(client, minimax):
    minimax.answers({"status": "Success", "file_id": "", **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        query_video(client, "7")
    assert caught.value.charged == "yes"


@pytest.mark.parametrize("word", ["Fail", "Failed", "failed", "Unknown"])
def test_every_word_for_failure_ends_the_task(client, minimax, word):
    minimax.answers({"status": word, **OK})
    with pytest.raises(TaskFailedError):
        query_video(client, "7")


def test_a_failed_task_with_a_code_is_a_verdict_and_not_a_question_to_repeat(client, minimax):
    minimax.answers(refused(1024, "internal error", status="Fail"))
    with pytest.raises(TaskFailedError, match="internal error") as caught:
        query_video(client, "7")
    assert (caught.value.code, caught.value.charged) == (1024, "unknown")


def test_content_that_was_refused_keeps_its_own_sentence(client, minimax):
    minimax.answers(refused(1027, "output new_sensitive", status="Fail"))
    with pytest.raises(ContentRejectedError, match="withheld"):
        query_video(client, "7")


def test_a_wrong_key_is_no_verdict_on_the_task(client, minimax):
    minimax.answers(refused(1004, "login fail"))
    with pytest.raises(AuthenticationError):
        query_video(client, "7")
