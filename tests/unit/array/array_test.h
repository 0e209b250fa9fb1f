/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/array share these helpers: a fixture with an array in a temporary directory,
 * short functions that make a change, and a fake data path.
 */
#ifndef VDS_TESTS_ARRAY_TEST_H
#define VDS_TESTS_ARRAY_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array/array.h"
#include "base/err.h"
#include "base/mem.h"

struct fixture {
	char dir[64]; /* directory of the test, which contains array/ and inject/ */
	char array_dir[80], inject_dir[80];
	struct array_options options;
	struct array *array;
};

/* cmocka set-up and tear-down: *state is a struct fixture with an open array. */
int fixture_setup(void **state);
int fixture_teardown(void **state); /* also checks the invariants */
void fixture_close(struct fixture *f);
void fixture_open(struct fixture *f);
static inline void
fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

/*
 * Lets pools copy where they would share space between files (can = true), which the file system of
 * the tests may not be able to do; or lets them refuse.
 */
void fixture_let_clone(const struct fixture *f, bool can);

/* Fails the test with the error's text when rc is negative. */
#define assert_ok(call)                                                              \
	do {                                                                         \
		int rc_ = (call);                                                    \
		if (rc_ < 0)                                                         \
			fail_msg("%s: %s: %s", #call, err_name(rc_), err_text(rc_)); \
	} while (0)

#define MIB (1ull << 20)

struct guid make_lun(struct array *array, const char *name); /* makes a thin LUN of 1 MiB */
/*
 * Makes a target without a portal group.  When another target has the alias, a number is appended
 * to it.
 */
struct guid make_target(struct array *array, const char *alias);
struct guid make_portal(struct array *array, const char *address, uint16_t port);
int associate(struct array *array, struct guid lun, size_t count, ...); /* struct guid … */
size_t count_rows(struct array *array, enum row_family family);
uint64_t sequence_of(struct array *array);
/* Returns the LUN number of an association, or -1. */
int number_of(struct array *array, struct guid lun, struct guid target);
struct guid random_guid(void);

/* Writes the path of a LUN's file in the default pool. */
void lun_file(const struct fixture *f, struct guid lun, char path[256]);
bool file_exists(const char *path);
/*
 * Lets an operation on a LUN's device ("*" = of all LUNs) fail or hang: what = "EIO", "hold", …;
 * NULL = work again.
 */
void inject(const struct fixture *f, const char *name, const char *op, const char *what);

/*
 * Waits, at most ten seconds, until the condition holds; it is checked after every change of the
 * live state.  Returns false when the time is over.
 */
bool wait_for(struct array *array, bool (*holds)(struct array *array, const void *arg),
	      const void *arg);
bool wait_health(struct array *array, struct guid lun, enum lun_health health);
bool wait_operation(struct array *array, struct guid lun, enum lun_operation operation);
bool wait_job(struct array *array, struct guid job, enum job_state state);
/* Returns the phase of a job that runs or is paused (enum array_job_phase), or -1. */
int job_phase(struct array *array, const struct guid *job_id);
bool wait_file_gone(struct array *array, const char *path);
/* Returns whether a problem of the array has this in its text. */
bool health_says(struct array *array, const char *text);

#define FAKE_HOLDER "iqn.2026-11.org.example:holder"

/* A fake data path, which counts its calls and returns what the test has set. */
struct fake_runtime {
	struct array *array;
	atomic_uint published, quiesced, resumed, recovered, replaced;
	atomic_uint resets; /* by other gateways */
	struct guid reset_lun;
	atomic_int quiesce_result;
	atomic_bool quiesce_hold; /* quiesce does not return while this is set */
	atomic_uint quiescing;
	struct guid reserved_lun; /* is held by RESERVE, by FAKE_HOLDER, while `reserves` is set */
	atomic_bool reserves;
	atomic_uint reserved_quiesced; /* how often the paths of that LUN alone were */
	char lost[256];                /* initiator of that mapping; "-" = none */
	size_t mappings;               /* of the last quiesce */
	char except[256];   /* except_mask of the first mapping of the last quiesce; "-" = none */
	struct state *last; /* writer thread; read it after a change was answered */
};

void fake_register(struct fake_runtime *fake, struct array *array);
void fake_unregister(struct fake_runtime *fake);
/* Reports a live session of the target; returns its id. */
struct guid fake_session(struct array *array, struct guid target);
struct guid fake_session_of(struct array *array, struct guid target, const char *initiator);

#endif
