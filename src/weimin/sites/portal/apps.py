from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "weimin.sites.portal"
    label = "portal"
    verbose_name = "门户"
