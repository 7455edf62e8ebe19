"""Every address of the platform."""

from django.urls import include, path

from weimin.config import overview, probes
from weimin.config.api import api
from weimin.kernel.accounts.web import account as own
from weimin.kernel.accounts.web import desk as staff
from weimin.kernel.accounts.web import portal as residents
from weimin.kernel.accounts.web import second

urlpatterns = [
    path("api/v1/", api.urls),
    path("health/live", probes.live, name="live"),
    path("health/ready", probes.ready, name="ready"),
    path("metrics", probes.show_metrics, name="metrics"),
    path("", include("weimin.sites.portal.urls")),
    path("desk/admin/system/", overview.system, name="system"),
    path("desk/", include("weimin.sites.desk.urls")),
    # django-allauth looks these names up without a namespace
    path("login/", residents.phone_page, name="account_request_login_code"),
    path("login/code/", residents.code_page, name="account_confirm_login_code"),
    path("desk/login/", staff.staff_login, name="account_login"),
    path("logout/", residents.logout, name="account_logout"),
    path("login/", residents.phone_page, name="account_signup"),
    path("login/", residents.phone_page, name="account_inactive"),
    path("desk/account/confirm/", own.confirm, name="account_reauthenticate"),
    path("login/", residents.phone_page, name="account_reset_password"),
    path("desk/login/second/", second.second_step, name="mfa_authenticate"),
    path("desk/account/", own.account, name="mfa_index"),
    path("desk/account/codes/", own.recovery_codes, name="mfa_view_recovery_codes"),
]

handler400 = "weimin.config.answers.bad_request"
handler403 = "weimin.config.answers.permission_denied"
handler404 = "weimin.config.answers.page_not_found"
handler500 = "weimin.config.answers.server_error"
