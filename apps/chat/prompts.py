"""The prompt library: texts with variables.

    {{name}}  or  {{name:text}}       a line of text
    {{letter:long}}                   several lines
    {{count:number}}                  a number
    {{day:date}}                      a date, inserted as 2026-11-22
    {{tone:choice(warm|formal)}}      one of these

A name has letters, digits, spaces, _ and -, and begins with a letter. After `=` follows what the field holds to begin
with: {{count:number=3}}. The same name may stand in several places; its type is said once. Anything else between
braces stays as it is.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.chat.models import Prompt, PromptVersion
from apps.workspaces.models import Membership

TYPES = ("text", "long", "number", "date", "choice")
MOST_VARIABLES = 30
VALUE_CHARACTERS = 50_000

# {{name}}, {{name:kind}}, {{name:kind(a|b)}}, each with =value at the end
_VARIABLE = re.compile(
    r"\{\{\s*(?P<name>[^\W\d_][\w -]{0,59}?)\s*"
    r"(?::\s*(?P<kind>[a-z]+)\s*(?:\((?P<options>[^(){}]*)\))?\s*)?"
    r"(?:=\s*(?P<initial>[^{}]*?)\s*)?\}\}"
)


class GrammarError(ValueError):
    """A variable says something that cannot be. `str(error)` is for the person."""


@dataclass(frozen=True)
class Variable:
    name: str
    kind: str = "text"
    options: tuple[str, ...] = ()
    initial: str = ""

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def field(self) -> forms.Field:
        given: dict[str, Any] = {"label": self.label, "initial": self.initial or None}
        if self.kind == "number":
            return forms.DecimalField(**given)
        if self.kind == "date":
            return forms.DateField(**given, widget=forms.DateInput(attrs={"type": "date"}))
        if self.kind == "choice":
            return forms.ChoiceField(**given, choices=[(option, option) for option in self.options])
        widget = forms.Textarea(attrs={"rows": 4}) if self.kind == "long" else forms.TextInput()
        return forms.CharField(**given, max_length=VALUE_CHARACTERS, widget=widget)


def find_variables(body: str) -> list[Variable]:
    """The variables of a text, in the order in which they first stand there. Raises GrammarError."""
    found: dict[str, Variable] = {}
    for match in _VARIABLE.finditer(body):
        variable = _read(match)
        known = found.get(variable.name)
        if known is None or not _is_told(known):
            found[variable.name] = variable
        elif _is_told(variable) and variable != known:
            raise GrammarError(_("“%(name)s” is described twice, and differently.") % {"name": variable.name})
    if len(found) > MOST_VARIABLES:
        raise GrammarError(_("A prompt may have up to %(count)d variables.") % {"count": MOST_VARIABLES})
    return list(found.values())


def _is_told(variable: Variable) -> bool:
    return variable != Variable(variable.name)


def _read(match: re.Match[str]) -> Variable:
    name, kind, initial = match["name"], match["kind"] or "text", match["initial"] or ""
    if kind not in TYPES:
        raise GrammarError(
            _("“%(name)s” is of the type “%(kind)s”, which there is not. Choose one of %(types)s.")
            % {"name": name, "kind": kind, "types": ", ".join(TYPES)}
        )
    options = tuple(dict.fromkeys(each.strip() for each in (match["options"] or "").split("|") if each.strip()))
    if (kind == "choice") != bool(options):
        sentence = (
            _("“%(name)s” needs its choices, as in choice(a|b).")
            if kind == "choice"
            else _("Only a choice has words in round brackets: look at “%(name)s”.")
        )
        raise GrammarError(sentence % {"name": name})
    variable = Variable(name, kind, options, initial)
    if initial:
        try:
            variable.field().clean(initial)
        except forms.ValidationError as exc:
            raise GrammarError(
                _("“%(value)s” cannot be the value of “%(name)s”.") % {"value": initial, "name": name}
            ) from exc
    return variable


class FillForm(forms.Form):
    """One field for each variable of a prompt, named after its place."""

    def __init__(self, variables: list[Variable], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="variable-%s", use_required_attribute=True)
        self.variables = variables
        for number, variable in enumerate(variables):
            self.fields[f"v{number}"] = variable.field()
            self.fields[f"v{number}"].widget.attrs["class"] = "select" if variable.kind == "choice" else "input"

    @property
    def values(self) -> dict[str, str]:
        return {variable.name: _say(self.cleaned_data[f"v{number}"]) for number, variable in enumerate(self.variables)}


def _say(value: Any) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with every variable replaced; what a value holds is never read as a variable."""
    return _VARIABLE.sub(lambda match: values[match["name"]], body)


class PromptForm(forms.ModelForm):
    class Meta:
        model = Prompt
        fields = ["name", "body", "is_shared"]
        widgets = {
            "body": forms.Textarea(attrs={"rows": 12, "class": "input", "dir": "auto", "spellcheck": "true"}),
            "name": forms.TextInput(attrs={"class": "input"}),
            "is_shared": forms.CheckboxInput(attrs={"role": "switch"}),
        }
        labels = {"name": gettext_lazy("Name"), "body": gettext_lazy("Text")}

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n").strip()
        try:
            find_variables(body)
        except GrammarError as exc:
            raise forms.ValidationError(str(exc)) from exc
        return body


def save(member: Membership, form: PromptForm) -> Prompt:
    """Keep a prompt. Another text is another version; the old ones stay."""
    with transaction.atomic():
        prompt = form.instance
        if prompt._state.adding:
            prompt.workspace_id, prompt.created_by_id = member.workspace_id, member.user_id
        form.save()
        newest = Prompt.objects.select_for_update().get(pk=prompt.pk).versions.first()
        if newest is None or newest.body != prompt.body:
            number = newest.number + 1 if newest else 1
            PromptVersion.objects.create(prompt=prompt, number=number, body=prompt.body, created_by_id=member.user_id)
    return prompt


def may_change(member: Membership, prompt: Prompt) -> bool:
    return member.may("create") and (prompt.created_by_id == member.user_id or member.may("manage"))


def find(member: Membership, q: str = "") -> Any:
    """Prompts whose name or text holds every word."""
    found = Prompt.objects.visible_to(member).select_related("created_by")
    for word in q.split():
        found = found.filter(name__icontains=word) | found.filter(body__icontains=word)
    return found
