"""Reads of administrators: who holds which role, who is proposed, break-glass sessions, the list of staff."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from weimin.kernel.directory.models import AdminProposal, Glass, Officer, Post
from weimin.kernel.directory.queries.tree import within
from weimin.kernel.directory.types import ROLES, AdministratorView, HeldLine, OfficerLine
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import ADMINISTRATORS, MAY_BREAK_GLASS, Actor

#: Which roles see the list of staff.
SEES_STAFF = ADMINISTRATORS
#: The key of the advisory lock under which first administrators are made.
_FIRST = 7_203_111
PAGE = 50
#: For so long a log-in that was held off is shown.
HELD_DAYS = 7


def _serving(on: date) -> QuerySet[Post]:
    return Post.objects.filter(Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on)


def list_administrators(*, on: date, role: str = "") -> list[AdministratorView]:
    """Who holds an administrator's role on a day, by role and name.

    Cost:   one query
    """
    wanted = [role] if role else sorted(ADMINISTRATORS)
    rows = _serving(on).filter(roles__overlap=wanted).select_related("officer", "agency")
    return [
        AdministratorView(
            post_id=one.pk,
            officer_id=one.officer_id,
            account_id=one.officer.account_id,
            name=one.officer.name,
            role=next(r for r in one.roles if r in ADMINISTRATORS),
            agency_name=one.agency.name,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
        )
        for one in rows.order_by("roles", "officer__name", "pk")
    ]


def lock_first_administrators() -> None:
    """Wait until nobody else is making a first administrator; for the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST])


def lock_administrators(*, role: str, on: date) -> list[AdministratorView]:
    """The holders of a role who can log in, with everybody waiting who would take one of them away at this moment.

    Cost:   two queries
    """
    lock_first_administrators()
    active = Officer.objects.filter(account__is_active=True).values_list("pk", flat=True)
    held = list_administrators(on=on, role=role)
    able = set(active.filter(pk__in=[one.officer_id for one in held]))
    return [one for one in held if one.officer_id in able and one.valid_until is None]


def may_reset_instead(*, account_id: int, on: date) -> str:
    """The name of another security administrator with a log-in, who could reset somebody's device; '' without one."""
    held = list_administrators(on=on, role="security_admin")
    active = set(
        Officer.objects.filter(pk__in=[one.officer_id for one in held], account__is_active=True).values_list(
            "pk", flat=True
        )
    )
    return next((one.name for one in held if one.account_id != account_id and one.officer_id in active), "")


def find_officer(officer_id: int) -> Officer | None:
    """An officer with their account."""
    return Officer.objects.select_related("account").filter(pk=officer_id).first()


def find_officer_of(account_id: int) -> Officer | None:
    """The officer of an account."""
    return Officer.objects.select_related("account").filter(account_id=account_id).first()


def find_officer_by_username(username: str) -> Officer | None:
    """The officer of a user name, whatever its case."""
    return Officer.objects.select_related("account").filter(account__username__iexact=username.strip()).first()


def list_posts_of(officer_id: int) -> list[Post]:
    """All posts of an officer, the latest first."""
    return list(Post.objects.filter(officer_id=officer_id).select_related("agency").order_by("-valid_from", "-pk"))


def list_officers(viewer: Actor, *, text: str, on: date, after: int = 0, limit: int = PAGE) -> list[OfficerLine]:
    """Staff by a part of their name, user name or agency, in the order of their registration.

    Shape:  [] for who is no administrator
    Cost:   two queries
    """
    if not viewer.roles & SEES_STAFF:
        return []
    rows = Officer.objects.filter(pk__gt=after).select_related("account")
    if text:
        there = _serving(on).filter(agency__name__contains=text).values("officer_id")
        rows = rows.filter(Q(name__contains=text) | Q(account__username__icontains=text) | Q(pk__in=there))
    found = list(rows.order_by("pk")[:limit])
    posts: dict[int, list[str]] = {}
    for one in _serving(on).filter(officer__in=found).select_related("agency").order_by("pk"):
        roles = "、".join(ROLES.get(role, role) for role in one.roles)
        posts.setdefault(one.officer_id, []).append(f"{one.agency.name} {one.title}（{roles}）")
    return [
        OfficerLine(
            officer_id=one.pk,
            account_id=one.account_id,
            name=one.name,
            username=(one.account.username or "") if one.account else "",
            is_active=bool(one.account and one.account.is_active),
            temporary=bool(one.account and one.account.password_is_temporary),
            last_login=one.account.last_login if one.account else None,
            posts=tuple(posts.get(one.pk, ())),
        )
        for one in found
    ]


def list_held(viewer: Actor, *, at: datetime) -> list[HeldLine]:
    """Staff accounts whose log-in was held off by too many tries within a week, the latest first.

    Shape:  [] for who is no administrator
    Cost:   two queries
    """
    if not viewer.roles & SEES_STAFF:
        return []
    found = record.count_subjects(verb="accounts.login.held", since=at - timedelta(days=HELD_DAYS))
    staff = Officer.objects.filter(account_id__in=[int(one) for one, _, _ in found if one.isdecimal()])
    names = {str(one.account_id): one for one in staff.select_related("account")}
    return [
        HeldLine(officer_id=names[one].pk, name=names[one].name, times=times, latest=latest)
        for one, times, latest in found
        if one in names
    ]


def list_proposals(*, limit: int = 100) -> list[AdminProposal]:
    """Proposals, open ones first, then the latest."""
    rows = AdminProposal.objects.select_related("officer", "agency", "proposed_by", "decided_by")
    return sorted(rows.order_by("-pk")[:limit], key=lambda one: one.outcome != "open")


def find_open_glass(viewer: Actor, *, glass_id: object, at: datetime) -> Glass | None:
    """The break-glass session that this browser opened, while it lasts.

    Cost:   one query, none without a session
    """
    if not isinstance(glass_id, int) or not viewer.roles & MAY_BREAK_GLASS:
        return None
    rows = Glass.objects.filter(pk=glass_id, officer_id=viewer.officer_id or 0, ended_at=None)
    return rows.filter(opened_at__lte=at, until__gt=at, role__in=viewer.roles).first()


def visible_glasses(viewer: Actor) -> QuerySet[Glass]:
    """Break-glass sessions a viewer may see: audit and security administrators all, leaders their place's, else own."""
    rows = Glass.objects.select_related("place")
    if viewer.roles & {"audit_admin", "security_admin"}:
        return rows
    if "leader" in viewer.roles and viewer.division_code:
        # a look at the whole county is a look at each of its townships
        above = Q(place__children__code=viewer.division_code)
        below = within("place__code", viewer.division_code)
        return rows.filter(pk__in=Glass.objects.filter(above | below).values("pk"))
    return rows.filter(officer_id=viewer.officer_id or 0)


def list_glasses(viewer: Actor, *, limit: int = 200) -> list[Glass]:
    """The break-glass sessions a viewer may see, the latest first."""
    return list(visible_glasses(viewer).select_related("seen_by").order_by("-opened_at", "-pk")[:limit])


def noticeable_glasses(viewer: Actor) -> QuerySet[Glass]:
    """The break-glass sessions that a leader takes notice of: those of exactly their place, noticed by nobody yet.

    A county's leader sees the townships' and does not notice for them, nor a township's for the county.
    """
    rows = Glass.objects.filter(place_id=viewer.division_code, seen_at=None)
    return rows if "leader" in viewer.roles and viewer.division_code else rows.none()


def may_notice(viewer: Actor, one: Glass) -> bool:
    """Whether this is a session that a leader takes notice of."""
    return "leader" in viewer.roles and one.place_id == viewer.division_code and one.seen_at is None


def count_glasses_unseen(viewer: Actor) -> int:
    """How many break-glass sessions of their place a leader has not taken notice of.

    Cost:   one query, none for who is no leader
    """
    return noticeable_glasses(viewer).count()
