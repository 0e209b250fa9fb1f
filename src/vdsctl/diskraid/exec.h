/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands of DiskRAID share when they run: the service, the focus, the objects and the
 * way of printing.  Everything runs in the main thread.  Only include/vds is spoken: what a command
 * does, any program with libvds can do.
 */
#ifndef VDS_VDSCTL_DISKRAID_EXEC_H
#define VDS_VDSCTL_DISKRAID_EXEC_H

#include <vds/libvds.h>

#include "base/table.h"
#include "vdsctl/diskraid/language.h"

/* An object of the service or of a provider. */
struct raid_object {
	IUnknown *unknown; /* one reference; NULL = there is no object here */
	VDS_OBJECT_ID id;
	/* what people call it, and its other name (iSCSI name, serial); NULL or new memory */
	char *name, *other_name;
};

/* More objects of one noun than any array has: an enumerator that goes on is broken. */
#define RAID_OBJECTS_MAX 4000000u

struct raid_objects {
	struct raid_object *items;
	size_t count, capacity;
};

/* The hints of `automagic`; bits of `given` in the order of hint_list (hints.c). */
struct raid_hints {
	uint32_t given;
	uint64_t values[RAID_PARAM_MAX];
};

struct raid {
	FILE *out, *err;
	bool terminal;        /* err is a terminal: progress is shown */
	bool asks;            /* a person is there: a secret can be asked for */
	bool ended;           /* `exit` was read */
	bool entered;         /* COM is initialised on this thread */
	IVdsService *service; /* NULL before raid_enter */
	struct raid_objects providers;
	struct raid_object focus[RAID_NOUN_COUNT];
	struct raid_hints hints;
	struct raid_error error; /* why the last command failed */
};

/* ---- enter.c: the way into VDS ---- */

/*
 * Reaches the providers; *raid must be zero but for out and err.  Returns RAID_OK or RAID_SERVICE.
 * raid_leave releases everything, also after a failure.
 */
enum raid_exit raid_enter(struct raid *raid);
void raid_leave(struct raid *raid);

/* ---- result.c: errors, texts, interfaces ---- */

/* Fills raid->error without a column and returns the status. */
enum raid_exit raid_fail(struct raid *raid, enum raid_exit status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Fills raid->error for an argument: with its column. */
enum raid_exit raid_fail_at(struct raid *raid, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum raid_exit raid_out_of_memory(struct raid *raid);
/*
 * Looks at what a method returned.  Returns RAID_OK for a success, and prints a note for a success
 * with additional information (VDS_S_*); else RAID_SERVICE, or RAID_FATAL for E_OUTOFMEMORY, with a
 * text of the method, the name of the code and VdsLastErrorMessage.
 */
enum raid_exit raid_check(struct raid *raid, const char *method, HRESULT hr);
/*
 * Asks an object for an interface.  Returns RAID_OK and one reference, or RAID_SERVICE with a text
 * that says that the provider does not offer the interface; *ret_interface is then NULL.
 */
enum raid_exit raid_query(struct raid *raid, IUnknown *unknown, const IID *iid, const char *name,
			  void *ret_interface);
#define RAID_QUERY(raid, unknown, interface, ret) \
	raid_query(raid, (IUnknown *)(unknown), &IID_##interface, #interface, ret)
/* Converts a string that a method returned, and frees it.  NULL for NULL, or when out of memory. */
char *raid_take(LPWSTR string);
/* Converts a text for a method; the caller frees it with CoTaskMemFree.  NULL = out of memory. */
LPWSTR raid_string(const char *text);
/* Writes an id as 36 characters; returns buf. */
#define RAID_ID_SIZE 37
char *raid_id_text(const GUID *id, char *buf);
bool raid_id_equal(const GUID *a, const GUID *b);

void raid_release_cleanup(void *pointer_to_interface);
void raid_string_cleanup(void *pointer_to_string);
#define AUTO_RELEASE __attribute__((cleanup(raid_release_cleanup)))
#define AUTO_STRING  __attribute__((cleanup(raid_string_cleanup)))

/* ---- async.c ---- */

/* Begins to note ^C instead of ending the program. */
void raid_interrupt_catch(void);
/* Returns true, once, when ^C was pressed since it was last asked. */
bool raid_interrupted(void);
/* Returns true when raid_interrupted would. */
bool raid_was_interrupted(void);
/*
 * Waits for an operation, shows its progress on a terminal, and cancels it on ^C.  hr and *async
 * are what the method that began it returned; the reference is released.  ret_out may be NULL; else
 * an object in it belongs to the caller.
 *
 * Returns RAID_OK, RAID_SERVICE (the method, waiting or the operation failed), RAID_FATAL (it was
 * cancelled on ^C).
 */
enum raid_exit raid_wait(struct raid *raid, const char *method, HRESULT hr, IVdsAsync *async,
			 VDS_ASYNC_OUTPUT *ret_out);

/* ---- focus.c ---- */

void raid_object_fini(struct raid_object *object);
/*
 * Gives the focus to an object, which is taken.  The objects above it must have the focus already;
 * everything beside and below it loses the focus.
 */
void raid_focus_set(struct raid_object *focus, enum raid_noun noun, struct raid_object *object);
/* Takes the focus from an object of the noun and from everything below it. */
void raid_focus_clear(struct raid_object *focus, enum raid_noun noun);
/* Takes the focus from all objects. */
void raid_focus_clear_all(struct raid_object *focus);

/* ---- objects.c ---- */

/*
 * Lists the objects of a noun in the order of their enumerator, below what is in focus.
 * raid_objects_fini in all cases.  Returns RAID_OK, RAID_SYNTAX (what they belong to is not in
 * focus), RAID_SERVICE, RAID_FATAL.
 */
enum raid_exit raid_objects_load(struct raid *raid, enum raid_noun noun,
				 struct raid_objects *ret_objects);
/* Returns what to look at when there is no object of a noun, to end a sentence with; may be "". */
const char *raid_why_none(enum raid_noun noun);
/* Reads an enumerator to its end and releases it.  hr is what the method that made it returned. */
enum raid_exit raid_objects_read(struct raid *raid, enum raid_noun noun, const char *method,
				 HRESULT hr, IEnumVdsObject *list,
				 struct raid_objects *ret_objects);
void raid_objects_fini(struct raid_objects *objects);
/* Adds an object; the reference is taken, also when that fails. */
enum raid_exit raid_objects_add(struct raid *raid, enum raid_noun noun, IUnknown *unknown,
				struct raid_objects *objects);
/* Finds the object that a reference of a line means.  Returns RAID_OK or RAID_SYNTAX. */
enum raid_exit raid_objects_find(struct raid *raid, const struct raid_objects *objects,
				 enum raid_noun noun, const struct raid_ref *ref, size_t *ret_at);
/*
 * Resolves the objects of a value to ids, new memory (mem_free); value may be NULL for none.
 * Returns RAID_OK, or why it was not possible.
 */
enum raid_exit raid_ids_find(struct raid *raid, enum raid_noun noun, const struct raid_value *value,
			     VDS_OBJECT_ID **ret_ids, size_t *ret_count);
/* As raid_ids_find, for one object; GUID_NULL for NULL. */
enum raid_exit raid_id_find(struct raid *raid, enum raid_noun noun, const struct raid_value *value,
			    VDS_OBJECT_ID *ret_id);
/*
 * Finds the index of an id; returns count when it is not there.  The search begins at `from`: ids
 * of a list in the same order cost one comparison each.
 */
size_t raid_objects_index(const struct raid_objects *objects, const GUID *id, size_t from);
/* Fills id and names of an object from its properties. */
enum raid_exit raid_object_describe(struct raid *raid, enum raid_noun noun,
				    struct raid_object *object);

/* ---- names.c: values of VDS as people read them ---- */

/* Return a static text; "code N" for a value that is not known is valid until the next call. */
const char *raid_status_text(int status);
const char *raid_health_text(VDS_HEALTH health);
const char *raid_layout_text(int type);
const char *raid_bus_text(VDS_STORAGE_BUS_TYPE bus);
const char *raid_transition_text(VDS_TRANSITION_STATE state);
/* Writes "10 GB"; 32 bytes are enough. */
char *raid_size_text(uint64_t bytes, char *buf, size_t size);
/* Writes "192.0.2.1:3260" or "[2001:db8::1]:3260"; 320 bytes are enough. */
char *raid_address_text(const VDS_IPADDRESS *address, char *buf, size_t size);

/* A bit and its name, for flags in `detail`; the list ends with a NULL. */
struct raid_flag {
	uint64_t bit;
	const char *name;
};

/* Adds "LUN masking, CHAP" as one cell. */
void raid_table_flags(struct table *table, const struct raid_flag *flags, uint64_t value);

/* ---- show*.c: the columns of `list` and the lines of `detail` ---- */

struct raid_show {
	const char *titles; /* the columns behind the index */
	enum raid_exit (*row)(struct raid *raid, const struct raid_object *object,
			      struct table *table);
	enum raid_exit (*detail)(struct raid *raid, const struct raid_object *object, bool verbose);
};

extern const struct raid_show raid_show_hbaport, raid_show_iadapter, raid_show_iportal;
extern const struct raid_show raid_show_provider, raid_show_subsystem;
extern const struct raid_show raid_show_controller, raid_show_port, raid_show_drive;
extern const struct raid_show raid_show_lun, raid_show_plex;
extern const struct raid_show raid_show_tportal, raid_show_target, raid_show_tpgroup;

const struct raid_show *raid_show_of(enum raid_noun noun);
/* Prints objects as `list` does, with the indexes that they have in `all`. */
enum raid_exit raid_show_list(struct raid *raid, enum raid_noun noun,
			      const struct raid_objects *objects, const struct raid_objects *all);
/*
 * Prints a heading and the objects of an enumerator below it; hr and list are what the method
 * returned.  What a provider does not offer is said in one line and is no failure.
 */
enum raid_exit raid_show_associated(struct raid *raid, enum raid_noun noun, const char *heading,
				    const char *method, HRESULT hr, IEnumVdsObject *list);

/* ---- the commands; raid_command.value tells those apart that share a function ---- */

enum raid_command_value {
	RAID_ASSOCIATE,
	RAID_DISSOCIATE,
	RAID_LAYOUT_SIMPLE,
	RAID_LAYOUT_STRIPE,
	RAID_LAYOUT_PARITY,
	RAID_LAYOUT_MIRROR,
	RAID_LAYOUT_HINTS,
	RAID_ONLINE,
	RAID_OFFLINE,
	RAID_STANDBY,
	RAID_FLUSH,
	RAID_INVALIDATE,
	RAID_RESET,
	RAID_SHOW,
	RAID_SET,
};

typedef enum raid_exit raid_run_fn(struct raid *raid, const struct raid_args *args);

raid_run_fn raid_run_select, raid_run_list, raid_run_detail;                      /* select.c */
raid_run_fn raid_run_exit, raid_run_help, raid_run_nothing;                       /* run.c */
raid_run_fn raid_run_create_lun, raid_run_delete_lun;                             /* lun.c */
raid_run_fn raid_run_extend, raid_run_shrink, raid_run_recover;                   /* lun.c */
raid_run_fn raid_run_add_plex, raid_run_break_plex, raid_run_unmask;              /* lun.c */
raid_run_fn raid_run_targets, raid_run_controllers, raid_run_ports;               /* associate.c */
raid_run_fn raid_run_create_target, raid_run_delete_target;                       /* target.c */
raid_run_fn raid_run_create_group, raid_run_delete_group;                         /* target.c */
raid_run_fn raid_run_add_portal, raid_run_remove_portal;                          /* target.c */
raid_run_fn raid_run_chap_target_set, raid_run_chap_target_remember;              /* chap.c */
raid_run_fn raid_run_chap_initiator_set, raid_run_chap_initiator_remember;        /* chap.c */
raid_run_fn raid_run_login, raid_run_logout, raid_run_initiator;                  /* host.c */
raid_run_fn raid_run_import_target, raid_run_lbpolicy;                            /* host.c */
raid_run_fn raid_run_hints_show, raid_run_hints_set, raid_run_hints_clear;        /* hints.c */
raid_run_fn raid_run_hints_apply;                                                 /* hints.c */
raid_run_fn raid_run_name, raid_run_status;                                       /* status.c */
raid_run_fn raid_run_maintenance, raid_run_controller_call, raid_run_reenumerate; /* hardware.c */
raid_run_fn raid_run_refresh, raid_run_replace, raid_run_setflag;                 /* hardware.c */

/* Fills the hints for CreateLun; *ret_type is the layout that FTL asks for. */
void raid_hints_fill(const struct raid_hints *hints, VDS_HINTS *ret_hints, VDS_LUN_TYPE *ret_type);
/* Prints hints that a LUN or a plex has, as lines of a table. */
void raid_hints_rows(const VDS_HINTS *hints, struct table *table);
/*
 * Prints the index, the id and the name of an object that was created; its reference is released.
 */
enum raid_exit raid_created(struct raid *raid, enum raid_noun noun, IUnknown *unknown);
/* Removes the disks that a LUN is on this host, before it is deleted or masked. */
enum raid_exit raid_uninstall(struct raid *raid, IVdsLun *lun);

/* ---- run.c ---- */

/*
 * Runs one line.  Returns RAID_OK, or why it failed with the text in raid->error.  *ret_noerr is
 * true when the line said `noerr`.
 */
enum raid_exit raid_run_line(struct raid *raid, const char *line, size_t len, bool *ret_noerr);
/*
 * Checks all lines of a script, then runs them.  Errors are printed with the name of the script.
 * Returns the status of the first line that failed.
 */
enum raid_exit raid_run_script(struct raid *raid, const char *name, const char *bytes, size_t len);
/* Runs the lines of a stream that is not a terminal, each when it has arrived. */
enum raid_exit raid_run_stream(struct raid *raid, FILE *in);
/* Prints raid->error. */
void raid_error_print(struct raid *raid, const char *name, unsigned line);

/* ---- prompt.c ---- */

/* Reads commands from a terminal until its end or `exit`. */
enum raid_exit raid_prompt(struct raid *raid);
/* Asks for a secret without showing it; new memory, NULL on failure.  The caller wipes it. */
char *raid_secret_ask(struct raid *raid);

#endif
