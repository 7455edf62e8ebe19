"""Tables of accounts, API clients, and the demonstration's text messages."""

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
