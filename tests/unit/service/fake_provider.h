/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake providers, and what they share with the test through a file that both map: they run in
 * processes of their own.
 */
#ifndef VDS_TESTS_FAKE_PROVIDER_H
#define VDS_TESTS_FAKE_PROVIDER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <vds/libvds.h>

#define FAKE_GOOD                1
#define FAKE_CRASHES_WHEN_LOADED 2
#define FAKE_HANGS_WHEN_LOADED   3
#define FAKE_CRASHES_WHEN_ASKED  4
#define FAKE_HANGS_WHEN_ASKED    5
#define FAKE_WITHOUT_FACTORY     6
#define FAKE_WITHOUT_OBJECT      7
#define FAKE_WITHOUT_PRIVATE     8
#define FAKE_FAILS_IN_ONLOAD     9
#define FAKE_HANGS_IN_ONLOAD     10
#define FAKE_OTHER               11 /* good, with another name */
#define FAKE_MODES               11

#define FAKE_CLSID 0xfa4e0001 /* Data1; the rest is zero */

/* Where the provider misbehaves. */
enum fake_place {
	FAKE_NOWHERE,
	FAKE_IN_ONLOAD,
	FAKE_IN_ONUNLOAD,
	FAKE_IN_QUERY_SUBSYSTEMS, /* returns an enumerator */
	FAKE_IN_GET_OBJECT,       /* returns an object by its id */
	FAKE_IN_REFRESH,
	FAKE_IN_QUERY_LUNS,
	FAKE_IN_CREATE_LUN, /* returns an asynchronous operation */
	FAKE_IN_PROPERTIES, /* returns a struct with strings */
	FAKE_IN_SUBSYSTEM,  /* returns an object */
	FAKE_IN_PATHS,      /* returns an array */
	FAKE_IN_NAMING,     /* takes a string */
	FAKE_IN_RELEASE,    /* of a LUN, the last one */
};

/* How. */
enum fake_act {
	FAKE_CRASHES,
	FAKE_EXITS,
	FAKE_HANGS,              /* until let_go */
	FAKE_RETURNS_BAD_STRING, /* FAKE_IN_PROPERTIES: a pointer to nothing */
	FAKE_RETURNS_LONG_STRING,
	FAKE_RETURNS_NO_ARRAY,   /* FAKE_IN_PATHS: a number, but NULL */
	FAKE_RETURNS_LONG_ARRAY, /* a number that is too large for any array */
	FAKE_DROPS_SINK,         /* FAKE_IN_REFRESH: releases a reference that it has not */
};

struct fake_state {
	_Atomic int pid;          /* of the process that has loaded the library last */
	_Atomic unsigned living;  /* providers */
	_Atomic unsigned loads;   /* calls of OnLoad */
	_Atomic unsigned unloads; /* successful calls of OnUnload */
	_Atomic unsigned registrations;
	_Atomic bool let_go;    /* ends a hanging OnLoad */
	_Atomic LONG notes;     /* how many notifications Refresh sends in one call */
	_Atomic unsigned sent;  /* how many it has sent */
	HRESULT notify_result;  /* what the service answered to the last ones */
	HRESULT refresh_result; /* what Refresh answers when it sends none */
	unsigned deleted_lun;   /* number of a LUN that has been deleted */
	_Atomic int place;      /* enum fake_place */
	_Atomic int act;        /* enum fake_act */
	_Atomic unsigned hanging;
	/*
	 * what the process was given: a descriptor of the test's, whether SIGTERM is blocked or
	 * ignored
	 */
	int test_fd;
	bool has_test_fd, has_signals;
};

#endif
