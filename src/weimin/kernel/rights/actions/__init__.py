"""Every write on the rights of the person and the end of keeping."""

from weimin.kernel.rights.actions.assessing import (
    AssessmentMissing,
    check_assessed,
    load_assessments,
    record_assessment,
)
from weimin.kernel.rights.actions.copying import ask_copy, fetch_copy, forget_copies, make_copy
from weimin.kernel.rights.actions.destroying import (
    carry_out,
    check_destruction,
    decide_destruction,
    lift_hold,
    place_hold,
    propose_destructions,
)
from weimin.kernel.rights.actions.forgetting import forget_over
from weimin.kernel.rights.actions.requests import answer_request, ask, carry_out_deletion, redate_requests

__all__ = [
    "AssessmentMissing",
    "answer_request",
    "ask",
    "ask_copy",
    "carry_out",
    "carry_out_deletion",
    "check_assessed",
    "check_destruction",
    "decide_destruction",
    "fetch_copy",
    "forget_copies",
    "forget_over",
    "lift_hold",
    "load_assessments",
    "make_copy",
    "place_hold",
    "propose_destructions",
    "record_assessment",
    "redate_requests",
]
