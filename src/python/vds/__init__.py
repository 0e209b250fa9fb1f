# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of vdsd, the iSCSI storage array.

connect() returns a Client, which has a method for each request of the REST API (vds-api(7)): they
take and return plain values and dictionaries, whose types are in vds.types.
"""
from . import types
from ._transport import Access
from .client import Client, Event, connect
from .errors import ApiError, ConfigurationError, ConnectionFailed, JobFailed, VdsError

__all__ = ['Access', 'ApiError', 'Client', 'ConfigurationError', 'ConnectionFailed', 'Event',
           'JobFailed', 'VdsError', 'connect', 'types']
