"""The WSGI entry: loads everything once, then freezes it out of the garbage collector's walks."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weimin.config.settings")
# the address past the pooler is for the worker and the command line
os.environ.pop("WEIMIN_DIRECT_DATABASE_URL", None)
application = get_wsgi_application()

gc.collect()
gc.freeze()
