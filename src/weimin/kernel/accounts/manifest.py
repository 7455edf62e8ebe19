"""What accounts bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "accounts.account.created": "开通账号",
    "accounts.client.created": "发放接口凭证",
    "accounts.client.revoked": "吊销接口凭证",
}
RETENTION = {
    "Account": "工作人员账号永久；群众账号至本人注销",
    "ApiClient": "永久：谁调用过要能查",
    "DemoSms": "1 小时后不再显示，只在演示环境使用",
}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Account"})


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS)
