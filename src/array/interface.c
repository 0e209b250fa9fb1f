/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network interfaces of this host: their addresses, hardware addresses, links and speeds, and a
 * socket on which the kernel says that some of this has changed (rtnetlink(7)).  Knows neither
 * portals nor ports.  Any thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

void
array_interfaces_fini(struct array_interfaces *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i].addresses);
	mem_free(list->items);
	*list = (struct array_interfaces){ 0 };
}

/* Returns the interface of that name, which is added if need be; NULL when out of memory. */
static struct array_interface *
interface_of(struct array_interfaces *list, const char *name)
{
	struct array_interface *item;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*item)) < 0)
		return NULL;
	item = &list->items[list->count++];
	*item = (struct array_interface){ 0 };
	snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

int
array_interfaces_add_address(struct array_interfaces *list, const char *name, const char *address)
{
	struct array_interface *item = interface_of(list, name);
	char *addresses;

	if (item == NULL)
		return -ENOMEM;
	addresses = item->addresses != NULL ? str_printf("%s %s", item->addresses, address)
					    : str_dup(address);
	if (addresses == NULL)
		return -ENOMEM;
	mem_free(item->addresses);
	item->addresses = addresses;
	return 0;
}

static int
add_address(struct array_interfaces *list, const struct ifaddrs *ifa)
{
	const struct sockaddr *sa = ifa->ifa_addr;
	char text[INET6_ADDRSTRLEN];
	const void *bytes =
		sa->sa_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr
			: (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

	if (inet_ntop(sa->sa_family, bytes, text, sizeof(text)) == NULL)
		return 0;
	return array_interfaces_add_address(list, ifa->ifa_name, text);
}

static bool
is_zero(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* "02:42:ac:11:00:02"; stays "" for an interface without a hardware address, such as lo. */
static void
format_hardware(const struct sockaddr_ll *link, struct array_interface *item)
{
	size_t len = MIN((size_t)link->sll_halen, sizeof(link->sll_addr));
	char *at = item->hardware_address;

	if (is_zero(link->sll_addr, len))
		return;
	for (size_t i = 0; i < len; i++)
		at += snprintf(at, 4, "%s%02x", i > 0 ? ":" : "", link->sll_addr[i]);
}

/* Reads a number from sysfs; 0 when there is none (a link that is down has no speed). */
static uint32_t
read_number(const char *name, const char *attribute)
{
	char path[96], line[24] = "";
	long value;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, attribute);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	value = strtol(line, NULL, 10);
	return value > 0 && value < INT32_MAX ? (uint32_t)value : 0;
}

static int
add_link(struct array_interfaces *list, const struct ifaddrs *ifa)
{
	struct array_interface *item = interface_of(list, ifa->ifa_name);

	if (item == NULL)
		return -ENOMEM;
	format_hardware((const struct sockaddr_ll *)(const void *)ifa->ifa_addr, item);
	item->link = (ifa->ifa_flags & (unsigned)IFF_UP) != 0 &&
				     (ifa->ifa_flags & (unsigned)IFF_RUNNING) != 0
			     ? PORT_LINK_UP
			     : PORT_LINK_DOWN;
	item->speed_mbps = read_number(ifa->ifa_name, "speed");
	item->mtu_bytes = read_number(ifa->ifa_name, "mtu");
	return 0;
}

int
array_interfaces_list(void *unused, struct array_interfaces *ret_list)
{
	struct array_interfaces list = { 0 };
	struct ifaddrs *all;
	int rc = 0;

	(void)unused;
	if (getifaddrs(&all) < 0)
		return err_set(-errno, "cannot list the host's interfaces: %s", strerror(errno));
	for (struct ifaddrs *ifa = all; ifa != NULL && rc == 0; ifa = ifa->ifa_next) {
		if (ifa->ifa_addr == NULL)
			continue;
		if (ifa->ifa_addr->sa_family == AF_PACKET)
			rc = add_link(&list, ifa);
		else if (ifa->ifa_addr->sa_family == AF_INET ||
			 ifa->ifa_addr->sa_family == AF_INET6)
			rc = add_address(&list, ifa);
	}
	freeifaddrs(all);
	if (rc < 0)
		array_interfaces_fini(&list);
	else
		*ret_list = list;
	return rc;
}

int
array_interfaces_watch(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void
array_interfaces_watch_read(int fd)
{
	char bytes[2048];

	/* What has changed does not matter: the list is read anew.  ENOBUFS: messages were lost. */
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}
