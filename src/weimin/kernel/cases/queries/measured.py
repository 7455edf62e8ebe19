"""What of matters and their steps is counted: received, ended and how, in time or late, and each step by its body."""

from __future__ import annotations

from weimin.base.measuring import LOCAL, Part

#: A matter with the item it was handed in for, and whether that may stand on a public list.
MATTER = (
    "cases_case c JOIN catalogue_itemversion v ON v.id = c.item_version_id JOIN catalogue_item i ON i.id = v.item_id"
)
PUBLIC = "v.publication_class = 'public'"
#: The clock of the handling, as it stood when it ended. There is one for each accepted matter; the last one counts.
_HANDLED = (
    " LEFT JOIN LATERAL (SELECT k.start_date, k.stopped_on, coalesce(k.committed_due_date, k.due_date) AS due"
    " FROM deadlines_clock k WHERE k.subject_type = 'case' AND k.subject_id = c.number AND k.purpose = 'handle'"
    " AND k.stopped_on IS NOT NULL AND k.due_date IS NOT NULL ORDER BY k.id DESC LIMIT 1) k ON c.state = 'closed'"
)
_DONE, _OPENED = LOCAL.format("s.done_at"), LOCAL.format("s.opened_at")

RECEIVED = Part(
    subject="c.id",
    moment="c.submitted_at",
    measure="'cases.received'",
    place="c.township_id",
    item="i.code",
    public=PUBLIC,
    source=MATTER,
    number="c.number",
    title="c.item_name",
)
ENDED = Part(
    subject="c.id",
    moment="c.ended_at",
    measure="'cases.' || c.state",
    place="c.township_id",
    item="i.code",
    public=PUBLIC,
    source=MATTER + _HANDLED,
    where="c.ended_at IS NOT NULL",
    number="c.number",
    title="c.item_name",
    late="coalesce((k.stopped_on > k.due)::int, 0)",
    used="coalesce(k.stopped_on - k.start_date, 0)",
    limit="coalesce(k.due - k.start_date, 0)",
)
STEPS = Part(
    subject="s.case_id",
    moment="s.done_at",
    measure="'steps.' || CASE WHEN s.kind = 'accept' AND s.outcome = 'refuse' THEN 'refuse' ELSE s.kind END",
    place="c.township_id",
    agency="s.agency_id",
    item="i.code",
    public=PUBLIC,
    source=f"cases_step s JOIN {MATTER.replace('cases_case c', 'cases_case c ON c.id = s.case_id', 1)}",
    where="s.state = 'done' AND s.done_at IS NOT NULL",
    number="c.number",
    title="c.item_name",
    late=f"coalesce(({_DONE} > s.due_on)::int, 0)",
    used=f"CASE WHEN s.due_on IS NULL THEN 0 ELSE {_DONE} - {_OPENED} END",
    # a step that came when its day was over had no time left, not less than none
    limit=f"CASE WHEN s.due_on IS NULL THEN 0 ELSE greatest(s.due_on - {_OPENED}, 0) END",
)
PARTS = (RECEIVED, ENDED, STEPS)
