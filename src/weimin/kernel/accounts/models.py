"""Tables of accounts, their sessions and identities, limits, API clients, and the demonstration's text messages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by their user name."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """A staff account by user name, whatever its case."""
        return self.get(username__iexact=username)

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        """A staff account; for tests and loading."""
        account = self.model(username=username, kind="staff", **fields)
        account.set_password(password)
        account.save()
        return account


class Account(AbstractBaseUser):
    """Somebody who can log in: staff by user name, a resident by phone code."""

    password = models.CharField("口令", max_length=128, blank=True, default="", help_text="口令的散列值，不存明文")
    last_login = models.DateTimeField("最近登录", null=True, help_text="最近一次登录的时间")
    kind = models.CharField(
        "身份",
        max_length=10,
        choices=[("staff", "工作人员"), ("resident", "群众")],
        help_text="工作人员或群众",
    )
    username = models.CharField(  # noqa: DJ001 — residents have none, and it is unique
        "用户名", max_length=60, null=True, unique=True, help_text="工作人员的登录名"
    )
    display_name = models.CharField("称呼", max_length=40, help_text="页面上的称呼")
    phone_sealed = models.BinaryField("手机号", null=True, help_text="手机号，加密保存")
    phone_index = models.BinaryField("手机号索引", null=True, unique=True, help_text="查找用的加密索引")
    phone_verified = models.BooleanField("已验证", default=False, help_text="手机号是否收过验证码")
    is_active = models.BooleanField("可用", default=True, help_text="停用后不能登录")
    password_is_temporary = models.BooleanField(
        "临时口令", default=False, help_text="管理员发的临时口令，登录后要先换成自己的"
    )
    password_changed_at = models.DateTimeField("口令更换时间", null=True, help_text="最近一次自己更换口令的时间")
    totp_step = models.BigIntegerField("验证器时间步", default=0, help_text="最近用过的验证器数字的时间步，不能再用")
    created_at = models.DateTimeField("创建时间", help_text="什么时候建的")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        verbose_name = "账号"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="resident", username=None) | Q(kind="staff", username__isnull=False),
                name="accounts_kind_fits",
            ),
        ]

    def __str__(self) -> str:
        return self.username or f"account {self.pk}"


class Session(models.Model):
    """A browser's session, kept under the digest of its key: who reads this table cannot use what is in it.

    For the owner it says device and time in words and roughly. No network address is kept: ending a session needs
    none, a list of addresses with times is a trail of where somebody was, and the six months of network logs that
    law asks for are the proxy's access log.
    """

    session_key = models.CharField("会话摘要", max_length=64, primary_key=True, help_text="会话标识的 SM3 摘要")
    session_data = models.TextField("内容", help_text="会话内容，加密保存")
    expire_date = models.DateTimeField("到期时间", db_index=True, help_text="到这一刻失效")
    account = models.ForeignKey(
        Account,
        models.CASCADE,
        null=True,
        related_name="sessions",
        verbose_name="账号",
        help_text="谁登录的，未登录为空",
    )
    device = models.CharField("设备", max_length=40, blank=True, default="", help_text="用什么设备登录的，只写大类")
    ways = models.CharField("登录方式", max_length=40, blank=True, default="", help_text="用什么方式证明是本人")
    began_at = models.DateTimeField("登录时间", help_text="什么时候登录的")
    seen_at = models.DateTimeField("最近使用", help_text="大约什么时候还在用，十分钟记一次")

    class Meta:
        verbose_name = "登录会话"


class FactorSecret(models.Model):
    """The secret of an authenticator app, or the seed of recovery codes; allauth's own table holds its number only.

    A column of its own, so that it is rewrapped like every sealed value when the master key changes.
    """

    secret_sealed = models.BinaryField("密钥", help_text="验证器密钥或恢复码种子，加密保存")

    class Meta:
        verbose_name = "第二因素密钥"


class CityLink(models.Model):
    """An account that belongs to somebody whom the city's identity provider knows."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="city_links", verbose_name="账号", help_text="群众账号"
    )
    issuer = models.CharField("身份提供方", max_length=200, help_text="市统一身份认证的地址")
    subject_index = models.BinaryField("身份索引", unique=True, help_text="对方用户标识的加密索引，不存明文")
    linked_at = models.DateTimeField("绑定时间", help_text="第一次用市统一身份认证登录的时间")

    class Meta:
        verbose_name = "市统一身份"
        constraints = [models.UniqueConstraint(fields=["account", "issuer"], name="accounts_city_link_one")]


class Allowance(models.Model):
    """How much of a limit is used up, for one place, device, phone or client.

    The key is a keyed digest of the limit and of whom it counts, so no address or phone can be read from it. The
    table is unlogged: it is written at every knock, and after a crash the limits start anew.
    """

    key = models.BinaryField("摘要", primary_key=True, help_text="限制名称和对象的加密摘要")
    full_at = models.DateTimeField("恢复时间", help_text="到这一刻限额全部恢复")

    class Meta:
        verbose_name = "次数限制"


class ApiClient(models.Model):
    """A machine that calls the API, acting for one post."""

    name = models.CharField("名称", max_length=80, help_text="哪个系统")
    token_digest = models.CharField("凭证摘要", max_length=64, unique=True, help_text="凭证的 SM3 摘要，不存明文")
    post_id = models.BigIntegerField("岗位", help_text="代表哪个岗位办事")
    scopes = ArrayField(models.CharField(max_length=20), help_text="能做什么：read 查询、write 办理")
    created_at = models.DateTimeField("创建时间", help_text="什么时候发的")
    expires_at = models.DateTimeField("到期时间", help_text="到这一刻失效")
    revoked_at = models.DateTimeField("吊销时间", null=True, help_text="吊销的时间，空表示有效")

    class Meta:
        verbose_name = "接口凭证"


class DemoSms(models.Model):
    """A text message of the demonstration, shown on a page instead of sent."""

    phone_shown = models.CharField("手机号（隐去）", max_length=20, help_text="只留头尾")
    text = models.CharField("内容", max_length=300, help_text="短信内容")
    sent_at = models.DateTimeField("时间", help_text="什么时候")

    class Meta:
        verbose_name = "演示短信"
        indexes = [models.Index(fields=["-sent_at"], name="accounts_demosms_at")]
