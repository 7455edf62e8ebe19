from django.apps import AppConfig


class ListkeepingConfig(AppConfig):
    name = "weimin.apps.listkeeping"
    label = "listkeeping"
    verbose_name = "清单管理"
