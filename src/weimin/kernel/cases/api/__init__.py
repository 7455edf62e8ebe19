"""The API of matters and of their clocks."""

from weimin.kernel.cases.api import clocks
from weimin.kernel.cases.api.matters import router

router.add_router("", clocks.router)

__all__ = ["router"]
