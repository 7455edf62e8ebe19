"""Every write on delegations: propose, attach the letter, assess, decide, sign, run, evaluate, withdraw."""

from weimin.apps.delegation.actions.ending import carry_out_withdrawals, withdraw_delegation
from weimin.apps.delegation.actions.proposing import attach_letter, propose_delegation
from weimin.apps.delegation.actions.running import (
    assess_readiness,
    begin_running,
    evaluate_delegation,
    publish_decision,
    refuse_delegation,
    sign_confirmation,
)
from weimin.apps.delegation.actions.steps import Incomplete, Overlapping, Reserved, WrongState

__all__ = [
    "Incomplete",
    "Overlapping",
    "Reserved",
    "WrongState",
    "assess_readiness",
    "attach_letter",
    "begin_running",
    "carry_out_withdrawals",
    "evaluate_delegation",
    "propose_delegation",
    "publish_decision",
    "refuse_delegation",
    "sign_confirmation",
    "withdraw_delegation",
]
