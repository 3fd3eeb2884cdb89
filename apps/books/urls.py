from django.urls import path, register_converter

from apps.books import (
    casting_views,
    chapter_views,
    cleaning_views,
    details_views,
    edition_views,
    making_views,
    reading_views,
    revising_views,
    sentence_views,
    views,
)


class SubtitleSuffix:
    regex = "srt|vtt|json"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(SubtitleSuffix, "book_subtitles")

app_name = "books"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("create", views.create, name="create"),
    path("<uuid:pk>/", making_views.book, name="book"),
    path("<uuid:pk>/row", views.row, name="row"),
    path("<uuid:pk>/state", making_views.state, name="state"),
    path("<uuid:pk>/estimate", making_views.estimate, name="estimate"),
    path("<uuid:pk>/problems", making_views.problems, name="problems"),
    path("<uuid:pk>/make", making_views.make, name="make"),
    path("<uuid:pk>/pause", making_views.pause, name="pause"),
    path("<uuid:pk>/resume", making_views.resume, name="resume"),
    path("<uuid:pk>/cancel", making_views.cancel, name="cancel"),
    path("<uuid:pk>/delete", details_views.delete, name="delete"),
    path("<uuid:pk>/cover", details_views.cover, name="cover"),
    path("<uuid:pk>/details/", details_views.details, name="details"),
    path("<uuid:pk>/details/save", details_views.set_details, name="set_details"),
    path("<uuid:pk>/editions/", edition_views.editions, name="editions"),
    path("<uuid:pk>/editions/render", edition_views.render_edition, name="render"),
    path("<uuid:pk>/editions/render-chapters", edition_views.render_chapters, name="render_chapters"),
    path("<uuid:pk>/editions/<uuid:edition_pk>/", edition_views.edition, name="edition"),
    path("<uuid:pk>/editions/<uuid:edition_pk>/stop", edition_views.stop_edition, name="stop_edition"),
    path(
        "<uuid:pk>/editions/<uuid:edition_pk>/subtitles.<book_subtitles:suffix>",
        edition_views.subtitles,
        name="subtitles",
    ),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/jobs", making_views.jobs, name="jobs"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/repeat", making_views.repeat, name="repeat"),
    path("<uuid:pk>/read/", reading_views.read, name="read"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/", reading_views.read_chapter, name="read_chapter"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/listen", reading_views.listen, name="listen"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/listening", reading_views.listening, name="listening"),
    path("<uuid:pk>/cleanup/", cleaning_views.cleanup, name="cleanup"),
    path("<uuid:pk>/cleanup/set", cleaning_views.set_cleanup, name="set_cleanup"),
    path("<uuid:pk>/chapters/", chapter_views.chapters, name="chapters"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/rename", chapter_views.rename_chapter, name="rename_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/move", chapter_views.move_chapter, name="move_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/join", chapter_views.join_chapter, name="join_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/leave-out", chapter_views.leave_out, name="leave_out"),
    path("<uuid:pk>/chapters/<uuid:left_pk>/put-back", chapter_views.put_back, name="put_back"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/splitter", chapter_views.splitter, name="splitter"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/split", chapter_views.split_chapter, name="split_chapter"),
    path("<uuid:pk>/cast/", casting_views.cast, name="cast"),
    path("<uuid:pk>/cast/voice", casting_views.set_voice, name="set_voice"),
    path("<uuid:pk>/cast/pauses", casting_views.set_pauses, name="set_pauses"),
    path("<uuid:pk>/revise/", revising_views.revise, name="revise"),
    path("<uuid:pk>/revise/compare", revising_views.compare, name="compare"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/", revising_views.revision, name="revision"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/accept", revising_views.accept, name="accept"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/make", revising_views.accept_and_make, name="accept_and_make"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/dismiss", revising_views.dismiss, name="dismiss"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/", sentence_views.sentence, name="sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/write", sentence_views.write_sentence, name="write_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/give", sentence_views.give_sentence, name="give_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/make", sentence_views.make_sentence, name="make_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/takes/<uuid:take_pk>", sentence_views.choose_take, name="choose_take"),
    path("<uuid:pk>/takes/<uuid:take_pk>/sound", sentence_views.take_sound, name="take_sound"),
]
