/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of commands.  The parser, the help, the completion and docs/man/check-docs read it; a
 * new command is a row here, its function, its entry in vds-diskraid(1) and its test.
 */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

/* clang-format off */
const struct raid_noun_words raid_nouns[RAID_NOUN_COUNT] = {
	[RAID_NONE]       = { "", "", "", "", RAID_NONE },
	[RAID_HBAPORT]    = { "hbaport", "hbaports", "HBA port", "HBA ports", RAID_NONE },
	[RAID_IADAPTER]   = { "iadapter", "iadapters", "initiator adapter", "initiator adapters", RAID_NONE },
	[RAID_IPORTAL]    = { "iportal", "iportals", "initiator portal", "initiator portals", RAID_IADAPTER },
	[RAID_PROVIDER]   = { "provider", "providers", "provider", "providers", RAID_NONE },
	[RAID_SUBSYSTEM]  = { "subsystem", "subsystems", "subsystem", "subsystems", RAID_NONE },
	[RAID_CONTROLLER] = { "controller", "controllers", "controller", "controllers", RAID_SUBSYSTEM },
	[RAID_PORT]       = { "port", "ports", "port", "ports", RAID_CONTROLLER },
	[RAID_DRIVE]      = { "drive", "drives", "drive", "drives", RAID_SUBSYSTEM },
	[RAID_LUN]        = { "lun", "luns", "LUN", "LUNs", RAID_SUBSYSTEM },
	[RAID_TPORTAL]    = { "tportal", "tportals", "target portal", "target portals", RAID_SUBSYSTEM },
	[RAID_TARGET]     = { "target", "targets", "target", "targets", RAID_SUBSYSTEM },
	[RAID_TPGROUP]    = { "tpgroup", "tpgroups", "target portal group", "target portal groups", RAID_TARGET },
	[RAID_PLEX]       = { "plex", "plexes", "plex", "plexes", RAID_LUN },
};

#define END     { NULL, RAID_KEYWORD, 0, 0, NULL, 0 }
#define WORD(n) { n, RAID_KEYWORD, 0, 0, NULL, 0 }
#define NOERR   WORD("noerr")
#define SIZE(f)   { "size", RAID_SIZE, f, 0, NULL, 0 }
#define DRIVES(f) { "drives", RAID_INDEXES, f, RAID_DRIVE, NULL, 0 }
#define ONE(n, f, noun) { n, RAID_INDEX, f, noun, NULL, 0 }
#define PARAMS  static const struct raid_param

/* The index of `select`; one list for each noun, because completion asks for its objects. */
#define SELECT(noun) { ONE("n", RAID_POSITIONAL, noun), END }
PARAMS select_params[RAID_NOUN_COUNT][2] = {
	[RAID_HBAPORT] = SELECT(RAID_HBAPORT), [RAID_IADAPTER] = SELECT(RAID_IADAPTER),
	[RAID_IPORTAL] = SELECT(RAID_IPORTAL), [RAID_PROVIDER] = SELECT(RAID_PROVIDER),
	[RAID_SUBSYSTEM] = SELECT(RAID_SUBSYSTEM), [RAID_CONTROLLER] = SELECT(RAID_CONTROLLER),
	[RAID_PORT] = SELECT(RAID_PORT), [RAID_DRIVE] = SELECT(RAID_DRIVE),
	[RAID_LUN] = SELECT(RAID_LUN), [RAID_TPORTAL] = SELECT(RAID_TPORTAL),
	[RAID_TARGET] = SELECT(RAID_TARGET), [RAID_TPGROUP] = SELECT(RAID_TPGROUP),
};

PARAMS no_params[] = { END };
PARAMS noerr_params[] = { NOERR, END };
PARAMS detail_params[] = { WORD("verbose"), END };
PARAMS rest_params[] = { { "command", RAID_REST, RAID_POSITIONAL, 0, NULL, 0 }, END };

PARAMS create_lun_params[] = {
	SIZE(RAID_SOME_OF), DRIVES(RAID_SOME_OF), { "stripesize", RAID_SIZE, 0, 0, NULL, UINT32_MAX },
	NOERR, END };
PARAMS create_automagic_params[] = { SIZE(RAID_REQUIRED), NOERR, END };
PARAMS create_target_params[] = {
	{ "name", RAID_TEXT, RAID_REQUIRED, 0, NULL, 63 }, { "iscsiname", RAID_TEXT, 0, 0, NULL, 0 },
	NOERR, END };
PARAMS delete_lun_params[] = { WORD("uninstall"), NOERR, END };
PARAMS extend_params[] = { SIZE(RAID_SOME_OF), DRIVES(RAID_SOME_OF), NOERR, END };
PARAMS shrink_params[] = { SIZE(RAID_REQUIRED), NOERR, END };

#define LIST(kind, noun) { "n,..", kind, RAID_POSITIONAL | RAID_REQUIRED, noun, NULL, 0 }
PARAMS associate_targets_params[] = { WORD("add"), LIST(RAID_INDEXES, RAID_TARGET), NOERR, END };
PARAMS dissociate_targets_params[] = { LIST(RAID_INDEXES, RAID_TARGET), NOERR, END };
PARAMS associate_controllers_params[] = {
	WORD("add"), LIST(RAID_INDEXES, RAID_CONTROLLER), NOERR, END };
PARAMS dissociate_controllers_params[] = { LIST(RAID_INDEXES, RAID_CONTROLLER), NOERR, END };
PARAMS associate_ports_params[] = { WORD("add"), LIST(RAID_PAIRS, RAID_PORT), NOERR, END };
PARAMS dissociate_ports_params[] = { LIST(RAID_PAIRS, RAID_PORT), NOERR, END };

PARAMS add_plex_params[] = { ONE("lun", RAID_REQUIRED, RAID_LUN), NOERR, END };
PARAMS break_params[] = { ONE("plex", RAID_REQUIRED, RAID_PLEX), NOERR, END };
PARAMS tportal_params[] = { ONE("tportal", RAID_REQUIRED, RAID_TPORTAL), NOERR, END };
PARAMS replace_params[] = { ONE("drive", RAID_REQUIRED, RAID_DRIVE), NOERR, END };

PARAMS unmask_params[] = {
	{ "all", RAID_KEYWORD, RAID_ONE_OF, 0, NULL, 0 },
	{ "none", RAID_KEYWORD, RAID_ONE_OF, 0, NULL, 0 },
	{ "wwn", RAID_WWNS, RAID_ONE_OF, 0, NULL, 0 },
	{ "initiator", RAID_INITIATORS, RAID_ONE_OF, 0, NULL, 0 },
	WORD("add"), WORD("uninstall"), NOERR, END };

#define SECRET { "secret", RAID_SECRET, RAID_REQUIRED, 0, NULL, 0 }
PARAMS chap_target_set_params[] = {
	SECRET, { "initiator", RAID_TEXT, 0, 0, NULL, 0 }, NOERR, END };
PARAMS chap_target_remember_params[] = {
	SECRET, { "initiator", RAID_TEXT, RAID_REQUIRED, 0, NULL, 0 }, NOERR, END };
PARAMS chap_initiator_set_params[] = { SECRET, ONE("target", 0, RAID_TARGET), NOERR, END };
PARAMS chap_initiator_remember_params[] = {
	SECRET, ONE("target", RAID_REQUIRED, RAID_TARGET), NOERR, END };

PARAMS login_params[] = {
	ONE("iadapter", RAID_REQUIRED, RAID_IADAPTER),
	{ "type", RAID_CHOICE, 0, 0, "manual|persistent|boot", 0 },
	{ "chap", RAID_CHOICE, 0, 0, "none|oneway|mutual", 0 },
	ONE("iportal", 0, RAID_IPORTAL), ONE("tportal", 0, RAID_TPORTAL),
	WORD("IPS"), WORD("EMP"), WORD("EHD"), WORD("EDD"), NOERR, END };
PARAMS logout_params[] = { ONE("iadapter", RAID_REQUIRED, RAID_IADAPTER), NOERR, END };

/* VDS has names of at most 63 UTF-16 units. */
PARAMS name_params[] = { { "s", RAID_TEXT, RAID_POSITIONAL, 0, NULL, 63 }, NOERR, END };
PARAMS maintenance_params[] = {
	{ "operation", RAID_CHOICE, RAID_POSITIONAL | RAID_REQUIRED, 0, "spinup|spindown|blink|beep|ping",
	  0 },
	{ "count", RAID_NUMBER, 0, 0, NULL, 0 }, NOERR, END };
PARAMS lbpolicy_params[] = {
	{ "type", RAID_CHOICE, RAID_REQUIRED, 0,
	  "FAILOVER|ROUNDROBIN|SUBSETROUNDROBIN|DYNLQD|WEIGHTED|LEASTBLOCKS|VENDORSPECIFIC", 0 },
	{ "paths", RAID_PATHS, 0, 0, NULL, 0 }, NOERR, END };
PARAMS setflag_params[] = { { "hotspare", RAID_BOOL, RAID_REQUIRED, 0, NULL, 0 }, NOERR, END };

/* The hints of `automagic`, in the order of hint_list (hints.c). */
#define FLAG(n, kind, flags, max) { n, kind, flags, 0, NULL, max }
#define FLAGS(flags) \
	FLAG("FCR", RAID_BOOL, flags, 0), FLAG("FTL", RAID_BOOL, flags, 0), \
	FLAG("MSR", RAID_BOOL, flags, 0), FLAG("MXD", RAID_NUMBER, flags, 0), \
	FLAG("MXS", RAID_SIZE, flags, 0), FLAG("ORA", RAID_SIZE, flags, UINT32_MAX), \
	FLAG("ORS", RAID_SIZE, flags, UINT32_MAX), FLAG("OSR", RAID_BOOL, flags, 0), \
	FLAG("OSW", RAID_BOOL, flags, 0), FLAG("OWA", RAID_SIZE, flags, UINT32_MAX), \
	FLAG("OWS", RAID_SIZE, flags, UINT32_MAX), FLAG("RBP", RAID_NUMBER, flags, 15), \
	FLAG("RBV", RAID_BOOL, flags, 0), FLAG("RMP", RAID_BOOL, flags, 0), \
	FLAG("STS", RAID_SIZE, flags, UINT32_MAX), FLAG("WTC", RAID_BOOL, flags, 0), \
	FLAG("YNK", RAID_BOOL, flags, 0)
PARAMS automagic_set_params[] = { FLAGS(RAID_SOME_OF), END };
PARAMS automagic_clear_params[] = {
	FLAGS(RAID_SOME_OF | RAID_BARE), { "all", RAID_KEYWORD, RAID_SOME_OF, 0, NULL, 0 }, END };
PARAMS automagic_apply_params[] = { FLAGS(RAID_BARE), WORD("all"), NOERR, END };

/* `an`: the object with its article; `where`: in what the objects are counted. */
#define SELECT_ROW(word, noun, an) \
	{ "select " word, RAID_NONE, select_params[noun], raid_run_select, noun, 0, \
	  "set the focus to " an ", or show which one has it" }
#define LIST_ROW(words, noun, many) \
	{ "list " words, RAID_NONE, no_params, raid_run_list, noun, 0, \
	  "list " many " with their indexes; * marks the one in focus" }
#define DETAIL_ROW(word, noun, title) \
	{ "detail " word, noun, detail_params, raid_run_detail, noun, 0, \
	  "show the " title " in focus and what belongs to it" }
#define STATUS_ROW(words, noun, run, what, help) { words, noun, noerr_params, run, noun, what, help }
#define ONLINE(word, noun, title) \
	STATUS_ROW("online " word, noun, raid_run_status, RAID_ONLINE, \
		   "put the " title " in focus online")
#define OFFLINE(word, noun, title) \
	STATUS_ROW("offline " word, noun, raid_run_status, RAID_OFFLINE, \
		   "take the " title " in focus offline")
#define MAINTENANCE(word, noun, title) \
	{ "maintenance " word, noun, maintenance_params, raid_run_maintenance, noun, 0, \
	  "let the " title " in focus spin up or down, blink, beep or answer a ping" }

const struct raid_command raid_commands[] = {
	/* words, focus, arguments, function, noun, value, help */
	{ "add plex", RAID_LUN, add_plex_params, raid_run_add_plex, RAID_NONE, 0,
	  "make another LUN a mirror of the LUN in focus; the other LUN's data are lost" },
	{ "add tpgroup", RAID_TPGROUP, tportal_params, raid_run_add_portal, RAID_NONE, 0,
	  "add a target portal to the portal group in focus" },
	{ "associate controllers", RAID_LUN, associate_controllers_params, raid_run_controllers,
	  RAID_NONE, RAID_ASSOCIATE, "let exactly these controllers, or with add these too, serve the LUN in focus" },
	{ "associate ports", RAID_LUN, associate_ports_params, raid_run_ports, RAID_NONE,
	  RAID_ASSOCIATE, "let exactly these controller-port pairs, or with add these too, serve the LUN" },
	{ "associate targets", RAID_LUN, associate_targets_params, raid_run_targets, RAID_NONE,
	  RAID_ASSOCIATE, "put the LUN in focus behind exactly these targets, or with add these too" },
	{ "automagic", RAID_NONE, no_params, raid_run_hints_show, RAID_NONE, 0,
	  "show the hints for `create lun automagic` and `automagic apply`" },
	{ "automagic apply", RAID_LUN, automagic_apply_params, raid_run_hints_apply, RAID_NONE, 0,
	  "give these hints, or all that are set, to the LUN in focus" },
	{ "automagic clear", RAID_NONE, automagic_clear_params, raid_run_hints_clear, RAID_NONE, 0,
	  "forget these hints, or all" },
	{ "automagic set", RAID_NONE, automagic_set_params, raid_run_hints_set, RAID_NONE, 0,
	  "set hints; `automagic` says what they mean" },
	{ "break", RAID_LUN, break_params, raid_run_break_plex, RAID_NONE, 0,
	  "remove a plex of the LUN in focus, as `detail lun verbose` counts them" },
	{ "chap initiator remember", RAID_NONE, chap_initiator_remember_params,
	  raid_run_chap_initiator_remember, RAID_NONE, 0,
	  "let this host's initiator know the secret of a target" },
	{ "chap initiator set", RAID_NONE, chap_initiator_set_params, raid_run_chap_initiator_set,
	  RAID_NONE, 0, "set the secret by which this host's initiator proves itself" },
	{ "chap target remember", RAID_TARGET, chap_target_remember_params,
	  raid_run_chap_target_remember, RAID_NONE, 0,
	  "let the target in focus know the secret of an initiator" },
	{ "chap target set", RAID_TARGET, chap_target_set_params, raid_run_chap_target_set,
	  RAID_NONE, 0, "set the secret that initiators of the target in focus need" },
	{ "create lun automagic", RAID_SUBSYSTEM, create_automagic_params, raid_run_create_lun,
	  RAID_NONE, RAID_LAYOUT_HINTS, "create a LUN whose layout follows the hints" },
	{ "create lun mirror", RAID_SUBSYSTEM, create_lun_params, raid_run_create_lun, RAID_NONE,
	  RAID_LAYOUT_MIRROR, "create a mirrored LUN" },
	{ "create lun raid", RAID_SUBSYSTEM, create_lun_params, raid_run_create_lun, RAID_NONE,
	  RAID_LAYOUT_PARITY, "create a LUN with parity" },
	{ "create lun simple", RAID_SUBSYSTEM, create_lun_params, raid_run_create_lun, RAID_NONE,
	  RAID_LAYOUT_SIMPLE, "create a LUN without redundancy" },
	{ "create lun stripe", RAID_SUBSYSTEM, create_lun_params, raid_run_create_lun, RAID_NONE,
	  RAID_LAYOUT_STRIPE, "create a LUN whose data are striped over drives" },
	{ "create target", RAID_SUBSYSTEM, create_target_params, raid_run_create_target, RAID_NONE,
	  0, "create a target; without iscsiname the array chooses its iSCSI name" },
	{ "create tpgroup", RAID_TARGET, noerr_params, raid_run_create_group, RAID_NONE, 0,
	  "create an empty portal group of the target in focus" },
	{ "delete lun", RAID_LUN, delete_lun_params, raid_run_delete_lun, RAID_NONE, 0,
	  "delete the LUN in focus and its data" },
	{ "delete target", RAID_TARGET, noerr_params, raid_run_delete_target, RAID_NONE, 0,
	  "delete the target in focus" },
	{ "delete tpgroup", RAID_TPGROUP, noerr_params, raid_run_delete_group, RAID_NONE, 0,
	  "delete the portal group in focus, which must be empty" },
	DETAIL_ROW("controller", RAID_CONTROLLER, "controller"), DETAIL_ROW("drive", RAID_DRIVE, "drive"),
	DETAIL_ROW("hbaport", RAID_HBAPORT, "HBA port"), DETAIL_ROW("iadapter", RAID_IADAPTER, "initiator adapter"),
	DETAIL_ROW("iportal", RAID_IPORTAL, "initiator portal"), DETAIL_ROW("lun", RAID_LUN, "LUN"),
	DETAIL_ROW("port", RAID_PORT, "controller port"), DETAIL_ROW("provider", RAID_PROVIDER, "provider"),
	DETAIL_ROW("subsystem", RAID_SUBSYSTEM, "subsystem"), DETAIL_ROW("target", RAID_TARGET, "target"),
	DETAIL_ROW("tpgroup", RAID_TPGROUP, "portal group"), DETAIL_ROW("tportal", RAID_TPORTAL, "target portal"),
	{ "dissociate controllers", RAID_LUN, dissociate_controllers_params, raid_run_controllers,
	  RAID_NONE, RAID_DISSOCIATE, "let these controllers no longer serve the LUN in focus" },
	{ "dissociate ports", RAID_LUN, dissociate_ports_params, raid_run_ports, RAID_NONE,
	  RAID_DISSOCIATE, "let these controller-port pairs no longer serve the LUN in focus" },
	{ "dissociate targets", RAID_LUN, dissociate_targets_params, raid_run_targets, RAID_NONE,
	  RAID_DISSOCIATE, "take the LUN in focus away from these targets" },
	{ "exit", RAID_NONE, no_params, raid_run_exit, RAID_NONE, 0, "end the program" },
	{ "extend lun", RAID_LUN, extend_params, raid_run_extend, RAID_NONE, 0,
	  "make the LUN in focus larger by a size, or by as much as these drives let it" },
	{ "flushcache controller", RAID_CONTROLLER, noerr_params, raid_run_controller_call,
	  RAID_CONTROLLER, RAID_FLUSH, "write the cache of the controller in focus to the drives" },
	{ "help", RAID_NONE, rest_params, raid_run_help, RAID_NONE, 0,
	  "list all commands, or explain those that begin with these words" },
	{ "importtarget subsystem", RAID_SUBSYSTEM, no_params, raid_run_import_target,
	  RAID_NONE, RAID_SHOW, "show the import target of the subsystem in focus" },
	{ "importtarget subsystem set target", RAID_TARGET, noerr_params, raid_run_import_target,
	  RAID_NONE, RAID_SET, "let the target in focus be the import target of its subsystem" },
	{ "initiator", RAID_NONE, no_params, raid_run_initiator, RAID_NONE, 0,
	  "show the iSCSI name of this host's initiator" },
	{ "invalidatecache controller", RAID_CONTROLLER, noerr_params, raid_run_controller_call,
	  RAID_CONTROLLER, RAID_INVALIDATE, "let the controller in focus forget its cache" },
	{ "lbpolicy set lun", RAID_LUN, lbpolicy_params, raid_run_lbpolicy, RAID_NONE, 0,
	  "set how this host spreads commands over its paths to the LUN in focus" },
	LIST_ROW("controllers", RAID_CONTROLLER, "the controllers of the subsystem in focus"), LIST_ROW("drives", RAID_DRIVE, "the drives of the subsystem in focus"),
	LIST_ROW("hbaports", RAID_HBAPORT, "this host's HBA ports"), LIST_ROW("iadapters", RAID_IADAPTER, "this host's initiator adapters"),
	LIST_ROW("iportals", RAID_IPORTAL, "the portals of the initiator adapter in focus"), LIST_ROW("luns", RAID_LUN, "the LUNs of the subsystem in focus"),
	LIST_ROW("ports", RAID_PORT, "the ports of the controller in focus"), LIST_ROW("providers", RAID_PROVIDER, "the hardware providers"),
	LIST_ROW("subsystems", RAID_SUBSYSTEM, "the subsystems"), LIST_ROW("targets", RAID_TARGET, "the targets of the subsystem in focus"),
	LIST_ROW("tpgroups", RAID_TPGROUP, "the portal groups of the target in focus"), LIST_ROW("tportals", RAID_TPORTAL, "the target portals of the subsystem in focus"),
	{ "login target", RAID_TARGET, login_params, raid_run_login, RAID_NONE, 0,
	  "let this host's initiator log in to the target in focus" },
	{ "logout target", RAID_TARGET, logout_params, raid_run_logout, RAID_NONE, 0,
	  "end this host's sessions with the target in focus" },
	MAINTENANCE("controller", RAID_CONTROLLER, "controller"), MAINTENANCE("drive", RAID_DRIVE, "drive"),
	MAINTENANCE("lun", RAID_LUN, "LUN"), MAINTENANCE("port", RAID_PORT, "controller port"),
	MAINTENANCE("subsystem", RAID_SUBSYSTEM, "subsystem"),
	{ "name lun", RAID_LUN, name_params, raid_run_name, RAID_LUN, 0,
	  "name the LUN in focus; without a name, its name is removed" },
	{ "name subsystem", RAID_SUBSYSTEM, name_params, raid_run_name, RAID_SUBSYSTEM, 0,
	  "name the subsystem in focus; without a name, its name is removed" },
	{ "name target", RAID_TARGET, name_params, raid_run_name, RAID_TARGET, 0,
	  "name the target in focus; without a name, its name is removed" },
	OFFLINE("controller", RAID_CONTROLLER, "controller"), OFFLINE("drive", RAID_DRIVE, "drive"),
	OFFLINE("lun", RAID_LUN, "LUN"), OFFLINE("subsystem", RAID_SUBSYSTEM, "subsystem"),
	OFFLINE("tportal", RAID_TPORTAL, "target portal"),
	ONLINE("controller", RAID_CONTROLLER, "controller"), ONLINE("drive", RAID_DRIVE, "drive"),
	ONLINE("hbaport", RAID_HBAPORT, "HBA port"), ONLINE("lun", RAID_LUN, "LUN"),
	ONLINE("subsystem", RAID_SUBSYSTEM, "subsystem"), ONLINE("tportal", RAID_TPORTAL, "target portal"),
	{ "recover lun", RAID_LUN, noerr_params, raid_run_recover, RAID_NONE, 0,
	  "repair the LUN in focus, which must be fault tolerant" },
	{ "reenumerate drives", RAID_SUBSYSTEM, noerr_params, raid_run_reenumerate, RAID_DRIVE, 0,
	  "let the subsystem in focus look for drives that came or went" },
	{ "reenumerate subsystems", RAID_PROVIDER, noerr_params, raid_run_reenumerate,
	  RAID_SUBSYSTEM, 0, "let the provider in focus look for arrays that came or went" },
	{ "refresh provider", RAID_PROVIDER, noerr_params, raid_run_refresh, RAID_NONE, 0,
	  "let the provider in focus read everything about its arrays again" },
	{ "rem", RAID_NONE, no_params, raid_run_nothing, RAID_NONE, 0,
	  "begin a comment; a line that begins with # is one, too" },
	{ "remove tpgroup", RAID_TPGROUP, tportal_params, raid_run_remove_portal, RAID_NONE, 0,
	  "remove a target portal from the portal group in focus" },
	{ "replace", RAID_DRIVE, replace_params, raid_run_replace, RAID_NONE, 0,
	  "let another drive take the place of the drive in focus" },
	{ "reset controller", RAID_CONTROLLER, noerr_params, raid_run_controller_call,
	  RAID_CONTROLLER, RAID_RESET, "start the controller in focus anew; its sessions end" },
	{ "reset port", RAID_PORT, noerr_params, raid_run_controller_call, RAID_PORT, RAID_RESET,
	  "start the port in focus anew; its sessions end" },
	SELECT_ROW("controller", RAID_CONTROLLER, "a controller"), SELECT_ROW("drive", RAID_DRIVE, "a drive"),
	SELECT_ROW("hbaport", RAID_HBAPORT, "an HBA port"), SELECT_ROW("iadapter", RAID_IADAPTER, "an initiator adapter"),
	SELECT_ROW("iportal", RAID_IPORTAL, "an initiator portal"), SELECT_ROW("lun", RAID_LUN, "a LUN"),
	SELECT_ROW("port", RAID_PORT, "a controller port"), SELECT_ROW("provider", RAID_PROVIDER, "a provider"),
	SELECT_ROW("subsystem", RAID_SUBSYSTEM, "a subsystem"), SELECT_ROW("target", RAID_TARGET, "a target"),
	SELECT_ROW("tpgroup", RAID_TPGROUP, "a portal group"), SELECT_ROW("tportal", RAID_TPORTAL, "a target portal"),
	{ "setflag drive", RAID_DRIVE, setflag_params, raid_run_setflag, RAID_NONE, 0,
	  "make the drive in focus a hot spare, or let it be none" },
	{ "shrink lun", RAID_LUN, shrink_params, raid_run_shrink, RAID_NONE, 0,
	  "cut this size off the end of the LUN in focus; the data there are lost" },
	{ "standby hbaport", RAID_HBAPORT, noerr_params, raid_run_status, RAID_HBAPORT, RAID_STANDBY,
	  "use the paths of the HBA port only when no other is left" },
	{ "unmask lun", RAID_LUN, unmask_params, raid_run_unmask, RAID_NONE, 0,
	  "let exactly these hosts, or with add these too, use the LUN in focus" },
};
/* clang-format on */
const size_t raid_command_count = ARRAY_LEN(raid_commands);
