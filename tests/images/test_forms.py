import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.images.forms import ImageForm
from apps.images.generation import body
from apps.minimax import catalogue
from tests.images.conftest import SETTINGS, picture

rules = catalogue.image


def fill(member, *, kind="global", **changes):
    return ImageForm(SETTINGS | changes, member=member, connection_kind=kind)


def test_a_prompt_alone_is_enough(creator):
    form = ImageForm({"prompt": "A kite", "model": "image-01"}, member=creator)
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["n"], form.cleaned_data["aspect_ratio"]) == (1, "1:1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * (rules.prompt_characters + 1)}, "prompt"),
        ({"n": 10}, "n"),
        ({"n": 0}, "n"),
        ({"aspect_ratio": "5:4"}, "aspect_ratio"),
        ({"aspect_ratio": "own", "width": 512}, "height"),
        ({"aspect_ratio": "own", "width": 513, "height": 512}, "width"),
        ({"aspect_ratio": "own", "width": 504, "height": 512}, "width"),
        ({"aspect_ratio": "own", "width": 512, "height": 2056}, "height"),
        ({"seed": "nine"}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"model": "image-01-live"}, "model"),  # on the mainland only
        ({"reference": "0198a7b2-0000-7000-8000-000000000000"}, "reference"),
    ],
)
def test_what_minimax_would_refuse_is_refused_at_its_field(creator, changes, field):
    form = fill(creator, **changes)
    assert list(form.errors) == [field]


def test_a_wrong_size_is_no_matter_while_a_shape_is_chosen(creator):
    form = fill(creator, width=3, height=7)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["width"] is None


def test_the_live_model_takes_styles_and_no_size_of_its_own(creator):
    assert fill(creator, kind="mainland", model="image-01-live", style_type="水彩").is_valid()
    assert list(fill(creator, kind="mainland", model="image-01-live", aspect_ratio="21:9").errors) == ["aspect_ratio"]
    own = {"aspect_ratio": "own", "width": 512, "height": 512}
    assert list(fill(creator, kind="mainland", model="image-01-live", **own).errors) == ["aspect_ratio"]


def test_a_reference_is_a_picture_of_the_same_workspace(creator, stranger, kept_picture):
    asset = kept_picture()
    assert fill(creator, reference=asset.pk).is_valid()
    assert list(fill(stranger, reference=asset.pk).errors) == ["reference"]


def test_a_reference_that_is_no_picture_or_too_large_is_refused(creator, kept_picture):
    sound = kept_picture(content_type="audio/mpeg")
    large = kept_picture(picture() + bytes(rules.reference.below_bytes))
    assert list(fill(creator, reference=sound.pk).errors) == ["reference"]
    assert "10 MB" in fill(creator, reference=large.pk).errors["reference"][0]


states = st.fixed_dictionaries(
    {"prompt": st.text(max_size=40), "model": st.sampled_from([model.id for model in rules.models])},
    optional={
        "aspect_ratio": st.sampled_from([*rules.aspect_ratios, "own", "", "7:5"]),
        "width": st.integers(0, 2100),
        "height": st.integers(0, 2100) | st.just(""),
        "n": st.integers(-1, 11) | st.just(""),
        "seed": st.integers() | st.just(""),
        "style_type": st.sampled_from(["", *rules.style_types]),
        "style_weight": st.floats(-1, 2) | st.just(""),
        "prompt_optimizer": st.booleans(),
    },
)


class Someone:
    """No reference is asked for here, so nobody is looked up."""


@given(state=states, kind=st.sampled_from(["global", "mainland", "sandbox", "custom", ""]))
def test_no_form_that_is_valid_makes_a_request_that_is_forbidden(state, kind):
    form = ImageForm(state, member=Someone(), connection_kind=kind)
    if not form.is_valid():
        return
    sent = body(form.cleaned_data, None)
    model = next(model for model in rules.models if model.id == sent["model"])
    assert ("aspect_ratio" in sent) != ("width" in sent and "height" in sent)
    assert sent.get("aspect_ratio", "1:1") not in model.without_ratios
    assert sent["n"] in rules.n
    assert 0 < len(sent["prompt"]) <= rules.prompt_characters
    for side in ("width", "height"):
        assert side not in sent or (model.own_size and 512 <= sent[side] <= 2048 and sent[side] % 8 == 0)
    assert "style" not in sent or (model.styles and 0 < sent["style"]["style_weight"] <= 1)
