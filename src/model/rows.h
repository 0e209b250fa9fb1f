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

#define ROW_NAME_UNITS     63    /* UTF-16 units of a friendly name: VDS allows fewer than 64 */
#define ROW_NAME_MAX       189   /* bytes that such a name has at most */
#define ROW_ISCSI_NAME_MAX 223   /* RFC 7143 §4.2.7.1 */
#define ROW_MASK_MAX       65535 /* bytes of an unmasking list */
#define ROW_LUN_NUMBER_MAX 16383 /* flat space addressing, SAM-6 */

/* An enumeration that takes one byte. */
#define ROW_BYTE __attribute__((packed))

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
	ROW_CONTROLLER,        /* a data path of the array: a host on which vdsd runs, a gateway */
	ROW_HOST,              /* a computer that uses LUNs */
	ROW_INITIATOR,         /* an initiator name of a host */
	ROW_HOST_GROUP,        /* a named set of hosts */
	ROW_HOST_MEMBER,       /* a host in a host group */
	ROW_CREDENTIAL,        /* that there is a CHAP secret, and for whom: never the secret */
	ROW_TRASHED_LUN,       /* a LUN that was deleted, and is kept for a time */
	ROW_SNAPSHOT,          /* what a LUN held at one moment */
	ROW_SNAPSHOT_SCHEDULE, /* when snapshots are taken, and how many are kept */
	ROW_LUN_OWNER,         /* which of several gateways carries out a LUN's commands */
	ROW_STORED_COUNT,      /* number of families that the catalog stores as tables */

	ROW_OTHER =
		/* rows of families that a later version has added: struct row_other */
	ROW_STORED_COUNT,
	ROW_CONFIG_COUNT, /* number of families that are sequenced and digested */

	ROW_LIVE_LUN = ROW_CONFIG_COUNT,
	ROW_LIVE_PORTAL,
	ROW_LIVE_POOL,
	ROW_LIVE_JOB,
	ROW_LIVE_SESSION,
	ROW_LIVE_DRIVE,
	ROW_LIVE_POOL_DRIVE,        /* a pool on a drive */
	ROW_LIVE_PORT,              /* a network interface at which portals are */
	ROW_LIVE_MAINTENANCE,       /* an object with operations of maintenance that go on */
	ROW_LIVE_ARRAY,             /* how the array itself is; no row = it is well */
	ROW_LIVE_SNAPSHOT,          /* how much space a snapshot takes */
	ROW_LIVE_SNAPSHOT_SCHEDULE, /* when a schedule runs next, and how its last run ended */
	ROW_LIVE_LUN_JOB,           /* FORMAT UNIT or SANITIZE of a LUN */
	ROW_FAMILY_COUNT
} ROW_BYTE;

/*
 * Every row's key: its id, or a pair for relations (lun, target), (group, portal); b is zero
 * otherwise.
 */
struct row_key {
	struct guid a, b;
};

struct row {
	atomic_uint refs;
	uint8_t family : 7;     /* enum row_family */
	uint8_t is_as_sent : 1; /* the row keeps the text that it was made of: row_new_as_sent */
	uint8_t own[3];         /* small members of the family's struct: ROW_HEAD */
	struct hash128 hash;    /* of the row's canonical text; set by row_seal */
};

/*
 * Begins the struct of a family of which there are many rows: the struct row, whose three free
 * bytes are the given members.  So an association takes 64 bytes of memory, all included, and the
 * live row of a LUN 72.
 */
#define ROW_HEAD(members)                                         \
	union {                                                   \
		struct row row;                                   \
		struct {                                          \
			uint8_t head_[offsetof(struct row, own)]; \
			members                                   \
		};                                                \
	}

/* what the administrator has set, not whether the object works */
enum row_status { STATUS_ONLINE, STATUS_OFFLINE } ROW_BYTE;

struct row_array {
	struct row row;
	struct guid id;
	char *name; /* friendly name; "" = it has none */
	/* "iqn.2026-11.org.example:" given by the owner; "" = names are made as naa. */
	char *iqn_prefix;
	char *serial; /* serial number, ASCII; never changes */
	char *version; /* of the software that served last; of several gateways: the newest that has */
};

struct row_pool {
	struct row row;
	struct guid id;
	char *name; /* friendly name, unique */
	char *path; /* absolute path of the pool's directory, or "ram:SIZE" or "ram:SIZE:NAME" */
	/* options, in the canonical form of model/pool_options.h; "" = the default */
	char *low, *full; /* below how much free space the pool is low, or full */
	char *overcommit; /* how large its LUNs may be together; "" = there is no limit */
	char *trash;      /* for how long deleted LUNs are kept; "" = not at all */
	/* when the pool gets full, LUNs in the trash are removed before their time, oldest first */
	bool trash_yields;
	char *qos; /* what its storage can do, in canonical form: model/qos.h */
};

/* Which designators name a LUN in VPD page 83h (docs/design/identity.md). */
enum lun_identity {
	LUN_IDENTITY_NAA_T10, /* NAA, T10 vendor id, UUID: LUNs made before there was the field */
	LUN_IDENTITY_NAA      /* NAA, UUID: on Linux every tool derives the same name */
} ROW_BYTE;

/* What initiators may do with the blocks of a LUN; an administrator decides. */
enum lun_access {
	LUN_READ_WRITE,
	LUN_READ_ONLY,
} ROW_BYTE;

/* How the file of a LUN is read and written. */
enum lun_cache {
	LUN_CACHE_AUTO,   /* as this version finds best: today through the page cache */
	LUN_CACHE_PAGE,   /* through the host's page cache */
	LUN_CACHE_DIRECT, /* past it (O_DIRECT) */
} ROW_BYTE;

struct row_lun {
	ROW_HEAD(bool thin; enum row_status status; enum lun_identity identity;);
	struct guid id;
	char *name;           /* friendly name; "" = it has none; others may have the same */
	uint32_t number;      /* array-wide, unique, never reused: IVdsLunNumber */
	uint32_t block_bytes; /* 512 or 4096 */
	struct guid pool_id;
	uint64_t size_bytes; /* a multiple of block_bytes */
	int64_t created_ms;  /* UTC */
	char *mask;          /* canonical unmasking list: mask_normalize in model/state.h */
	char *serial;        /* unit serial number, ASCII; never changes */
	char *naa;           /* NAA identifier of type 3, 16 hexadecimal digits */
	char *hints;         /* what the LUN is meant for, in canonical form: model/hints.h */
	enum lun_access access;
	bool removable; /* initiators may eject its medium */
	enum lun_cache cache;
	char *qos; /* its limits, in canonical form: model/qos.h */
};

struct row_target {
	struct row row;
	struct guid id;
	char *iscsi_name; /* iSCSI name, unique, in canonical form */
	char *alias;      /* friendly name, may be "" */
	char *sources;    /* networks from which initiators may log in: base/cidr.h; "" = all */
	char *redirect;   /* where logins are sent: model/redirect.h; "" = nowhere */
};

struct row_portal {
	struct row row;
	struct guid id;
	char *address; /* numeric IPv4 or IPv6 (without brackets) */
	uint32_t port; /* TCP, 1-65535 */
	enum row_status status;
	/* the controller that listens there; zero = the only one, where there are no gateways */
	struct guid controller_id;
};

/*
 * The asymmetric access state of a target port group (SPC-5): what an initiator may do with the
 * LUNs through the portals of a portal group.
 */
enum port_access {
	ACCESS_ACTIVE_OPTIMIZED,
	ACCESS_ACTIVE_NON_OPTIMIZED, /* all commands too, but other paths are better */
	ACCESS_STANDBY,              /* no I/O; the path can be made active */
	ACCESS_UNAVAILABLE,          /* no I/O; only what is needed to learn about the paths */
	ACCESS_OFFLINE,              /* no I/O at all: the port is out of service */
} ROW_BYTE;

/* Who has set the access state of a portal group last. */
enum port_access_cause {
	ACCESS_SET_BY_NOBODY,        /* it is as it was when the group was made */
	ACCESS_SET_BY_INITIATOR,     /* SET TARGET PORT GROUPS */
	ACCESS_SET_BY_ADMINISTRATOR, /* any interface of the array */
} ROW_BYTE;

/*
 * A portal group is a SCSI target port of its own, and alone in its target port group;
 * relative_port is the number of both.
 */
struct row_portal_group {
	struct row row;
	struct guid id;
	struct guid target_id;
	uint32_t tag;           /* target portal group tag, unique in its target, 1-65535 */
	uint32_t relative_port; /* relative target port identifier, unique in the array, 1-65535 */
	enum port_access access_state;
	enum port_access_cause access_set_by;
	bool preferred;        /* initiators are to prefer this path to others in the same state */
	bool explicit_allowed; /* initiators may set the access state themselves */
};

struct row_group_portal {
	struct row row;
	struct guid group_id;
	struct guid portal_id;
};

struct row_association {
	ROW_HEAD(uint16_t lun_number;); /* SCSI LUN behind this target, 0-16383 */
	struct guid lun_id;
	struct guid target_id;
};

enum job_kind {
	JOB_CREATE_LUN,
	JOB_EXTEND_LUN,
	JOB_DELETE_LUN,
	JOB_MOVE_LUN,
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
	struct guid pool_id; /* JOB_MOVE_LUN: where the LUN moves to; else zero */
	uint64_t to_bytes;   /* JOB_EXTEND_LUN: the size that the LUN is to have; else 0 */
	bool paused;         /* of a job that is running: it does nothing until it is resumed */
};

/*
 * A controller: what serves I/O through its portals.  While it is offline, none of them listens and
 * it has no sessions, whatever the status of the portals.  An array on one machine has one; where
 * several gateways serve an array (docs/design/gateways.md), each of them is one.
 */
struct row_controller {
	struct row row;
	struct guid id; /* without gateways: a hash of the array's id */
	/* unique; without gateways the name of the host, as it was when vdsd last started */
	char *name;
	enum row_status status;
	/* of gateways; "" and false without */
	char *address;  /* where other gateways reach it: "192.0.2.1:3261", "[::1]:3261" */
	char *instance; /* what fences the vdsd that runs as this gateway; "" = none does */
	bool drains;    /* it gives its LUNs to others, and gets none */
};

/*
 * The owner of a LUN: the gateway that carries out its commands.  An array without gateways has no
 * such rows.  A LUN without one is served by nobody until a gateway takes it.
 */
struct row_lun_owner {
	struct row row;
	struct guid id; /* of the LUN */
	struct guid controller_id;
	uint64_t epoch; /* greater with each owner, never 0 */
};

/* Who proves by a secret that he knows it. */
enum credential_side {
	CREDENTIAL_INITIATOR, /* initiators, at login */
	CREDENTIAL_TARGET     /* the target, when an initiator asks for it (mutual CHAP) */
} ROW_BYTE;

/*
 * What everybody may know of a CHAP secret.  The secret itself is in no row: the catalog has it in
 * a table of its own (docs/design/chap.md).
 */
struct row_credential {
	struct row row;
	struct guid id;
	struct guid owner_id; /* a target or a host; zero = discovery sessions */
	enum credential_side side;
	char *user;      /* CHAP name; "" = any (initiator), the name of the target (target) */
	char *initiator; /* the only initiator that it is for, by iSCSI name; "" = for all */
	int64_t set_ms;  /* when the secret was set, UTC */
	/* until when the secret before this one is valid, too, UTC; 0 = there is none */
	int64_t old_until_ms;
};

/*
 * A host: a computer that uses LUNs, as an administrator names it.  Its initiators are rows of
 * their own.
 */
struct row_host {
	struct row row;
	struct guid id;
	char *name;    /* friendly name, unique among hosts */
	char *sources; /* networks from which it may log in: base/cidr.h; "" = all */
	char *qos;     /* limits of all that its initiators do, in canonical form: model/qos.h */
};

/* An initiator name of a host.  A name belongs to one host at most, so it is unique. */
struct row_initiator {
	struct row row;
	struct guid id;
	struct guid host_id;
	char *iscsi_name; /* iSCSI name in canonical form, unique */
};

struct row_host_group {
	struct row row;
	struct guid id;
	char *name; /* friendly name, unique among host groups */
};

struct row_host_member {
	struct row row;
	struct guid group_id;
	struct guid host_id;
};

/*
 * A snapshot: what a LUN held at one moment.  It has a volume of its own in the LUN's pool, is
 * served to nobody, and stays when its LUN is deleted.
 */
struct row_snapshot {
	struct row row;
	struct guid id;
	struct guid lun_id;   /* the LUN, which may be deleted by now */
	struct guid pool_id;  /* the pool that has its volume */
	struct guid group_id; /* of the snapshots of several LUNs at one moment; zero = of one */
	char *name;           /* unique among the snapshots of the LUN; has no "@" */
	char *lun_name;       /* what the LUN was called at that moment */
	uint64_t size_bytes;  /* of the LUN at that moment */
	uint32_t block_bytes;
	int64_t created_ms; /* the moment; milliseconds since 1970, UTC */
	/*
	 * The schedule that has taken it, and removes it by its counts; zero = a person has taken
	 * or renamed it, and only people delete it.
	 */
	struct guid schedule_id;
};

/*
 * A schedule of snapshots: they are taken of all its LUNs at one moment, and the oldest are
 * removed.  When it runs and what it keeps: model/schedule.h.
 */
struct row_snapshot_schedule {
	struct row row;
	struct guid id;
	char *name;    /* unique; snapshots are called "NAME-20261129T023000Z" */
	char *lun_ids; /* ids joined by ';', sorted; some may be deleted by now */
	/* in the canonical form of model/schedule.h: "1d", "02:30", "last=3,daily=7" */
	char *every, *at, *keep;
	bool enabled;
	/* since when it runs at these times, UTC: what was due before is not made up for */
	int64_t set_ms;
};

/*
 * A row of a family that this version does not know.  All that it says is its text
 * (row_text_as_sent), which counts in the digest.
 */
struct row_other {
	struct row row;
	struct guid id; /* a hash of the family's name and the row's key: row_other_key */
};

/*
 * A LUN that was deleted and whose data are kept for a time: the trash.  It is served to nobody.
 * The members that have the names of those of row_lun are the LUN's, as they were.
 */
struct row_trashed_lun {
	struct row row;
	struct guid id; /* of the LUN */
	char *name;
	uint32_t number, block_bytes;
	struct guid pool_id;
	uint64_t size_bytes;
	bool thin, removable;
	enum row_status status;
	enum lun_identity identity;
	enum lun_access access;
	enum lun_cache cache;
	int64_t created_ms;
	char *mask, *serial, *naa, *hints;
	/* the targets that it was behind: "ID:NUMBER", joined by ";", in the order of ids */
	char *targets;
	uint64_t allocated_bytes; /* space that its volume takes */
	/* when it was deleted, and when it is removed for good; milliseconds since 1970, UTC */
	int64_t deleted_ms, expires_ms;
	char *qos; /* its limits; what it kept of its pool is gone */
};

/* FAILING: the LUN goes on, but commands fail in its store (a bad block, a full pool). */
enum lun_health { HEALTH_UNKNOWN, HEALTH_OK, HEALTH_FAILED, HEALTH_FAILING } ROW_BYTE;
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
	OPERATION_STATUS,
	OPERATION_SHRINK,
	OPERATION_SNAPSHOT,
	OPERATION_ROLLBACK,
	OPERATION_MOVE
} ROW_BYTE;

struct row_live_lun {
	/* write_through: writes are on the medium when they are answered; the write cache is off */
	ROW_HEAD(enum lun_health health; enum lun_operation operation; bool write_through;);
	struct guid id;
	char *reason;             /* why health is FAILED or FAILING, else "" */
	uint64_t allocated_bytes; /* space that its volume takes; some seconds old */
	uint64_t faults;          /* how many were injected and have not ended */
	/*
	 * How its volume is read and written now: "page", "direct" (enum lun_cache), or "": not
	 * known yet, or there is no such choice in its pool.
	 */
	char *cache_used;
	char *cache_reason; /* why: "the pool is in memory" */
};

/* What an initiator has the array do with all of a LUN. */
enum lun_job_kind {
	LUN_JOB_FORMAT,    /* FORMAT UNIT */
	LUN_JOB_OVERWRITE, /* SANITIZE, OVERWRITE */
	LUN_JOB_ERASE,     /* SANITIZE, BLOCK ERASE */
	LUN_JOB_OTHER,     /* a kind that a later version has added; never sent */
} ROW_BYTE;

/*
 * FORMAT UNIT or SANITIZE, which goes on beside commands, or has failed.  No row: there is none.
 * It cannot be stopped, and initiators cannot use the LUN meanwhile.
 */
struct row_live_lun_job {
	struct row row;
	struct guid id; /* of the LUN */
	enum lun_job_kind kind;
	bool failed;      /* initiators get MEDIUM ERROR until it is sent again and succeeds */
	uint32_t percent; /* of all passes; stays where it was while the LUN is offline */
};

/* How much space a snapshot takes; measured now and then.  No row: it is not known yet. */
struct row_live_snapshot {
	struct row row;
	struct guid id;
	uint64_t used_bytes; /* what its volume takes, shared with others or not */
	uint64_t own_bytes;  /* of it, what it shares with nobody: a deletion gives that back */
};

/* How a schedule of snapshots does in this run of vdsd. */
struct row_live_snapshot_schedule {
	struct row row;
	struct guid id;
	int64_t next_ms;         /* when it runs next, UTC; 0 = it is not enabled */
	int64_t last_ms;         /* when it has last taken snapshots, UTC; 0 = never */
	bool failed;             /* its last run has taken none */
	char *reason;            /* why; "" when it has not failed */
	uint64_t runs, failures; /* since vdsd was started; runs: those that have taken snapshots */
};

struct row_live_portal {
	struct row row;
	struct guid id;
	bool ready;   /* true when the portal listens */
	char *reason; /* why the portal does not listen; "" when it listens */
	bool failed;  /* it tries to listen, but cannot */
};

/* How full the storage of a pool is; the limits are options of the pool. */
enum pool_space { POOL_SPACE_OK, POOL_SPACE_LOW, POOL_SPACE_FULL };

struct row_live_pool {
	struct row row;
	struct guid id;
	uint64_t capacity_bytes, free_bytes;
	bool ready;
	char *reason;
	uint64_t allocated_bytes; /* space that the volumes of its LUNs take; some seconds old */
	enum pool_space space;
	uint64_t low_bytes, full_bytes; /* it is low, or full, when less is free */
	uint64_t crossings;             /* how often it has become low or full in its life */
	uint64_t trash_bytes;           /* space that deleted LUNs take which are kept */
	/* the sum of what its snapshots take of their own (struct row_live_snapshot) */
	uint64_t snapshot_bytes;
};

struct row_live_job {
	struct row row;
	struct guid id;
	uint32_t percent; /* 0-100 */
};

struct row_live_array {
	struct row row;
	struct guid id;
	bool read_only; /* vdsd cannot write its catalog: nothing can be changed until a restart */
	char *reason;   /* why, else "" */
};

struct row_live_session {
	struct row row;
	struct guid id; /* made at the login */
	struct guid target_id;
	char *initiator; /* iSCSI name */
	char *initiator_alias;
	/* of the connection that has begun the session: "127.0.0.1:40312", "[::1]:40312" */
	char *initiator_address;
	char *portal_address; /* address of our side, in the same form */
	uint32_t tag;         /* portal group tag */
	char *isid;           /* 12 hex digits */
	uint32_t tsih;
	char *parameters; /* negotiated values, "HeaderDigest=None,…" */
	int64_t created_ms;
};

/* What kind of thing a drive is. */
enum drive_kind {
	DRIVE_OTHER,  /* a file system on a device of no kind that is known here */
	DRIVE_DISK,   /* a whole disk of the host, real or virtual */
	DRIVE_MEMORY, /* a file system in memory: what it holds is gone at the next boot */
	DRIVE_NETWORK /* a file system on another host */
} ROW_BYTE;

/* By what bus a drive is connected to the host. */
enum drive_bus {
	DRIVE_BUS_UNKNOWN,
	DRIVE_BUS_SCSI,
	DRIVE_BUS_ATA,
	DRIVE_BUS_SATA,
	DRIVE_BUS_SAS,
	DRIVE_BUS_NVME,
	DRIVE_BUS_USB,
	DRIVE_BUS_FIBRE,
	DRIVE_BUS_ISCSI,
	DRIVE_BUS_MMC,
	DRIVE_BUS_VIRTUAL /* a disk that another system (a hypervisor, this kernel) makes up */
} ROW_BYTE;

/*
 * A drive: what pools lie on.  It is a whole disk of the host, or, where a pool's file system has
 * no disk, that file system.
 */
struct row_live_drive {
	ROW_HEAD(enum drive_kind kind; enum drive_bus bus;);
	struct guid
		id; /* a hash of the array's id and the drive's identity: docs/design/drives.md */
	char *name; /* the kernel's name of the disk ("sda"), or where the file system is mounted */
	char *vendor, *model, *serial, *firmware; /* as the host shows them; "" = not known */
	char *wwid;           /* world-wide name ("naa.5000…", "eui.…"); "" = not known */
	uint64_t size_bytes;  /* 0 = not known */
	uint32_t block_bytes; /* bytes of a logical block; 0 = not known */
	bool rotational, removable;
	uint32_t slot; /* number of the drive in the array, from 1; kept as long as vdsd runs */
	bool ready;    /* the host can use the drive */
	char *reason;  /* why the drive cannot be used; "" when it can */
};

/* A pool lies on a drive, alone or together with other drives. */
struct row_live_pool_drive {
	struct row row;
	struct guid pool_id, drive_id;
	/*
	 * The device of the pool's file system ("8:1", major and minor number).  Pools with the
	 * same device share its free space.
	 */
	char *device;
	uint64_t device_bytes; /* bytes of that device */
	/*
	 * Bytes of this drive that the device takes.  Those of all drives together are more than
	 * device_bytes where the device keeps its data redundantly (RAID).
	 */
	uint64_t size_bytes;
};

/* Whether an interface has its link: a cable, a carrier, a peer of a virtual one. */
enum port_link { PORT_LINK_UNKNOWN, PORT_LINK_UP, PORT_LINK_DOWN } ROW_BYTE;

/*
 * A port of a controller: a network interface of its host that has the address of at least one
 * portal.
 */
struct row_live_port {
	struct row row;
	struct guid id; /* a hash of the array's id and the interface's name */
	struct guid controller_id;
	char *name;             /* name of the interface: "eth0" */
	char *hardware_address; /* "02:42:ac:11:00:02", or "" when it has none */
	/* its numeric addresses without scope, sorted as texts, with one blank between two */
	char *addresses;
	enum port_link link;
	uint32_t speed_mbps; /* megabits in a second; 0 = not known, or without meaning */
	uint32_t mtu_bytes;  /* the largest packet; 0 = not known */
};

/* An object on which somebody has started operations that go on until somebody stops them. */
struct row_live_maintenance {
	struct row row;
	struct guid id;   /* id of the object */
	char *kind;       /* the object's family: "lun", "live_port" */
	char *operations; /* "beep", "blink", "ping", "spin-up": sorted, a blank between two */
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
	size_t size_bytes;        /* of the member: numbers and enumerations may be small */
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
/* Returns the word for an access state: "active-optimized" … */
const char *port_access_name(enum port_access state);
/* Reads such a word.  Returns 0 or ERR_INVALID, whose text lists the words. */
int port_access_parse(const char *word, enum port_access *ret_state);
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
 * Returns what people call a LUN: its name, or its id in ret_id when it has no name.  Any thread.
 */
const char *row_lun_called(const struct row_lun *lun, char ret_id[GUID_TEXT_SIZE]);
/* Returns the word of a row's text: "auto", "page" or "direct".  Any thread. */
const char *lun_cache_name(enum lun_cache cache);
/* Reads such a word.  Returns 0 or ERR_INVALID with a text.  text: not NULL.  Any thread. */
int lun_cache_parse(const char *text, enum lun_cache *ret_cache);
/* What people call a LUN, valid to the end of the block in which the macro stands. */
#define ROW_LUN_CALLED(lun) row_lun_called(lun, (char[GUID_TEXT_SIZE]){ 0 })
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
/* Returns whether two rows of the field's family have the same value in it. */
bool row_field_equal(const void *a, const void *b, const struct row_field *field);
/* Returns whether both rows are of the same family and have the same values in all fields. */
bool row_equal(const void *a, const void *b);

#endif
