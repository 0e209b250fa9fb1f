/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows: the nouns of the array as plain values.  One definition serves the catalog (columns), the
 * model in memory, REST and events (JSON), the digest and the replica: a table of fields describes
 * each family.
 *
 * Configuration families are sequenced and digested.  LIVE families are volatile: versioned by
 * boot, never committed, sent anew at connect (docs/design/replica.md).
 *
 * A row is immutable once it is in a state or a change; it is counted, and any thread may hold a
 * reference.
 */
#ifndef VDS_MODEL_ROWS_H
#define VDS_MODEL_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"
#include "base/sha.h"

#define ROW_NAME_MAX       63    /* bytes of a friendly name: VDS allows fewer than 64 characters */
#define ROW_ISCSI_NAME_MAX 223   /* RFC 7143 §4.2.7.1 */
#define ROW_MASK_MAX       65535 /* bytes of an unmasking list */
#define ROW_LUN_NUMBER_MAX 16383 /* flat space addressing, SAM-6 */

enum row_family {
	ROW_ARRAY, /* the array itself, exactly one row: the subsystem of VDS */
	ROW_POOL,
	ROW_LUN,
	ROW_TARGET,
	ROW_PORTAL,
	ROW_PORTAL_GROUP,
	ROW_GROUP_PORTAL, /* a portal in a portal group */
	ROW_ASSOCIATION,  /* a LUN behind a target, with its LUN number there */
	ROW_JOB,
	ROW_STORED_COUNT, /* number of families that the catalog stores as tables */

	ROW_OTHER =
		/* rows of families that a later version has added: struct row_other */
	ROW_STORED_COUNT,
	ROW_CONFIG_COUNT, /* number of families that are sequenced and digested */

	ROW_LIVE_LUN = ROW_CONFIG_COUNT,
	ROW_LIVE_PORTAL,
	ROW_LIVE_POOL,
	ROW_LIVE_JOB,
	ROW_LIVE_SESSION,
	ROW_FAMILY_COUNT
};

/*
 * Every row's key: its id, or a pair for relations (lun, target), (group, portal); b is zero
 * otherwise.
 */
struct row_key {
	struct guid a, b;
};

struct row {
	enum row_family family : 16;
	unsigned is_as_sent : 1; /* the row keeps the text that it was made of: row_new_as_sent */
	atomic_uint refs;
	struct hash128 hash; /* of the row's canonical text; set by row_seal */
};

/* what the administrator has set, not whether the object works */
enum row_status { STATUS_ONLINE, STATUS_OFFLINE };

struct row_array {
	struct row row;
	struct guid id;
	char *name; /* friendly name */
	/* "iqn.2026-11.org.example:" given by the owner; "" = names are made as naa. */
	char *iqn_prefix;
	char *serial;  /* serial number, ASCII; never changes */
	char *version; /* version of the software that committed last */
};

struct row_pool {
	struct row row;
	struct guid id;
	char *name; /* friendly name, unique */
	char *path; /* absolute path of the pool's directory */
};

/* Which designators name a LUN in VPD page 83h (docs/design/identity.md). */
enum lun_identity {
	LUN_IDENTITY_NAA_T10, /* NAA, T10 vendor id, UUID: LUNs made before there was the field */
	LUN_IDENTITY_NAA      /* NAA, UUID: on Linux every tool derives the same name */
};

struct row_lun {
	struct row row;
	struct guid id;
	char *name;      /* friendly name, unique */
	uint32_t number; /* array-wide, unique, never reused: IVdsLunNumber */
	struct guid pool_id;
	uint64_t size_bytes;  /* a multiple of block_bytes */
	uint32_t block_bytes; /* 512 or 4096 */
	bool thin;
	char *mask;   /* "*", "", or initiator names joined by ';', sorted, no duplicates */
	char *serial; /* unit serial number, ASCII; never changes */
	char *naa;    /* NAA identifier of type 3, 16 hexadecimal digits */
	enum row_status status;
	int64_t created_ms; /* UTC */
	enum lun_identity identity;
};

struct row_target {
	struct row row;
	struct guid id;
	char *iscsi_name; /* iSCSI name, unique, in canonical form */
	char *alias;      /* friendly name, may be "" */
};

struct row_portal {
	struct row row;
	struct guid id;
	char *address; /* numeric IPv4 or IPv6 (without brackets) */
	uint32_t port; /* TCP, 1-65535 */
	enum row_status status;
};

struct row_portal_group {
	struct row row;
	struct guid id;
	struct guid target_id;
	uint32_t tag;           /* target portal group tag, unique in its target, 1-65535 */
	uint32_t relative_port; /* relative target port identifier, unique in the array, 1-65535 */
};

struct row_group_portal {
	struct row row;
	struct guid group_id;
	struct guid portal_id;
};

struct row_association {
	struct row row;
	struct guid lun_id;
	struct guid target_id;
	uint32_t lun_number; /* SCSI LUN behind this target, 0-16383 */
};

enum job_kind {
	JOB_CREATE_LUN,
	JOB_EXTEND_LUN,
	JOB_DELETE_LUN,
	JOB_OTHER /* a kind that a later version has added; never sent and never stored */
};
enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

struct row_job {
	struct row row;
	struct guid id;
	enum job_kind kind;
	struct guid lun_id; /* the LUN that the job works on or makes */
	enum job_state state;
	char *error;   /* name of the error that ended the job (err_name), else "" */
	char *message; /* text of that error, else "" */
	/* milliseconds since 1970, UTC; ended_ms is 0 while the job runs */
	int64_t created_ms, ended_ms;
	char *lun_name; /* the LUN's name when the job began: it stays when the LUN is deleted */
};

/*
 * A row of a family that this version does not know.  All that it says is its text
 * (row_text_as_sent), which counts in the digest.
 */
struct row_other {
	struct row row;
	struct guid id; /* a hash of the family's name and the row's key: row_other_key */
};

/* FAILING: the LUN goes on, but commands fail in its store (a bad block, a full pool). */
enum lun_health { HEALTH_UNKNOWN, HEALTH_OK, HEALTH_FAILED, HEALTH_FAILING };
/*
 * The operation that holds a LUN, if any: docs/design/operations.md has the table of who excludes
 * whom.
 */
enum lun_operation {
	OPERATION_NONE,
	OPERATION_CREATE,
	OPERATION_EXTEND,
	OPERATION_DELETE,
	OPERATION_ASSOCIATE,
	OPERATION_STATUS
};

struct row_live_lun {
	struct row row;
	struct guid id;
	enum lun_health health;
	enum lun_operation operation;
	char *reason;             /* why health is FAILED or FAILING, else "" */
	uint64_t allocated_bytes; /* space that its volume takes; some seconds old */
};

struct row_live_portal {
	struct row row;
	struct guid id;
	bool ready;   /* true when it listens */
	char *reason; /* why it does not listen, else "" */
};

/* How full the storage of a pool is; the limits are in array/space.c. */
enum pool_space { POOL_SPACE_OK, POOL_SPACE_LOW, POOL_SPACE_FULL };

struct row_live_pool {
	struct row row;
	struct guid id;
	uint64_t capacity_bytes, free_bytes;
	bool ready;
	char *reason;
	uint64_t allocated_bytes; /* space that the volumes of its LUNs take; some seconds old */
	enum pool_space space;
};

struct row_live_job {
	struct row row;
	struct guid id;
	uint32_t percent; /* 0-100 */
};

struct row_live_session {
	struct row row;
	struct guid id; /* made at the login */
	struct guid target_id;
	char *initiator; /* iSCSI name */
	char *initiator_alias;
	char *initiator_address; /* "127.0.0.1:40312", "[::1]:40312" */
	char *portal_address;    /* address of our side, in the same form */
	uint32_t tag;            /* portal group tag */
	char *isid;              /* 12 hex digits */
	uint32_t tsih;
	char *parameters; /* negotiated values, "HeaderDigest=None,…" */
	int64_t created_ms;
};

enum field_type {
	FIELD_GUID,
	FIELD_STRING,
	FIELD_U32,
	FIELD_U64,
	FIELD_I64,
	FIELD_BOOL,
	FIELD_ENUM
};

struct row_field {
	const char *name; /* name of the field in JSON and in SQL */
	enum field_type type;
	size_t offset;            /* from the start of the row struct */
	const char *const *names; /* FIELD_ENUM: the words for the values 0, 1, …, ended by NULL */
	unsigned unknown; /* FIELD_ENUM: the value that stands for a word that is not in `names` */
	/*
	 * The minor version of the wire format that added the field; 0: every peer sends it.  A row
	 * from an older peer does not have it, and it reads as zero, false, "" or the first word.
	 * So these must mean what held before there was the field.
	 */
	unsigned since;
};

struct row_type {
	const char *name;   /* "lun": in events and as SQL table; "" for ROW_OTHER */
	const char *plural; /* "luns": in snapshots and REST paths; the name and an s */
	size_t size_bytes;
	unsigned key_fields; /* the first one or two fields are the key */
	const struct row_field *fields;
	size_t field_count;
	unsigned
		/*
		 * the minor version of the wire format that added the family; 0: every peer sends
		 * it
		 */
		since;
};

/* Returns the description of a family; static. */
const struct row_type *row_type(enum row_family family);
/* Returns what a person calls an object of the family, for messages: "LUN", "portal group". */
const char *row_noun(enum row_family family);
/* Returns the family with that name (not the plural), or ERR_NOT_FOUND. */
int row_family_find(const char *name);

/*
 * Makes a zeroed row of the family, whose strings are NULL, which reads as "".  Returns one
 * reference that the caller owns, or NULL when out of memory.
 */
void *row_new(enum row_family family);
/*
 * Returns a copy that is not sealed, so that the caller may change it, or NULL when out of memory.
 */
void *row_copy(const void *row);
/*
 * Sets a string of a row that is not sealed to a copy of `value` (NULL: to ""), and frees what was
 * there.  Returns 0 or -ENOMEM (the string is as it was).
 */
int row_set_string(char **field, const char *value);
/*
 * Computes the hash of the row and moves its strings into one block of memory.  From here on the
 * row is immutable. Returns 0 or -ENOMEM (the row is not sealed).  A row that is sealed already
 * stays as it is.
 */
int row_seal(void *row);
void *row_ref(const void *row);
void row_unref(void *row); /* accepts NULL; any thread */
void row_unref_cleanup(void *pointer_to_row);
#define AUTO_ROW __attribute__((cleanup(row_unref_cleanup)))

void row_key(const void *row, struct row_key *ret_key);
int row_key_compare(const struct row_key *a, const struct row_key *b);
/* Returns whether both rows are of the same family and have the same values in all fields. */
bool row_equal(const void *a, const void *b);

#endif
