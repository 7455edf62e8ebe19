from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "weimin.sites.desk"
    label = "desk"
    verbose_name = "工作台"
