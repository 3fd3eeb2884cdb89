import pytest

from apps.minimax.errors import BrokenAnswerError, ContentRejectedError, RateLimitError, TaskFailedError
from apps.minimax.video_templates import create_template_video, query_template_video

OK = {"base_resp": {"status_code": 0, "status_msg": "success"}}
RUN = "393769180141805569"


def refused(code, **told):
    return {"base_resp": {"status_code": code, "status_msg": "no"}, **told}


def test_inputs_that_are_not_there_are_left_out(client, minimax):
    minimax.answers({"task_id": 401122334455667, **OK}, {"task_id": "8", **OK})
    task = create_template_video(client, RUN, media=["data:image/png;base64,AA=="], texts=["Lion"])
    assert (task.task_id, minimax.requests[0].url.path) == ("401122334455667", "/v1/video_template_generation")
    assert minimax.body == {
        "template_id": RUN,
        "media_inputs": [{"value": "data:image/png;base64,AA=="}],
        "text_inputs": [{"value": "Lion"}],
    }
    create_template_video(client, RUN)
    assert minimax.body == {"template_id": RUN}


@pytest.mark.parametrize("told", [{}, {"task_id": ""}, {"task_id": True}])
def test_success_without_a_task_may_have_been_charged(client, minimax, told):
    minimax.answers({**told, **OK})
    with pytest.raises(BrokenAnswerError) as caught:
        create_template_video(client, RUN)
    assert caught.value.charged == "unknown"


@pytest.mark.parametrize("word", ["Preparing", "processing", "Queueing", "Something new", ""])
def test_a_word_that_is_no_end_means_that_it_still_runs(client, minimax, word):
    minimax.answers({"task_id": "7", "status": word, "video_url": "", **OK})
    assert query_template_video(client, "7").status == "running"


@pytest.mark.parametrize("word", ["Success", "success"])
def test_a_film_that_is_done_has_its_link(client, minimax, word):
    minimax.answers({"status": word, "video_url": "https://cdn.example/t.mp4", **OK})
    assert query_template_video(client, "7").video_url == "https://cdn.example/t.mp4"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": "Fail", **OK}, TaskFailedError),
        (refused(1000, status="fail"), TaskFailedError),
        (refused(1027, status="Fail"), ContentRejectedError),
        (refused(1002), RateLimitError),
        ({"status": "Success", "video_url": None, **OK}, BrokenAnswerError),
    ],
)
def test_what_went_wrong_is_told_apart(client, minimax, answer, error):
    minimax.answers(answer)
    with pytest.raises(error):
        query_template_video(client, "7")
