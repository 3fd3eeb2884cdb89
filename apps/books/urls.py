from django.urls import path, register_converter

from apps.books import script_views, views


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
    path("<uuid:pk>/", views.book, name="book"),
    path("<uuid:pk>/row", views.row, name="row"),
    path("<uuid:pk>/state", views.state, name="state"),
    path("<uuid:pk>/estimate", views.estimate, name="estimate"),
    path("<uuid:pk>/problems", views.problems, name="problems"),
    path("<uuid:pk>/make", views.make, name="make"),
    path("<uuid:pk>/pause", views.pause, name="pause"),
    path("<uuid:pk>/resume", views.resume, name="resume"),
    path("<uuid:pk>/cancel", views.cancel, name="cancel"),
    path("<uuid:pk>/delete", views.delete, name="delete"),
    path("<uuid:pk>/cover", views.cover, name="cover"),
    path("<uuid:pk>/details/", views.details, name="details"),
    path("<uuid:pk>/details/save", views.set_details, name="set_details"),
    path("<uuid:pk>/editions/", views.editions, name="editions"),
    path("<uuid:pk>/editions/render", views.render_edition, name="render"),
    path("<uuid:pk>/editions/<uuid:edition_pk>/", views.edition, name="edition"),
    path("<uuid:pk>/editions/<uuid:edition_pk>/stop", views.stop_edition, name="stop_edition"),
    path("<uuid:pk>/editions/<uuid:edition_pk>/subtitles.<book_subtitles:suffix>", views.subtitles, name="subtitles"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/jobs", views.jobs, name="jobs"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/repeat", views.repeat, name="repeat"),
    path("<uuid:pk>/read/", views.read, name="read"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/", views.read_chapter, name="read_chapter"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/listen", views.listen, name="listen"),
    path("<uuid:pk>/read/<uuid:chapter_pk>/listening", views.listening, name="listening"),
    path("<uuid:pk>/cleanup/", script_views.cleanup, name="cleanup"),
    path("<uuid:pk>/cleanup/set", script_views.set_cleanup, name="set_cleanup"),
    path("<uuid:pk>/chapters/", script_views.chapters, name="chapters"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/rename", script_views.rename_chapter, name="rename_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/move", script_views.move_chapter, name="move_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/join", script_views.join_chapter, name="join_chapter"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/leave-out", script_views.leave_out, name="leave_out"),
    path("<uuid:pk>/chapters/<uuid:chapter_pk>/splitter", script_views.splitter, name="splitter"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/split", script_views.split_chapter, name="split_chapter"),
    path("<uuid:pk>/cast/", script_views.cast, name="cast"),
    path("<uuid:pk>/cast/voice", script_views.set_voice, name="set_voice"),
    path("<uuid:pk>/cast/pauses", script_views.set_pauses, name="set_pauses"),
    path("<uuid:pk>/revise/", script_views.revise, name="revise"),
    path("<uuid:pk>/revise/compare", script_views.compare, name="compare"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/", script_views.revision, name="revision"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/accept", script_views.accept, name="accept"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/make", script_views.accept_and_make, name="accept_and_make"),
    path("<uuid:pk>/revise/<uuid:revision_pk>/dismiss", script_views.dismiss, name="dismiss"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/", script_views.sentence, name="sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/write", script_views.write_sentence, name="write_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/give", script_views.give_sentence, name="give_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/make", script_views.make_sentence, name="make_sentence"),
    path("<uuid:pk>/sentences/<uuid:segment_pk>/takes/<uuid:take_pk>", script_views.choose_take, name="choose_take"),
    path("<uuid:pk>/takes/<uuid:take_pk>/sound", script_views.take_sound, name="take_sound"),
]
