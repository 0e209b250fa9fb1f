/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Portals, where initiators reach the array, and portal groups, which say what target is reachable
 * at which portals.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define ISCSI_PORT 3260 /* RFC 7143 §3.2.1: registered for iSCSI */

/* ---- create ---- */

/* The addresses that a wildcard stands for have portals of their own. */
static bool
is_wildcard(const char *host)
{
	return str_equal(host, "0.0.0.0") || str_equal(host, "::");
}

/* Is this portal one of those that were asked for?  `first` is the one that the answer named. */
static bool
is_meant(const struct row_portal *portal, const struct guid *first, const char *host, int port)
{
	if (guid_equal(&portal->id, first))
		return true;
	return is_wildcard(host) && (int)portal->port == port &&
	       (str_equal(host, "::") || strchr(portal->address, ':') == NULL);
}

#define LISTEN_WAIT_NS (2 * NS_PER_S)
#define LISTEN_LOOK_NS (5 * NS_PER_MS)

/*
 * The data path opens a portal in its own time: load views until it has said whether it listens,
 * two seconds at most.
 */
static int
listening_view(struct ctl *ctl, const struct guid *portal, struct ctl_view *ret_view)
{
	const struct timespec look = { .tv_nsec = LISTEN_LOOK_NS };
	uint64_t end_ns = clock_mono_ns() + LISTEN_WAIT_NS;

	for (;;) {
		const struct row_live_portal *live;
		int rc = ctl_view_load(ctl, ret_view);

		if (rc < 0)
			return rc;
		live = state_find(ret_view->live, ROW_LIVE_PORTAL, portal);
		if (live != NULL &&
		    (live->ready || (live->reason != NULL && live->reason[0] != '\0')))
			return 0;
		if (clock_mono_ns() >= end_ns)
			return 0;
		ctl_view_fini(ret_view);
		*ret_view = (struct ctl_view){ NULL, NULL };
		nanosleep(&look, NULL);
	}
}

static size_t
targets_at(const struct ctl_view *view, const struct guid *portal)
{
	return state_portal_groups(view->config, portal)
		.count; /* a target has it in one group at most */
}

/* What a person should know about a portal that was asked for. */
static int
portal_report(struct ctl *ctl, const struct ctl_view *view, const struct row_portal *portal,
	      bool existed)
{
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, &portal->id);
	size_t targets = targets_at(view, &portal->id), all = state_count(view->config, ROW_TARGET);
	char address[80];

	ctl_address_text(portal, address, sizeof(address));
	if (ctl->json)
		return 0;
	if (ctl->quiet) {
		char id[GUID_TEXT_SIZE];

		fprintf(ctl->out, "%s\n", guid_format(&portal->id, id));
	} else {
		fprintf(ctl->out, "portal %s %s; %zu of %zu targets are reachable there\n", address,
			existed ? "was there already" : "created", targets, all);
	}
	if (portal->status != STATUS_ONLINE)
		fprintf(stderr, "vdsctl: warning: %s is offline: `vdsctl portal online %s`\n",
			address, address);
	else if (live == NULL || !live->ready)
		fprintf(stderr, "vdsctl: warning: nothing listens at %s: %s\n", address,
			live != NULL && live->reason != NULL && live->reason[0] != '\0'
				? live->reason
				: "the data path has not opened it yet");
	if (!ctl->quiet && targets < all)
		fprintf(ctl->out,
			"`vdsctl portal create %s --all-targets` makes all targets reachable "
			"there, `vdsctl group "
			"add TARGET:TAG %s` one\n",
			address, address);
	return 0;
}

static int
portals_report(struct ctl *ctl, const struct guid *first, const char *host, int port, bool existed)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	int rc = listening_view(ctl, first, &view);

	for (size_t i = 0; rc == 0 && i < state_count(view.config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view.config, ROW_PORTAL, i);

		if (is_meant(portal, first, host, port))
			rc = portal_report(ctl, &view, portal, existed);
	}
	return rc;
}

int
ctl_run_portal_create(struct ctl *ctl)
{
	AUTO_FREE char *host = NULL;
	struct client_answer answer;
	int port = -1, rc;

	rc = ctl_address_split(ctl->args[0], &host, &port);
	if (rc == 0)
		rc = ctl_client(ctl);
	if (port < 0)
		port = ISCSI_PORT;
	if (rc == 0)
		rc = client_portal_create(ctl->client, host, (uint16_t)port,
					  ctl->options[OPT_ALL_TARGETS] != NULL, &answer);
	if (rc == 0)
		rc = portals_report(ctl, &answer.object_id, host, port, answer.existed);
	return rc < 0 || !ctl->json ? rc : ctl_done(ctl, rc, &answer, "%s", "");
}

/* ---- status ---- */

static int
portal_status(struct ctl *ctl, enum row_status status, const char *done)
{
	struct client_answer answer;
	struct guid portal;
	int rc = ctl_resolve(ctl, ROW_PORTAL, ctl->args[0], &portal);

	if (rc == 0)
		rc = client_portal_set_status(ctl->client, &portal, status, &answer);
	return ctl_done(ctl, rc, &answer, "portal %s %s", ctl->args[0], done);
}

int
ctl_run_portal_online(struct ctl *ctl)
{
	return portal_status(ctl, STATUS_ONLINE, "is online");
}

#define DRAIN_MAX_S 3600u

int
ctl_run_portal_offline(struct ctl *ctl)
{
	const char *drain = ctl->options[OPT_DRAIN];
	struct client_answer answer;
	struct guid portal;
	uint64_t seconds;
	int rc;

	if (drain == NULL)
		return portal_status(ctl, STATUS_OFFLINE, "is offline; its sessions go on");
	rc = str_parse_u64(drain, &seconds);
	if (rc < 0 || seconds < 1 || seconds > DRAIN_MAX_S)
		return err_set(ERR_INVALID,
			       "--drain takes a number of seconds from 1 to %u, not %s",
			       DRAIN_MAX_S, drain);
	rc = ctl_resolve(ctl, ROW_PORTAL, ctl->args[0], &portal);
	if (rc == 0)
		rc = client_portal_drain(ctl->client, &portal, seconds * 1000, &answer);
	return ctl_done(ctl, rc, &answer, "portal %s is offline, and its sessions end",
			ctl->args[0]);
}

/* ---- groups ---- */

int
ctl_run_group_create(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc == 0)
		rc = client_group_create(ctl->client, &target, &answer);
	return ctl_done(ctl, rc, &answer, "portal group of %s created", ctl->args[0]);
}

int
ctl_flag_read(const struct ctl *ctl, enum ctl_option_id id, struct verb_flag *ret_flag)
{
	const char *word = ctl->options[id];

	if (word == NULL)
		return 0;
	if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)
		return err_set(ERR_INVALID, "--%s takes yes or no, not %s", ctl_options[id].name,
			       word);
	*ret_flag = (struct verb_flag){ word[0] == 'y', true };
	return 0;
}

int
ctl_run_group_set(struct ctl *ctl)
{
	struct client_group_access access = { .state = ctl->options[OPT_STATE] };
	struct client_answer answer;
	enum port_access state;
	struct guid group;
	int rc = ctl_flag_read(ctl, OPT_PREFERRED, &access.preferred);

	if (rc == 0)
		rc = ctl_flag_read(ctl, OPT_EXPLICIT, &access.explicit_allowed);
	if (rc == 0 && access.state != NULL)
		rc = port_access_parse(access.state, &state);
	if (rc == 0 && access.state == NULL && !access.preferred.given &&
	    !access.explicit_allowed.given)
		rc = err_set(ERR_INVALID,
			     "nothing is to be set: give --state, --preferred or --explicit");
	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_PORTAL_GROUP, ctl->args[0], &group);
	if (rc == 0)
		rc = client_group_set_access(ctl->client, &group, &access, &answer);
	return ctl_done(ctl, rc, &answer, "portal group %s is set%s", ctl->args[0],
			rc == 0 && answer.existed ? "; it was so before" : "");
}

/* The group and the portal that the two arguments name. */
static int
members_resolve(struct ctl *ctl, struct guid *ret_group, struct guid *ret_portal)
{
	int rc = ctl_resolve(ctl, ROW_PORTAL_GROUP, ctl->args[0], ret_group);

	return rc < 0 ? rc : ctl_resolve(ctl, ROW_PORTAL, ctl->args[1], ret_portal);
}

int
ctl_run_group_add(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid group, portal;
	int rc = members_resolve(ctl, &group, &portal);

	if (rc == 0)
		rc = client_group_add_portal(ctl->client, &group, &portal, &answer);
	return ctl_done(ctl, rc, &answer, "portal %s is in group %s now", ctl->args[1],
			ctl->args[0]);
}

int
ctl_run_group_remove(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid group, portal;
	int rc = members_resolve(ctl, &group, &portal);

	if (rc == 0)
		rc = client_group_remove_portal(ctl->client, &group, &portal, &answer);
	return ctl_done(ctl, rc, &answer, "portal %s is not in group %s any more", ctl->args[1],
			ctl->args[0]);
}
