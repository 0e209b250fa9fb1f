/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values for every method of every interface, made by the tables of src/remote, and the two ends of
 * a connection to send them over.  test_values.c and the fuzz target use it.
 */
#ifndef VDS_TESTS_REMOTE_VALUES_H
#define VDS_TESTS_REMOTE_VALUES_H

#include "remote/remote_int.h"

/* An object that has every interface; counts its references. */
struct values_object {
	IUnknown unknown;
	_Atomic unsigned refs;
};

void values_object_init(struct values_object *object);

/* The values of one call, and what they point to. */
struct values {
	uint64_t random;
	IUnknown *object;  /* what object arguments are */
	void *blocks[120]; /* few: a value has at most four elements of each kind */
	size_t block_count;
	union remote_value args[REMOTE_PARAMS_MAX];
};

/*
 * Makes the arguments of a method.  returned: as the method leaves them, or else as it is called
 * (what the out-parameters point to is zeroed then).
 */
void values_make(struct values *values, const struct remote_method *method, bool returned);
void values_fini(struct values *values);
uint64_t values_random(struct values *values);

/* Two ends of a connection in this process. */
struct values_ends {
	struct remote *caller, *object;
};

int values_connect(struct values_ends *ends);
/* Lets both ends handle what has come. */
void values_pump(struct values_ends *ends);
void values_disconnect(struct values_ends *ends);

/*
 * Makes a message of what was written, which is no longer `out`'s; the caller frees it.  NULL:
 * writing has failed.
 */
struct remote_message *values_message(struct remote_out *out);

#endif
