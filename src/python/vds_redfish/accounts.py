# SPDX-License-Identifier: LGPL-2.1-or-later
"""The resources about who asks: the account service, its roles, the session service, sessions."""
from __future__ import annotations

from . import values
from .schema import ROOT
from .sessions import IDLE_S, Session
from .values import SESSIONS, Resource, link, resource

SERVICE = f'{ROOT}/AccountService'
# The account by which a request comes: who asks sees no other.
ACCOUNT = f'{SERVICE}/Accounts/self'

_READ_ONLY = ['Login', 'ConfigureSelf']
_PRIVILEGES = {
    'ReadOnly': _READ_ONLY, 'Operator': [*_READ_ONLY, 'ConfigureComponents'],
    'Administrator': [*_READ_ONLY, 'ConfigureComponents', 'ConfigureManager', 'ConfigureUsers']}
_ROLES = {'reader': 'ReadOnly', 'operator': 'Operator', 'admin': 'Administrator'}


def role_uris() -> list[str]:
    return [f'{SERVICE}/Roles/{name}' for name in _PRIVILEGES]


def role_of(array_role: str) -> str:
    """The name of the role of Redfish for a role of the array."""
    return _ROLES[array_role]


def account_service() -> Resource:
    return resource(
        'AccountService', SERVICE, 'Accounts: the tokens of the array', ServiceEnabled=True,
        HTTPBasicAuth='Enabled', Status=values.status('Enabled', 'OK'),
        Accounts=link(f'{SERVICE}/Accounts'), Roles=link(f'{SERVICE}/Roles'))


def account(user: str, array_role: str) -> Resource:
    role = role_of(array_role)
    return resource(
        'ManagerAccount', ACCOUNT, 'A token of the array', UserName=user, Enabled=True,
        AccountTypes=['Redfish'], RoleId=role, Links={'Role': link(f'{SERVICE}/Roles/{role}')}
    ) | {'Password': None}


def role(name: str) -> Resource:
    return resource('Role', f'{SERVICE}/Roles/{name}', name, RoleId=name, IsPredefined=True,
                    AssignedPrivileges=_PRIVILEGES[name])


def session_service() -> Resource:
    return resource(
        'SessionService', f'{ROOT}/SessionService', 'Sessions of Redfish', ServiceEnabled=True,
        SessionTimeout=IDLE_S, Status=values.status('Enabled', 'OK'), Sessions=link(SESSIONS))


def session(one: Session) -> Resource:
    return resource(
        'Session', f'{SESSIONS}/{one.id}', 'Session of Redfish', UserName=one.user,
        SessionType='Redfish', ClientOriginIPAddress=one.client,
        CreatedTime=values.moment(one.created_ms)) | {'Password': None}
