"""What accounts bring: their audit verbs, how long their tables are kept, and what a deployment must have."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from weimin.kernel.accounts import rules
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "accounts.account.created": "开通账号",
    "accounts.account.closed": "停用或注销账号",
    "accounts.account.opened": "启用账号",
    "accounts.city.linked": "绑定市统一身份",
    "accounts.client.created": "发放接口凭证",
    "accounts.client.revoked": "吊销接口凭证",
    "accounts.factor.added": "设置第二因素",
    "accounts.factor.codes_made": "生成恢复码",
    "accounts.factor.dropped": "取消第二因素",
    "accounts.factor.reset": "重置第二因素",
    "accounts.login.held": "登录尝试过多，暂不受理",
    "accounts.password.changed": "更换口令",
    "accounts.password.given": "发放临时口令",
    "accounts.session.began": "登录",
    "accounts.session.ended": "结束登录",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "account": "账号",
    "client": "接口凭证",
}
RETENTION = {
    "Account": "工作人员账号永久；群众账号至本人注销",
    "Allowance": "限额恢复后的当夜删除，只有加密摘要",
    "CityLink": "至本人注销",
    "FactorSecret": "取消或重置第二因素时立即删除",
    "Session": "到期后的当夜删除，退出或结束时立即删除",
    "ApiClient": "永久：谁调用过要能查",
    "DemoSms": "1 小时后不再显示，只在演示环境使用",
}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Account", "CityLink"})


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Limits that can be read, and a list of breached passwords that is one."""
    found: list[CheckMessage] = []
    for name, text in settings.WEIMIN_RATES.items():
        if name not in rules.LIMITS:
            hint = f"Known are {', '.join(sorted(rules.LIMITS))}."
            found.append(Error(f"WEIMIN_RATES names an unknown limit: {name}", hint=hint, id="accounts.E001"))
            continue
        try:
            rules.parse_rates(text)
        except ValueError as fault:
            found.append(Error(f"WEIMIN_RATES, {name}: {fault}", hint="Write 10/5m,100/d.", id="accounts.E001"))
    path = settings.WEIMIN_BREACHED_PASSWORDS
    if path and not (Path(path).is_file() and rules.looks_sorted(Path(path))):
        hint = "Give the path of a file of SHA-1 digests in capital hex, one a line, sorted; or leave it empty."
        found.append(Error(f"WEIMIN_BREACHED_PASSWORDS is no such list: {path}", hint=hint, id="accounts.E002"))
    return found


def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """What an installation for real people must have that the demonstration need not."""
    found: list[CheckMessage] = []
    if settings.WEIMIN_DEMO:
        hint = "Set WEIMIN_DEMO=0."
        found.append(
            Warning("The demonstration shows codes and passwords to everybody.", hint=hint, id="accounts.W001")
        )
    elif not settings.WEIMIN_SECOND_FACTOR:
        hint = "Set WEIMIN_SECOND_FACTOR=1, or leave it out."
        found.append(Warning("Nobody needs a second factor.", hint=hint, id="accounts.W002"))
    issuer = settings.WEIMIN_OIDC_ISSUER
    if issuer and not issuer.startswith("https://"):
        hint = "Set WEIMIN_OIDC_ISSUER to an https address."
        found.append(Error("The identity provider is not asked over TLS.", hint=hint, id="accounts.E003"))
    if issuer and not settings.WEIMIN_OIDC_CLIENT_ID:
        hint = "Set WEIMIN_OIDC_CLIENT_ID and WEIMIN_OIDC_CLIENT_SECRET_FILE."
        found.append(Error("The identity provider does not know us.", hint=hint, id="accounts.E004"))
    return found


def plug_in() -> None:
    """Register with the kernel and with Django's checks."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
    register(check_settings, "weimin")
    register(check_deployment, Tags.security, deploy=True)
