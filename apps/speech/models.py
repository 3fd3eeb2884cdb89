from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset, new_id
from apps.library.services import shorten
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

# A take whose row has not been touched for this long has lost the process that was making it.
SILENCE = timedelta(seconds=20)


class Status(models.TextChoices):
    STARTING = "starting", _("Starting")  # the row is committed; MiniMax is being asked
    SPEAKING = "speaking", _("Speaking")  # sound is arriving
    SAVING = "saving", _("Saving")  # no more sound will come; it is on its way into the library
    KEPT = "kept", _("Kept")
    STOPPED = "stopped", _("Stopped")  # by a person; what had arrived is kept
    FAILED = "failed", _("Failed")  # by MiniMax or the network; what had arrived is kept
    INTERRUPTED = "interrupted", _("Interrupted")  # our own process went away; what had arrived is kept


MOVING = (Status.STARTING, Status.SPEAKING, Status.SAVING)


class Charged(models.TextChoices):
    NO = "no", _("Nothing was charged")
    YES = "yes", _("Charged")
    UNKNOWN = "unknown", _("May have been charged")


class TakeQuerySet(WorkspaceQuerySet):
    def moving(self) -> Self:
        return self.filter(status__in=MOVING)

    def move_on(self, pk: Any, *, from_status: tuple[str, ...], **changes: Any) -> bool:
        """Change one take if it is still where the caller thinks it is. False if somebody else has moved it."""
        return bool(self.filter(pk=pk, status__in=from_status).update(**changes))


class Take(models.Model):
    """One press of *Speak*: from the click to the file in the library.

    starting → speaking → saving → kept, stopped, failed or interrupted.
    The row is committed before MiniMax is asked, so no process that dies can lose a paid request.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # the asset made from it has the same id
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="takes")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    click = models.CharField(max_length=36)  # one per press of the button: a double click finds this take
    is_typed = models.BooleanField(default=False)  # type-to-speak: the text arrives while it is spoken
    request = models.JSONField()  # the validated form, so that it can be recalled
    spoken_by = models.JSONField(default=dict)  # {voice_id, timbre_weights} for `voice:<id>`; empty: as asked
    stream = models.JSONField()  # what MiniMax sends and the browser plays: {format, sample_rate, channel, bitrate}

    status = models.CharField(max_length=11, choices=Status, default=Status.STARTING)
    outcome = models.CharField(max_length=11, choices=Status, blank=True)  # where saving leads
    stop_asked = models.BooleanField(default=False)  # by a page whose process is not the one that speaks
    error_code = models.IntegerField(null=True)  # MiniMax's own
    error = models.TextField(blank=True)  # a sentence for the person
    next_step = models.TextField(blank=True)
    charged = models.CharField(max_length=7, choices=Charged, default=Charged.UNKNOWN)
    trace_id = models.CharField(max_length=64, blank=True)  # MiniMax's support asks for it
    connection_kind = models.CharField(max_length=10)  # where it was made: the sandbox charges nothing
    route = models.JSONField(default=dict)  # which key pays, and why: apps.workspaces.wallets.Route
    estimate_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)  # null: unknown
    usage = models.JSONField(default=dict)  # what MiniMax reported, e.g. {"usage_characters": 120}

    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="takes")
    subtitles = models.JSONField(default=list)  # [{text, start_ms, end_ms, words: [{text, start_ms, end_ms}]}]
    words_are_exact = models.BooleanField(default=False)  # False: estimated from the length of the words
    bytes_received = models.BigIntegerField(default=0)
    received_ms = models.IntegerField(default=0)  # length of the sound that arrived
    started_at = models.DateTimeField(null=True)  # MiniMax was asked
    first_audio_ms = models.IntegerField(null=True)  # from the click's arrival to the first sound
    heartbeat_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = TakeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "click"], name="one_take_per_click")]
        indexes = [models.Index(fields=["workspace", "created_by", "-id"], name="takes_of_a_person")]

    def __str__(self) -> str:
        return self.title

    @property
    def text(self) -> str:
        return self.request.get("text", "")

    @property
    def voice_id(self) -> str:
        """MiniMax's own, also where the request names a voice of the workspace; empty where a mix speaks."""
        return str((self.spoken_by or self.request).get("voice_id", ""))

    @property
    def timbre_weights(self) -> list[dict[str, Any]]:
        return list((self.spoken_by or self.request).get("timbre_weights") or ())

    @property
    def title(self) -> str:
        """The first words of the text, for cards and lists."""
        return shorten(self.text, 80)

    @property
    def is_moving(self) -> bool:
        return self.status in MOVING

    @property
    def is_partial(self) -> bool:
        """Whether the sound that is kept may be shorter than the text."""
        return (self.outcome or self.status) in (Status.STOPPED, Status.FAILED, Status.INTERRUPTED)

    @property
    def price_usd(self) -> Decimal | None:
        """What it cost, or while that is unknown, what it was expected to cost."""
        return self.estimate_usd if self.cost_usd is None else self.cost_usd


class PronunciationEntry(models.Model):
    """How this workspace says a word: `source/replacement` of MiniMax's pronunciation_dict."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="pronunciations")
    source = models.CharField(_("written"), max_length=100)
    replacement = models.CharField(_("spoken"), max_length=200)  # plain words, (pinyin1), (IPA) or kana
    language = models.CharField(_("language"), max_length=40, blank=True)  # a language_boost; empty: always
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "source", "language"], name="one_pronunciation_per_word")
        ]
        ordering = ["source", "language"]

    def __str__(self) -> str:
        return f"{self.source}/{self.replacement}"


def sample_path(sample: "VoiceSample", filename: str) -> str:
    return f"{sample.workspace_id}/voices/{filename}"


class VoiceSample(models.Model):
    """A voice saying one sentence, made once and kept, so that listening to voices is paid at most once each."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="voice_samples")
    connection_kind = models.CharField(max_length=10)  # the sandbox's voices are not MiniMax's
    voice_id = models.CharField(max_length=256)
    model = models.CharField(max_length=60)
    text = models.CharField(max_length=200)
    file = models.FileField(upload_to=sample_path, max_length=255)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    trace_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection_kind", "voice_id"], name="one_sample_per_voice")
        ]

    def __str__(self) -> str:
        return self.voice_id
