from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "weimin.kernel.residents"
    label = "residents"
    verbose_name = "服务对象"
