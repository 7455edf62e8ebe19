from django.apps import AppConfig


class DelegationConfig(AppConfig):
    name = "weimin.apps.delegation"
    label = "delegation"
    verbose_name = "赋权和委托"
