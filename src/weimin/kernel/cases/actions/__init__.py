"""Every write on matters; one function per business verb."""

from weimin.kernel.cases.actions.applying import register_own_motion, submit
from weimin.kernel.cases.actions.authorities import end_authority, shorten_authority
from weimin.kernel.cases.actions.checking import (
    accept_application,
    answer_supplement,
    ask_supplement,
    refuse_application,
)
from weimin.kernel.cases.actions.clocking import (
    ask_extension,
    correct_clock,
    decide_extension,
    pause_case,
    resume_case,
    tell_overrun,
)
from weimin.kernel.cases.actions.destroying import destroy_case, forget_unsent, sweep_unsent
from weimin.kernel.cases.actions.drafting import (
    add_file,
    attach_file,
    check_door,
    choose_delivery,
    remove_file,
    renew_draft,
    save_draft,
    update_draft,
)
from weimin.kernel.cases.actions.ending import (
    accept_silently,
    attend_due,
    lapse_case,
    renew_silently,
    withdraw_application,
)
from weimin.kernel.cases.actions.handling import (
    add_comment,
    claim_step,
    complete_review,
    correct_decision,
    decide_case,
    hand_back_step,
    hand_over_steps,
    make_result,
)
from weimin.kernel.cases.actions.issuing import confirm_delivery, hand_out_result, send_result

__all__ = [
    "accept_application",
    "accept_silently",
    "add_comment",
    "add_file",
    "answer_supplement",
    "ask_extension",
    "ask_supplement",
    "attach_file",
    "attend_due",
    "check_door",
    "choose_delivery",
    "claim_step",
    "complete_review",
    "confirm_delivery",
    "correct_clock",
    "correct_decision",
    "decide_case",
    "decide_extension",
    "destroy_case",
    "end_authority",
    "forget_unsent",
    "hand_back_step",
    "hand_out_result",
    "hand_over_steps",
    "lapse_case",
    "make_result",
    "pause_case",
    "refuse_application",
    "register_own_motion",
    "remove_file",
    "renew_draft",
    "renew_silently",
    "resume_case",
    "save_draft",
    "send_result",
    "shorten_authority",
    "submit",
    "sweep_unsent",
    "tell_overrun",
    "update_draft",
    "withdraw_application",
]
