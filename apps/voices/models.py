from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.library.models import Asset, new_id
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership

ALIAS = "voice:"  # `voice:<uuid>` names a voice of the workspace wherever a request wants a voice_id
REMINDER_HOURS = (72, 24, 2)


class Origin(models.TextChoices):
    CLONE = "clone", _("Cloned")
    DESIGN = "design", _("Designed")
    MIX = "mix", _("Mixed")


class State(models.TextChoices):
    NEW = "new", _("Not made yet")  # everything it is made from is here; MiniMax has not made it
    TEMPORARY = "temporary", _("Temporary")  # MiniMax forgets it at `expires_at` unless it speaks for real
    KEPT = "kept", _("Kept")
    GONE = "gone", _("Gone")  # MiniMax forgot it; it can be made again
    DELETED = "deleted", _("Deleted")  # by a person; it can be made again under a new id
    WITHDRAWN = "withdrawn", _("Consent withdrawn")  # for good


LIVING = (State.TEMPORARY, State.KEPT)


class ConsentHow(models.TextChoices):
    TICK = "tick", _("It was given to me in person")
    TEXT = "text", _("In writing, quoted here")
    FILE = "file", _("On paper: a photo or scan of it")


class Consent(models.Model):
    """That a person agreed to having their voice cloned: who, how, and who says so. Withdrawn once, for good."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="voice_consents")
    person = models.CharField(max_length=120)  # whose voice it is
    how = models.CharField(max_length=4, choices=ConsentHow)
    statement = models.TextField(blank=True)
    file = models.ForeignKey(Asset, models.PROTECT, null=True, related_name="+")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")  # who says so
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.person

    @property
    def is_valid(self) -> bool:
        return self.withdrawn_at is None


class VoiceQuerySet(WorkspaceQuerySet):
    def living(self) -> Self:
        """What can be spoken with, as far as the clock says."""
        return self.filter(Q(state=State.KEPT) | Q(state=State.TEMPORARY, expires_at__gt=timezone.now()))

    def running_out(self) -> Self:
        """Temporary voices that somebody wants, the first to go first. Candidates run out by themselves."""
        waiting = self.filter(state=State.TEMPORARY, expires_at__gt=timezone.now(), is_candidate=False)
        return waiting.order_by("expires_at")

    def for_cards(self) -> Self:
        """With everything a card shows."""
        assets = models.Prefetch("making__assets", Asset.objects.filter(trashed_at=None).select_related("workspace"))
        wanted = ("workspace", "created_by", "consent", "sample", "prompt_audio", "making", "keeping")
        return self.select_related(*wanted).prefetch_related(assets)


class Voice(models.Model):
    """A voice of the workspace, under a name of its own that outlives whatever id MiniMax knows it by."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="voices")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(_("name"), max_length=80)
    origin = models.CharField(max_length=6, choices=Origin)
    state = models.CharField(max_length=9, choices=State, default=State.NEW)

    voice_id = models.CharField(max_length=256, blank=True)  # as MiniMax knows it now; empty while it does not
    connection = models.CharField(max_length=300, blank=True)  # where it exists: services.connection_name
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # of a temporary one
    kept_at = models.DateTimeField(null=True)  # its first real synthesis
    verified_at = models.DateTimeField(null=True)  # MiniMax lists it
    missed_at = models.DateTimeField(null=True)  # MiniMax listed it before, and first did not at this time
    fee_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)  # as charged at its first real synthesis

    model = models.CharField(max_length=60, blank=True)  # the one its preview was made with
    language = models.CharField(max_length=40, blank=True)  # a language_boost
    gender = models.CharField(max_length=6, blank=True)  # "female", "male" or ""
    sample = models.ForeignKey(Asset, models.PROTECT, null=True, related_name="+")
    prompt_audio = models.ForeignKey(Asset, models.PROTECT, null=True, related_name="+")
    prompt_text = models.TextField(blank=True)
    description = models.TextField(blank=True)  # what a designed one is made from
    preview_text = models.TextField(blank=True)
    parameters = models.JSONField(default=dict)  # the rest of what it is made from; of a mix: timbre_weights
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="voices")

    batch = models.UUIDField(null=True, db_index=True)  # candidates that were designed together
    is_candidate = models.BooleanField(default=False)  # nobody has kept it yet: no reminders
    making = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")  # the last job that makes it
    keeping = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")  # the last job that keeps it

    objects: ClassVar = VoiceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "state", "expires_at"], name="voices_of_workspace"),
            models.Index(fields=["expires_at"], name="voices_that_run_out", condition=Q(state="temporary")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def alias(self) -> str:
        """What a request says instead of a voice_id."""
        return f"{ALIAS}{self.pk}"

    @property
    def state_now(self) -> str:
        """By the clock: the sweep writes it down within minutes."""
        is_over = self.state == State.TEMPORARY and self.expires_at is not None and self.expires_at <= timezone.now()
        return State.GONE if is_over else self.state

    @property
    def state_label(self) -> str:
        return str(State(self.state_now).label)

    @property
    def is_usable(self) -> bool:
        return self.state_now in LIVING

    @property
    def left(self) -> timedelta:
        """Until it is lost; zero where nothing runs out."""
        if self.state != State.TEMPORARY or self.expires_at is None:
            return timedelta(0)
        return max(timedelta(0), self.expires_at - timezone.now())

    @property
    def left_percent(self) -> int:
        """How much of the ring is left, 0 to 100."""
        if self.state != State.TEMPORARY or not self.made_at or not self.expires_at:
            return 0
        return round(100 * min(1.0, self.left / (self.expires_at - self.made_at)))

    @property
    def is_being_made(self) -> bool:
        return self.making is not None and self.making.is_moving

    @property
    def is_being_kept(self) -> bool:
        return self.keeping is not None and self.keeping.is_moving

    @property
    def may_be_made(self) -> bool:
        """Whether *make it* or *make it again* can be pressed."""
        is_absent = self.state_now in (State.NEW, State.GONE, State.DELETED)
        return is_absent and self.has_material and not self.is_being_made

    @property
    def has_material(self) -> bool:
        """Whether everything that it is made from is here. One that was taken in was made elsewhere."""
        match self.origin:
            case Origin.CLONE:
                return self.sample_id is not None and self.consent is not None and self.consent.is_valid
            case Origin.DESIGN:
                return bool(self.description)
            case _:
                return False

    @property
    def has_vanished(self) -> bool:
        """It was kept, and somebody deleted it in MiniMax's own console."""
        return self.state == State.GONE and self.kept_at is not None

    @property
    def preview(self) -> Asset | None:
        """The sound that came when it was made."""
        return next(iter(self.making.assets.all()), None) if self.making else None


class VoiceIdentity(models.Model):
    """A voice_id that a voice has, had, or may have.

    The row is committed before MiniMax is asked to make it. While `made_at` is empty nobody knows whether MiniMax did;
    the next attempt uses the same id, and hears of it if it did.
    """

    bearer = models.ForeignKey(Voice, models.CASCADE, related_name="identities")
    voice_id = models.CharField(max_length=256)
    connection = models.CharField(max_length=300)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=12, blank=True)  # "expired", "vanished", "deleted", "withdrawn", "replaced"
    removal_due_at = models.DateTimeField(null=True)  # MiniMax is to be told to delete it, not before this
    removed_at = models.DateTimeField(null=True)  # and has done so

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "voice_id"], name="one_voice_per_id")]
        verbose_name_plural = "voice identities"

    def __str__(self) -> str:
        return self.voice_id


class VoiceUse(models.Model):
    """A real synthesis with a voice: what it made, so that it can be found when consent is withdrawn."""

    voice = models.ForeignKey(Voice, models.CASCADE, related_name="uses")
    how = models.CharField(max_length=12)  # "speech", "keep", "noticed"
    source = models.CharField(max_length=64)  # what used it; each is recorded once
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")
    trace_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["voice", "source"], name="one_use_per_source")]

    def __str__(self) -> str:
        return self.source


class Mode(models.TextChoices):
    REMIND = "remind", _("Remind us")
    KEEP = "keep", _("Keep voices automatically, within a budget")
    LET_GO = "let_go", _("Let them go")


def standard_hours() -> list[int]:
    return list(REMINDER_HOURS)


class VoicePolicy(models.Model):
    """What a workspace wants to happen before a voice is lost."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="voice_policy")
    mode = models.CharField(max_length=6, choices=Mode, default=Mode.REMIND)
    hours = models.JSONField(default=standard_hours)  # before the end, descending
    budget_usd = models.DecimalField(max_digits=8, decimal_places=2, default=0)  # per calendar month (UTC)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.get_mode_display())


class Reminder(models.Model):
    """That people were reminded of a voice so many hours before its end: the row is the claim, so it happens once."""

    identity = models.ForeignKey(VoiceIdentity, models.CASCADE, related_name="reminders")
    hours = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    is_overtaken = models.BooleanField(default=False)  # a later one was due by then: that one was sent

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "hours"], name="one_reminder_of_each_kind")]

    def __str__(self) -> str:
        return f"{self.identity} {self.hours} h"


class ReminderMail(models.Model):
    """A mail that is to be sent, committed together with its reminders and sent afterwards."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    voices = models.JSONField()  # ids
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now)  # whoever moves it has the mail
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="voice_mails_to_send", condition=Q(sent_at=None))]

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d %H:%M}"


class FavouriteQuerySet(models.QuerySet):
    def of(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id, person_id=member.user_id)


class Favourite(models.Model):
    """A voice that a person wants at hand: MiniMax's own id, or an alias."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    voice_id = models.CharField(max_length=256)
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = FavouriteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "person", "voice_id"], name="one_favourite_each")]

    def __str__(self) -> str:
        return self.voice_id


# --- auditions --------------------------------------------------------------------------------------------------------


class Audition(models.Model):
    """One line, said by many voices with many models, so that one can be chosen by ear."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="auditions")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    line = models.TextField()
    is_blind = models.BooleanField(default=False)  # who is heard is told to those who have voted

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.line


class AuditionPart(models.Model):
    """One voice with one model. What was said before with the same words, voice and model has the same job."""

    audition = models.ForeignKey(Audition, models.CASCADE, related_name="parts")
    voice = models.CharField(max_length=256)  # as requests name it: an id or an alias
    name = models.CharField(max_length=120)  # as it was called then
    model = models.CharField(max_length=60)
    place = models.PositiveSmallIntegerField()  # where a blind one stands: by chance
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audition", "voice", "model"], name="one_part_each")]

    def __str__(self) -> str:
        return f"{self.name}, {self.model}"


class AuditionVote(models.Model):
    """Each person has one."""

    audition = models.ForeignKey(Audition, models.CASCADE, related_name="votes")
    part = models.ForeignKey(AuditionPart, models.CASCADE, related_name="votes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audition", "person"], name="one_vote_per_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.part}"


class HouseVoice(models.Model):
    """The voice that a workspace begins with."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="house_voice")
    voice_id = models.CharField(max_length=256)  # an id or an alias
    model = models.CharField(max_length=60)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.voice_id


def is_alias(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(ALIAS)
