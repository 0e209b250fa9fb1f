# SPDX-License-Identifier: LGPL-2.1-or-later
# NAME(code) for every code in vdserr.h and the two in vdstypes.h: what errtext.c includes.
BEGIN { print "NAME(S_OK)"; print "NAME(S_FALSE)" }
/^#define (VDS_[ES]_|E_|CLASS_E_|REGDB_E_|CO_E_|RPC_E_)[A-Z0-9_]+ \(\(HRESULT\)/ { print "NAME(" $2 ")" }
