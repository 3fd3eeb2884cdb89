from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.library.models import new_id
from apps.speech.models import Take
from apps.usage.models import Charged
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership

# A reply whose row has not been touched for this long has lost the process that was receiving it.
SILENCE = timedelta(seconds=15)
TITLE_LENGTH = 120


class Folder(models.Model):
    """A person's own way of putting conversations together."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="chat_folders")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "person", "name"], name="one_chat_folder_per_name")]

    def __str__(self) -> str:
        return self.name


class ConversationQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """The member's own, and what others of the workspace have opened to it; nothing that was deleted."""
        return self.filter(
            Q(created_by_id=member.user_id) | Q(is_open=True), workspace_id=member.workspace_id, trashed_at=None
        )

    def of(self, member: Membership) -> Self:
        """The member's own, which they may write in, change and delete."""
        return self.filter(created_by_id=member.user_id, workspace_id=member.workspace_id, trashed_at=None)

    def holding(self, word: str) -> Self:
        said = Message.objects.filter(conversation=OuterRef("pk"), text__icontains=word)
        return self.filter(Q(title__icontains=word) | Exists(said))


class Conversation(models.Model):
    """A tree of messages. Nothing in it is overwritten: what is edited or asked again becomes a branch."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="conversations")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(db_index=True)  # the last thing that was said
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, blank=True, related_name="conversations")
    pinned_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    trashed_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=False)  # every member of the workspace may read it
    head = models.ForeignKey("Message", models.SET_NULL, null=True, related_name="+")  # end of the branch that is shown
    settings = models.JSONField(default=dict)  # of the last turn, for the next one

    objects: ClassVar = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "created_by", "-moved_at"], name="chats_of_a_person"),
            models.Index(fields=["workspace", "-moved_at"], name="chats_that_are_open", condition=Q(is_open=True)),
        ]

    def __str__(self) -> str:
        return self.title


class Status(models.TextChoices):
    RUNNING = "running", _("Being written")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")  # by a person; what had arrived is kept
    INTERRUPTED = "interrupted", _("Interrupted")  # our own process went away; what had arrived is kept
    FAILED = "failed", _("Failed")  # by MiniMax or the network; what had arrived is kept


class Role(models.TextChoices):
    USER = "user", _("You")
    ASSISTANT = "assistant", _("Model")


class MessageQuerySet(models.QuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(conversation__in=Conversation.objects.visible_to(member))

    def of(self, member: Membership) -> Self:
        return self.filter(conversation__in=Conversation.objects.of(member))

    def running(self) -> Self:
        return self.filter(status=Status.RUNNING)


class Message(models.Model):
    """One thing that was said. A reply's row is committed before MiniMax is asked, so no death can lose a paid one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    role = models.CharField(max_length=9, choices=Role)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # See apps.minimax.chat.request; besides, {"type": "file", "name", "text"} and {"type": "image", "asset"}
    blocks = models.JSONField(default=list)
    text = models.TextField(blank=True)  # what search reads
    html = models.JSONField(default=list)  # of each block, where it has any
    html_version = models.PositiveSmallIntegerField(default=0)
    click = models.CharField(
        max_length=60, db_index=True
    )  # one per press of the button: a double click finds this message

    # of a reply
    status = models.CharField(max_length=11, choices=Status, default=Status.DONE)
    model = models.CharField(max_length=120, blank=True)
    settings = models.JSONField(default=dict)  # the validated form
    stop_asked = models.BooleanField(default=False)  # by a page whose process is not the one that receives it
    stop_reason = models.CharField(max_length=30, blank=True)
    error_code = models.IntegerField(null=True)  # MiniMax's own
    error = models.TextField(blank=True)  # a sentence for the person
    next_step = models.TextField(blank=True)
    charged = models.CharField(max_length=7, choices=Charged, default=Charged.NO)
    trace_id = models.CharField(max_length=64, blank=True)  # MiniMax's support asks for it
    connection_kind = models.CharField(max_length=10, blank=True)  # where it was made: the sandbox charges nothing
    route = models.JSONField(default=dict)  # which key pays, and why: apps.workspaces.wallets.Route
    usage = models.JSONField(default=dict)  # tokens: input, output, cache_read, cache_write
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)  # null: not known
    first_ms = models.IntegerField(null=True)  # from the person's message to the first thing that came
    thinking_ms = models.IntegerField(null=True)
    duration_ms = models.IntegerField(null=True)
    heartbeat_at = models.DateTimeField(null=True, db_index=True)

    objects: ClassVar = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["conversation", "click"], name="one_message_per_click")]
        indexes = [models.Index(fields=["heartbeat_at"], name="replies_running", condition=Q(status="running"))]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_running(self) -> bool:
        return self.status == Status.RUNNING

    @property
    def is_partial(self) -> bool:
        return self.status in (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)

    @property
    def is_reply(self) -> bool:
        return self.role == Role.ASSISTANT

    @property
    def holds_results(self) -> bool:
        """Whether it is what tools answered, and nothing a person wrote."""
        return bool(self.blocks) and all(block["type"] == "tool_result" for block in self.blocks)

    @property
    def tokens_per_second(self) -> float | None:
        """How fast it came once it had begun to come."""
        writing_ms = (self.duration_ms or 0) - (self.first_ms or 0)
        tokens = self.usage.get("output", 0)
        return tokens / (writing_ms / 1000) if writing_ms > 0 and tokens > 1 else None

    @property
    def tokens(self) -> int:
        return sum(self.usage.get(name, 0) for name in ("input", "output", "cache_read", "cache_write"))

    @property
    def input_tokens(self) -> int:
        return self.tokens - self.usage.get("output", 0)


class CallStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for you")
    RUNNING = "running", _("Being made")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    DECLINED = "declined", _("Declined")


class Call(models.Model):
    """One call of a tool by a reply: what was asked, who let it go, and what is told to the model."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="calls")
    call_id = models.CharField(max_length=200)  # MiniMax's own
    name = models.CharField(max_length=64)
    input = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=CallStatus, default=CallStatus.WAITING)
    price_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)  # null: not known, or nothing to pay
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    take = models.ForeignKey(Take, models.SET_NULL, null=True, related_name="+")
    result = models.TextField(blank=True)
    is_error = models.BooleanField(default=False)
    assets = models.JSONField(default=list)  # ids of what was made
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["message", "call_id"], name="one_row_per_call")]
        indexes = [
            models.Index(fields=["message"], name="calls_at_work", condition=Q(status="running")),
            models.Index(fields=["settled_at"], name="calls_by_their_end"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status in (CallStatus.WAITING, CallStatus.RUNNING)


class Piece(models.Model):
    """What arrived of a running reply in about half a second, so that other processes can show it and none can lose it.

    Forgotten as soon as the reply's own row holds everything.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="pieces")
    events: Any = models.JSONField()  # see apps.chat.reply

    def __str__(self) -> str:
        return f"{self.message_id}: {len(self.events)}"


# --- comparisons ------------------------------------------------------------------------------------------------------


class ComparisonQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(conversation__in=Conversation.objects.of(member))


class Comparison(models.Model):
    """One prompt that was sent to several columns at once. Their replies are siblings in the conversation's tree."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="comparisons")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Null when the conversation is gone: the vote still counts
    conversation = models.ForeignKey(Conversation, models.SET_NULL, null=True, related_name="comparisons")
    question = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    click = models.CharField(max_length=36)
    is_blind = models.BooleanField(default=False)  # names and figures are hidden until the vote
    voted_at = models.DateTimeField(null=True)

    objects: ClassVar = ComparisonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "created_by", "click"], name="one_comparison_per_click")
        ]
        indexes = [models.Index(fields=["workspace", "-voted_at"], name="comparisons_that_were_voted")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_hidden(self) -> bool:
        return self.is_blind and self.voted_at is None


class Candidate(models.Model):
    """One column of a comparison."""

    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="candidates")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    model = models.CharField(max_length=120)
    has_won = models.BooleanField(default=False)  # none of a comparison that was voted: a tie

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.model


# --- prompts ----------------------------------------------------------------------------------------------------------


class PromptQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """The member's own, and what others have given to the workspace."""
        return self.filter(Q(created_by_id=member.user_id) | Q(is_shared=True), workspace_id=member.workspace_id)


class Prompt(models.Model):
    """A text to be used again, with variables. See apps.chat.prompts for their grammar."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="prompts")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    name = models.CharField(_("name"), max_length=80)
    body = models.TextField(_("text"), max_length=50_000)  # of the newest version
    is_shared = models.BooleanField(_("For everybody in the workspace"), default=False)

    objects: ClassVar = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["workspace", "name"], name="prompts_of_workspace")]

    def __str__(self) -> str:
        return self.name


class PromptVersion(models.Model):
    """What a prompt said, and since when. Nothing here is ever changed."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["prompt", "number"], name="one_prompt_version_per_number")]

    def __str__(self) -> str:
        return f"{self.prompt_id}: {self.number}"
