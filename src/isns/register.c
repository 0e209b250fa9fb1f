/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the array is registered with an iSNS server, and the messages that do it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "isns/isns_int.h"
#include "model/state.h"

#define PROTOCOL_ISCSI 2u
#define NODE_TARGET    1u
/* A message with more is ended: its answer repeats it, and must fit into one PDU, too. */
#define MESSAGE_FILL   (32u * 1024)

bool
isns_address(const char *text, uint8_t ret_address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t four[4];

	if (inet_pton(AF_INET6, text, ret_address) == 1)
		return true;
	if (inet_pton(AF_INET, text, four) != 1)
		return false;
	memcpy(ret_address, mapped, sizeof(mapped));
	memcpy(ret_address + sizeof(mapped), four, sizeof(four));
	return true;
}

bool
isns_is_loopback(const uint8_t address[16])
{
	static const uint8_t one[16] = { [15] = 1 };
	static const uint8_t mapped[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 };

	return memcmp(address, one, sizeof(one)) == 0 ||
	       memcmp(address, mapped, sizeof(mapped)) == 0;
}

static int
add_portals(struct isns_content *content, const struct state *live, bool loopback)
{
	size_t count = state_count(content->state, ROW_PORTAL);

	content->portals = mem_calloc(count + 1, sizeof(content->portals[0]));
	if (content->portals == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_portal *row = state_at(content->state, ROW_PORTAL, i);
		const struct row_live_portal *now = state_find(live, ROW_LIVE_PORTAL, &row->id);
		struct isns_portal *portal = &content->portals[content->portal_count];

		if (now == NULL || !now->ready || !isns_address(row->address, portal->address) ||
		    (!loopback && isns_is_loopback(portal->address)))
			continue;
		portal->id = row->id;
		portal->port = (uint16_t)row->port;
		content->portal_count++;
	}
	return 0;
}

/* Returns the tag of the target's portal group with the portal, or 0. */
static uint32_t
tag_at(const struct state *state, const struct guid *target_id, const struct isns_portal *portal)
{
	struct row_slice groups = state_portal_groups(state, &portal->id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(state, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (group != NULL && guid_equal(&group->target_id, target_id))
			return group->tag;
	}
	return 0;
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
add_targets(struct isns_content *content)
{
	size_t count = state_count(content->state, ROW_TARGET);

	content->targets = mem_calloc(count + 1, sizeof(content->targets[0]));
	if (content->targets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_target *row = state_at(content->state, ROW_TARGET, i);
		uint32_t tag = 0;

		for (size_t p = 0; tag == 0 && p < content->portal_count; p++)
			tag = tag_at(content->state, &row->id, &content->portals[p]);
		if (tag != 0)
			content->targets[content->target_count++] = row->iscsi_name;
	}
	qsort(content->targets, content->target_count, sizeof(content->targets[0]), name_order);
	return 0;
}

int
isns_content_load(struct array *array, bool loopback, struct isns_content *ret_content)
{
	AUTO_STATE struct state *live = array_live(array);
	struct isns_content content = { .state = array_state(array) };
	char id[GUID_TEXT_SIZE];
	int rc = add_portals(&content, live, loopback);

	guid_format(&state_array(content.state)->id, id);
	snprintf(content.entity, sizeof(content.entity), "vds-%.36s", id);
	if (rc == 0)
		rc = add_targets(&content);
	if (rc < 0)
		isns_content_fini(&content);
	else
		*ret_content = content;
	return rc;
}

void
isns_content_fini(struct isns_content *content)
{
	mem_free(content->portals);
	mem_free(content->targets);
	state_unref(content->state);
	*content = (struct isns_content){ 0 };
}

/* ---- messages ---- */

static void
put_portal(struct isns_message *message, const struct isns_portal *portal, enum isns_tag address,
	   enum isns_tag port)
{
	isns_put_address(message, address, portal->address);
	isns_put_u32(message, port, portal->port); /* bit 16 is 0: TCP */
}

/*
 * A server makes a portal group of each target and portal that is not registered, so a pair that
 * does not belong together is registered with an empty tag (RFC 4171 §3.4).
 */
static void
put_target(struct isns_message *message, const struct isns_content *content, const char *name)
{
	const struct row_target *row = state_target_by_name(content->state, name);

	isns_put_text(message, ISNS_NODE, name);
	isns_put_u32(message, ISNS_NODE_TYPE, NODE_TARGET);
	if (row->alias != NULL && row->alias[0] != '\0')
		isns_put_text(message, ISNS_NODE_ALIAS, row->alias);
	for (size_t i = 0; i < content->portal_count; i++) {
		uint32_t tag = tag_at(content->state, &row->id, &content->portals[i]);

		isns_put_text(message, ISNS_GROUP_NODE, name);
		put_portal(message, &content->portals[i], ISNS_GROUP_ADDRESS, ISNS_GROUP_PORT);
		if (tag != 0)
			isns_put_u32(message, ISNS_GROUP_TAG, tag);
		else
			isns_put_empty(message, ISNS_GROUP_TAG);
	}
}

bool
isns_content_message(const struct isns_content *content, size_t *next, struct isns_message *message)
{
	bool first = *next == 0;

	if (*next >= content->target_count)
		return false;
	isns_message_begin(message, ISNS_DEV_ATTR_REG, first ? ISNS_REPLACE : 0);
	isns_put_text(message, ISNS_NODE, content->targets[0]); /* the source */
	isns_put_text(message, ISNS_ENTITY, content->entity);
	isns_put_empty(message, ISNS_DELIMITER);
	isns_put_text(message, ISNS_ENTITY, content->entity);
	isns_put_u32(message, ISNS_PROTOCOL, PROTOCOL_ISCSI);
	for (size_t i = 0; first && i < content->portal_count; i++)
		put_portal(message, &content->portals[i], ISNS_PORTAL_ADDRESS, ISNS_PORTAL_PORT);
	do
		put_target(message, content, content->targets[(*next)++]);
	while (*next < content->target_count && message->len < MESSAGE_FILL);
	return true;
}

/* FNV-1a, of all messages. */
uint64_t
isns_content_hash(const struct isns_content *content)
{
	AUTO_FREE struct isns_message *message = mem_alloc(sizeof(*message));
	uint64_t hash = 0xcbf29ce484222325u;
	size_t next = 0;

	while (message != NULL && isns_content_message(content, &next, message))
		for (size_t i = 0; i < message->len; i++)
			hash = (hash ^ message->bytes[ISNS_HEADER_SIZE + i]) * 0x100000001b3u;
	return hash;
}
