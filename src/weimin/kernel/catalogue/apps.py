from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "weimin.kernel.catalogue"
    label = "catalogue"
    verbose_name = "事项清单"
