/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake array for the data path alone: the test builds the states, supplies the devices, and
 * looks at the live rows. It takes the place of src/array when these tests and serve.c are linked.
 */
#ifndef VDS_TESTS_FAKE_ARRAY_H
#define VDS_TESTS_FAKE_ARRAY_H

#include "array/array.h"
#include "blk/blk.h"

/* Makes a fake array; returns NULL when out of memory. */
struct array *fake_array_new(void);
/* Frees the array. No data path may be registered. */
void fake_array_free(struct array *array);

/*
 * Each of these functions adds to the edit under way.  fake_commit makes the next state from it and
 * publishes that state.
 */
void fake_lun(struct array *array, const struct guid *id, uint64_t size_bytes, uint32_t block_bytes,
	      const char *mask, enum row_status status);
void fake_lun_rename(struct array *array, const struct guid *id, const char *name);
/*
 * Sets the device that array_lun_device returns for a LUN; consumes the reference.  A LUN without
 * one has a device that has failed.
 */
void fake_device(struct array *array, const struct guid *lun, struct blk_dev *dev);
void fake_target(struct array *array, const struct guid *id, const char *iscsi_name);
/* The networks from which a target, or the initiators of a host, allow logins. */
void fake_target_sources(struct array *array, const struct guid *id, const char *sources);
void fake_host(struct array *array, const struct guid *id, const char *sources);
/* Where a target sends its logins, as the text of its row. */
void fake_target_redirect(struct array *array, const struct guid *id, const char *redirect);
/* A pool, and the pool of a LUN, which has none before. */
void fake_pool(struct array *array, const struct guid *id);
void fake_lun_pool(struct array *array, const struct guid *lun, const struct guid *pool);
/* Sets the limits of a LUN, a host or a pool, of which there is a row. */
void fake_qos(struct array *array, enum row_family family, const struct guid *id, const char *qos);
void fake_initiator(struct array *array, const struct guid *id, const struct guid *host,
		    const char *iscsi_name);
void fake_host_member(struct array *array, const struct guid *group, const struct guid *host);
void fake_portal(struct array *array, const struct guid *id, const char *address, uint16_t port);
/* The one controller, with this status. */
void fake_controller(struct array *array, enum row_status status);
/*
 * Several gateways: which controller this array is, a controller that others reach at `address`,
 * which of them listens at a portal, and who owns a LUN (a zero controller: nobody does).  The
 * secret by which gateways know each other is taken at once.
 */
void fake_own(struct array *array, const struct guid *controller);
/* Another gateway that hears of the resets that this one announces (array_keep). */
#define FAKE_OTHERS_MAX 2u
void fake_other(struct array *array, struct array *other);
/* Resets that this gateway announces are answered when this is called with false, or at once. */
void fake_let_resets_wait(struct array *array, bool wait);
/* Waits, at most 10 s, until the answers of so many announced resets wait. */
bool fake_wait_resets(struct array *array, unsigned count);
/* LUNs of this gateway are claimed, so that units can be made (array_lun_device), or not yet. */
void fake_claim(struct array *array, bool claimed);
/* Takes the lease from the array, or gives it back. */
void fake_lease(struct array *array, bool ok);
/* Returns how often the data path has suspected another gateway. */
unsigned fake_suspected(struct array *array);
void fake_gateway(struct array *array, const struct guid *id, const char *address,
		  const char *instance);
void fake_portal_of(struct array *array, const struct guid *portal, const struct guid *controller);
void fake_owner(struct array *array, const struct guid *lun, const struct guid *controller,
		uint64_t epoch);
void fake_gateways_secret(struct array *array, const char *secret);
void fake_group(struct array *array, const struct guid *id, const struct guid *target,
		uint32_t tag);
/* Changes the asymmetric access of a group, as an administrator does. */
void fake_access(struct array *array, const struct guid *group, enum port_access state,
		 bool preferred, bool explicit_allowed);
/* Lets what initiators ask fail with this error; 0 = it succeeds and is published. */
void fake_access_fails(struct array *array, int error);
void fake_group_portal(struct array *array, const struct guid *group, const struct guid *portal);
void fake_associate(struct array *array, const struct guid *lun, const struct guid *target,
		    uint32_t number);
void fake_dissociate(struct array *array, const struct guid *lun, const struct guid *target);
/* At most 8 secrets; a zero owner stands for discovery. */
void fake_secret(struct array *array, const struct guid *owner, const struct guid *id,
		 enum credential_side side, const char *user, const char *secret);
void fake_delete(struct array *array, enum row_family family, const struct guid *id);
void fake_commit(struct array *array);

/* Returns a guid made from a small number. */
struct guid fake_id(unsigned n);

const struct array_runtime_ops *fake_ops(struct array *array);
void *fake_runtime(struct array *array);
const struct state *fake_state(struct array *array);

/*
 * Waits, at most 10 s, until the live row is there (present true) or not.  Returns a reference to
 * the row, or NULL.
 */
void *fake_live_wait(struct array *array, enum row_family family, const struct guid *id,
		     bool present);
/* Lets live rows take some milliseconds to arrive from now on, as under load. */
void fake_slow_live(struct array *array);
size_t fake_live_count(struct array *array, enum row_family family);
/* Writes the id of the first live session; returns false when there is none. */
bool fake_first_session(struct array *array, struct guid *ret_id);
/* Waits, at most 10 s, until so many live sessions are known. */
bool fake_wait_sessions(struct array *array, size_t count);
/* Returns how many live sessions are known now. */
size_t fake_sessions(struct array *array);
unsigned fake_devices_in_use(struct array *array);
/* Waits, at most 10 s, until so many LUNs hang, as the data path has reported. */
bool fake_wait_hangs(struct array *array, unsigned count);
/* Waits, at most 10 s, until so many devices are in use. */
bool fake_wait_devices(struct array *array, unsigned count);

#endif
