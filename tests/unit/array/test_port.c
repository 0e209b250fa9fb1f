/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers, ports and maintenance: rows that follow the host's interfaces, the status of a
 * controller over a restart, flush and invalidate with files and faults, and counters.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "array_test.h"

#include "array/array_int.h"
#include "model/port.h"

/* ---- interfaces that the test makes up ---- */

/* "eth0 up 192.0.2.1 2001:db8::1": what array_interfaces_list is to find. */
static struct {
	pthread_mutex_t lock;
	const char *names[4];
	enum port_link links[4];
	const char *addresses[4]; /* one each */
	size_t count;
	int error;
} host = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
list(void *arg, struct array_interfaces *ret_list)
{
	struct array_interfaces made = { 0 };
	int rc;

	(void)arg;
	pthread_mutex_lock(&host.lock);
	rc = host.error;
	for (size_t i = 0; i < host.count && rc == 0; i++) {
		rc = array_interfaces_add_address(&made, host.names[i], host.addresses[i]);
		if (rc == 0) {
			made.items[i].link = host.links[i];
			made.items[i].speed_mbps = 1000;
		}
	}
	pthread_mutex_unlock(&host.lock);
	if (rc < 0)
		array_interfaces_fini(&made);
	else
		*ret_list = made;
	return rc;
}

static void
set_host(size_t count, enum port_link link, int error)
{
	static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3" };
	static const char *const names[] = { "eth0", "eth1", "eth2" };

	pthread_mutex_lock(&host.lock);
	host.count = count;
	host.error = error;
	for (size_t i = 0; i < count; i++) {
		host.names[i] = names[i];
		host.addresses[i] = addresses[i];
		host.links[i] = link;
	}
	pthread_mutex_unlock(&host.lock);
}

static int
setup(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;

	set_host(2, PORT_LINK_UP, 0);
	fixture_close(f);
	f->options.interfaces = list;
	fixture_open(f);
	return rc;
}

static struct guid
controller_id(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);

	assert_non_null(state_find(state, ROW_CONTROLLER, array_controller_id(array)));
	return *array_controller_id(array);
}

static void
assert_id(struct guid a, struct guid b)
{
	assert_true(guid_equal(&a, &b));
}

static size_t
ports(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_count(live, ROW_LIVE_PORT);
}

/* Returns a copy of the first port's fields that the tests look at. */
static struct row_live_port
port_at(struct array *array, size_t index, char addresses[128])
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_port *row = state_at(live, ROW_LIVE_PORT, index);

	assert_non_null(row);
	snprintf(addresses, 128, "%s", row->addresses);
	return *row;
}

/* ---- rows ---- */

static void
test_interfaces_with_portals_are_ports(void **state)
{
	struct fixture *f = *state;
	struct row_live_port port;
	char addresses[128];
	struct guid portal;

	assert_int_equal(ports(f->array), 0);
	portal = make_portal(f->array, "192.0.2.1", 3260);
	assert_int_equal(ports(f->array), 1); /* when the call returns, the row is there */
	port = port_at(f->array, 0, addresses);
	assert_string_equal(addresses, "192.0.2.1");
	assert_int_equal(port.link, PORT_LINK_UP);
	assert_int_equal(port.speed_mbps, 1000);
	assert_id(port.controller_id, controller_id(f->array));
	make_portal(f->array, "198.51.100.7", 3260); /* no interface has it */
	assert_int_equal(ports(f->array), 1);
	assert_ok(array_portal_delete(f->array, NULL, &portal, NULL));
	assert_int_equal(ports(f->array), 0);
}

static void
test_ids_are_the_same_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid controller = controller_id(f->array), port;
	char addresses[128];

	make_portal(f->array, "192.0.2.1", 3260);
	port = port_at(f->array, 0, addresses).id;
	fixture_reopen(f);
	assert_id(controller, controller_id(f->array));
	assert_id(port, port_at(f->array, 0, addresses).id);
}

static bool
link_is(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_port *row = state_at(live, ROW_LIVE_PORT, 0);

	return row != NULL && row->link == *(const enum port_link *)arg;
}

static void
test_a_change_of_a_link_is_shown(void **state)
{
	struct fixture *f = *state;
	enum port_link down = PORT_LINK_DOWN;

	make_portal(f->array, "192.0.2.1", 3260);
	set_host(2, PORT_LINK_DOWN, 0);
	array_port_refresh(f->array); /* what the verifier does when the kernel reports a change */
	assert_true(wait_for(f->array, link_is, &down));
}

static void
test_an_unchanged_interface_makes_no_event(void **state)
{
	struct fixture *f = *state;
	uint64_t version;

	make_portal(f->array, "192.0.2.1", 3260);
	{
		AUTO_STATE struct state *live = array_live(f->array);

		version = state_position(live)->sequence;
	}
	array_port_refresh(f->array);
	AUTO_STATE struct state *live = array_live(f->array);

	assert_int_equal(state_position(live)->sequence, version);
}

/* When the list cannot be read, what was known stays. */
static void
test_a_list_that_fails_changes_nothing(void **state)
{
	struct fixture *f = *state;

	make_portal(f->array, "192.0.2.1", 3260);
	set_host(0, PORT_LINK_UP, -EMFILE);
	array_port_refresh(f->array);
	assert_int_equal(ports(f->array), 1);
	set_host(0, PORT_LINK_UP, 0);
	array_port_refresh(f->array);
	assert_int_equal(ports(f->array), 0);
}

static void
test_the_loopback_interface_of_this_host(void **state)
{
	struct array_interfaces found = { 0 };
	bool has_lo = false;

	(void)state;
	assert_ok(array_interfaces_list(NULL, &found));
	for (size_t i = 0; i < found.count; i++)
		if (port_addresses_have(found.items[i].addresses, "127.0.0.1")) {
			has_lo = true;
			assert_int_equal(found.items[i].link, PORT_LINK_UP);
			assert_string_equal(found.items[i].hardware_address, "");
		}
	assert_true(has_lo);
	array_interfaces_fini(&found);
}

static void
test_addresses_are_compared_as_words(void **state)
{
	(void)state;
	assert_true(port_addresses_have("10.0.0.1 fd00::1", "10.0.0.1"));
	assert_true(port_addresses_have("10.0.0.1 fd00::1", "fd00::1"));
	assert_false(port_addresses_have("10.0.0.11 fd00::1", "10.0.0.1"));
	assert_false(port_addresses_have("10.0.0.11 fd00::1", "fd00::"));
	assert_false(port_addresses_have("", "10.0.0.1"));
	assert_false(port_addresses_have(NULL, "10.0.0.1"));
}

/* ---- status ---- */

static void
test_a_controller_stays_offline_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid id = controller_id(f->array), unknown = random_guid();
	struct array_answer answer;

	assert_int_equal(
		array_controller_set_status(f->array, NULL, &unknown, STATUS_OFFLINE, &answer),
		ERR_NOT_FOUND);
	assert_int_equal(
		array_controller_set_status(f->array, NULL, &id, (enum row_status)7, &answer),
		ERR_INVALID);
	assert_ok(array_controller_set_status(f->array, NULL, &id, STATUS_OFFLINE, &answer));
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(((const struct row_controller *)state_at(now, ROW_CONTROLLER, 0))->status,
			 STATUS_OFFLINE);
}

static void
test_the_status_of_a_port_is_that_of_its_portals(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;
	struct guid one, two, other, port, unknown = random_guid();
	char addresses[128];

	one = make_portal(f->array, "192.0.2.1", 3260);
	two = make_portal(f->array, "192.0.2.1", 3261);
	port = port_at(f->array, 0, addresses).id;
	other = make_portal(f->array, "192.0.2.2", 3260);
	assert_int_equal(array_port_set_status(f->array, NULL, &unknown, STATUS_OFFLINE, &answer),
			 ERR_NOT_FOUND);
	assert_ok(array_port_set_status(f->array, NULL, &port, STATUS_OFFLINE, &answer));
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_portal *a = state_find(now, ROW_PORTAL, &one),
				*b = state_find(now, ROW_PORTAL, &two),
				*c = state_find(now, ROW_PORTAL, &other);

	assert_int_equal(a->status, STATUS_OFFLINE);
	assert_int_equal(b->status, STATUS_OFFLINE);
	assert_int_equal(c->status, STATUS_ONLINE);
	AUTO_STATE struct state *live = array_live(f->array);

	assert_int_equal(port_status(now, state_find(live, ROW_LIVE_PORT, &port)), STATUS_OFFLINE);
}

/* ---- flush, invalidate, reset ---- */

static void
write_lun(struct array *array, struct guid lun)
{
	struct blk_dev *dev = NULL;
	static char buf[4096];

	memset(buf, 'x', sizeof(buf));
	assert_ok(array_lun_device(array, &lun, &dev));
	assert_ok(blk_rw(dev, BLK_WRITE, 0, buf, sizeof(buf)));
	array_device_release(array, dev);
}

static bool
lun_has_failed(struct array *array, struct guid lun)
{
	struct blk_dev *dev = NULL;
	bool failed;

	assert_ok(array_lun_device(array, &lun, &dev));
	failed = blk_has_failed(dev);
	array_device_release(array, dev);
	return failed;
}

static void
test_flush_fails_with_the_store(void **state)
{
	struct fixture *f = *state;
	struct guid id = controller_id(f->array), lun = make_lun(f->array, "vol1");
	struct guid other = make_lun(f->array, "vol2"), unknown = random_guid();

	assert_int_equal(array_controller_flush(f->array, &unknown), ERR_NOT_FOUND);
	assert_ok(array_controller_flush(f->array, &id));
	write_lun(f->array, lun);
	write_lun(f->array, other);
	inject(f, "all", "flush", "EIO");
	assert_int_equal(array_controller_flush(f->array, &id), -EIO);
	assert_non_null(strstr(err_text(-EIO), "vol"));
	/* each was flushed, also after one had failed */
	assert_true(lun_has_failed(f->array, lun));
	assert_true(lun_has_failed(f->array, other));
	inject(f, "all", "flush", NULL);
	/* What has failed is left out: the LUN's health says so already. */
	assert_ok(array_controller_flush(f->array, &id));
}

/* Returns how many of the first pages of the file are in the page cache. */
static size_t
resident(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 64 * 1024, count = 0;
	unsigned char pages[16] = { 0 };
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(fd >= 0 && map != MAP_FAILED);
	assert_int_equal(mincore(map, size, pages), 0);
	for (size_t i = 0; i < size / (size_t)sysconf(_SC_PAGESIZE); i++)
		count += pages[i] & 1;
	munmap(map, size);
	close(fd);
	return count;
}

static bool
is_in_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == 0x01021994; /* TMPFS_MAGIC */
}

static void
test_invalidate_drops_the_pages_and_keeps_the_data(void **state)
{
	struct fixture *f = *state;
	struct guid id = controller_id(f->array), lun = make_lun(f->array, "vol1");
	struct blk_dev *dev = NULL;
	char path[256], buf[512];

	write_lun(f->array, lun);
	lun_file(f, lun, path);
	assert_true(resident(path) > 0);
	assert_ok(array_controller_invalidate(f->array, &id));
	if (!is_in_memory(path)) /* tmpfs has no other place for its data */
		assert_int_equal(resident(path), 0);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)));
	assert_int_equal(buf[0], 'x');
	array_device_release(f->array, dev);
	assert_ok(array_controller_reset(f->array, &id, 1));
}

static void
test_a_port_that_is_not_there_cannot_be_reset_or_read(void **state)
{
	struct fixture *f = *state;
	struct guid unknown = random_guid();
	struct array_port_counters counters;

	assert_int_equal(array_port_reset(f->array, &unknown, 1), ERR_NOT_FOUND);
	assert_int_equal(array_port_counters(f->array, &unknown, &counters), ERR_NOT_FOUND);
	assert_int_equal(array_controller_reset(f->array, &unknown, 1), ERR_NOT_FOUND);
}

/* ---- what the data path is asked ---- */

static struct asked {
	size_t portals;
	uint32_t drain_ms;
	int result;
	char addresses[128];
} asked;

static void
no_publish(void *runtime, const struct state *state, const struct change *change)
{
	(void)runtime;
	(void)state;
	(void)change;
}

static int
reset_portals(void *runtime, const struct guid *portals, size_t count, uint32_t drain_ms,
	      uint32_t timeout_ms)
{
	(void)runtime;
	(void)portals;
	(void)timeout_ms;
	asked.portals = count;
	asked.drain_ms = drain_ms;
	return asked.result;
}

static void
address_counters(void *runtime, const char *address, struct array_port_counters *counters)
{
	size_t len = strlen(asked.addresses);

	(void)runtime;
	snprintf(asked.addresses + len, sizeof(asked.addresses) - len, "%s ", address);
	counters->commands += 7;
}

static void
test_the_data_path_resets_and_counts(void **state)
{
	static const struct array_runtime_ops ops = {
		.publish = no_publish,
		.reset_portals = reset_portals,
		.address_counters = address_counters,
	};
	struct fixture *f = *state;
	struct guid id = controller_id(f->array), port;
	struct array_port_counters counters;
	char addresses[128];

	make_portal(f->array, "192.0.2.1", 3260);
	port = port_at(f->array, 0, addresses).id;
	make_portal(f->array, "192.0.2.2", 3260);
	asked = (struct asked){ 0 };
	assert_ok(array_runtime_register(f->array, &ops, NULL));
	assert_ok(array_port_reset(f->array, &port, 30));
	assert_int_equal(asked.portals, 1);
	assert_int_equal(asked.drain_ms, 30);
	assert_ok(array_controller_reset(f->array, &id, 40));
	assert_int_equal(asked.portals, 2);
	asked.result = ERR_TIMEOUT;
	assert_int_equal(array_port_reset(f->array, &port, 30), ERR_BUSY);
	assert_int_equal(array_controller_reset(f->array, &id, 40), ERR_BUSY);
	assert_ok(array_port_counters(f->array, &port, &counters));
	assert_string_equal(asked.addresses, "192.0.2.1 ");
	assert_int_equal(counters.commands, 7);
	assert_int_equal(counters.sessions, 0);
	array_runtime_unregister(f->array);
}

/* ---- maintenance ---- */

static char *
operations_of(struct array *array, const struct guid *id, char buf[64])
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_maintenance *row = state_find(live, ROW_LIVE_MAINTENANCE, id);

	snprintf(buf, 64, "%s", row != NULL ? row->operations : "");
	return buf;
}

static int
maintain(struct array *array, struct guid id, const char *operation,
	 enum array_maintenance_action action, bool *ret_was_running)
{
	struct array_maintenance ask = {
		.object_id = id, .operation = operation, .action = action, .count = 2
	};

	return array_maintain(array, &ask, ret_was_running);
}

static void
test_maintenance_goes_on_until_it_is_stopped(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1");
	bool was = true;
	char buf[64];

	assert_ok(maintain(f->array, lun, "blink", ARRAY_MAINTENANCE_STOP, &was));
	assert_false(was);
	assert_ok(maintain(f->array, lun, "blink", ARRAY_MAINTENANCE_START, &was));
	assert_false(was);
	assert_ok(maintain(f->array, lun, "beep", ARRAY_MAINTENANCE_START, &was));
	assert_ok(maintain(f->array, lun, "beep", ARRAY_MAINTENANCE_START, &was));
	assert_true(was);
	assert_string_equal(operations_of(f->array, &lun, buf), "beep blink");
	assert_ok(maintain(f->array, lun, "blink", ARRAY_MAINTENANCE_PULSE, &was));
	assert_true(was);
	assert_string_equal(operations_of(f->array, &lun, buf), "beep");
	assert_ok(maintain(f->array, lun, "beep", ARRAY_MAINTENANCE_STOP, &was));
	assert_string_equal(operations_of(f->array, &lun, buf), "");
}

static void
test_every_kind_of_object_can_be_maintained(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *config = array_state(f->array);
	struct guid ids[4] = { state_array(config)->id, controller_id(f->array),
			       make_lun(f->array, "vol1") };
	char addresses[128];
	bool was;

	make_portal(f->array, "192.0.2.1", 3260);
	ids[3] = port_at(f->array, 0, addresses).id;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		assert_ok(maintain(f->array, ids[i], "ping", ARRAY_MAINTENANCE_START, &was));
}

static void
test_maintenance_that_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), unknown = random_guid();
	bool was;

	assert_int_equal(maintain(f->array, unknown, "ping", ARRAY_MAINTENANCE_START, &was),
			 ERR_NOT_FOUND);
	assert_int_equal(maintain(f->array, lun, "dance", ARRAY_MAINTENANCE_START, &was),
			 ERR_INVALID);
	assert_int_equal(maintain(f->array, lun, "spin-down", ARRAY_MAINTENANCE_START, &was),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(maintain(f->array, lun, "spin-up", ARRAY_MAINTENANCE_PULSE, &was),
			 ERR_NOT_SUPPORTED);
}

static void
test_maintenance_ends_with_its_object(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol1"), portal, port;
	char buf[64], addresses[128];
	bool was;

	assert_ok(maintain(f->array, lun, "blink", ARRAY_MAINTENANCE_START, &was));
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_string_equal(operations_of(f->array, &lun, buf), "");
	portal = make_portal(f->array, "192.0.2.1", 3260);
	port = port_at(f->array, 0, addresses).id;
	assert_ok(maintain(f->array, port, "blink", ARRAY_MAINTENANCE_START, &was));
	assert_ok(array_portal_delete(f->array, NULL, &portal, NULL));
	assert_string_equal(operations_of(f->array, &port, buf), "");
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_TEST(test_interfaces_with_portals_are_ports),
		PORT_TEST(test_ids_are_the_same_after_a_restart),
		PORT_TEST(test_a_change_of_a_link_is_shown),
		PORT_TEST(test_an_unchanged_interface_makes_no_event),
		PORT_TEST(test_a_list_that_fails_changes_nothing),
		cmocka_unit_test(test_the_loopback_interface_of_this_host),
		cmocka_unit_test(test_addresses_are_compared_as_words),
		PORT_TEST(test_a_controller_stays_offline_over_a_restart),
		PORT_TEST(test_the_status_of_a_port_is_that_of_its_portals),
		PORT_TEST(test_flush_fails_with_the_store),
		PORT_TEST(test_invalidate_drops_the_pages_and_keeps_the_data),
		PORT_TEST(test_a_port_that_is_not_there_cannot_be_reset_or_read),
		PORT_TEST(test_the_data_path_resets_and_counts),
		PORT_TEST(test_maintenance_goes_on_until_it_is_stopped),
		PORT_TEST(test_every_kind_of_object_can_be_maintained),
		PORT_TEST(test_maintenance_that_cannot_be),
		PORT_TEST(test_maintenance_ends_with_its_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
