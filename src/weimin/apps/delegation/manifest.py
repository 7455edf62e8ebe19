"""What delegations bring: the answer to who decides, audit verbs, and how long their tables are kept."""

from weimin.apps.delegation.queries import find_authority
from weimin.kernel.catalogue.authority import register_authority
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "delegation.proposed": "提出赋权委托",
    "delegation.attempt.refused": "拒绝违法赋权委托",
    "delegation.letter.attached": "附上赋权委托书面文件",
    "delegation.moved": "赋权委托流转",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "delegation": "赋权委托",
    "township": "乡镇",
}
RETENTION = {
    "Delegation": "永久：决定书上引用",
    "DelegationMatter": "永久：随赋权委托",
    "DelegationStep": "永久：随赋权委托",
    "Evaluation": "永久：随赋权委托",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
    register_authority(find_authority)
