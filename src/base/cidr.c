/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks as numbers: reads, writes and compares them. */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define NETWORK_TEXT (INET6_ADDRSTRLEN + 4) /* an address, '/' and three digits */

struct network {
	uint8_t bytes[16];
	unsigned bits;   /* of the prefix */
	unsigned length; /* bits of an address: 32 or 128 */
};

static int
family_of(const struct network *network)
{
	return network->length == 32 ? AF_INET : AF_INET6;
}

/* Reads a numeric address; an IPv4 address that is mapped into IPv6 becomes that one. */
static bool
read_address(const char *text, struct network *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct network network = { .length = 32, .bits = 32 };

	if (inet_pton(AF_INET, text, network.bytes) != 1) {
		network.length = network.bits = 128;
		if (inet_pton(AF_INET6, text, network.bytes) != 1)
			return false;
	}
	if (network.length == 128 && memcmp(network.bytes, mapped, sizeof(mapped)) == 0) {
		memmove(network.bytes, network.bytes + 12, 4);
		memset(network.bytes + 4, 0, 12);
		network.length = network.bits = 32;
	}
	*ret = network;
	return true;
}

/* Reads "ADDRESS" or "ADDRESS/BITS", len bytes. */
static bool
read_network(const char *text, size_t len, struct network *ret)
{
	char copy[NETWORK_TEXT], *slash;
	struct network network;
	uint64_t bits;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (!read_address(copy, &network))
		return false;
	if (slash != NULL) {
		/* the length of a mapped network would count the bits of IPv6 */
		if (strchr(copy, ':') != NULL && network.length == 32)
			return false;
		if (strlen(slash + 1) > 3 || str_parse_u64(slash + 1, &bits) < 0 ||
		    bits > network.length)
			return false;
		network.bits = (unsigned)bits;
	}
	*ret = network;
	return true;
}

/* Clears the bits beyond the prefix; returns whether there were any. */
static bool
cut(struct network *network)
{
	bool any = false;

	for (unsigned i = 0; i < network->length / 8; i++) {
		unsigned kept = network->bits > 8 * i ? network->bits - 8 * i : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

		any = any || (network->bytes[i] & ~mask) != 0;
		network->bytes[i] &= mask;
	}
	return any;
}

static void
format(const struct network *network, char text[NETWORK_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(family_of(network), network->bytes, address, sizeof(address));
	snprintf(text, NETWORK_TEXT, "%s/%u", address, network->bits);
}

/* ---- lists ---- */

struct texts {
	char (*items)[NETWORK_TEXT]; /* owned */
	size_t count, capacity;
};

static void
texts_fini(struct texts *texts)
{
	mem_free(texts->items);
}

static int
add(struct texts *texts, const char *text, size_t len)
{
	struct network network;

	if (!read_network(text, len, &network))
		return err_set(ERR_INVALID,
			       "%.*s is no network: give an IPv4 or IPv6 address or ADDRESS/BITS, "
			       "such as 192.0.2.0/24",
			       (int)(len < 64 ? len : 64), text);
	if (mem_grow(&texts->items, &texts->capacity, texts->count + 1, sizeof(texts->items[0])) <
	    0)
		return -ENOMEM;
	if (cut(&network)) {
		char right[NETWORK_TEXT];

		format(&network, right);
		return err_set(ERR_INVALID, "%.*s has bits beyond its prefix: the network is %s",
			       (int)len, text, right);
	}
	format(&network, texts->items[texts->count++]);
	return 0;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
join(struct texts *texts, char **ret_list)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	char *list;

	if (texts->count > 1)
		qsort(texts->items, texts->count, sizeof(texts->items[0]), compare_texts);
	strbuf_add(&out, "");
	for (size_t i = 0; i < texts->count; i++)
		if (i == 0 || strcmp(texts->items[i - 1], texts->items[i]) != 0)
			strbuf_addf(&out, "%s%s", i > 0 ? ";" : "", texts->items[i]);
	if (!out.failed && out.len > CIDR_LIST_MAX)
		return err_set(ERR_INVALID,
			       "the list of networks has %zu bytes; at most %d are "
			       "allowed",
			       out.len, CIDR_LIST_MAX);
	list = strbuf_take(&out);
	if (list == NULL)
		return -ENOMEM;
	*ret_list = list;
	return 0;
}

int
cidr_list_normalize(const char *text, char **ret_list)
{
	static const char separators[] = " ,;";
	AUTO(texts_fini) struct texts texts = { 0 };
	int rc = 0;

	if (text != NULL && strcmp(text, "any") == 0)
		text = "";
	while (text != NULL && rc == 0) {
		size_t len;

		text += strspn(text, separators);
		len = strcspn(text, separators);
		if (len == 0)
			break;
		rc = add(&texts, text, len);
		text += len;
	}
	return rc < 0 ? rc : join(&texts, ret_list);
}

static bool
has(const struct network *network, const struct network *address)
{
	struct network part = *address;

	if (network->length != address->length)
		return false;
	part.bits = network->bits;
	(void)cut(&part);
	return memcmp(part.bytes, network->bytes, sizeof(part.bytes)) == 0;
}

bool
cidr_list_has(const char *list, const char *address)
{
	struct network wanted, network;

	if (list == NULL || *list == '\0')
		return true;
	if (!read_address(address, &wanted))
		return false;
	while (*list != '\0') {
		size_t len = strcspn(list, ";");

		if (read_network(list, len, &network) && has(&network, &wanted))
			return true;
		list += len + (list[len] == ';');
	}
	return false;
}
