from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Never
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.workspaces.querysets import (
    ActiveMembershipManager,
    AppendOnlyQuerySet,
    ConnectionQuerySet,
    ConnectionsInUse,
    InvitationQuerySet,
    WorkspaceQuerySet,
)


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    CREATOR = "creator", _("Creator")
    VIEWER = "viewer", _("Viewer")


# What each role may do; views name the act, never the role.
ACTS: dict[str, frozenset[str]] = {
    "view": frozenset(Role.values),
    "create": frozenset({Role.OWNER, Role.ADMIN, Role.CREATOR}),
    "publish": frozenset({Role.OWNER, Role.ADMIN, Role.CREATOR}),
    "clone": frozenset({Role.OWNER, Role.ADMIN, Role.CREATOR}),
    "manage": frozenset({Role.OWNER, Role.ADMIN}),
    "own": frozenset({Role.OWNER}),
}

# Acts that a workspace may take from a role, or from one person; see `apps.workspaces.rights`.
LIMITABLE_ACTS = ("clone", "publish")


class Installation(models.Model):
    """One row, written by the first visit: of two people who set up at once, only one can insert it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    set_up_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return f"{self.set_up_at:%Y-%m-%d}"


class Workspace(models.Model):
    """A team's own room: its people, connection, library and bill."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    demands_second_factor = models.BooleanField(default=False)  # of everybody who comes in
    may_fail_over = models.BooleanField(default=False)  # to the other wallet when MiniMax refuses one over money
    wallet_order: Any = models.JSONField(default=dict)  # {modality: a WalletOrder}; missing: the plan first
    # By role: {"creator": {"clone": False, "publish": True, "spend_usd": "5"}}; what is absent is not limited.
    rights: Any = models.JSONField(default=dict, blank=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="workspaces")

    def __str__(self) -> str:
        return self.name

    @cached_property
    def connection(self) -> Connection | None:
        """The one in use."""
        return Connection.objects.filter(workspace=self).first()


class Membership(models.Model):
    """One person in one workspace, with a role. Every object is reached through one of these."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)
    suspended_at = models.DateTimeField(null=True)
    # What differs for this person from what the role may: {"clone": True, "spend_usd": "20"}
    rights: Any = models.JSONField(default=dict, blank=True)

    objects: ClassVar = ActiveMembershipManager()
    everyone: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def may(self, act: str) -> bool:
        """Whether this person may do `act`, one of the keys of `ACTS`. Owners are never limited."""
        if self.role not in ACTS[act]:
            return False
        return act not in LIMITABLE_ACTS or self.right(act) is not False

    def right(self, name: str) -> Any:
        """What is said of `name`, an act of LIMITABLE_ACTS or "spend_usd", for the person, else for the role."""
        if self.role == Role.OWNER:
            return None
        if name in self.rights:
            return self.rights[name]
        return self.workspace.rights.get(self.role, {}).get(name)


class ConnectionKind(models.TextChoices):
    SANDBOX = "sandbox", _("Sandbox")
    GLOBAL = "global", _("MiniMax · global")
    MAINLAND = "mainland", _("MiniMax · mainland")
    CUSTOM = "custom", _("Own address")


class ConnectionStatus(models.TextChoices):
    UNTESTED = "untested", _("Not tested yet")
    OK = "ok", _("Works")
    FAILING = "failing", _("Does not work")


class Wallet(models.TextChoices):
    """What a key of MiniMax's is paid from."""

    BALANCE = "balance", _("Pay-as-you-go")
    PLAN = "plan", _("Token Plan")


class WalletOrder(models.TextChoices):
    PLAN_FIRST = "plan", _("Token Plan first")
    BALANCE_FIRST = "balance", _("Pay-as-you-go first")
    ONLY_PLAN = "only_plan", _("Token Plan only")
    ONLY_BALANCE = "only_balance", _("Pay-as-you-go only")


class Connection(models.Model):
    """A place to send requests to, and the key that is sent along. The key is stored sealed.

    A workspace may keep several; one is in use. Keys of the same place are its wallets: `wallets.route` chooses.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="connections")
    is_active = models.BooleanField(default=True)  # in use; what concerns the whole account goes over it
    wallet = models.CharField(_("paid from"), max_length=7, choices=Wallet, default=Wallet.BALANCE)
    retired_at = models.DateTimeField(null=True)  # another key took its place; what is running still has it
    kind = models.CharField(_("connection"), max_length=8, choices=ConnectionKind)
    key_sealed = models.TextField(blank=True, editable=False)
    key_last4 = models.CharField(max_length=4, blank=True, editable=False)
    base_url = models.URLField(_("address"), blank=True)  # only for CUSTOM; the others are known
    status = models.CharField(max_length=8, choices=ConnectionStatus, default=ConnectionStatus.UNTESTED)
    status_text = models.TextField(blank=True)  # why it fails, as a sentence
    tested_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)
    account: Any = models.JSONField(default=dict)  # {"plan": [rows]} or {"balance": {…}}, as MiniMax reported last
    account_at = models.DateTimeField(null=True)
    refusals: Any = models.JSONField(default=dict)  # {"2056": {"at", "until"}, "2061 <model>": …}: not before then

    objects: ClassVar = ConnectionsInUse.from_queryset(WorkspaceQuerySet)()
    every: ClassVar = ConnectionQuerySet.as_manager()

    class Meta:
        base_manager_name = "every"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(is_active=True), name="one_connection_in_use"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def place(self) -> tuple[str, str]:
        """Whose voices, files and tasks these are: keys of one place are taken for one account's."""
        return self.kind, self.base_url

    @property
    def label(self) -> str:
        """What it is and, of its key, the end: `MiniMax · global ····k3Yz`."""
        return f"{self.get_kind_display()} ····{self.key_last4}" if self.key_last4 else str(self.get_kind_display())

    @property
    def is_sandbox(self) -> bool:
        return self.kind == ConnectionKind.SANDBOX


class ChatSurface(models.TextChoices):
    OPENAI = "openai", _("OpenAI-compatible")
    ANTHROPIC = "anthropic", _("Anthropic-compatible")


class ChatConnection(models.Model):
    """Another server for chat alone: open-weight models of one's own behind vLLM, SGLang, Ollama or the like.

    Everything else goes on over the workspace's Connection.
    """

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="chat_connection")
    base_url = models.CharField(_("address"), max_length=200)  # without /v1
    surface = models.CharField(_("surface of the API"), max_length=9, choices=ChatSurface, default=ChatSurface.OPENAI)
    key_sealed = models.TextField(blank=True, editable=False)  # empty: the server asks for none
    key_last4 = models.CharField(max_length=4, blank=True, editable=False)
    listed: Any = models.JSONField(default=list)  # {"id", "label", "context"} of its models, as it told last
    # US dollars per million tokens, as the team reckons them
    input_usd = models.DecimalField(_("input"), max_digits=10, decimal_places=4, default=0)
    output_usd = models.DecimalField(_("output"), max_digits=10, decimal_places=4, default=0)
    status = models.CharField(max_length=8, choices=ConnectionStatus, default=ConnectionStatus.UNTESTED)
    status_text = models.TextField(blank=True)  # why it fails, as a sentence
    tested_at = models.DateTimeField(null=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.host

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def is_free(self) -> bool:
        return not self.input_usd and not self.output_usd


class Invitation(models.Model):
    """A link that lets one person in, once. The token in the link is not kept, only its hash."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    note = models.CharField(_("for whom"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)  # where the link was sent; empty: it was handed out
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.note or self.email or self.get_role_display()

    def is_open(self, now: datetime | None = None) -> bool:
        return not self.accepted_at and not self.revoked_at and self.expires_at > (now or timezone.now())


class AuditEntry(models.Model):
    """Who did what, to what, when and from where. Rows are added, never changed."""

    workspace = models.ForeignKey(Workspace, models.SET_NULL, null=True, related_name="audit_entries")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=100, blank=True)  # the name at that time; stays when the person goes
    action = models.CharField(max_length=40)  # a key of apps.workspaces.audit.ACTIONS
    subject = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="audit_of_workspace"),
            models.Index(fields=["actor", "-id"], name="audit_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action} {self.subject}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit log is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("The audit log is append-only.")
