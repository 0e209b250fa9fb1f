/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reservations of a logical unit: what the files reserve*.c, access.c and transport_id.c share.
 * Private to the folder.  docs/design/reservations.md.
 *
 * The registrations and the reservation of a unit are a set (struct scsi_reservations), which is
 * immutable.  A service action makes a new set from the present one, has it kept when it must
 * survive (store.h), and then puts it in the place of the old set.  Changes of one unit are made
 * one at a time (struct scsi_change), so they need no lock while they wait for the store.
 */
#ifndef VDS_SCSI_RESERVE_INT_H
#define VDS_SCSI_RESERVE_INT_H

#include <pthread.h>

#include "scsi/scsi.h"
#include "scsi/store.h"

struct scsi_change;

/* ---- access.c: which commands conflict with a reservation ---- */

/*
 * The groups of commands that the standards treat alike.  A command names its group in its flags
 * (cmd.def).
 */
enum scsi_access_group {
	ACCESS_CHANGES, /* writes, and everything that is not known to be harmless */
	ACCESS_READS,   /* reads of the medium and of what the unit does */
	ACCESS_ANY,     /* allowed with every persistent reservation, but not with RESERVE */
	ACCESS_ALWAYS,  /* always allowed; or the command itself looks at reservations */
	ACCESS_START,   /* START STOP UNIT: as ACCESS_ALWAYS when it starts, else ACCESS_CHANGES */
	ACCESS_PREVENT, /* PREVENT ALLOW MEDIUM REMOVAL: as ACCESS_ALWAYS when it allows */
	ACCESS_GROUPS
};

/* What a nexus is to the reservation of a unit: a column of the conflict table. */
enum scsi_access_role {
	ROLE_FREE,                   /* there is no reservation, or the nexus holds it */
	ROLE_RESERVED,               /* another nexus has sent RESERVE */
	ROLE_WRITE_EXCLUSIVE,        /* Write Exclusive, held by another nexus */
	ROLE_EXCLUSIVE_ACCESS,       /* Exclusive Access, held by another nexus */
	ROLE_REGISTERED,             /* a type for registrants; the nexus is registered */
	ROLE_WRITE_EXCLUSIVE_OTHERS, /* Write Exclusive for registrants; it is not registered */
	ROLE_EXCLUSIVE_ACCESS_OTHERS,
	ROLE_COUNT
};

/* The table: true = RESERVATION CONFLICT. */
extern const bool scsi_access_conflicts[ACCESS_START][ROLE_COUNT];
/* Returns the row of the table for a command: ACCESS_START and ACCESS_PREVENT depend on the CDB. */
enum scsi_access_group scsi_access_group(enum scsi_access_group group, const uint8_t *cdb);

/* ---- reserve_set.c: sets of registrations ---- */

#define SCSI_REGISTRATIONS_MAX 1024u

/* Allocates a set with room for so many registrations and one reference, or returns NULL. */
struct scsi_reservations *scsi_reservations_new(size_t capacity);
struct scsi_reservations *scsi_reservations_ref(struct scsi_reservations *set);
/* Returns the index of the registration of an I_T nexus, or -1. */
int scsi_reservations_find(const struct scsi_reservations *set, const char *initiator,
			   const uint8_t isid[6], uint16_t port);
/* Returns whether the i-th registration holds the reservation.  False for -1. */
bool scsi_reservations_holds(const struct scsi_reservations *set, int i);

static inline bool
scsi_reserve_type_is_valid(unsigned type)
{
	return type == SCSI_RESERVE_WE || type == SCSI_RESERVE_EA ||
	       (type >= SCSI_RESERVE_WE_RO && type <= SCSI_RESERVE_EA_AR);
}

/* All registrants hold a reservation of this type. */
static inline bool
scsi_reserve_type_is_all(unsigned type)
{
	return type == SCSI_RESERVE_WE_AR || type == SCSI_RESERVE_EA_AR;
}

/* Registrants that do not hold the reservation may do what the holder may. */
static inline bool
scsi_reserve_type_is_shared(unsigned type)
{
	return type >= SCSI_RESERVE_WE_RO;
}

/* ---- reserve_code.c: sets as the store has them ---- */

#define RESERVE_CODE_VERSION 1u
#define RESERVE_CODE_WHOLE   2u /* with PRGENERATION, for a program that takes the unit over */

/* Encodes a set in that version.  Returns 0 with data that the caller frees, or -ENOMEM. */
int scsi_reservations_encode(const struct scsi_reservations *set, uint32_t version, void **ret_data,
			     size_t *ret_bytes);

/* ---- transport_id.c ---- */

/* An initiator port, or (any_port) all of an initiator. */
struct scsi_initiator_port {
	char initiator[SCSI_INITIATOR_BYTES];
	uint8_t isid[6];
	bool any_port;
};

/* The largest TransportID: a name of 223 bytes, ",i,0x" and 12 digits, padded. */
#define SCSI_TRANSPORT_ID_MAX 248u

/* Writes the TransportID of an initiator port, and returns its size, a multiple of 4. */
size_t scsi_transport_id_put(uint8_t buf[SCSI_TRANSPORT_ID_MAX], const char *initiator,
			     const uint8_t isid[6]);
/*
 * Reads the iSCSI TransportID at the start of `len` bytes.  Returns its size, or ERR_INVALID (it is
 * not one, or it does not end within len).
 */
int scsi_transport_id_get(const uint8_t *bytes, size_t len, struct scsi_initiator_port *ret_port);

/* ---- reserve.c: the present set of a unit, and its owner ---- */

struct scsi_reserve {
	pthread_mutex_t mutex; /* a leaf; guards the fields below */
	/* the present set; NULL = nobody has registered since the unit was made */
	struct scsi_reservations *now;
	struct scsi_itl *reserved_by; /* the nexus that has sent RESERVE; NULL = none */
	struct list nexuses;          /* struct scsi_itl.reserve_node: all nexuses with the unit */
	struct list waiting;          /* struct scsi_change.node, the oldest first */
	bool busy;                    /* a change is under way, or its turn has come */
	/* raised when what a nexus may do may have changed; read without the mutex */
	atomic_uint sequence;
};

void scsi_reserve_init(struct scsi_reserve *reserve);
void scsi_reserve_fini(struct scsi_reserve *reserve);
/* Loads what was kept.  Returns 0, ERR_CORRUPT, ERR_VERSION or -ENOMEM.  scsi_lu_new. */
int scsi_reserve_load(struct scsi_lu *lu);
/* The nexus begins and ceases to use the unit.  A RESERVE ends with its nexus.  Its thread. */
void scsi_reserve_join(struct scsi_itl *itl);
void scsi_reserve_part(struct scsi_itl *itl);
/* Ends a RESERVE: a reset.  Any thread. */
void scsi_reserve_reset(struct scsi_lu *lu);
/* Returns whether the nexus holds the unit by RESERVE.  Any thread. */
bool scsi_reserve_is_held_by(const struct scsi_itl *itl);
/* Returns the present set with a reference for the caller, or NULL.  Any thread. */
struct scsi_reservations *scsi_reserve_now(struct scsi_lu *lu);
/* Returns whether any nexus has the unit reserved with RESERVE.  Any thread. */
bool scsi_reserve_is_old(struct scsi_lu *lu);
/* Finds out what the nexus is to the reservation: sets itl->role.  The nexus' thread. */
void scsi_reserve_look(struct scsi_itl *itl);
/*
 * Returns whether a reservation of the unit excludes the nexus from commands of this group (not
 * ACCESS_START or ACCESS_PREVENT): for what a command does to a unit that it was not sent to.
 * Takes the mutex.
 */
bool scsi_reserve_excludes(struct scsi_lu *lu, const struct scsi_nexus *nexus,
			   enum scsi_access_group group);

/*
 * Asks for the turn of a change.  Returns true when the change may be made now; else change->go is
 * called when its turn has come.  scsi_reserve_leave gives the turn to the next change.
 */
bool scsi_reserve_enter(struct scsi_change *change);
void scsi_reserve_leave(struct scsi_lu *lu);
/*
 * Has the new set kept if it must survive, and then makes it the present one.  Calls change->saved
 * with the result, from inside this call when there is nothing to keep.  The change has its turn.
 */
void scsi_reserve_commit(struct scsi_change *change);

/* ---- reserve_change.c: the service actions of PERSISTENT RESERVE OUT ---- */

enum scsi_prout {
	PROUT_REGISTER = 0,
	PROUT_RESERVE = 1,
	PROUT_RELEASE = 2,
	PROUT_CLEAR = 3,
	PROUT_PREEMPT = 4,
	PROUT_PREEMPT_AND_ABORT = 5,
	PROUT_REGISTER_AND_IGNORE = 6,
	PROUT_REGISTER_AND_MOVE = 7,
};

/* What becomes of a change. */
enum scsi_verdict {
	VERDICT_GOOD,
	VERDICT_NOTHING,  /* GOOD, and nothing changes */
	VERDICT_CONFLICT, /* RESERVATION CONFLICT */
	VERDICT_BAD_TYPE, /* INVALID FIELD IN CDB: scope or type */
	VERDICT_BAD_MOVE, /* INVALID FIELD IN CDB: there is no reservation to be moved */
	VERDICT_BAD_PARAMETER,
	VERDICT_BAD_RELEASE,
	VERDICT_NO_RESOURCES,
	VERDICT_NO_MEMORY, /* BUSY */
};

/* What a service action does to a registration of the set from before. */
enum scsi_change_marks {
	MARK_GONE = 1 << 0,                   /* the registration is removed */
	MARK_RESERVATIONS_PREEMPTED = 1 << 1, /* its nexus gets this unit attention */
	MARK_RESERVATIONS_RELEASED = 1 << 2,
	MARK_REGISTRATIONS_PREEMPTED = 1 << 3,
	MARK_ABORTED = 1 << 4, /* PREEMPT AND ABORT: the tasks of its nexus end */
};

/* A nexus as registrations name it. */
struct scsi_nexus_name {
	const char *initiator;
	const uint8_t *isid;
	uint16_t port;
};

/* A change of a unit's reservations: a PERSISTENT RESERVE OUT, or an administrator's wish. */
struct scsi_change {
	struct scsi_lu *lu;
	struct scsi_nexus_name by; /* who asks; initiator NULL = an administrator */
	/* Called when the turn of the change has come.  Any thread. */
	void (*go)(struct scsi_change *change);
	/* Called when the change is made and kept (0), or has failed.  Any thread. */
	void (*saved)(struct scsi_change *change, int result);

	/* The request. */
	uint8_t action, scope, type;
	bool aptpl, all_tg_pt, spec_i_pt, unreg;
	uint16_t move_port;
	uint64_t key, action_key;
	struct scsi_initiator_port *ports; /* TransportIDs; owned */
	size_t port_count;
	uint16_t *target_ports; /* what ALL_TG_PT and REGISTER AND MOVE mean; owned */
	size_t target_port_count;

	/* What it becomes. */
	struct scsi_reservations *before; /* a reference; NULL = there was none */
	struct scsi_reservations *after;  /* owned until it is committed */
	uint8_t *marks;                   /* enum scsi_change_marks for each of `after` */
	unsigned bad_byte;                /* VERDICT_BAD_PARAMETER: the place in the list */
	int bad_bit;

	/* Used by reserve.c and reserve_out.c. */
	struct list node;
	uint8_t stage;          /* guarded by the mutex of the unit's struct scsi_reserve */
	struct scsi_task *task; /* NULL = there is none any more; guarded by the same mutex */
	int result;
	struct scsi_save save;
	void *data;         /* what is kept; owned */
	void *abort_handle; /* of ops->abort_prepare */
};

/*
 * Finds the nexuses of an initiator that use the unit now, whichever of its ports they come from.
 * Calls `each` with the mutex of the reservations held, until it returns other than 0, which is
 * returned then.
 */
int scsi_reserve_each_nexus(struct scsi_lu *lu, const char *initiator,
			    int (*each)(void *arg, const struct scsi_nexus *nexus), void *arg);

/*
 * Makes change->after and change->marks from the present set.  The change has its turn.  With any
 * verdict but VERDICT_GOOD there is nothing to commit.
 */
enum scsi_verdict scsi_change_make(struct scsi_change *change);
/* Frees what the change has, and not the change itself. */
void scsi_change_fini(struct scsi_change *change);

/* ---- reserve_out.c ---- */

/* The task ends: frees its change and gives the turn to the next one. */
void scsi_change_end(struct scsi_task *task);
/*
 * The task is aborted.  Returns true when nothing of it is left to wait for; the change itself goes
 * on when its set is being kept.
 */
bool scsi_change_cancel(struct scsi_task *task);

#endif
