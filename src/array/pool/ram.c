/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool driver `ram`: a pool is memory of this process, and its place is the most that it may
 * take: "ram:2G", or "ram:2G:name" when there are several of one size.  Memory is taken page by
 * page when it is written to.  Only the array calls it, from any thread except those of the data
 * path.
 *
 * When the process ends, all volumes are gone.  A LUN whose volume is gone fails and says so: it is
 * never served as zeros that nobody has written.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/pool/driver.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "blk/blk.h"

#define PREFIX    "ram:"
#define NAME_MAX_ 63
#define PAGE      4096u

static const char lost[] =
	"its data was in the memory of vdsd and was lost when vdsd ended: delete "
	"the LUN and create it anew";

struct ram_pool {
	struct array_pool pool;
	struct list node; /* pools */
	char *place;      /* owned */
	uint64_t limit_bytes;
	struct blk_ram_budget *budget; /* holds a reference */
	struct guid_map volumes;       /* struct blk_ram by the id of the LUN; holds references */
};

/* The pools that are open in this process; `lock` guards them and their volumes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list pools = { &pools, &pools };

static struct ram_pool *
ram_of(struct array_pool *pool)
{
	return container_of(pool, struct ram_pool, pool);
}

static struct ram_pool *
find_locked(const char *place)
{
	list_for_each(node, &pools) {
		struct ram_pool *ram = list_entry(node, struct ram_pool, node);

		if (strcmp(ram->place, place) == 0)
			return ram;
	}
	return NULL;
}

/* ---- places ---- */

static bool
ram_takes(const char *place)
{
	return str_starts(place, PREFIX);
}

/*
 * Splits "ram:SIZE[:NAME]".  *ret_name points into the place; "" = none.  Returns 0 or ERR_INVALID.
 */
static int
parse(const char *place, uint64_t *ret_bytes, const char **ret_name)
{
	const char *from = place + strlen(PREFIX), *colon = strchr(from, ':');
	size_t len = colon != NULL ? (size_t)(colon - from) : strlen(from);
	char size[32];

	*ret_name = colon != NULL ? colon + 1 : "";
	if (len < sizeof(size)) {
		memcpy(size, from, len);
		size[len] = '\0';
	}
	if (len >= sizeof(size) || str_parse_size(size, ret_bytes) < 0 || *ret_bytes < PAGE ||
	    *ret_bytes % PAGE != 0)
		return err_set(ERR_INVALID,
			       "%s: a pool in memory needs a size with a unit, such as ram:2G; it "
			       "must be a multiple of 4096 bytes",
			       place);
	if ((colon != NULL && **ret_name == '\0') || strlen(*ret_name) > NAME_MAX_ ||
	    !str_is_text(*ret_name, strlen(*ret_name)))
		return err_set(ERR_INVALID,
			       "%s: the name after the size must have 1 to %d characters, such as "
			       "ram:2G:scratch",
			       place, NAME_MAX_);
	return 0;
}

/* The canonical text has the largest unit that gives a whole number. */
static int
ram_resolve(const char *place, char **ret_place)
{
	static const char units[] = "BKMGTP";
	const char *name;
	uint64_t bytes;
	unsigned unit = 0;
	int rc = parse(place, &bytes, &name);

	if (rc < 0)
		return rc;
	while (unit < 5 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	*ret_place = str_printf(PREFIX "%" PRIu64 "%c%s%s", bytes, units[unit],
				*name != '\0' ? ":" : "", name);
	return *ret_place == NULL ? -ENOMEM : 0;
}

/* ---- how much memory there is ---- */

/* Reads the number that follows `key` in a file; UINT64_MAX when there is none. */
static uint64_t
read_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	char line[256], *end;
	uint64_t number = UINT64_MAX;

	while (file != NULL && number == UINT64_MAX && fgets(line, sizeof(line), file) != NULL) {
		const char *text = line + strlen(key);
		uint64_t found;

		if (!str_starts(line, key))
			continue;
		found = strtoull(text, &end, 10);
		if (end != text) /* "max" is no number */
			number = found;
	}
	if (file != NULL)
		fclose(file);
	return number;
}

/* What is left of the limit (MemoryMax=) of one control group. */
static uint64_t
left_in_group(const char *group)
{
	AUTO_FREE char *max = str_printf("/sys/fs/cgroup%s/memory.max", group);
	AUTO_FREE char *current = str_printf("/sys/fs/cgroup%s/memory.current", group);
	uint64_t most = max != NULL ? read_number(max, "") : UINT64_MAX;
	uint64_t now = current != NULL ? read_number(current, "") : UINT64_MAX;

	if (most == UINT64_MAX || now == UINT64_MAX)
		return UINT64_MAX;
	return most > now ? most - now : 0;
}

/* What is left of the limits of the group of this process and of all groups around it. */
static uint64_t
left_in_groups(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[1024], *slash; /* a longer path of a group cannot be followed */
	uint64_t left = UINT64_MAX;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (!str_starts(line, "0::/"))
			continue;
		line[strcspn(line, "\n")] = '\0';
		while ((slash = strrchr(line + 3, '/')) != NULL) {
			left = MIN(left, left_in_group(line + 3));
			*slash = '\0';
		}
	}
	if (file != NULL)
		fclose(file);
	return left;
}

/* What the host can give, less what the pools that are open may still take. */
static uint64_t
memory_left(void)
{
	uint64_t kib = read_number("/proc/meminfo", "MemAvailable:");
	uint64_t left = kib > UINT64_MAX / 1024 ? UINT64_MAX : kib * 1024;

	left = MIN(left, left_in_groups());
	list_for_each(node, &pools) {
		struct ram_pool *ram = list_entry(node, struct ram_pool, node);
		uint64_t still = ram->limit_bytes - blk_ram_budget_used_bytes(ram->budget);

		left -= MIN(left, still);
	}
	return left;
}

/*
 * A new pool must fit.  One that is there already is only logged: the memory that it would need may
 * be taken by programs that started before vdsd.
 */
static int
check_memory(const struct ram_pool *ram, enum array_pool_mode mode)
{
	uint64_t left = memory_left();
	char want[32], have[32];

	if (ram->limit_bytes <= left)
		return 0;
	str_format_size(ram->limit_bytes, want, sizeof(want));
	str_format_size(left, have, sizeof(have));
	if (!array_pool_mode_opens(mode))
		return err_set(ERR_NO_SPACE,
			       "%s: a pool of %s does not fit into the memory that this host (or "
			       "the limit of vdsd's service) has left for pools, which is %s: "
			       "choose a smaller size",
			       ram->place, want, have);
	log_warning("pool.memory", "path=%s reason=\"the pool may take %s, and the host has %s\"",
		    ram->place, want, have);
	return 0;
}

/* ---- the pool ---- */

static void
ram_close(struct array_pool *pool, bool give_up)
{
	struct ram_pool *ram = ram_of(pool);
	struct blk_ram *volume;

	(void)give_up;
	pthread_mutex_lock(&lock);
	list_remove(&ram->node);
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; (volume = guid_map_next(&ram->volumes, &i)) != NULL;)
		blk_ram_unref(volume);
	guid_map_fini(&ram->volumes);
	blk_ram_budget_unref(ram->budget);
	mem_free(ram->place);
	mem_free(ram);
}

static int
open_locked(struct ram_pool *ram, enum array_pool_mode mode)
{
	const char *name;
	int rc = parse(ram->place, &ram->limit_bytes, &name);

	if (rc < 0)
		return rc;
	if (find_locked(ram->place) != NULL)
		return err_set(ERR_LOCKED, "%s: another pool of this process has this place",
			       ram->place);
	rc = check_memory(ram, mode);
	if (rc < 0)
		return rc;
	ram->budget = blk_ram_budget_new(ram->limit_bytes);
	if (ram->budget == NULL)
		return -ENOMEM;
	list_append(&pools, &ram->node);
	return 0;
}

static int
ram_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	 struct array_pool **ret_pool)
{
	struct ram_pool *ram = mem_calloc(1, sizeof(*ram));
	int rc;

	(void)array_id;
	if (ram == NULL)
		return -ENOMEM;
	ram->pool.driver = &array_pool_ram;
	guid_map_init(&ram->volumes);
	ram->place = str_dup(place);
	pthread_mutex_lock(&lock);
	rc = ram->place == NULL ? -ENOMEM : open_locked(ram, mode);
	pthread_mutex_unlock(&lock);
	if (rc < 0) {
		ram_close(&ram->pool, false);
		return rc;
	}
	*ret_pool = &ram->pool;
	return 0;
}

static int
ram_look(struct array_pool *pool)
{
	(void)pool;
	return 0;
}

static int
ram_space(struct array_pool *pool, struct array_pool_space *ret_space)
{
	struct ram_pool *ram = ram_of(pool);
	uint64_t used = blk_ram_budget_used_bytes(ram->budget);

	ret_space->capacity_bytes = ram->limit_bytes;
	ret_space->free_bytes = ram->limit_bytes - MIN(used, ram->limit_bytes);
	return 0;
}

static int
ram_largest(struct array_pool *pool, uint64_t *ret_bytes)
{
	(void)pool;
	*ret_bytes = BLK_RAM_VOLUME_MAX_BYTES;
	return 0;
}

/* Nothing outlives the process, so there is nothing to remove. */
static void
ram_sweep(struct array_pool *pool, struct array_pool_sweep *sweep)
{
	(void)pool;
	(void)sweep;
}

static int
ram_sync(const char *place)
{
	(void)place;
	return 0;
}

/* ---- volumes ---- */

static char *
volume_name(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/%s", place, guid_format(lun_id, id));
}

static int
volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	struct ram_pool *ram;
	struct blk_ram *volume = NULL;
	int rc;

	pthread_mutex_lock(&lock);
	ram = find_locked(place);
	rc = ram == NULL ? -ENODEV
	     : guid_map_find(&ram->volumes, lun_id) != NULL
		     ? -EEXIST
		     : blk_ram_new(ram->budget, size_bytes, &volume);
	if (rc == 0)
		rc = guid_map_put(&ram->volumes, lun_id, volume);
	if (rc < 0)
		blk_ram_unref(volume);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
volume_commit(const char *place, const struct guid *lun_id)
{
	struct ram_pool *ram;
	bool there;

	pthread_mutex_lock(&lock);
	ram = find_locked(place);
	there = ram != NULL && guid_map_find(&ram->volumes, lun_id) != NULL;
	pthread_mutex_unlock(&lock);
	return there ? 0 : -ENOENT;
}

static int
volume_remove(const char *place, const struct guid *lun_id, bool committed)
{
	struct ram_pool *ram;
	struct blk_ram *volume = NULL;

	(void)committed;
	pthread_mutex_lock(&lock);
	ram = find_locked(place);
	if (ram != NULL)
		volume = guid_map_remove(&ram->volumes, lun_id);
	pthread_mutex_unlock(&lock);
	blk_ram_unref(volume);
	return 0;
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	struct ram_pool *ram;
	struct blk_ram *volume = NULL;
	char id[GUID_TEXT_SIZE];
	int rc;

	(void)seen;
	pthread_mutex_lock(&lock);
	ram = find_locked(place);
	if (ram != NULL)
		volume = guid_map_find(&ram->volumes, lun_id);
	rc = blk_ram_dev_new(volume, lost, guid_format(lun_id, id), size_bytes, thick, ret_dev);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool uncommitted)
{
	char id[GUID_TEXT_SIZE];

	(void)size_bytes;
	(void)uncommitted;
	if (volume_commit(place, lun_id) < 0)
		return err_set(ERR_CORRUPT, "%s/%s: %s", place, guid_format(lun_id, id), lost);
	return 0;
}

static int
volume_uncache(const char *place, const struct guid *lun_id)
{
	(void)place;
	(void)lun_id;
	return 0;
}

const struct array_pool_driver array_pool_ram = {
	.kind = "ram",
	.is_volatile = true,
	.takes = ram_takes,
	.resolve = ram_resolve,
	.open = ram_open,
	.close = ram_close,
	.look = ram_look,
	.space = ram_space,
	.largest = ram_largest,
	.sweep = ram_sweep,
	.sync = ram_sync,
	.volume_name = volume_name,
	.volume_make = volume_make,
	.volume_commit = volume_commit,
	.volume_remove = volume_remove,
	.volume_open = volume_open,
	.volume_check = volume_check,
	.volume_uncache = volume_uncache,
};
