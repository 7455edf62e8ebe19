from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "weimin.kernel.accounts"
    label = "accounts"
    verbose_name = "账号"
