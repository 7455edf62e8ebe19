from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "weimin.kernel.rights"
    label = "rights"
    verbose_name = "个人信息权利"
