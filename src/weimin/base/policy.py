"""One policy object per subject, asked both ways: which rows may this person see (or act on), and may they this one.

A verb is one condition, given a viewer. Both questions are answered from it, so they cannot disagree: lists filter by
it in SQL; for a row at hand it is worked out on the row when it speaks of the row's own columns only, and otherwise
by the same SQL. A test asks every policy both ways about every row as every member of the cast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from weimin.base.errors import Forbidden, WeiminError

Row = TypeVar("Row", bound=Model)
#: What a viewer may: rows that fit, all (True) or none (False).
Condition = Q | bool
Verb = Callable[[Any], Condition]

_policies: dict[type[Model], Policy[Any]] = {}


class _NotOnTheRow(Exception):
    """The condition speaks of more than the row's own columns."""


class Policy(Generic[Row]):
    """Who may do what to the rows of one table. `see` is the verb of whoever only looks."""

    def __init__(
        self,
        subject: type[Row],
        *,
        refusals: dict[str, tuple[type[WeiminError], str]] | None = None,
        **verbs: Verb,
    ) -> None:
        self.subject, self.verbs, self._refusals = subject, verbs, refusals or {}
        _policies[subject] = self

    def visible(self, viewer: Any, verb: str = "see") -> QuerySet[Row]:
        """The rows that a viewer may see, or do something else to; always in SQL."""
        condition = self.verbs[verb](viewer)
        rows = self.subject._default_manager.all()
        if isinstance(condition, Q):
            return rows.filter(condition)
        return rows if condition else rows.none()

    def may(self, viewer: Any, verb: str, row: Row) -> bool:
        """Whether a viewer may do this to a row.

        Cost:   no query when the condition is about the row's own columns, else one
        """
        condition = self.verbs[verb](viewer)
        if not isinstance(condition, Q):
            return condition
        try:
            return _holds(condition, row)
        except _NotOnTheRow:
            return self.subject._default_manager.filter(condition, pk=row.pk).exists()

    def check(self, viewer: Any, verb: str, row: Row) -> None:
        """Refuse what a viewer may not do to a row, in the policy's words.

        Raises: Forbidden, or the verb's own refusal
        """
        if not self.may(viewer, verb, row):
            kind, sentence = self._refusals.get(verb, (Forbidden, "您没有办理这件事的权限。"))
            raise kind(sentence)


def all_policies() -> dict[type[Model], Policy[Any]]:
    """The policy of every subject that has one."""
    return dict(_policies)


def _holds(condition: Q, row: Model) -> bool:
    """Whether a row fits a condition, without the database.

    Raises: _NotOnTheRow — the condition needs the database
    """
    if condition.negated or condition.connector not in (Q.AND, Q.OR):
        raise _NotOnTheRow
    found = [_holds(one, row) if isinstance(one, Q) else _fits(one, row) for one in condition.children]
    return any(found) if condition.connector == Q.OR else all(found)


def _fits(pair: Any, row: Model) -> bool:
    if not isinstance(pair, tuple):
        raise _NotOnTheRow
    name, _, how = pair[0].partition("__")
    columns = {field.attname: field for field in row._meta.concrete_fields}
    if name not in columns or name in row.get_deferred_fields():
        raise _NotOnTheRow
    value, wanted = getattr(row, name), pair[1]
    if how == "isnull":
        return (value is None) is bool(wanted)
    if how == "" and isinstance(wanted, str | int):
        return bool(value == wanted)
    if how == "in" and isinstance(wanted, list | tuple | set | frozenset):
        return value is not None and value in wanted
    if how == "startswith" and isinstance(wanted, str):
        return value is not None and str(value).startswith(wanted)
    raise _NotOnTheRow


def own_of(name: str, ids: Iterable[int] | int | None) -> Condition:
    """The rows whose column is one of some ids: none when there are no ids."""
    if ids is None:
        return False
    return Q(**{name: ids}) if isinstance(ids, int) else Q(**{f"{name}__in": sorted(ids)})
