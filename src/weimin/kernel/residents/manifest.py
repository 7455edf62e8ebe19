"""What residents bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.accounts.registry import register_other_person
from weimin.kernel.record.registry import register_verbs
from weimin.kernel.residents.queries import is_other_person

AUDIT_VERBS = {
    "residents.resident.registered": "登记服务对象",
    "residents.resident.corrected": "更正服务对象信息",
    "residents.contact.forgotten": "删除手机号，解除账号",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "resident": "服务对象",
}
RETENTION = {
    "Resident": "至最后一件办件保管期满",
    "ReadEntry": "至少 3 年，期间不改不删，由数据库把关（网络数据安全管理条例）",
}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Resident", "ReadEntry"})


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
    register_other_person(is_other_person)
