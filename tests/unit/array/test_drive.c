/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the drives that pools lie on.  The host's sysfs and its table of mounts are made up:
 * they are files below inject/host, which the array reads in place of / (array.c, host_root).
 */
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array/drive_int.h"
#include "array_test.h"
#include "fault.h"

/* ---- a host that is made up ---- */

static void
make_parents(const char *path)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *c = strchr(dir + 1, '/'); c != NULL; c = strchr(c + 1, '/')) {
		*c = '\0';
		(void)mkdir(dir, 0700);
		*c = '/';
	}
}

/* Writes a file below inject/host. */
static void
host_file(const struct fixture *f, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/host/%s", f->inject_dir, name);
	make_parents(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	fclose(file);
}

static void
host_link(const struct fixture *f, const char *name, const char *to)
{
	char path[512], target[512];

	snprintf(path, sizeof(path), "%s/host/%s", f->inject_dir, name);
	snprintf(target, sizeof(target), "%s/host/%s", f->inject_dir, to);
	make_parents(path);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

/* A block device: its directory, its number, and its size in MiB. */
static void
host_block(const struct fixture *f, const char *dir, const char *number, unsigned mib)
{
	char name[300], to[300], text[32];

	snprintf(name, sizeof(name), "sys/devices/%s/size", dir);
	snprintf(text, sizeof(text), "%u\n", mib * 2048);
	host_file(f, name, text);
	snprintf(to, sizeof(to), "sys/devices/%s", dir);
	snprintf(name, sizeof(name), "sys/dev/block/%s", number);
	host_link(f, name, to);
	snprintf(name, sizeof(name), "sys/class/block/%s", strrchr(dir, '/') + 1);
	host_link(f, name, to);
}

static void
host_slave(const struct fixture *f, const char *dir, const char *slave_dir)
{
	char name[300], to[300];

	snprintf(name, sizeof(name), "sys/devices/%s/slaves/%s", dir, strrchr(slave_dir, '/') + 1);
	snprintf(to, sizeof(to), "sys/devices/%s", slave_dir);
	host_link(f, name, to);
}

#define SDA  "pci0/ata3/host2/target2:0:0/2:0:0:0/block/sda"
#define SDB  "pci0/host4/port-4:0/end_device-4:0/target4:0:0/4:0:0:0/block/sdb"
#define NVME "pci1/nvme/nvme0/nvme0n1"
#define MD   "virtual/block/md0"
#define DM   "virtual/block/dm-0"

static void
make_sda(const struct fixture *f)
{
	host_block(f, SDA, "8:0", 1024);
	host_block(f, SDA "/sda1", "8:1", 512);
	host_file(f, "sys/devices/" SDA "/sda1/partition", "1\n");
	host_file(f, "sys/devices/" SDA "/device/vendor", "ATA     \n");
	host_file(f, "sys/devices/" SDA "/device/model", "EXAMPLE HD 1\t  \n");
	host_file(f, "sys/devices/" SDA "/device/rev", "A01 \n");
	host_file(f, "sys/devices/" SDA "/device/state", "running\n");
	host_file(f, "sys/devices/" SDA "/device/wwid", "naa.5000c500a1b2c3d4\n");
	host_file(f, "sys/devices/" SDA "/queue/rotational", "1\n");
	host_file(f, "sys/devices/" SDA "/queue/logical_block_size", "4096\n");
	host_file(f, "sys/devices/pci0/ata3/link3/ata_link/link3/sata_spd", "6.0 Gbps\n");
}

static void
make_sdb(const struct fixture *f)
{
	host_block(f, SDB, "8:16", 2048);
	host_file(f, "sys/devices/" SDB "/device/vpd_pg80", "XX0\x08SER 1234");
}

static void
make_nvme(const struct fixture *f)
{
	host_block(f, NVME, "259:0", 4096);
	host_file(f, "sys/devices/" NVME "/device/serial", "S3RI\xc3\xa4L\n");
	host_file(f, "sys/devices/" NVME "/device/state", "live\n");
}

/* All of the test's directory lies on this device; more mounts may follow. */
static void
make_mounts(const struct fixture *f, const char *device, const char *type, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "1 0 0:99 / / rw - rootfs none rw\n"
		 "2 1 %s / %s rw,relatime shared:1 - %s /dev/x rw\n%s",
		 device, f->dir, type, more);
	host_file(f, "proc/self/mountinfo", text);
}

static int
setup(void **state)
{
	struct fixture *f;
	char path[128];

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/host/proc", f->inject_dir);
	make_parents(path);
	return 0;
}

static const struct row_live_drive *
drive_at(const struct state *live, size_t index)
{
	return state_at(live, ROW_LIVE_DRIVE, index);
}

static const struct row_live_drive *
drive_named(const struct state *live, const char *name)
{
	for (size_t i = 0; i < state_count(live, ROW_LIVE_DRIVE); i++)
		if (strcmp(drive_at(live, i)->name, name) == 0)
			return drive_at(live, i);
	fail_msg("there is no drive %s", name);
	return NULL;
}

static size_t
live_rows(struct array *array, enum row_family family)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_count(live, family);
}

/* How many bytes of the drive the only pool takes. */
static uint64_t
taken(const struct state *live, const char *name)
{
	struct row_slice slice = state_drive_pools(live, &drive_named(live, name)->id);

	assert_int_equal(slice.count, 1);
	return ((const struct row_live_pool_drive *)slice.rows[0])->size_bytes;
}

/* ---- what is found ---- */

static void
test_a_partition_is_followed_to_its_disk(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;
	const struct row_live_drive *drive;
	const struct row_live_pool_drive *pair;

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	fixture_open(f);
	live = array_live(f->array);
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 1);
	drive = drive_at(live, 0);
	assert_string_equal(drive->name, "sda");
	assert_int_equal(drive->kind, DRIVE_DISK);
	assert_int_equal(drive->bus, DRIVE_BUS_SATA);
	assert_string_equal(drive->vendor, "ATA");
	assert_string_equal(drive->model, "EXAMPLE HD 1");
	assert_string_equal(drive->firmware, "A01");
	assert_string_equal(drive->wwid, "naa.5000c500a1b2c3d4");
	assert_int_equal(drive->size_bytes, 1024 * MIB);
	assert_int_equal(drive->block_bytes, 4096);
	assert_true(drive->rotational);
	assert_false(drive->removable);
	assert_int_equal(drive->slot, 1);
	assert_true(drive->ready);
	assert_int_equal(state_count(live, ROW_LIVE_POOL_DRIVE), 1);
	pair = state_at(live, ROW_LIVE_POOL_DRIVE, 0);
	assert_string_equal(pair->device, "8:1");
	assert_int_equal(pair->device_bytes, 512 * MIB);
	assert_int_equal(pair->size_bytes, 512 * MIB);
}

static void
test_serial_numbers_and_buses(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;

	make_sdb(f);
	make_nvme(f);
	host_block(f, DM, "253:0", 6000);
	host_slave(f, DM, SDB);
	host_slave(f, DM, NVME);
	make_mounts(f, "253:0", "xfs", "");
	fixture_open(f);
	live = array_live(f->array);
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 2);
	assert_string_equal(drive_named(live, "sdb")->serial, "SER 1234");
	assert_int_equal(drive_named(live, "sdb")->bus, DRIVE_BUS_SAS);
	assert_string_equal(drive_named(live, "nvme0n1")->serial, "S3RI??L");
	assert_int_equal(drive_named(live, "nvme0n1")->bus, DRIVE_BUS_NVME);
	/* device mapper does not say how it divides: in proportion to the parts */
	assert_int_equal(taken(live, "sdb"), 2000 * MIB);
	assert_int_equal(taken(live, "nvme0n1"), 4000 * MIB);
}

static void
make_md(const struct fixture *f, const char *level, const char *disks)
{
	make_sda(f);
	make_sdb(f);
	host_block(f, MD, "9:0", 500);
	host_file(f, "sys/devices/" MD "/md/level", level);
	host_file(f, "sys/devices/" MD "/md/raid_disks", disks);
	host_slave(f, MD, SDA "/sda1");
	host_slave(f, MD, SDB);
	make_mounts(f, "9:0", "ext4", "");
}

static void
test_a_mirror_keeps_all_bytes_on_each_disk(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;

	make_md(f, "raid1\n", "2\n");
	fixture_open(f);
	live = array_live(f->array);
	assert_int_equal(taken(live, "sda"), 500 * MIB);
	assert_int_equal(taken(live, "sdb"), 500 * MIB);
}

static void
test_stripes_and_parity_are_divided(void **state)
{
	static const struct {
		const char *level, *disks;
		unsigned mib;
	} levels[] = { { "raid0\n", "2\n", 250 },
		       { "raid5\n", "3\n", 250 },
		       { "raid6\n", "4\n", 250 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		AUTO_STATE struct state *live = NULL;

		make_md(f, levels[i].level, levels[i].disks);
		fixture_open(f);
		live = array_live(f->array);
		assert_int_equal(taken(live, "sda"), levels[i].mib * MIB);
		if (i + 1 < ARRAY_LEN(levels))
			fixture_close(f);
	}
}

static void
test_a_disk_that_the_mirror_lost_is_not_ready(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;

	make_md(f, "raid1\n", "2\n");
	host_file(f, "sys/devices/" MD "/md/dev-sdb/state", "faulty\n");
	host_file(f, "sys/devices/" MD "/md/dev-sda1/state", "in_sync\n");
	fixture_open(f);
	live = array_live(f->array);
	assert_true(drive_named(live, "sda")->ready);
	assert_false(drive_named(live, "sdb")->ready);
	assert_string_equal(drive_named(live, "sdb")->reason, "the kernel has taken it out of md0");
}

static void
test_the_paths_of_a_multipath_device_are_one_disk(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;

	make_sda(f);
	make_sdb(f);
	host_block(f, DM, "253:0", 1024);
	host_file(f, "sys/devices/" DM "/dm/uuid", "mpath-35000c500a1b2c3d4\n");
	host_slave(f, DM, SDA);
	host_slave(f, DM, SDB);
	make_mounts(f, "253:0", "ext4", "");
	fixture_open(f);
	live = array_live(f->array);
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 1);
	assert_int_equal(taken(live, "sda"), 1024 * MIB);
}

static void
test_btrfs_lies_on_all_its_devices(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;

	make_sda(f);
	make_sdb(f);
	host_link(f, "sys/fs/btrfs/1111/devices/x", "sys/devices/" SDA);
	host_link(f, "sys/fs/btrfs/1111/devices/sda", "sys/devices/" SDA);
	host_link(f, "sys/fs/btrfs/1111/devices/sdb", "sys/devices/" SDB);
	make_mounts(f, "0:40", "btrfs", "");
	fixture_open(f);
	live = array_live(f->array);
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 2);
	assert_int_equal(taken(live, "sda"), 1024 * MIB);
	assert_int_equal(taken(live, "sdb"), 2048 * MIB);
}

static void
test_a_file_system_without_a_disk_says_so(void **state)
{
	static const struct {
		const char *type, *model;
		enum drive_kind kind;
	} systems[] = {
		{ "tmpfs", "tmpfs file system", DRIVE_MEMORY },
		{ "nfs4", "nfs4 file system", DRIVE_NETWORK },
		{ "overlay", "overlay file system", DRIVE_OTHER },
		{ "btrfs", "btrfs file system", DRIVE_OTHER }, /* of which sysfs knows nothing */
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
		AUTO_STATE struct state *live = NULL;
		const struct row_live_drive *drive;
		const struct row_live_pool *pool;

		make_mounts(f, "0:40", systems[i].type, "");
		fixture_open(f);
		live = array_live(f->array);
		pool = state_at(live, ROW_LIVE_POOL, 0);
		assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 1);
		drive = drive_at(live, 0);
		assert_int_equal(drive->kind, systems[i].kind);
		assert_string_equal(drive->model, systems[i].model);
		assert_string_equal(drive->name, drive->kind == DRIVE_NETWORK ? "/dev/x" : f->dir);
		assert_int_equal(drive->size_bytes, pool->capacity_bytes);
		assert_int_equal(taken(live, drive->name), pool->capacity_bytes);
		if (i + 1 < ARRAY_LEN(systems))
			fixture_close(f);
	}
}

static void
test_the_longest_and_last_mount_counts(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE struct array_host_place *place = mem_calloc(1, sizeof(*place));
	char root[128], path[256], *text = malloc(20000);

	assert_non_null(text);
	assert_non_null(place);
	snprintf(root, sizeof(root), "%s/host", f->inject_dir);
	make_sda(f);
	snprintf(text, 20000,
		 "1 0 0:1 / / rw - tmpfs none rw\n"
		 "2 1 0:2 / /a rw - overlay none lowerdir=%016000d\n"
		 "3 1 0:3 / /a/b\\040c rw - tmpfs none rw\n"
		 "4 1 8:1 / /a/b\\040c rw a:1 b:2 - ext4 /dev/sda1 rw\n"
		 "5 1 0:5 / /a/b rw - tmpfs none rw\n",
		 0);
	host_file(f, "proc/self/mountinfo", text);
	free(text);
	assert_ok(array_host_find(root, "/a/b c/d", place));
	assert_string_equal(place->device, "8:1");
	assert_string_equal(place->disks[0].name, "sda");
	/* the disks of a device that was just found are not looked at again */
	snprintf(path, sizeof(path), "%s/sys/dev/block/8:1", root);
	assert_int_equal(unlink(path), 0);
	assert_ok(array_host_find(root, "/a/b c/e", place));
	assert_string_equal(place->disks[0].name, "sda");
	assert_ok(array_host_find(root, "/a/b cd", place));
	assert_string_equal(place->device, "0:2");
	assert_string_equal(place->disks[0].model, "overlay file system");
	assert_ok(array_host_find(root, "/a/b/c", place));
	assert_string_equal(place->device, "0:5");
	assert_ok(array_host_find(root, "/", place));
	assert_string_equal(place->device, "0:1");
	assert_int_equal(array_host_find("/nowhere", "/", place), -ENOENT);
	assert_int_equal(place->count, 0);
	fixture_open(f);
}

/* This host, whatever it is: every directory lies on something. */
static void
test_the_real_host_has_a_drive(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE struct array_host_place *place = mem_calloc(1, sizeof(*place));
	char *real = realpath(f->dir, NULL);

	assert_non_null(place);
	assert_non_null(real);
	assert_ok(array_host_find("", real, place));
	free(real);
	assert_true(place->count > 0);
	assert_string_not_equal(place->disks[0].name, "");
	fixture_open(f);
}

/* ---- what stays and what changes ---- */

static void
test_id_and_slot_are_the_same_after_a_restart(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;
	AUTO_STATE struct state *again = NULL;

	make_sdb(f);
	make_nvme(f);
	host_block(f, DM, "253:0", 6000);
	host_slave(f, DM, SDB);
	host_slave(f, DM, NVME);
	make_mounts(f, "253:0", "xfs", "");
	fixture_open(f);
	live = array_live(f->array);
	fixture_reopen(f);
	again = array_live(f->array);
	assert_int_equal(state_count(again, ROW_LIVE_DRIVE), 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(row_equal(drive_at(live, i), drive_at(again, i)));
	assert_int_not_equal(drive_at(live, 0)->slot, drive_at(live, 1)->slot);
}

static struct guid
add_pool(struct fixture *f, const char *name)
{
	struct array_answer answer;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, name, path, &answer));
	return answer.object_id;
}

static void
test_pools_of_one_disk_have_one_drive(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;
	AUTO_STATE struct state *after = NULL;
	struct guid pool;

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	fixture_open(f);
	pool = add_pool(f, "p");
	live = array_live(f->array); /* the answer comes after the rescan */
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 1);
	assert_int_equal(state_pool_drives(live, &pool).count, 1);
	assert_int_equal(state_drive_pools(live, &drive_at(live, 0)->id).count, 2);
	assert_ok(array_pool_delete(f->array, NULL, &pool, NULL));
	after = array_live(f->array);
	assert_int_equal(state_count(after, ROW_LIVE_DRIVE), 1);
	assert_int_equal(state_count(after, ROW_LIVE_POOL_DRIVE), 1);
}

static void
test_a_drive_arrives_with_its_pool_and_departs_with_it(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;
	AUTO_STATE struct state *after = NULL;
	struct guid pool;
	char more[128];

	make_sda(f);
	make_sdb(f);
	snprintf(more, sizeof(more), "3 2 8:16 / %s/p rw - ext4 /dev/sdb rw\n", f->dir);
	make_mounts(f, "8:1", "ext4", more);
	fixture_open(f);
	assert_int_equal(live_rows(f->array, ROW_LIVE_DRIVE), 1);
	pool = add_pool(f, "p");
	live = array_live(f->array);
	assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 2);
	assert_int_equal(drive_named(live, "sda")->slot, 1);
	assert_int_equal(drive_named(live, "sdb")->slot, 2);
	assert_ok(array_pool_delete(f->array, NULL, &pool, NULL));
	after = array_live(f->array);
	assert_int_equal(state_count(after, ROW_LIVE_DRIVE), 1);
}

static void
test_whoever_checks_or_explains_is_told_of_a_drive_that_fails(void **state)
{
	struct fixture *f = *state;
	struct array_explanation explanation;
	struct guid lun;
	char *notes = NULL;

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	fixture_open(f);
	lun = make_lun(f->array, "l");
	host_file(f, "sys/devices/" SDA "/device/state", "offline\n");
	array_drive_rescan(f->array);
	assert_ok(array_notes(f->array, &notes));
	assert_non_null(strstr(notes, "Drive sda cannot be used: the kernel says"));
	mem_free(notes);
	assert_ok(array_explain(f->array, &lun, "iqn.2026-11.example:i", NULL, &explanation));
	assert_non_null(strstr(explanation.steps[explanation.step_count - 1].text,
			       "\"l\"; drive sda below its pool cannot be used: the kernel says"));
	array_explanation_fini(&explanation);
}

static void
test_maintenance_of_a_drive_ends_with_the_drive(void **state)
{
	struct fixture *f = *state;
	struct array_maintenance ask = { .action = ARRAY_MAINTENANCE_START, .operation = "blink" };
	bool was_running = true;
	char path[256];

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	fixture_open(f);
	{
		AUTO_STATE struct state *live = array_live(f->array);

		ask.object_id = drive_at(live, 0)->id;
	}
	assert_ok(array_maintain(f->array, &ask, &was_running));
	assert_false(was_running);
	assert_int_equal(live_rows(f->array, ROW_LIVE_MAINTENANCE), 1);
	snprintf(path, sizeof(path), "%s/host/sys/dev/block/8:1", f->inject_dir);
	assert_int_equal(unlink(path), 0);
	array_drive_rescan(f->array);
	assert_int_equal(live_rows(f->array, ROW_LIVE_MAINTENANCE), 0);
	assert_int_equal(array_maintain(f->array, &ask, &was_running), ERR_NOT_FOUND);
}

static uint64_t
live_version(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_position(live)->sequence;
}

static void
test_a_rescan_that_finds_nothing_new_changes_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t version;

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	f->options.verify_interval_ms = 3600000;
	fixture_open(f);
	version = live_version(f->array);
	array_drive_rescan(f->array);
	assert_int_equal(live_version(f->array), version);
	host_file(f, "sys/devices/" SDA "/device/state", "offline\n");
	array_drive_rescan(f->array);
	assert_int_equal(live_version(f->array), version + 1);
}

static void
test_a_disk_that_fails_is_not_ready_and_one_that_is_gone_departs(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *live = NULL;
	char path[256];

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	fixture_open(f);
	host_file(f, "sys/devices/" SDA "/device/state", "offline\n");
	array_drive_rescan(f->array);
	live = array_live(f->array);
	assert_false(drive_named(live, "sda")->ready);
	assert_string_equal(drive_named(live, "sda")->reason,
			    "the kernel says that the disk is in the state \"offline\"");
	snprintf(path, sizeof(path), "%s/host/sys/dev/block/8:1", f->inject_dir);
	assert_int_equal(unlink(path), 0);
	array_drive_rescan(f->array);
	assert_int_equal(live_rows(f->array, ROW_LIVE_DRIVE), 0);
	assert_int_equal(live_rows(f->array, ROW_LIVE_POOL_DRIVE), 0);
}

static void
test_memory_that_is_out_leaves_the_rows_as_they_were(void **state)
{
	struct fixture *f = *state;

	make_sda(f);
	make_mounts(f, "8:1", "ext4", "");
	f->options.verify_interval_ms = 3600000;
	fixture_open(f);
	host_file(f, "sys/devices/" SDA "/device/state", "offline\n");
	WITH_EVERY_FAULT
	{
		AUTO_STATE struct state *live = NULL;

		array_drive_rescan(f->array);
		FAULT_OFF();
		live = array_live(f->array);
		assert_int_equal(state_count(live, ROW_LIVE_DRIVE), 1);
		assert_int_equal(state_count(live, ROW_LIVE_POOL_DRIVE), 1);
		assert_true(FAULT_HIT || !drive_named(live, "sda")->ready);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_partition_is_followed_to_its_disk),
		TEST(test_serial_numbers_and_buses),
		TEST(test_a_mirror_keeps_all_bytes_on_each_disk),
		TEST(test_stripes_and_parity_are_divided),
		TEST(test_a_disk_that_the_mirror_lost_is_not_ready),
		TEST(test_the_paths_of_a_multipath_device_are_one_disk),
		TEST(test_btrfs_lies_on_all_its_devices),
		TEST(test_a_file_system_without_a_disk_says_so),
		TEST(test_the_longest_and_last_mount_counts),
		TEST(test_the_real_host_has_a_drive),
		TEST(test_id_and_slot_are_the_same_after_a_restart),
		TEST(test_pools_of_one_disk_have_one_drive),
		TEST(test_a_drive_arrives_with_its_pool_and_departs_with_it),
		TEST(test_whoever_checks_or_explains_is_told_of_a_drive_that_fails),
		TEST(test_maintenance_of_a_drive_ends_with_the_drive),
		TEST(test_a_rescan_that_finds_nothing_new_changes_nothing),
		TEST(test_a_disk_that_fails_is_not_ready_and_one_that_is_gone_departs),
		TEST(test_memory_that_is_out_leaves_the_rows_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
