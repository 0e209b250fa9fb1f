# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Redfish and Swordfish service that shows the array: read only, for monitoring and inventory.

vds-redfish(1) is the program.  docs/managers.md says which resource is which object of the array.
"""
