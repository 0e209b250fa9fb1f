/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why an initiator can, or cannot, use a LUN: the path that the initiator takes, step by step, with
 * the conditions that the data path applies, in the words of the person who has to do something
 * about the first obstacle.  Reads two immutable states; any thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/cidr.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/credential.h"
#include "model/host.h"
#include "model/redirect.h"
#include "model/port.h"
#include "base/str.h"

#define HOST_SIZE 64

struct walk {
	const struct state *state, *live;
	const struct guid *controller_id; /* of this vdsd */
	const struct row_lun *lun;
	const char *initiator; /* normalised; as it was given when it is no name */
	const char *from;      /* the address where the initiator is; NULL = not known */
	char host[HOST_SIZE];  /* of its session; `from` may point here */
	struct array_explanation *out;
	bool failed; /* out of memory */
};

/* ---- results ---- */

static void
step_add(struct walk *w, const char *name, enum array_explain_outcome outcome, char *text)
{
	struct array_explanation *out = w->out;

	w->failed = w->failed || text == NULL;
	out->steps[out->step_count++] = (struct array_explain_step){ name, outcome, text };
}

/* The first obstacle stays; hint is taken. */
static void
obstacle(struct walk *w, const char *code, char *hint)
{
	w->failed = w->failed || hint == NULL;
	if (w->out->code != NULL) {
		mem_free(hint);
		return;
	}
	w->out->code = code;
	w->out->obstacle = &w->out->steps[w->out->step_count - 1];
	w->out->hint = hint;
}

static const char *
target_name(const struct row_target *target)
{
	return target->alias != NULL && target->alias[0] != '\0' ? target->alias
								 : target->iscsi_name;
}

static void
portal_add(struct strbuf *text, const struct row_portal *portal)
{
	bool six = strchr(portal->address, ':') != NULL;

	strbuf_addf(text, "%s%s%s:%u", six ? "[" : "", portal->address, six ? "]" : "",
		    portal->port);
}

/* ---- where the initiator is ---- */

static bool
is_loopback(const char *address)
{
	return str_starts(address, "127.") || strcmp(address, "::1") == 0;
}

/* "127.0.0.1:40312" or "[::1]:40312" → the address. */
static void
host_of(const char *peer, char host[HOST_SIZE])
{
	bool six = peer[0] == '[';
	size_t len = six ? strcspn(peer + 1, "]") : strcspn(peer, ":");

	snprintf(host, HOST_SIZE, "%.*s", (int)len, peer + six);
}

static bool
serves_lun(const struct walk *w, const struct guid *target_id)
{
	return state_find_pair(w->state, ROW_ASSOCIATION, &w->lun->id, target_id) != NULL;
}

/* A session of the initiator; one through a target of the LUN first. */
static const struct row_live_session *
session_find(const struct walk *w)
{
	const struct row_live_session *found = NULL;

	for (size_t i = 0; i < state_count(w->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(w->live, ROW_LIVE_SESSION, i);

		if (strcmp(session->initiator, w->initiator) != 0)
			continue;
		if (serves_lun(w, &session->target_id))
			return session;
		found = session;
	}
	return found;
}

/* ---- steps ---- */

static void
initiator_step(struct walk *w, const char *given, bool is_name)
{
	if (!is_name) {
		step_add(
			w, "initiator", ARRAY_EXPLAIN_FAILED,
			str_printf(
				"%s is no iSCSI name (iqn., eui. or naa.): no initiator can log in "
				"under it",
				given));
		obstacle(w, "INITIATOR_NAME_INVALID",
			 str_dup("on Linux /etc/iscsi/initiatorname.iscsi has the initiator's "
				 "name"));
	} else if (strcmp(given, w->initiator) != 0) {
		step_add(w, "initiator", ARRAY_EXPLAIN_OK,
			 str_printf("the initiator's name is compared as %s", w->initiator));
	} else {
		step_add(w, "initiator", ARRAY_EXPLAIN_OK,
			 str_printf("%s is an iSCSI name", given));
	}
}

static void
target_step(struct walk *w)
{
	struct row_slice paths = state_lun_targets(w->state, &w->lun->id);
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	if (paths.count == 0) {
		step_add(w, "target", ARRAY_EXPLAIN_FAILED,
			 str_printf("LUN \"%s\" is behind no target", ROW_LUN_CALLED(w->lun)));
		obstacle(w, "NOT_ASSOCIATED",
			 str_printf("vdsctl lun associate %s TARGET", ROW_LUN_CALLED(w->lun)));
		return;
	}
	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];
		const struct row_target *target = state_find(w->state, ROW_TARGET,
							     &path->target_id);

		strbuf_addf(&text, "%sit is LUN number %u behind target \"%s\"", i > 0 ? "; " : "",
			    path->lun_number, target_name(target));
	}
	step_add(w, "target", ARRAY_EXPLAIN_OK, strbuf_take(&text));
}

/*
 * What was found on the way to a portal: the worst obstacle is the first, since the nearest to the
 * goal counts.
 */
enum reach {
	REACH_NO_GROUP,
	REACH_NO_PORTAL,
	REACH_OFFLINE,
	REACH_NOT_READY,
	REACH_LISTENS, /* but the initiator is not where it could reach it */
	REACH_OK
};

struct found {
	enum reach reach;
	const struct row_target *target;
	const struct row_portal *portal;      /* from REACH_OFFLINE on */
	const struct row_portal_group *group; /* of the portal */
	bool is_owner;                        /* the gateway of the portal owns the LUN */
};

static bool
same_family(const char *a, const char *b)
{
	return (strchr(a, ':') != NULL) == (strchr(b, ':') != NULL);
}

/* Can the initiator reach a portal that listens there? */
static bool
reaches(const struct walk *w, const struct row_portal *portal)
{
	if (w->from == NULL)
		return !is_loopback(portal->address);
	if (!same_family(w->from, portal->address))
		return false;
	return is_loopback(w->from) || !is_loopback(portal->address);
}

/* Another gateway has the portal: what is known of it is what the configuration says. */
static bool
is_elsewhere(const struct walk *w, const struct row_portal *portal)
{
	return !guid_is_zero(&portal->controller_id) &&
	       !guid_equal(&portal->controller_id, w->controller_id);
}

static bool
gateway_runs(const struct walk *w, const struct row_portal *portal)
{
	const struct row_controller *gateway = portal_controller(w->state, portal);

	return gateway != NULL && gateway->status == STATUS_ONLINE && gateway->instance != NULL &&
	       gateway->instance[0] != '\0';
}

static enum reach
portal_reach(const struct walk *w, const struct row_portal *portal)
{
	const struct row_live_portal *live = state_find(w->live, ROW_LIVE_PORTAL, &portal->id);

	if (portal->status == STATUS_OFFLINE)
		return REACH_OFFLINE;
	if (is_elsewhere(w, portal) ? !gateway_runs(w, portal) : live == NULL || !live->ready)
		return REACH_NOT_READY;
	return reaches(w, portal) ? REACH_OK : REACH_LISTENS;
}

/*
 * Of two portals that can be reached, the one counts whose group lets more through, and then that
 * of the LUN's owner.
 */
static void
found_take(struct found *best, const struct found *other)
{
	bool both = other->reach == REACH_OK && best->reach == REACH_OK;
	bool is_better = other->reach > best->reach ||
			 (both && other->group->access_state < best->group->access_state) ||
			 (both && other->group->access_state == best->group->access_state &&
			  other->is_owner && !best->is_owner);

	if (best->target == NULL || is_better)
		*best = *other;
}

static bool
owns(const struct walk *w, const struct row_portal *portal)
{
	const struct row_lun_owner *owner = state_lun_owner(w->state, &w->lun->id);

	return owner != NULL && guid_equal(&owner->controller_id, &portal->controller_id);
}

static void
target_portals(const struct walk *w, const struct row_target *target, struct found *best)
{
	struct row_slice groups = state_target_groups(w->state, &target->id);

	found_take(best, &(struct found){ groups.count == 0 ? REACH_NO_GROUP : REACH_NO_PORTAL,
					  target, NULL, NULL, false });
	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice members = state_group_portals(w->state, &group->id);

		for (size_t i = 0; i < members.count; i++) {
			const struct row_group_portal *member = members.rows[i];
			const struct row_portal *portal = state_find(w->state, ROW_PORTAL,
								     &member->portal_id);

			found_take(best, &(struct found){ portal_reach(w, portal), target, portal,
							  group, owns(w, portal) });
		}
	}
}

static void
not_ready_text(const struct walk *w, const struct row_portal *portal, struct strbuf *text)
{
	const struct row_live_portal *live = state_find(w->live, ROW_LIVE_PORTAL, &portal->id);

	strbuf_add(text, "portal ");
	portal_add(text, portal);
	if (is_elsewhere(w, portal)) {
		const struct row_controller *gateway = portal_controller(w->state, portal);

		strbuf_addf(text, " does not listen: gateway \"%s\" is down or offline",
			    gateway != NULL ? gateway->name : "?");
		return;
	}
	strbuf_addf(text, " does not listen: %s",
		    live != NULL && live->reason != NULL && live->reason[0] != '\0'
			    ? live->reason
			    : "vdsd has not opened it yet");
}

/* Is the controller of the portal offline? */
static bool
controller_is_offline(const struct walk *w, const struct row_portal *portal)
{
	const struct row_controller *controller = portal_controller(w->state, portal);

	return controller != NULL && controller->status == STATUS_OFFLINE;
}

/* The portal step failed: says why, and what to do. */
static void
portal_obstacle(struct walk *w, const struct found *best)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO(strbuf_fini) struct strbuf hint = { 0 };
	const char *code = "NO_PORTAL_GROUP", *name = target_name(best->target);

	if (best->reach == REACH_NO_GROUP) {
		strbuf_addf(&text, "target \"%s\" has no portal group, so no initiator reaches it",
			    name);
		strbuf_addf(&hint, "vdsctl group create %s; vdsctl group add %s:1 PORTAL", name,
			    name);
	} else if (best->reach == REACH_NO_PORTAL) {
		code = "NO_PORTAL";
		strbuf_addf(&text, "no portal is in the portal groups of target \"%s\"", name);
		strbuf_addf(&hint, "vdsctl group add %s:1 PORTAL", name);
	} else if (best->reach == REACH_OFFLINE) {
		code = "PORTAL_OFFLINE";
		strbuf_add(&text, "portal ");
		portal_add(&text, best->portal);
		strbuf_addf(&text, " of target \"%s\" is offline", name);
		strbuf_add(&hint, "vdsctl portal online ");
		portal_add(&hint, best->portal);
	} else {
		code = "PORTAL_NOT_READY";
		not_ready_text(w, best->portal, &text);
		strbuf_add(&hint,
			   is_elsewhere(w, best->portal)
				   ? "vdsctl gateway list shows what runs; start vdsd there"
			   : controller_is_offline(w, best->portal)
				   ? "vdsctl controller online"
				   : "the address must be one of this host and the port free; "
				     "vdsctl portal list shows when it listens");
	}
	step_add(w, "portal", ARRAY_EXPLAIN_FAILED, strbuf_take(&text));
	obstacle(w, code, strbuf_take(&hint));
}

static void
reach_step(struct walk *w, const struct found *best)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	if (best->reach == REACH_OK) {
		strbuf_add(&text, "portal ");
		portal_add(&text, best->portal);
		strbuf_addf(&text, " can be reached from %s",
			    w->from != NULL ? w->from : "other hosts");
		step_add(w, "reach", ARRAY_EXPLAIN_OK, strbuf_take(&text));
		return;
	}
	if (w->from != NULL && !same_family(w->from, best->portal->address)) {
		strbuf_addf(&text, "no portal of target \"%s\" has an address of the family of %s",
			    target_name(best->target), w->from);
	} else {
		strbuf_addf(&text, "only this host reaches target \"%s\": no portal but ",
			    target_name(best->target));
		portal_add(&text, best->portal);
		strbuf_addf(&text, " listens, and the initiator is %s%s",
			    w->from != NULL ? "at " : "not known to be on this host",
			    w->from != NULL ? w->from : "");
	}
	step_add(w, "reach", ARRAY_EXPLAIN_FAILED, strbuf_take(&text));
	obstacle(w, "ONLY_THIS_HOST",
		 str_dup("vdsctl portal create ADDRESS --all-targets, with an address of this host "
			 "that the initiator can reach; if the initiator is on this host, ask with "
			 "--from 127.0.0.1"));
}

/* ---- which state the path has ---- */

static const struct row_portal_group *
group_with_tag(const struct walk *w, const struct guid *target_id, uint32_t tag)
{
	struct row_slice groups = state_target_groups(w->state, target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (group->tag == tag)
			return group;
	}
	return NULL;
}

/*
 * The group through which the initiator comes: that of its sessions which lets most through, since
 * it uses its best path; without a session the best that it can reach.
 */
static const struct row_portal_group *
group_of_initiator(const struct walk *w, const struct found *best)
{
	const struct row_portal_group *found = NULL;

	for (size_t i = 0; i < state_count(w->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(w->live, ROW_LIVE_SESSION, i);
		const struct row_portal_group *group;

		if (strcmp(session->initiator, w->initiator) != 0 ||
		    !serves_lun(w, &session->target_id))
			continue;
		group = group_with_tag(w, &session->target_id, session->tag);
		if (group != NULL && (found == NULL || group->access_state < found->access_state))
			found = group;
	}
	return found != NULL ? found : best->group;
}

static void
access_step(struct walk *w, const struct found *best)
{
	const struct row_portal_group *group = group_of_initiator(w, best);
	const struct row_target *target = state_find(w->state, ROW_TARGET, &group->target_id);
	const char *state = port_access_name(group->access_state), *name = target_name(target);

	if (group->access_state == ACCESS_ACTIVE_OPTIMIZED ||
	    group->access_state == ACCESS_ACTIVE_NON_OPTIMIZED) {
		step_add(w, "access", ARRAY_EXPLAIN_OK,
			 str_printf("portal group %s:%u is in the state %s", name, group->tag,
				    state));
		return;
	}
	step_add(w, "access", ARRAY_EXPLAIN_FAILED,
		 str_printf("portal group %s:%u is in the state %s: initiators see a disk there, "
			    "but its I/O is refused",
			    name, group->tag, state));
	obstacle(w, "PATH_NOT_ACTIVE",
		 str_printf("vdsctl group set %s:%u --state active-optimized", name, group->tag));
}

/* Says which gateway carries out the commands.  Nothing where there are no gateways. */
static void
owner_step(struct walk *w, const struct found *best)
{
	const struct row_controller *path = portal_controller(w->state, best->portal), *owner;
	const struct row_lun_owner *row = state_lun_owner(w->state, &w->lun->id);

	if (!state_has_gateways(w->state) || path == NULL)
		return;
	owner = row != NULL ? state_find(w->state, ROW_CONTROLLER, &row->controller_id) : NULL;
	if (owner == NULL || owner->instance == NULL || owner->instance[0] == '\0') {
		step_add(w, "owner", ARRAY_EXPLAIN_FAILED,
			 str_printf("no gateway that runs owns LUN \"%s\", so its commands wait",
				    ROW_LUN_CALLED(w->lun)));
		obstacle(w, "NO_OWNER", str_dup("vdsctl gateway list shows which gateways run"));
		return;
	}
	step_add(w, "owner", ARRAY_EXPLAIN_OK,
		 owner == path
			 ? str_printf("gateway \"%s\" owns LUN \"%s\": the path is "
				      "active-optimized",
				      owner->name, ROW_LUN_CALLED(w->lun))
			 : str_printf("gateway \"%s\" forwards commands to gateway \"%s\", "
				      "which owns LUN \"%s\": the path is active-non-optimized",
				      path->name, owner->name, ROW_LUN_CALLED(w->lun)));
}

/* Steps `portal`, `reach`, `access` and `owner`. */
static void
portal_steps(struct walk *w)
{
	struct row_slice paths = state_lun_targets(w->state, &w->lun->id);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct found best = { .reach = REACH_NO_GROUP };

	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];

		target_portals(w, state_find(w->state, ROW_TARGET, &path->target_id), &best);
	}
	if (best.target == NULL)
		return;
	if (best.reach < REACH_LISTENS) {
		portal_obstacle(w, &best);
		return;
	}
	strbuf_add(&text, "portal ");
	portal_add(&text, best.portal);
	strbuf_addf(&text, " of target \"%s\" listens", target_name(best.target));
	step_add(w, "portal", ARRAY_EXPLAIN_OK, strbuf_take(&text));
	reach_step(w, &best);
	if (best.reach == REACH_OK) {
		access_step(w, &best);
		owner_step(w, &best);
	}
}

/* A target of the LUN to which the initiator must prove itself, or NULL. */
static const struct row_target *
target_with_chap(const struct walk *w)
{
	struct row_slice paths = state_lun_targets(w->state, &w->lun->id);

	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];

		if (credential_needed(w->state, &path->target_id, w->initiator))
			return state_find(w->state, ROW_TARGET, &path->target_id);
	}
	return NULL;
}

/*
 * The first rule of a source that forbids the login: of the initiator's host, or of every target of
 * the LUN.  Returns false when none does, or when it is not known where the initiator is.
 */
static bool
find_rule(const struct walk *w, const char **ret_rule, const char **ret_noun, const char **ret_name)
{
	const struct row_host *host = state_host_of_initiator(w->state, w->initiator);
	struct row_slice paths = state_lun_targets(w->state, &w->lun->id);

	if (w->from == NULL)
		return false;
	if (host != NULL && !cidr_list_has(host->sources, w->from)) {
		*ret_rule = host->sources;
		*ret_noun = "host";
		*ret_name = host->name;
		return true;
	}
	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];
		const struct row_target *target = state_find(w->state, ROW_TARGET,
							     &path->target_id);

		if (cidr_list_has(target->sources, w->from))
			return false;
		*ret_rule = target->sources;
		*ret_noun = "target";
		*ret_name = target_name(target);
	}
	return paths.count > 0;
}

/*
 * Says where the targets of the LUN send logins.  When all of them send them to other arrays, what
 * the initiator sees is decided there.
 */
static void
redirect_step(struct walk *w, const struct row_live_session *session)
{
	struct row_slice paths = state_lun_targets(w->state, &w->lun->id);
	const struct row_target *target = NULL;
	struct redirect to;
	size_t away = 0;

	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];
		const struct row_target *one = state_find(w->state, ROW_TARGET, &path->target_id);
		const struct row_portal *there;
		struct redirect redirect;

		if (one == NULL || !redirect_parse(one->redirect, &redirect))
			continue;
		there = redirect_portal(w->state, &redirect);
		if (there != NULL && !redirect_is_served(w->state, &one->id, &there->id))
			continue; /* it is not followed: model/redirect.h */
		away += there == NULL;
		target = one;
		to = redirect;
	}
	if (target == NULL)
		return;
	if (away < paths.count || session != NULL) {
		step_add(w, "redirect", ARRAY_EXPLAIN_OK,
			 str_printf("target \"%s\" sends new logins to %s (a redirect)",
				    target_name(target), to.endpoint));
		return;
	}
	step_add(w, "redirect", ARRAY_EXPLAIN_FAILED,
		 str_printf("target \"%s\" sends logins to %s, which is not this array (a "
			    "redirect): what the initiator sees is decided there",
			    target_name(target), to.endpoint));
	obstacle(w, "REDIRECTED",
		 str_printf("vdsctl target redirect \"%s\" none, if this array is to serve it",
			    target_name(target)));
}

/*
 * Every initiator that comes from where the rules allow it, and can prove itself, where it must,
 * may log in; the mask decides which LUNs it then sees (target/login.c).
 */
static void
login_step(struct walk *w, const struct row_live_session *session)
{
	const struct row_target *target = target_with_chap(w);
	const char *rule, *noun, *name;

	if (find_rule(w, &rule, &noun, &name)) {
		step_add(w, "login", ARRAY_EXPLAIN_FAILED,
			 str_printf("the %s \"%s\" allows logins from %s only, not from %s", noun,
				    name, rule, w->from));
		obstacle(w, "SOURCE_FORBIDDEN",
			 str_printf("vdsctl %s sources \"%s\" \"%s;%s\"", noun, name, rule,
				    w->from));
	} else if (session == NULL && target != NULL)
		step_add(w, "login", ARRAY_EXPLAIN_OK,
			 str_printf("the initiator may log in with a CHAP secret, which target "
				    "\"%s\" asks for; it has no session now",
				    target_name(target)));
	else if (session == NULL)
		step_add(w, "login", ARRAY_EXPLAIN_OK,
			 str_dup("the initiator may log in; it has no session now"));
	else
		step_add(w, "login", ARRAY_EXPLAIN_OK,
			 str_printf("the initiator is logged in from %s",
				    session->initiator_address));
}

static void
mask_step(struct walk *w)
{
	const struct row_host *host = state_host_of_initiator(w->state, w->initiator);

	if (mask_admits(w->lun->mask, w->initiator)) {
		step_add(w, "mask", ARRAY_EXPLAIN_OK,
			 str_printf("LUN \"%s\" is unmasked to %s", ROW_LUN_CALLED(w->lun),
				    strcmp(w->lun->mask, "*") == 0 ? "every initiator"
								   : w->initiator));
		return;
	}
	if (host_mask_admits(w->state, w->lun->mask, w->initiator)) {
		bool own = host_mask_has(w->lun->mask, MASK_HOST, &host->id);

		step_add(w, "mask", ARRAY_EXPLAIN_OK,
			 str_printf("LUN \"%s\" is unmasked to %s \"%s\", which has this "
				    "initiator",
				    ROW_LUN_CALLED(w->lun),
				    own ? "the host" : "a host group of the host", host->name));
		return;
	}
	step_add(
		w, "mask", ARRAY_EXPLAIN_FAILED,
		str_printf("LUN \"%s\" is unmasked to %s", ROW_LUN_CALLED(w->lun),
			   *w->lun->mask == '\0' ? "nobody" : "other initiators, not to this one"));
	obstacle(w, "MASKED",
		 host != NULL ? str_printf("vdsctl lun unmask %s --add --host \"%s\"",
					   ROW_LUN_CALLED(w->lun), host->name)
			      : str_printf("vdsctl lun unmask %s --add %s", ROW_LUN_CALLED(w->lun),
					   w->initiator));
}

static void
status_step(struct walk *w)
{
	if (w->lun->status != STATUS_OFFLINE) {
		step_add(w, "status", ARRAY_EXPLAIN_OK,
			 str_printf("LUN \"%s\" is online", ROW_LUN_CALLED(w->lun)));
		return;
	}
	step_add(w, "status", ARRAY_EXPLAIN_FAILED,
		 str_printf("LUN \"%s\" is offline: initiators see a disk, but its I/O is refused",
			    ROW_LUN_CALLED(w->lun)));
	obstacle(w, "LUN_OFFLINE", str_printf("vdsctl lun online %s", ROW_LUN_CALLED(w->lun)));
}

/*
 * Returns "" or, owned, what is wrong with the first drive below the LUN's pool that cannot be
 * used:  "; drive sda below its pool cannot be used: …".
 */
static char *
drive_trouble(const struct walk *w)
{
	struct row_slice pairs = state_pool_drives(w->live, &w->lun->pool_id);

	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_live_drive *drive = state_find(w->live, ROW_LIVE_DRIVE,
								&pair->drive_id);

		if (drive != NULL && !drive->ready)
			return str_printf("; drive %s below its pool cannot be used: %s",
					  drive->name, drive->reason);
	}
	return str_dup("");
}

static void
health_step(struct walk *w)
{
	const struct row_live_lun *live = state_find(w->live, ROW_LIVE_LUN, &w->lun->id);
	AUTO_FREE char *trouble = drive_trouble(w),
		       *work = array_job_text(w->state, w->live, w->lun);
	const char *also = trouble != NULL ? trouble : "", *job = work != NULL ? work : "";

	if (live != NULL && live->operation == OPERATION_CREATE) {
		step_add(w, "health", ARRAY_EXPLAIN_FAILED,
			 str_printf("LUN \"%s\" is still being created%s", ROW_LUN_CALLED(w->lun),
				    job));
		obstacle(w, "LUN_BEING_CREATED", str_dup("vdsctl job list shows how far it is"));
	} else if (live != NULL && live->health == HEALTH_FAILED) {
		step_add(w, "health", ARRAY_EXPLAIN_FAILED,
			 str_printf("LUN \"%s\" has failed, and its I/O is refused: %s%s%s",
				    ROW_LUN_CALLED(w->lun), live->reason, also, job));
		obstacle(w, "LUN_FAILED",
			 str_printf("remove the cause, then: vdsctl lun online %s",
				    ROW_LUN_CALLED(w->lun)));
	} else if (live != NULL && live->faults > 0) {
		step_add(
			w, "health", ARRAY_EXPLAIN_OK,
			str_printf("the store of LUN \"%s\" is well, but faults are injected (%u): "
				   "commands may fail or hang; vdsctl lun inject LUN --clear ends "
				   "that%s%s",
				   ROW_LUN_CALLED(w->lun), (unsigned)live->faults, also, job));
	} else {
		step_add(w, "health", ARRAY_EXPLAIN_OK,
			 str_printf("nothing is known against the store of LUN \"%s\"%s%s",
				    ROW_LUN_CALLED(w->lun), also, job));
	}
}

/* ---- the whole ---- */

static void
walk_steps(struct walk *w, const char *given, bool is_name, const char *from)
{
	const struct row_live_session *session = is_name ? session_find(w) : NULL;

	w->from = from;
	if (from == NULL && session != NULL) {
		host_of(session->initiator_address, w->host);
		w->from = w->host;
	}
	initiator_step(w, given, is_name);
	target_step(w);
	portal_steps(w);
	if (is_name) {
		login_step(w, session);
		redirect_step(w, session);
		mask_step(w);
	}
	status_step(w);
	health_step(w);
}

static int
from_check(const char *from)
{
	unsigned char bytes[16];

	if (from == NULL || inet_pton(AF_INET, from, bytes) == 1 ||
	    inet_pton(AF_INET6, from, bytes) == 1)
		return 0;
	return err_set(ERR_INVALID, "%s is no numeric IPv4 or IPv6 address", from);
}

int
array_explain(struct array *array, const struct guid *lun, const char *initiator, const char *from,
	      struct array_explanation *ret_explanation)
{
	AUTO_STATE struct state *state = array_state(array), *live = array_live(array);
	AUTO_FREE char *name = NULL;
	struct array_explanation out = { 0 };
	struct walk w = { .state = state,
			  .live = live,
			  .controller_id = array_controller_id(array),
			  .initiator = initiator,
			  .out = &out };
	int named, rc = array_lun_find(state, lun, &w.lun);

	if (rc == 0)
		rc = from_check(from);
	if (rc < 0)
		return rc;
	named = iscsi_name_normalize(initiator, &name);
	if (named == -ENOMEM)
		return named;
	if (named == 0)
		w.initiator = name;
	walk_steps(&w, initiator, named == 0, from);
	out.visible = out.code == NULL;
	if (w.failed) {
		array_explanation_fini(&out);
		return -ENOMEM;
	}
	*ret_explanation = out;
	if (out.obstacle != NULL) /* it points into the struct */
		ret_explanation->obstacle = &ret_explanation->steps[out.obstacle - out.steps];
	return 0;
}

void
array_explanation_fini(struct array_explanation *explanation)
{
	for (size_t i = 0; i < explanation->step_count; i++)
		mem_free(explanation->steps[i].text);
	mem_free(explanation->hint);
	*explanation = (struct array_explanation){ 0 };
}
