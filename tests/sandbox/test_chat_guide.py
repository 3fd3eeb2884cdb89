"""What the guide answers: asked in the process, as its surfaces ask it."""

from __future__ import annotations

import json

import pytest

from apps.sandbox.chatting.conversation import Ask, Tool, ToolResult, Turn
from apps.sandbox.chatting.guide.brain import think

WEATHER = Tool(
    "get_weather",
    "The weather of a place",
    {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
)
PICTURE = Tool(
    "make_image",
    "Make pictures",
    {
        "type": "object",
        "properties": {
            "prompt": {"type": "string"},
            "n": {"type": "integer", "minimum": 1, "maximum": 9},
            "aspect_ratio": {"type": "string", "enum": ["1:1", "16:9", "9:16"]},
        },
        "required": ["prompt"],
    },
)
SPEAK = Tool(
    "speak", "Speak a text aloud", {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
)
LIBRARY = Tool(
    "search_library",
    "Search the library",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
TOOLS = (WEATHER, PICTURE, SPEAK, LIBRARY)


def ask(*turns: Turn, model: str = "MiniMax-M3", **more) -> Ask:
    return Ask(model, turns, **{"temperature": 0, **more})


def talk(*said: str, **more) -> list[str]:
    """The guide's answers to one thing said after the other."""
    turns: list[Turn] = []
    for text in said:
        turns.append(Turn("user", text))
        turns.append(Turn("assistant", think(ask(*turns, **more)).text))
    return [turn.text for turn in turns if turn.role == "assistant"]


def calls(text: str, **more) -> list[tuple[str, dict]]:
    return [(call.name, dict(call.arguments)) for call in think(ask(Turn("user", text), tools=TOOLS, **more)).calls]


def test_it_is_honest_about_what_it_is():
    (answer,) = talk("Are you an AI?")
    assert "not a language model" in answer
    assert "MiniMax-M3" in answer


@pytest.mark.parametrize(
    ("question", "page", "words"),
    [
        ("How do I put it behind HTTPS?", "docs/operate.md", "proxy"),
        ("What do I have to back up?", "docs/operate.md", "secret.key"),
        ("How does live speech work?", "docs/live-speech.md", "WebSocket"),
        ("What does MiniMax-M3 cost?", "the catalogue", "$0.30"),
        ("How many voices are there in Japanese?", "the catalogue", "voices"),
        ("How much does cloning a voice cost?", "the catalogue", "$1.50"),
        ("What does error 1008 mean?", "the catalogue", "insufficient balance"),
        ("How long may a text to speak be?", "the catalogue", "9,999"),
    ],
)
def test_it_answers_from_the_pages_and_names_them(question, page, words):
    (answer,) = talk(question)
    assert words in answer
    assert page in answer.rsplit("Source: ", 1)[1]


def test_it_says_so_when_it_does_not_know():
    (answer,) = talk("Who won the world cup?")
    assert "Source:" not in answer
    assert "language model" in answer or "work by rule" in answer or "beyond me" in answer


def test_it_follows_what_it_means():
    answers = talk("How much does MiniMax-M3 cost?", "and M2.5?", "What is its context window?", "Does it take images?")
    assert "MiniMax-M2.5 costs" in answers[1]
    assert "204,800" in answers[2]
    assert "does not take images" in answers[3]


def test_it_remembers_what_was_said():
    answers = talk(
        "My name is Anna and I live in Bergen.",
        "The meeting is on Friday.",
        "What's my name?",
        "Where do I live?",
        "When is the meeting?",
        "What did I say first?",
    )
    assert "Anna" in answers[2]
    assert "Bergen" in answers[3]
    assert "Friday" in answers[4]
    assert "My name is Anna" in answers[5]


def test_again_gives_another_one_and_shorter_a_shorter_one():
    poem, other, short = talk("Write a poem about rain", "again", "shorter")
    assert poem != other
    assert "rain" in other
    assert len(short) < len(other)
    assert short in other


def test_the_source_is_told_when_asked_why():
    assert "docs/operate.md" in talk("What do I have to back up?", "Why?")[1]


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("What is 12 * (3 + 4)?", "**84**"),
        ("17% of 240 = ?", "**40.8**"),
        ("What's 5 plus 6 times 2?", "**17**"),
        ("Calculate 2^100", "**1,267,650,600,228,229,401,496,703,205,376**"),
        ("What is the square root of 144?", "**12**"),
        ("What is 1 / 3?", "**about 0.333333**"),
        ("What is the average of 4, 8 and 9?", "**7**"),
        ("1/0 = ?", "divided by zero"),
        ("Is 91 prime?", "7 × 13"),
        ("12 乘以 7 等于多少？", "**84**"),
    ],
)
def test_it_calculates(question, result):
    assert result in talk(question)[0]


@pytest.mark.parametrize(
    "question", ["What is 9**9**9**9?", "(" * 500 + "1" + ")" * 500 + " = ?", "1+" * 480 + "1 = ?", "what is 1e999 * 2"]
)
def test_a_sum_that_is_too_much_does_no_harm(question):
    assert talk(question)[0]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("How many r's are in strawberry?", "**3 times**"),
        ('Count the words in "one two three"', "**3** words"),
        ("Sort: pear, apple, fig", "apple, fig, pear"),
        ("sort 10, 9, 100 descending", "100, 10, 9"),
        ("Reverse 'studio'", "oiduts"),
        ("UPPERCASE: hello", "HELLO"),
        ("Translate 'library' into German", "Bibliothek"),
        ("“保存”用英语怎么说？", "save"),
        ("Make a table from: apples 3, pears 5", "| apples | 3 |"),
        ("Repeat exactly: <b>as it is</b>", "<b>as it is</b>"),
        ("write hello world in rust", "```rust"),
        ("show the quadratic formula", "\\frac"),
        ("Write lyrics about the sea", "[Chorus]"),
    ],
)
def test_it_works_on_text(request_, answer):
    assert answer in talk(request_)[0]


@pytest.mark.parametrize("body", ["the cat is in the house. ", "(", "`", " ", "1+", "a, ", "我在", "| a |\n"])
def test_a_huge_text_is_answered(body):
    for lead in ("how many a in ", "sort ", "what is ", "make a picture of "):
        assert think(ask(Turn("user", lead + body * (300_000 // len(body))), tools=TOOLS)).text


def test_json_is_json_when_asked():
    (answer,) = talk("Give me only JSON with name Anna and age 30")
    assert json.loads(answer) == {"name": "Anna", "age": 30}


def test_a_summary_takes_sentences_of_the_text():
    text = "Takes have prices. The sky was blue on Monday. Prices of takes are shown before. A take is kept. Dogs bark."
    (answer,) = talk(f"Summarise in one sentence: {text}")
    assert answer in text


@pytest.mark.parametrize("size", [2_000, 100_000, 1_000_000])
def test_text_of_any_size_is_written(size):
    (answer,) = talk(f"Write {size // 1000} KB of text")
    assert len(answer.encode()) == size


def test_long_markdown_has_every_kind_of_block():
    (answer,) = talk("Write 30 KB of Markdown about whales")
    assert all(mark in answer for mark in ("\n## ", "\n- ", "\n- [", "|---|", "```", "$$", "\n> ", "](https://"))


def test_a_table_has_the_rows_and_columns_that_were_asked_for():
    lines = talk("make a table with 50 rows and 6 columns")[0].splitlines()
    assert len(lines) == 52
    assert {line.count("|") for line in lines} == {7}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("What's the weather in Oslo?", [("get_weather", {"location": "Oslo"})]),
        ("Make a picture of a red fox, please", [("make_image", {"prompt": "a red fox"})]),
        ('Say "Good morning" aloud', [("speak", {"text": "Good morning"})]),
        ("Find foxes in my library", [("search_library", {"query": "foxes"})]),
        (
            "Make a picture of a fox and say hello",
            [("make_image", {"prompt": "a fox"}), ("speak", {"text": "hello"})],
        ),
        (
            "What's the weather in Oslo and Bergen?",
            [("get_weather", {"location": "Oslo"}), ("get_weather", {"location": "Bergen"})],
        ),
        ("奥斯陆的天气怎么样？", [("get_weather", {"location": "奥斯陆"})]),
        ("How much does an image cost?", []),
        ("What is 3 + 4?", []),
        ("Hello", []),
    ],
)
def test_tools_are_called_when_they_are_asked_for(request_, expected):
    assert calls(request_) == expected


def test_numbers_and_choices_of_a_tool_are_read_from_the_sentence():
    ((_, arguments),) = calls("Make three landscape pictures of a boat")
    assert (arguments["n"], arguments["aspect_ratio"]) == (3, "16:9")


def test_it_asks_when_a_place_is_missing():
    reply = think(ask(Turn("user", "What's the weather?"), tools=TOOLS))
    assert not reply.calls
    assert reply.text == "Which place do you mean?"


def test_a_tool_for_it_gets_the_last_answer():
    turns = [Turn("user", "Repeat exactly: good night"), Turn("assistant", "good night"), Turn("user", "Read it aloud")]
    (call,) = think(ask(*turns, tools=TOOLS)).calls
    assert call.arguments == {"text": "good night"}


def test_results_are_used_and_what_needed_no_tool_is_answered_too():
    question = Turn("user", "What's the weather in Oslo and what is 2+2?")
    reply = think(ask(question, tools=TOOLS))
    result = ToolResult(reply.calls[0].id, '{"temperature": 7}')
    told = think(ask(question, Turn("assistant", "", reply.calls), Turn("user", results=(result,)), tools=TOOLS)).text
    assert "temperature: 7" in told
    assert "**4**" in told


def test_equal_questions_get_equal_answers_and_seeds_vary_them():
    answers = {talk("Write a poem about rain", seed=seed, temperature=1)[0] for seed in range(6)}
    assert len(answers) > 1
    assert talk("Write a poem about rain") == talk("Write a poem about rain")
    assert talk("Write a poem about rain", seed=3, temperature=1) == talk(
        "Write a poem about rain", seed=3, temperature=1
    )


def test_models_differ_and_a_quick_twin_does_not():
    question = "What do I have to back up?"
    answers = {model: talk(question, model=model)[0] for model in ("MiniMax-M3", "MiniMax-M2.7", "MiniMax-M2")}
    assert len(set(answers.values())) > 1
    assert talk(question, model="MiniMax-M2.7-highspeed")[0] == answers["MiniMax-M2.7"]


def test_it_thinks_only_when_it_should():
    assert think(ask(Turn("user", "What is 3 + 4?"))).thinking == ""
    assert "3 + 4" in think(ask(Turn("user", "What is 3 + 4?"), thinking=True)).thinking


def test_it_answers_in_chinese_when_written_to_in_chinese():
    answers = talk(
        "你好", "我叫小明", "我叫什么名字？", "MiniMax-M3 多少钱？", "写一首关于月亮的诗", "怎么备份？", "谢谢"
    )
    assert "小明" in answers[2]
    assert "0.3 美元" in answers[3]
    assert "月亮" in answers[4]
    assert "docs/operate.md" in answers[5]
    assert all(any("\u4e00" <= char <= "\u9fff" for char in answer) for answer in answers)


def test_the_system_message_shortens_and_frames_the_answer():
    (answer,) = talk("What is live speech?", system='Be brief. End every answer with "Ahoy!"')
    assert answer.endswith("Ahoy!")


@pytest.mark.parametrize("question", ["What can this studio do?", "What can I make here?"])
def test_it_says_what_the_studio_is_for(question):
    (answer,) = talk(question)
    assert "chat, live speech" in answer
    assert "README.md" in answer


def test_a_table_of_what_was_not_listed_is_a_question():
    (answer,) = talk("Which chat models are there? Show them in a table with their prices.")
    assert "| MiniMax-M3 |" in answer
