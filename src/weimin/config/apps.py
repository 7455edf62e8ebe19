from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "weimin.config"
    label = "config"
    verbose_name = "配置"

    def ready(self) -> None:
        """Plug in what every package's manifest brings."""
        from importlib import import_module
        from importlib.util import find_spec

        from django.apps import apps
        from django.core.signals import request_started

        from weimin.config import checks, outages

        checks.plug_in()
        request_started.connect(outages.let_go, dispatch_uid="weimin.outages")
        for app in apps.get_app_configs():
            if app.name.startswith("weimin.") and find_spec(f"{app.name}.manifest"):
                manifest = import_module(f"{app.name}.manifest")
                if hasattr(manifest, "plug_in"):
                    manifest.plug_in()
