from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "weimin.kernel.directory"
    label = "directory"
    verbose_name = "机构与区划"
