/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Principals: who asks for something, from where, and what that person or program may do.  Every
 * request to the array has one (array/array.h); http makes it from the connection, the change log
 * and the events name it. Plain values, any thread.
 */
#ifndef VDS_MODEL_PRINCIPAL_H
#define VDS_MODEL_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINCIPAL_NAME_SIZE 64
#define PRINCIPAL_FROM_SIZE 64
#define PRINCIPAL_TEXT_SIZE 192

/* What a principal may do. Each role may also do what the roles before it may do. */
enum principal_role {
	ROLE_NONE,     /* may do nothing */
	ROLE_READER,   /* may look at everything and change nothing */
	ROLE_OPERATOR, /* may also do the daily work: make, grow, unmask and associate LUNs */
	ROLE_ADMIN,    /* may also delete objects, and change pools, portals and the array itself */
	ROLE_COUNT
};

enum principal_kind {
	PRINCIPAL_SYSTEM, /* vdsd itself: jobs that end, first start */
	PRINCIPAL_UNIX,   /* a user of this host, known by the unix socket (SO_PEERCRED) */
	/* a program of this host that came over loopback TCP: its user is not known */
	PRINCIPAL_TCP,
	PRINCIPAL_TLS,         /* a peer over TLS that has not said who it is: it has no role */
	PRINCIPAL_CERTIFICATE, /* the holder of a client's certificate over TLS: `name` */
	PRINCIPAL_TOKEN,       /* a program with a token */
	PRINCIPAL_OTHER,       /* a kind that a later version has added; appears only in events */
	PRINCIPAL_COUNT
};

struct principal {
	enum principal_kind kind;
	enum principal_role role;
	uint32_t uid; /* the user's id, for PRINCIPAL_UNIX */
	char name
		/*
		 * PRINCIPAL_UNIX: the user's name; "" when the host knows none.
		 * PRINCIPAL_CERTIFICATE: the name in the certificate.  PRINCIPAL_TOKEN: the
		 * token's.
		 */
		[PRINCIPAL_NAME_SIZE];
	char from
		/*
		 * over TCP and TLS: "127.0.0.1:40000"; PRINCIPAL_UNIX: "pid 123"; PRINCIPAL_TOKEN:
		 * one of both
		 */
		[PRINCIPAL_FROM_SIZE];
};

/* The name of a role: "reader", "operator", "admin"; "none" for ROLE_NONE. */
const char *principal_role_name(enum principal_role role);
/* Returns the role of that name, or ROLE_NONE (there is none, or the name is "none"). */
enum principal_role principal_role_parse(const char *name);
/*
 * Writes the principal for people to `buf`: "alice (uid 1000)", "uid 1000", "127.0.0.1:40000",
 * "backup (certificate)", "token backup (127.0.0.1:40000)" or "vdsd".  NULL is "vdsd".  Returns
 * buf.
 */
const char *principal_format(const struct principal *principal, char buf[PRINCIPAL_TEXT_SIZE]);

#endif
