"""Every subject with personal data has one policy, both its questions have one answer, and queries go through it."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from openpyxl import Workbook

from tests.architecture.matrix_world import HANDLERS, build_matrix
from tests.architecture.test_structure import SOURCES, SRC
from tests.architecture.test_wall import PERSONAL
from weimin.apps.delegation import testing as delegations
from weimin.apps.taskadmission import testing as task_help
from weimin.base import clock
from weimin.base.clock import local_date
from weimin.base.errors import Forbidden
from weimin.base.policy import Policy, _fits, _holds, _NotOnTheRow, all_policies
from weimin.config import api  # noqa: F401  (loads every package)
from weimin.kernel.cases.models import Case, Draft, Step
from weimin.kernel.cases.testing import PICTURE
from weimin.kernel.catalogue import actions as lists
from weimin.kernel.directory import queries as places
from weimin.kernel.record.types import ADMINISTRATORS, Actor
from weimin.kernel.supervision import actions as figures

pytestmark = pytest.mark.django_db
#: Of a table with more rows about so many are asked about, evenly.
MOST_ROWS = 500
#: Personal tables without a policy of their own, each with its reason; the list only shrinks.
NO_POLICY = {
    "Account": "found by a log-in name or a digest at the entrance, and as oneself; there is no list of accounts",
    "CityLink": "found by the provider's digest while somebody logs in",
    "Resident": "reached from a matter that one sees, by a whole identity number, or as oneself; there is no list",
}
#: Subjects of which the law has everybody see something: looking at them is nobody's privilege, doing is.
PUBLIC = {
    "ItemVersion": "what is law is published",
    "Offer": "where it is offered is published",
    "Delegation": "what was decided is published",
}
#: Reads of personal tables that ask no policy, each with its reason; the list only shrinks.
NO_VIEWER = {
    "accounts": "log-in names and digests, before anybody is known",
    "residents:Resident": "by the id of somebody found otherwise, or by a whole identity number",
    "residents:list_reads": "the looks at one person, whose id is the asker's own",
    "residents:get_read": "the same, one of them",
    "residents:find_looker": "one number, for refusing that somebody answers for their own look",
    "cases:draft_files": "the files of a draft that came from the policy",
    "cases:list_under_delegation": "who answers for a delegation sees its acts, without their persons",
    "cases:count_under_delegation": "how many matters a delegation has; a figure, no matter",
    "cases:verify_receipt": "one matter, for who holds its receipt and its code",
    "cases:count_open_matters": "numbers by version, for who is about to publish another; behind the wall, of their place",
    "cases:list_names": "what a matter is, without its person, for supervision",
    "cases:list_stuck": "for the operator: matters whose due moment failed",
    "cases:list_ended": "for the platform, which proposes what may be destroyed: ids and names of matters only",
    "cases:_later_of_same": "smells, found by the platform and shown to supervisors",
    "cases:find_supplements_twice": "the same",
}


@pytest.fixture(scope="module")
def cast(django_db_setup: Any, django_db_blocker: Any, city: None, tmp_path_factory: Any) -> Iterator[dict[str, Actor]]:
    from django.test import override_settings

    files = str(tmp_path_factory.mktemp("files"))
    with django_db_blocker.unblock(), override_settings(WEIMIN_FILES=files), transaction.atomic():
        delegations.run_delegation(clock.now())
        delegations.propose(clock.now(), items=("A9-51",), powers=("permit",))
        yield _actors()
        transaction.set_rollback(True)


def _actors() -> dict[str, Actor]:
    matrix = build_matrix()
    at = clock.now()
    found = {"nobody": Actor.anonymous(), "system": Actor.system()}
    for name, member in matrix.people.items():
        account = int(member.client.session.get("_auth_user_id", 0))
        if account and name not in ("applicant", "neighbour"):
            found[name] = places.get_actor_for_account(account_id=account, post_id=None, at=at, via="desk")
    found["applicant"], found["neighbour"] = matrix.world.applicant, matrix.world.walkers["neighbour"][0]
    found["no person yet"] = replace(found["neighbour"], resident_id=None)
    clerk, heads = found["clerk"], {"body": found["county-leader"], "town": found["leader"]}
    task_help.make_one_of_each(at, **heads, picture=PICTURE)
    found |= _make_lists(found, at)
    office = task_help.office()
    found |= {"admission office": office, "village agent": task_help.village_agent()}
    # the same office, by whoever brought the task themselves
    found["both sides"] = replace(office, account_id=found["county-leader"].account_id)
    found |= {
        "client": replace(clerk, kind="client", via="api"),
        "client of nobody": replace(clerk, kind="client", via="api", account_id=None),
        "no post": replace(clerk, post_id=None),
        "no roles": replace(clerk, roles=frozenset()),
        "everything": replace(clerk, roles=frozenset({*HANDLERS, "leader", "supervisor", "archive_keeper"})),
        # nobody holds these together; if somebody ever did, the administrator in them closes the rest
        **{f"all and {one}": replace(clerk, roles=frozenset({*HANDLERS, "leader", one})) for one in ADMINISTRATORS},
    }
    return found


def _make_lists(found: dict[str, Actor], at: datetime) -> dict[str, Actor]:
    """A draft, a proposal, a workbook on their way, and figures; a keeper and a leader of the city who work on them."""
    city = found["legal-reviewer"]
    keeper = replace(city, roles=frozenset({"list_keeper"}), account_id=found["operator"].account_id)
    lists.begin_draft(by=keeper, at=at, list_code="village_help", code="XZ-77")
    lists.propose_change(
        by=found["clerk"], at=at, list_code="service", code="A3-13", trigger="review", text="材料可以少要一份。"
    )
    sheet = io.BytesIO()
    Workbook().save(sheet)
    lists.start_import(
        by=keeper,
        at=at,
        workbook=lists.Workbook("village_help", "表.xlsx", sheet.getvalue(), "review", "年度评估", local_date(at)),
    )
    checker = replace(keeper, account_id=city.account_id)
    figures.rebuild_figures(by=Actor.system(), at=at)
    return {"city keeper": keeper, "city checker": checker, "city leader": replace(city, roles=frozenset({"leader"}))}


def test_every_personal_table_has_its_policy() -> None:
    without = {model.__name__ for model in PERSONAL} - {model.__name__ for model in all_policies()}
    assert without == set(NO_POLICY)


ASKED = [(policy, verb) for policy in all_policies().values() for verb in policy.verbs]


@pytest.mark.parametrize(("policy", "verb"), ASKED, ids=[f"{p.subject.__name__}-{v}" for p, v in ASKED])
def test_asked_both_ways_a_policy_says_the_same(cast: dict[str, Actor], policy: Policy[Any], verb: str) -> None:
    rows = list(policy.subject._default_manager.order_by("pk"))
    rows = rows[:: max(1, len(rows) // MOST_ROWS)]
    told = set()
    for name, viewer in cast.items():
        listed = set(policy.visible(viewer, verb).values_list("pk", flat=True))
        for row in rows:
            may = policy.may(viewer, verb, row)
            assert may == (row.pk in listed), (name, row.pk)
            told.add(may)
            if not may:
                with pytest.raises(Exception, match="。") as refusal:
                    policy.check(viewer, verb, row)
                assert hasattr(refusal.value, "code")
            else:
                policy.check(viewer, verb, row)
    assert rows, "the world holds no such row"
    public = (policy.subject.__name__, verb) == ("Offer", "see")
    assert told == ({True} if public else {True, False}), "nobody may, or everybody: the world proves nothing"


@pytest.mark.parametrize(("policy", "verb"), ASKED, ids=[f"{p.subject.__name__}-{v}" for p, v in ASKED])
def test_whoever_may_do_something_sees_it(cast: dict[str, Actor], policy: Policy[Any], verb: str) -> None:
    for name, viewer in cast.items():
        may = set(policy.visible(viewer, verb).values_list("pk", flat=True))
        sees = set(policy.visible(viewer).values_list("pk", flat=True))
        if (policy.subject, verb) == (Draft, "own"):
            continue  # one's own that was sent is a matter now
        assert may <= sees, name


NOBODY_SEES = ("nobody", "no post", "left", "agent", "agent-ended", "no roles", "no person yet")


@pytest.mark.parametrize("name", NOBODY_SEES)
def test_who_holds_no_post_that_works_on_matters_sees_nothing_of_anybody(cast: dict[str, Actor], name: str) -> None:
    viewer = replace(cast[name], account_id=None)  # what is one's own by the account is another question
    for model, policy in all_policies().items():
        for verb in set(policy.verbs) - ({"see"} if model.__name__ in PUBLIC else set()):
            assert not policy.visible(viewer, verb).exists(), (model.__name__, verb)


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_an_administrator_has_nothing_to_do_with_matters_whatever_else_they_hold(
    cast: dict[str, Actor], role: str
) -> None:
    viewer = replace(cast[f"all and {role}"], account_id=None)
    for model, policy in all_policies().items():
        for verb in policy.verbs if model._meta.app_label in ("cases", "rights") else ():
            assert not policy.visible(viewer, verb).exists(), (model.__name__, verb)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node


def test_no_query_reads_a_personal_table_past_its_policy() -> None:
    names = {model.__name__ for model in PERSONAL}
    used, wrong = set(), []
    for path in SOURCES:
        parts = path.relative_to(SRC).parts
        if "tests" in parts or not ("queries" in parts or path.stem in ("queries", "web", "api", "jobs")):
            continue
        package = parts[1]
        for function, node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            for one in ast.walk(node):
                if not (isinstance(one, ast.Attribute) and one.attr == "objects" and isinstance(one.value, ast.Name)):
                    continue
                if one.value.id not in names:
                    continue
                reasons = {package, f"{package}:{one.value.id}", f"{package}:{function}"} & set(NO_VIEWER)
                used |= reasons
                if not reasons:
                    wrong.append(f"{path.relative_to(SRC)}:{function} reads {one.value.id} without its policy")
    assert not wrong
    assert used == set(NO_VIEWER), "a reason that nothing needs any more"


def test_a_condition_on_other_tables_is_asked_of_the_database(cast: dict[str, Actor]) -> None:
    step = Step.objects.select_related("case").first()
    assert step is not None
    for condition in (
        Q(case__number=step.case.number),
        ~Q(state="nowhere"),
        Q(state=F("state")),
        Q(Exists(Step.objects.filter(pk=OuterRef("pk")))),
        Q(agency_id__in=Step.objects.values("agency_id")),
        Q(pk__gt=0),
        Q(state="open") ^ Q(state="done"),
    ):
        with pytest.raises(_NotOnTheRow):
            _holds(condition, step)
    with pytest.raises(_NotOnTheRow):
        _fits(("state", "open"), Step.objects.defer("state").get(pk=step.pk))


@pytest.mark.parametrize(
    "condition",
    [
        Q(state="open"),
        Q(state="done") | Q(agency_id__in=[0]),
        Q(state__in=("open", "waiting")) & Q(assignee_id__isnull=True),
        Q(assignee_id__isnull=False),
        Q(assignee_id=0),
        Q(assignee_id__in=[None, 0]),
        Q(role__startswith="front"),
        Q(),
    ],
    ids=str,
)
def test_on_a_row_a_condition_says_what_sql_says(cast: dict[str, Actor], condition: Q) -> None:
    fits = set(Step.objects.filter(condition).values_list("pk", flat=True))
    for row in Step.objects.all():
        assert _holds(condition, row) == (row.pk in fits)


def test_what_a_policy_refuses_without_words_of_its_own_is_forbidden(cast: dict[str, Actor]) -> None:
    from weimin.kernel.cases.access import CASES

    case = Case.objects.first()
    assert case is not None
    with pytest.raises(Forbidden, match="没有办理这件事的权限"):
        CASES.check(cast["nobody"], "see", case)
