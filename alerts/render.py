"""Texts for people, from templates in a sandbox.

Every value that a template prints is made harmless for the target on its way out, so that a
template cannot forget to.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.escaping import cut, defuse_mrkdwn, escape_slack, one_line
from monitor.core.errors import Permanent, Reason
from monitor.core.showing import show_value

MAX_OUTPUT = 30_000
"""Characters that one rendered text may have."""

_MAX_DIGITS = 60
_SHORT = 40


class Target(Enum):
    """Where a text is shown."""

    PLAIN = "plain"
    MRKDWN = "mrkdwn"


class Link(str):
    """An address that has been checked; goes out as it is."""

    __slots__ = ()


def render(template: str, target: Target, facts: Mapping[str, Any]) -> str:
    """The text that a template of this package makes of the facts.

    Raises:
        Permanent: the template is faulty, needs a fact that is not there, does what the sandbox
            forbids, or makes too long a text.
    """
    parts: list[str] = []
    length = 0
    try:
        for part in _ENVIRONMENTS[target].get_template(template).generate(dict(facts)):
            parts.append(part)
            length += len(part)
            if length > MAX_OUTPUT:
                raise Permanent(f"{template} makes too long a text", reason=Reason.TOO_LARGE)
    except TemplateError as error:
        raise Permanent(
            f"{template} cannot be rendered ({type(error).__name__})", reason=Reason.CONFIGURATION
        ) from None
    return "".join(parts).strip()


def money(value: Decimal) -> str:
    """An amount with thousands separators, at least two places, and no place lost."""
    if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS:
        return str(value)
    whole, _, fraction = f"{value:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def instant(value: datetime) -> str:
    """An instant to the minute, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def value(text: str, field: str) -> str:
    """A stored value as people write it: money with separators, instants in UTC."""
    return show_value(text, field)


def words(name: str) -> str:
    """A name as people write it: `billing_schedule` is `billing schedule`."""
    return name.replace("_", " ")


def short(text: str) -> str:
    """As much of a value as a title has room for."""
    return cut(one_line(text), _SHORT)


def link(address: str) -> Link:
    """An address as Slack's `<address|text>` takes it.

    Raises:
        Permanent: it holds what would end the link, or is no web address.
    """
    if not address.startswith(("https://", "http://")) or set(address) & set(" <>|\r\n"):
        raise Permanent("a link is not a web address", reason=Reason.CONFIGURATION)
    return Link(escape_slack(address))


def _printer(escape: Callable[[str], str]) -> Callable[[Any], str]:
    def show(value: Any) -> str:
        if isinstance(value, Link):
            return value
        return "" if value is None else escape(str(value))

    return show


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, without the operators that make a long text out of a short one."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"templates do not use {operator}")


def _environment(escape: Callable[[str], str]) -> _Sandbox:
    environment = _Sandbox(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        finalize=_printer(escape),
        autoescape=False,  # HTML's rules fit neither target: `finalize` escapes
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # What a template may call is a closed list: the stock filters can make texts of any size.
    environment.filters = {
        each.__name__: each for each in (instant, link, money, short, value, words)
    }
    environment.globals = {}
    return environment


_ENVIRONMENTS = {
    Target.PLAIN: _environment(one_line),
    Target.MRKDWN: _environment(defuse_mrkdwn),
}


def environment_for(target: Target) -> ImmutableSandboxedEnvironment:
    """The sandbox in which texts for a place are made; what it prints is harmless there."""
    return _ENVIRONMENTS[target]
