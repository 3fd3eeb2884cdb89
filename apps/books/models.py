"""Book → Chapter → Segment (one sentence) → SegmentTake (one sound of it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.library.models import Asset, ClaimQuerySet, new_id
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership

NARRATOR = ""  # the speaker of everything that nobody else says


def book_path(instance: Any, filename: str) -> str:
    return f"{instance.workspace_id}/books/{instance.pk.hex}/{filename}"


class Book(models.Model):
    """A long text on its way to being heard."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="books")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    click = models.CharField(max_length=36)  # one per press of the button: a double click finds this book
    title = models.CharField(_("title"), max_length=200)
    author = models.CharField(_("author"), max_length=200, blank=True)
    language = models.CharField(max_length=40, blank=True)  # as the document says it, e.g. "en"
    filename = models.CharField(max_length=255, blank=True)  # of the document; empty: the text was pasted
    cover = models.FileField(upload_to=book_path, max_length=255, blank=True)
    settings = models.JSONField(default=dict)  # apps.books.wishes: model, voice, how it should sound
    marks_speakers = models.BooleanField(default=False)  # whether "Anna: Hello." says who speaks; "[Anna]" always does
    cleanup = models.JSONField(default=list)  # the kinds of apps.books.text.cleaning that are switched on
    is_edited = models.BooleanField(default=False)  # chapters were changed by hand: the clean-up is behind it
    characters = models.PositiveIntegerField(default=0)
    pause_ms = models.PositiveIntegerField(default=300)  # where sounds that were made apart meet
    chapter_pause_ms = models.PositiveIntegerField(default=1500)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "click"], name="one_book_per_click")]
        indexes = [models.Index(fields=["workspace", "-id"], name="books_of_workspace")]

    def __str__(self) -> str:
        return self.title


class Manuscript(models.Model):
    """What was brought, as it was read: the clean-up begins here each time, so it can be undone."""

    book = models.OneToOneField(Book, models.CASCADE, related_name="manuscript", primary_key=True)
    document = models.JSONField()  # apps.books.text.readers.Document without its cover

    def __str__(self) -> str:
        return str(self.book_id)


class ChapterQuerySet(models.QuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(book__workspace_id=member.workspace_id)


class Chapter(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    position = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField()  # what is spoken; its sentences are the segments
    characters = models.PositiveIntegerField(default=0)

    objects: ClassVar = ChapterQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["book", "position"], name="chapters_of_book")]

    def __str__(self) -> str:
        return self.title or gettext("Chapter %(number)d") % {"number": self.position + 1}


class LeftOut(models.Model):
    """A chapter that was left out by hand, so that it can be put back as it was."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # the chapter's own
    book = models.ForeignKey(Book, models.CASCADE, related_name="left_out")
    left_out_at = models.DateTimeField(auto_now_add=True)
    position = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    segments = models.JSONField()  # ids, in order
    parts = models.JSONField()  # ids of what was made for it
    editions = models.JSONField()

    class Meta:
        ordering = ["position", "left_out_at"]

    def __str__(self) -> str:
        return self.title or gettext("Chapter %(number)d") % {"number": self.position + 1}


class SegmentQuerySet(models.QuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(book__workspace_id=member.workspace_id)

    def in_script(self) -> Self:
        """Without the sentences that a later version of the script left out."""
        return self.filter(chapter__isnull=False)


class Segment(models.Model):
    """One sentence. It keeps its id, and so its takes, while the script around it changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    book = models.ForeignKey(Book, models.CASCADE, related_name="segments")
    chapter = models.ForeignKey(
        Chapter, models.SET_NULL, null=True, related_name="segments"
    )  # null: cut from the script
    position = models.PositiveIntegerField()  # in the chapter
    text = models.TextField()
    start = models.PositiveIntegerField()  # in the chapter's text, in code points
    end = models.PositiveIntegerField()
    marked_speaker = models.CharField(max_length=100, blank=True)  # as the text says it
    speaker = models.CharField(max_length=100, blank=True)  # who speaks: the same, unless another was given by hand
    ends_paragraph = models.BooleanField(default=False)
    is_silent = models.BooleanField(default=False)  # e.g. "* * *": nothing in it can be spoken
    pause_ms = models.PositiveIntegerField(null=True)  # after it, by hand; null: as the book has it
    take = models.ForeignKey("SegmentTake", models.SET_NULL, null=True, related_name="+")  # the one that is heard
    is_chosen = models.BooleanField(default=False)  # the take was chosen by hand, whatever the settings say now
    making = models.ForeignKey("Part", models.SET_NULL, null=True, related_name="+")  # the last that was to bring it

    objects: ClassVar = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["chapter", "position"], name="segments_of_chapter"),
            models.Index(fields=["book", "speaker"], name="segments_of_speaker"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Part(models.Model):
    """A text of one voice that MiniMax speaks in one task, and the sound that came of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    book = models.ForeignKey(Book, models.CASCADE, related_name="parts")
    chapter = models.ForeignKey(Chapter, models.SET_NULL, null=True, related_name="parts")
    click = models.CharField(max_length=36)  # of the button that asked for it
    number = models.PositiveIntegerField()  # among those of the same click
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="book_part")
    text = models.TextField()
    places = models.JSONField()  # [[segment id, start, end in `text`, lead_ms, tail_ms]], in order
    settings = models.JSONField()  # as they were when it was asked for
    settings_hash = models.CharField(max_length=64)
    billed_characters = models.PositiveIntegerField()
    taken_at = models.DateTimeField(null=True)  # its sound is here and cut
    file = models.FileField(upload_to=book_path, max_length=255, blank=True)
    sample_rate = models.PositiveIntegerField(default=0)  # Hz
    channels = models.PositiveSmallIntegerField(default=0)
    samples = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)  # of the file

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "click", "number"], name="one_part_per_click")]

    def __str__(self) -> str:
        return f"{self.book_id} {self.number}"


class SegmentTake(models.Model):
    """A sentence as it was spoken once: a stretch of its part's sound."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="takes")
    part = models.ForeignKey(Part, models.CASCADE, related_name="takes")
    created_at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()
    settings_hash = models.CharField(max_length=64)
    voice_id = models.CharField(max_length=256)  # as it was asked for, e.g. "voice:<uuid>"
    start_sample = models.PositiveBigIntegerField()
    end_sample = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)  # of its samples
    lead_ms = models.PositiveIntegerField(default=0)  # pauses that the text has at its edges: MiniMax takes none there
    tail_ms = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "part"], name="one_take_per_part")]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def samples(self) -> int:
        return self.end_sample - self.start_sample

    @property
    def duration_s(self) -> float:
        return self.samples / self.part.sample_rate if self.part.sample_rate else 0.0


class Cast(models.Model):
    """Whose voice a speaker has. The narrator's is the book's own."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="cast")
    speaker = models.CharField(max_length=100)
    voice_id = models.CharField(max_length=256)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "speaker"], name="one_voice_per_speaker")]
        ordering = ["speaker"]

    def __str__(self) -> str:
        return f"{self.speaker}: {self.voice_id}"


class RevisionStatus(models.TextChoices):
    PROPOSED = "proposed", _("To be looked at")
    ACCEPTED = "accepted", _("Accepted")
    DISMISSED = "dismissed", _("Dismissed")


class Revision(models.Model):
    """Another version of the script, compared sentence by sentence. Nothing changes before it is accepted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    book = models.ForeignKey(Book, models.CASCADE, related_name="revisions")
    chapter = models.ForeignKey(Chapter, models.CASCADE, null=True, related_name="+")  # null: of the whole book
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=9, choices=RevisionStatus, default=RevisionStatus.PROPOSED)
    chapters = models.JSONField()  # the new ones: [{title, level, text}]
    diff = models.JSONField()  # what is not the same: [{kind, chapter, segment, before, after, speaker}]
    basis = models.CharField(max_length=64)  # hash of the script it was compared with
    billed_characters = models.PositiveIntegerField(default=0)  # of what would be made

    def __str__(self) -> str:
        return f"{self.book_id} {self.status}"


class EditionStatus(models.TextChoices):
    WAITING = "waiting", _("Being made")
    READY = "ready", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class EditionQuerySet(ClaimQuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id)


class Edition(models.Model):
    """A chapter, or the whole book, as one file. No MiniMax and no money: the studio's own work."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    book = models.ForeignKey(Book, models.CASCADE, related_name="editions")
    chapter = models.ForeignKey(Chapter, models.SET_NULL, null=True, related_name="editions")  # null: see `scope`
    scope = models.CharField(max_length=7, choices=[("book", _("Whole book")), ("chapter", _("Chapter"))])
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    click = models.CharField(max_length=36)
    title = models.CharField(max_length=200)
    format = models.CharField(max_length=4)  # a key of apps.books.editions.FORMATS
    loudness_lufs = models.FloatField(null=True)  # null: as it was made
    status = models.CharField(max_length=9, choices=EditionStatus, default=EditionStatus.WAITING)
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)  # a sentence for the person
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fingerprint = models.CharField(max_length=64)  # of the takes it is made of
    timings = models.JSONField(default=list)  # [[segment id, chapter, text, start, end in samples]]
    sample_rate = models.PositiveIntegerField(default=0)
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar = EditionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "click"], name="one_edition_per_click")]
        indexes = [models.Index(fields=["created_at"], name="editions_to_make", condition=Q(status="waiting"))]

    def __str__(self) -> str:
        return f"{self.title} ({self.format})"

    @property
    def is_moving(self) -> bool:
        return self.status == EditionStatus.WAITING
