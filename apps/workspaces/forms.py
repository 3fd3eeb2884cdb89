from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import time_zones
from apps.accounts.models import User
from apps.workspaces.models import (
    LIMITABLE_ACTS,
    ChatSurface,
    ConnectionKind,
    Invitation,
    Membership,
    Role,
    Wallet,
    WalletOrder,
    Workspace,
)
from apps.workspaces.services import roles_given_by
from apps.workspaces.wallets import MODALITIES, allow

AFTER_BASE = re.compile(r"(/v1(/(chat/completions|messages|models))?)?/*$")
MOST_INVITED = 100  # at once
API_KEY = RegexValidator(r"^[\x21-\x7e]{8,4096}$", _("A key has no spaces or line breaks. Copy it again."))


class NewPersonForm(forms.Form):
    """Name, e-mail address and password of somebody who gets an account now."""

    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),  # never sent back to the page
    )

    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-time-zone": ""}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean_time_zone(self) -> str:
        """What the browser says, filled in by a script; what it does not know or we do not is UTC."""
        zone = self.cleaned_data["time_zone"]
        return zone if zone in dict(time_zones()) else "UTC"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "password" in data:
            try:
                validate_password(data["password"], User(name=data.get("name", ""), email=data.get("email", "")))
            except ValidationError as exc:
                self.add_error("password", exc)
        return data


class ConnectionChoiceForm(forms.Form):
    """Where requests go. What it takes is checked here; whether MiniMax takes the key is found out afterwards."""

    SANDBOX, KEY, CUSTOM = "sandbox", "key", "custom"

    connection = forms.ChoiceField(label=_("Connection"), widget=forms.RadioSelect)
    api_key = forms.CharField(
        label=_("MiniMax key"),
        required=False,
        max_length=4096,
        validators=[API_KEY],
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It is tried on both regions, free of charge, and kept encrypted."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["connection"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = self.choices()
        field.initial = field.initial or field.choices[0][0]

    def choices(self) -> list[tuple[str, Any]]:
        sandbox = [(self.SANDBOX, _("Sandbox: try everything, no key, no cost"))] if settings.SANDBOX_URL else []
        return [*sandbox, (self.KEY, _("My MiniMax key"))]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needs_key = data.get("connection") in {self.KEY, self.CUSTOM}
        if needs_key and not data.get("api_key") and "api_key" not in self.errors:
            self.add_error("api_key", _("Enter the key."))
        return data


class SetupForm(ConnectionChoiceForm, NewPersonForm):
    workspace = forms.CharField(label=_("Workspace"), max_length=80, help_text=_("Your team's or project's name."))

    field_order = ["name", "email", "password", "workspace", "connection", "api_key", "time_zone"]


class ConnectionForm(ConnectionChoiceForm):
    base_url = forms.URLField(
        label=_("Address"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("A server that speaks MiniMax's protocol, for example a gateway of your company."),
    )

    region = forms.ChoiceField(
        label=_("Region"),
        required=False,
        choices=[
            ("", _("Find out")),
            (ConnectionKind.GLOBAL, _("Global: platform.minimax.io")),
            (ConnectionKind.MAINLAND, _("Mainland: platform.minimaxi.com")),
        ],
    )
    wallet = forms.ChoiceField(
        label=_("What the key is paid from"),
        required=False,
        choices=[("", _("Find out")), *Wallet.choices],
        help_text=_("A pay-as-you-go key takes from the balance, the key of a Token Plan from the plan's windows."),
    )

    field_order = ["connection", "base_url", "api_key", "region", "wallet"]

    def choices(self) -> list[tuple[str, Any]]:
        return [*super().choices(), (self.CUSTOM, _("My own MiniMax-compatible address"))]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("connection") == self.CUSTOM and not data.get("base_url") and "base_url" not in self.errors:
            self.add_error("base_url", _("Enter the address."))
        return data


class WalletsForm(forms.Form):
    """Which key pays for each modality, and whether the other may step in."""

    may_fail_over = forms.BooleanField(
        label=_("Let the other key step in"),
        required=False,
        help_text=_(
            "When MiniMax refuses a key because its balance (1008) or the plan's window (2056) is used up, or the plan "
            "does not include the model (2061). Without this nothing is sent with the other key then."
        ),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        for name, label in MODALITIES.items():
            self.fields[f"order_{name}"] = forms.ChoiceField(
                label=label,
                choices=WalletOrder,
                initial=workspace.wallet_order.get(name, WalletOrder.PLAN_FIRST),
            )
        self.fields["may_fail_over"].initial = workspace.may_fail_over

    def orders(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("order_")]

    def save(self) -> None:
        orders = {name: self.cleaned_data[f"order_{name}"] for name in MODALITIES}
        allow(self.workspace, may_fail_over=self.cleaned_data["may_fail_over"], orders=orders)

    def in_words(self) -> str:
        chosen = self.cleaned_data
        orders = [f"{label}: {WalletOrder(chosen[f'order_{name}']).label}" for name, label in MODALITIES.items()]
        steps_in = _("the other may step in") if chosen["may_fail_over"] else _("the other may not step in")
        return ", ".join([*orders, str(steps_in)])[:200]


class ChatConnectionForm(forms.Form):
    """A server for chat alone. Whether it answers is found out afterwards."""

    # not a URLField: it refuses names without a dot, which servers in a network of one's own have
    base_url = forms.CharField(
        label=_("Address"),
        max_length=200,
        help_text=_("Where its /v1 begins, for example https://models.example.com"),
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
    )
    surface = forms.ChoiceField(label=_("Surface of the API"), choices=ChatSurface, initial=ChatSurface.OPENAI)
    chat_key = forms.CharField(
        label=_("Key of this server"),
        required=False,
        max_length=4096,
        validators=[API_KEY],
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Leave it empty if the server asks for none. It is kept encrypted and never shown again."),
    )
    input_usd = forms.DecimalField(
        label=_("Input, US dollars per million tokens"), min_value=0, max_digits=10, decimal_places=4, initial=0
    )
    output_usd = forms.DecimalField(
        label=_("Output, US dollars per million tokens"),
        min_value=0,
        max_digits=10,
        decimal_places=4,
        initial=0,
        help_text=_("What a reply costs you there; 0 is shown as free."),
    )

    def clean_base_url(self) -> str:
        """The part before /v1, whichever page of the server's documentation it was copied from."""
        return AFTER_BASE.sub("", self.cleaned_data["base_url"].strip())


class WorkspaceForm(forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ["name"]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles_given_by(member)]


class InvitationForm(RoleForm):
    role = forms.ChoiceField(label=_("Role"), initial=Role.CREATOR)
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial=7,
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
    )
    note = forms.CharField(
        label=_("For whom"),
        required=False,
        max_length=Invitation._meta.get_field("note").max_length,
        help_text=_("Only to recognise it in the list."),
    )

    addresses = forms.CharField(
        label=_("E-mail addresses"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Paste as many as you like; each gets a link of its own. Leave it empty to hand a link out."),
    )

    field_order = ["addresses", "note", "role", "days"]

    def clean_addresses(self) -> list[str]:
        """Each address once, at most MOST_INVITED; names as in `Ann <ann@example.com>` are left out."""
        pieces = re.split(r"[,;\n]+", self.cleaned_data["addresses"])
        found = {parseaddr(" ".join(piece.split()))[1].lower() or piece.strip() for piece in pieces if piece.strip()}
        wrong = sorted(one for one in found if not _is_address(one))
        if wrong:
            raise forms.ValidationError(_("This is no e-mail address: %(one)s") % {"one": ", ".join(wrong[:3])})
        if len(found) > MOST_INVITED:
            raise forms.ValidationError(_("Invite up to %(most)d people at once.") % {"most": MOST_INVITED})
        return sorted(found)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except forms.ValidationError:
        return False
    return len(text) <= 254


class RoleRightsForm(forms.Form):
    """What a role may do in the workspace. Built from, and turned back into, what is kept: `rights`."""

    clone = forms.TypedChoiceField(label=_("Clone voices"), required=False, empty_value=None, coerce=lambda v: v == "1")
    publish = forms.TypedChoiceField(label=_("Make links"), required=False, empty_value=None, coerce=lambda v: v == "1")
    spend_usd = forms.DecimalField(
        label=_("Most for one act, US dollars"), required=False, min_value=0, max_digits=9, decimal_places=2
    )

    ACTS = [("1", _("Yes")), ("0", _("No"))]

    def __init__(self, *args: Any, rights: dict[str, Any] | None = None, **kwargs: Any) -> None:
        initial = {
            name: value if name == "spend_usd" else "1" if value else "0"
            for name, value in (rights or {}).items()
            if value is not None
        }
        super().__init__(*args, **kwargs)
        self.initial = initial
        for name in LIMITABLE_ACTS:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = self.ACTS

    def as_rights(self) -> dict[str, Any]:
        data = self.cleaned_data
        kept = {act: data[act] for act in LIMITABLE_ACTS if data[act] is not None}
        return kept if data["spend_usd"] is None else kept | {"spend_usd": str(data["spend_usd"])}


class PersonRightsForm(RoleRightsForm):
    """What differs for one person; an empty choice means: as the role."""

    ACTS = [("", _("As the role")), ("1", _("Yes")), ("0", _("No"))]


class AuditFilterForm(forms.Form):
    """What the audit page shows; the choices are those that occur in it."""

    person = forms.TypedChoiceField(label=_("Person"), required=False, coerce=int, empty_value=None)
    action = forms.ChoiceField(label=_("What"), required=False)
    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)

    field_order = ["q", "person", "action", "since", "until", "before"]

    def __init__(self, *args: Any, people: list[User], actions: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[Any, Any]]] = {
            "person": [(user.pk, str(user)) for user in people],
            "action": actions,
        }
        for name, found in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("All")), *found]
