"""What the data API may know of Superset's users: name, active or not, roles. Needs an application context.

A view, so that its role reads these and neither passwords nor e-mail addresses. Where nobody made the role (a database
of a test, a server of one's own) the view is there and nobody else may read it.
"""

from sqlalchemy import text
from superset import db
from superset.utils.decorators import transaction

ROLE = "api_user_reader"
# A user's roles are those of his own and those of his groups.
_VIEW = """
    create or replace view public.data_api_user as
    select
        person.id,
        person.username::text as username,
        coalesce(person.active, false) as is_active,
        array(
            select role.name::text
            from ab_role as role
            where
                role.id in (select own.role_id from ab_user_role as own where own.user_id = person.id)
                or role.id in (
                    select of_group.role_id
                    from ab_user_group as member
                    inner join ab_group_role as of_group on of_group.group_id = member.group_id
                    where member.user_id = person.id
                )
        ) as roles
    from ab_user as person
"""


@transaction()
def provide() -> None:
    """Makes the view, or brings it up to date, and lets the role read it."""
    db.session.execute(text(_VIEW))
    if db.session.execute(text("select from pg_roles where rolname = :role"), {"role": ROLE}).first() is not None:
        db.session.execute(text(f"grant select on public.data_api_user to {ROLE}"))
