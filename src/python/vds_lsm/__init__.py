# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plug-in of libStorageMgmt for vdsd: `lsmcli -u vds://` manages the array.

lsmd starts the program vds_lsmplugin for each client.  The plug-in speaks libStorageMgmt's protocol
itself (wire.py), so that it needs none of libStorageMgmt's packages.
"""
