/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake array for the data path alone: the test builds the states, supplies the devices, and
 * looks at the live rows. It takes the place of src/array when these tests and serve.c are linked.
 */
#ifndef VDS_TESTS_FAKE_ARRAY_H
#define VDS_TESTS_FAKE_ARRAY_H

#include "array/array.h"
#include "blk/blk.h"

/* NULL when out of memory. */
struct array *fake_array_new(void);
/* Nobody may be registered. */
void fake_array_free(struct array *array);

/*
 * The edit under way; each of these adds to it.  fake_commit makes the next state and publishes
 * it.
 */
void fake_lun(struct array *array, const struct guid *id, uint64_t size_bytes, uint32_t block_bytes,
	      const char *mask, enum row_status status);
/* The device that array_lun_device gives for it; consumes the reference.  Without one a LUN
 * has a device that has failed. */
void fake_device(struct array *array, const struct guid *lun, struct blk_dev *dev);
void fake_target(struct array *array, const struct guid *id, const char *iscsi_name);
void fake_portal(struct array *array, const struct guid *id, const char *address, uint16_t port);
void fake_group(struct array *array, const struct guid *id, const struct guid *target,
		uint32_t tag);
void fake_group_portal(struct array *array, const struct guid *group, const struct guid *portal);
void fake_associate(struct array *array, const struct guid *lun, const struct guid *target,
		    uint32_t number);
void fake_dissociate(struct array *array, const struct guid *lun, const struct guid *target);
void fake_delete(struct array *array, enum row_family family, const struct guid *id);
void fake_commit(struct array *array);

/* A guid from a small number, for tests. */
struct guid fake_id(unsigned n);

const struct array_runtime_ops *fake_ops(struct array *array);
void *fake_runtime(struct array *array);
const struct state *fake_state(struct array *array);

/*
 * A copy of what is known live: a reference, or NULL.  Waits until `present` holds, at most 10 s.
 */
void *fake_live_wait(struct array *array, enum row_family family, const struct guid *id,
		     bool present);
/* Live rows take some milliseconds to arrive from now on, as under load. */
void fake_slow_live(struct array *array);
size_t fake_live_count(struct array *array, enum row_family family);
/* The first live session's id; false when there is none. */
bool fake_first_session(struct array *array, struct guid *ret_id);
/* Waits until so many live sessions are known, at most 10 s. */
bool fake_wait_sessions(struct array *array, size_t count);
unsigned fake_devices_in_use(struct array *array);
/* Waits until the data path has told that a LUN hangs, or does not, at most 10 s. */
bool fake_wait_hang(struct array *array, bool hangs);
/* Waits until so many devices are in use, at most 10 s. */
bool fake_wait_devices(struct array *array, unsigned count);

#endif
