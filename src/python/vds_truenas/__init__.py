# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of TrueNAS's REST API (version 2.0) that the driver democratic-csi needs, over vdsd's.

zvols are LUNs, snapshots are snapshots, targets are targets.  What TrueNAS keeps and vdsd does not
(user properties, numbers, extents) is in a file of this program (store.py), which says nothing
about what exists: that is asked of the array each time.  docs/managers.md is for users.
"""
