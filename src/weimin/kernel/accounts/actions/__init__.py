"""Writes of accounts: log-ins and clients, limits, passwords, sessions, second factors, city identities."""

from weimin.kernel.accounts.actions.closing import AccountUnknown, close_account
from weimin.kernel.accounts.actions.factors import (
    drop_factor,
    drop_recovery_codes,
    keep_secret,
    reset_second_factor,
    spend_totp,
)
from weimin.kernel.accounts.actions.identities import CityIdentityRefused, link_city_identity
from weimin.kernel.accounts.actions.logins import (
    SCOPES,
    AccountAsBefore,
    DemoSmsProvider,
    create_client,
    create_staff_account,
    ensure_resident_account,
    rename_account,
    revoke_client,
    set_account_open,
    username_taken,
)
from weimin.kernel.accounts.actions.passwords import change_password, check_password, give_temporary_password
from weimin.kernel.accounts.actions.rates import forget_used_up, give_back, note_held, spend, spend_here
from weimin.kernel.accounts.actions.sessions import (
    check_reason,
    end_all_sessions,
    end_other_sessions,
    end_session,
    forget_expired,
    record_log_in,
)

__all__ = [
    "SCOPES",
    "AccountAsBefore",
    "AccountUnknown",
    "CityIdentityRefused",
    "DemoSmsProvider",
    "change_password",
    "check_password",
    "check_reason",
    "close_account",
    "create_client",
    "create_staff_account",
    "drop_factor",
    "drop_recovery_codes",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "ensure_resident_account",
    "forget_expired",
    "forget_used_up",
    "give_back",
    "give_temporary_password",
    "keep_secret",
    "link_city_identity",
    "note_held",
    "record_log_in",
    "rename_account",
    "reset_second_factor",
    "revoke_client",
    "set_account_open",
    "spend",
    "spend_here",
    "spend_totp",
    "username_taken",
]
