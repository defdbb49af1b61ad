"""The administrator's account. Needs an application context."""

from typing import Any

from superset import db, security_manager
from werkzeug.security import check_password_hash

from provisioning import ProvisioningError


def ensure_admin(username: str, password: str) -> Any:
    """Makes the account, or gives it back its role and the password of the settings; returns the user.

    The settings are the truth: a password that was changed in the browser lasts until the next provisioning.
    Raises ProvisioningError when Superset refuses the account.
    """
    admin = security_manager.find_role("Admin")
    user = security_manager.find_user(username)
    if user is None:
        email = username if "@" in username else f"{username}@localhost"
        user = security_manager.add_user(username, "Dashboard", "Admin", email, admin, password=password)
        if not user:
            raise ProvisioningError(f"Superset did not make the account {username!r}: its log has the reason")
        return user
    if not check_password_hash(user.password, password):
        security_manager.reset_password(user.id, password)
    if admin not in user.roles or not user.active:
        user.roles = list({*user.roles, admin})
        user.active = True
        db.session.commit()
    return user
