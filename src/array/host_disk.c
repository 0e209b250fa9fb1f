/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this host says about the disks below a directory.  The table of mounts (proc(5),
 * /proc/self/mountinfo) names the file system and its device; sysfs describes the device: a
 * partition lies in its disk's directory, and `slaves` names what device mapper and md are made of.
 * Any thread; nothing is kept between calls.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "array/drive_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define DEPTH_MAX 8 /* devices one below the other */
#define SECTOR    512u
#define PATH_SIZE 768 /* of a path in sysfs, which are some 200 bytes long */

/* ---- files of sysfs ---- */

/*
 * Reads the beginning of a file as bytes; ends them with a NUL.  Returns how many there are, 0 when
 * the file cannot be read.
 */
static size_t
read_bytes(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_SIZE];
	ssize_t got;
	int fd;

	buf[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return 0;
	got = read(fd, buf, size - 1);
	close(fd);
	buf[MAX(got, 0)] = '\0';
	return (size_t)MAX(got, 0);
}

/* Keeps printable ASCII, cuts blanks at both ends, and turns the rest into question marks. */
static void
make_printable(char *text, size_t len)
{
	size_t from = 0;

	while (len > 0 && (text[len - 1] == '\0' || strchr(" \t\r\n", text[len - 1]) != NULL))
		len--;
	while (from < len && (text[from] == '\0' || strchr(" \t\r\n", text[from]) != NULL))
		from++;
	memmove(text, text + from, len - from);
	text[len - from] = '\0';
	for (char *c = text; c < text + len - from; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

/* Reads a text, unless one of an earlier file is there. */
static void
read_text(const char *dir, const char *name, char text[HOST_TEXT_SIZE])
{
	if (text[0] == '\0')
		make_printable(text, read_bytes(dir, name, text, HOST_TEXT_SIZE));
}

static uint64_t
read_number(const char *dir, const char *name)
{
	char text[HOST_TEXT_SIZE] = "";
	uint64_t number = 0;

	read_text(dir, name, text);
	return str_parse_u64(text, &number) == 0 ? number : 0;
}

static bool
is_there(const char *dir, const char *name)
{
	char path[PATH_SIZE];

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* The real path of root + a path of sysfs.  Returns whether it exists. */
static bool
resolve(const char *root, const char *path, const char *name, char real[PATH_SIZE])
{
	char link[PATH_SIZE];
	char *found = NULL; /* of libc's heap */
	bool fits;

	if (snprintf(link, sizeof(link), "%s%s/%s", root, path, name) < (int)sizeof(link))
		found = realpath(link, NULL);
	fits = found != NULL && strlen(found) < PATH_SIZE;
	if (fits)
		memcpy(real, found, strlen(found) + 1);
	free(found);
	return fits;
}

static const char *
name_of(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash != NULL ? slash + 1 : dir;
}

/* ---- one whole disk ---- */

/* SATA and the older ATA differ in that only a SATA link has a speed. */
static enum drive_bus
ata_bus(const char *dir, const char *ata)
{
	size_t len = (size_t)(ata - dir) + 1 + strcspn(ata + 1, "/");
	int number = (int)strtol(ata + strlen("/ata"), NULL, 10);
	char link[PATH_SIZE], name[64], speed[HOST_TEXT_SIZE] = "";

	if (snprintf(link, sizeof(link), "%.*s", (int)len, dir) >= (int)sizeof(link))
		return DRIVE_BUS_ATA;
	snprintf(name, sizeof(name), "link%d/ata_link/link%d/sata_spd", number, number);
	read_text(link, name, speed);
	return speed[0] >= '0' && speed[0] <= '9' ? DRIVE_BUS_SATA : DRIVE_BUS_ATA;
}

/* The bus, by the names of the devices on the way to the disk. */
static enum drive_bus
bus_of(const char *dir)
{
	static const struct {
		const char *part;
		enum drive_bus bus;
	} ways[] = {
		{ "/virtual/", DRIVE_BUS_VIRTUAL }, { "/virtio", DRIVE_BUS_VIRTUAL },
		{ "/vbd-", DRIVE_BUS_VIRTUAL },     { "/nvme", DRIVE_BUS_NVME },
		{ "/usb", DRIVE_BUS_USB },          { "/mmc_host/", DRIVE_BUS_MMC },
		{ "/end_device-", DRIVE_BUS_SAS },  { "/rport-", DRIVE_BUS_FIBRE },
		{ "/session", DRIVE_BUS_ISCSI },
	};
	const char *from = strstr(dir, "/sys/devices/");
	const char *way = from != NULL ? from : dir;
	const char *ata = strstr(way, "/ata");

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (strstr(way, ways[i].part) != NULL)
			return ways[i].bus;
	if (ata != NULL && ata[4] >= '0' && ata[4] <= '9')
		return ata_bus(dir, ata);
	return strstr(way, "/host") != NULL ? DRIVE_BUS_SCSI : DRIVE_BUS_UNKNOWN;
}

/* VPD page 80h: a header of four bytes, then the serial number. */
static void
read_page80(const char *dir, char serial[HOST_TEXT_SIZE])
{
	char page[HOST_TEXT_SIZE];
	size_t len = read_bytes(dir, "device/vpd_pg80", page, sizeof(page));

	if (serial[0] != '\0' || len <= 4)
		return;
	memcpy(serial, page + 4, len - 4);
	make_printable(serial, len - 4);
}

static void
read_disk(const char *dir, struct array_host_disk *disk)
{
	char state[HOST_TEXT_SIZE] = "";

	disk->kind = DRIVE_DISK;
	disk->bus = bus_of(dir);
	snprintf(disk->name, sizeof(disk->name), "%.255s", name_of(dir));
	read_text(dir, "device/vendor", disk->vendor);
	read_text(dir, "device/model", disk->model);
	read_text(dir, "device/name", disk->model); /* MMC */
	if (disk->model[0] == '\0' && is_there(dir, "loop"))
		snprintf(disk->model, sizeof(disk->model), "loop device");
	read_text(dir, "serial", disk->serial); /* virtio */
	read_text(dir, "device/serial", disk->serial);
	read_page80(dir, disk->serial);
	read_text(dir, "device/firmware_rev", disk->firmware); /* NVMe */
	read_text(dir, "device/rev", disk->firmware);
	read_text(dir, "wwid", disk->wwid); /* NVMe */
	read_text(dir, "device/wwid", disk->wwid);
	disk->size_bytes = read_number(dir, "size") * SECTOR;
	disk->block_bytes = (uint32_t)read_number(dir, "queue/logical_block_size");
	disk->rotational = read_number(dir, "queue/rotational") != 0;
	disk->removable = read_number(dir, "removable") != 0;
	read_text(dir, "device/state", state); /* SCSI: "running", NVMe: "live" */
	if (state[0] != '\0' && strcmp(state, "running") != 0 && strcmp(state, "live") != 0)
		snprintf(disk->reason, sizeof(disk->reason),
			 "the kernel says that the disk is in the state \"%.64s\"", state);
}

/* ---- from a block device down to whole disks ---- */

struct descent {
	const char *root;
	struct array_host_place *place;
};

static void walk_down(struct descent *descent, const char *dir, uint64_t bytes, const char *reason,
		      unsigned depth);

/* A disk that is reached twice (two partitions of it in one volume group) counts once. */
static void
add_disk(struct array_host_place *place, const char *dir, uint64_t bytes, const char *reason)
{
	struct array_host_disk *disk = NULL;

	for (size_t i = 0; i < place->count; i++)
		if (strcmp(place->disks[i].name, name_of(dir)) == 0)
			disk = &place->disks[i];
	if (disk == NULL && place->count == HOST_DISKS_MAX)
		return;
	if (disk == NULL) {
		disk = &place->disks[place->count++];
		*disk = (struct array_host_disk){ 0 };
		read_disk(dir, disk);
	}
	disk->taken_bytes = MIN(disk->taken_bytes + bytes, disk->size_bytes);
	if (disk->reason[0] == '\0' && reason != NULL)
		snprintf(disk->reason, sizeof(disk->reason), "%s", reason);
}

/* How many bytes each of `count` disks of an md array keeps of `bytes` of it. */
static uint64_t
md_share(const char *dir, uint64_t bytes, uint64_t slave_bytes, uint64_t all_bytes)
{
	char level[HOST_TEXT_SIZE] = "";
	uint64_t disks = read_number(dir, "md/raid_disks"), layout = read_number(dir, "md/layout");
	uint64_t copies = MAX(layout & 0xff, 1u) * MAX(layout >> 8 & 0xff, 1u);

	read_text(dir, "md/level", level);
	disks = MAX(disks, 1u);
	if (strcmp(level, "raid1") == 0)
		return bytes;
	if (strcmp(level, "raid0") == 0)
		return bytes / disks;
	if ((strcmp(level, "raid4") == 0 || strcmp(level, "raid5") == 0) && disks > 1)
		return bytes / (disks - 1);
	if (strcmp(level, "raid6") == 0 && disks > 2)
		return bytes / (disks - 2);
	if (strcmp(level, "raid10") == 0)
		return (uint64_t)((double)bytes * (double)copies / (double)disks);
	return (uint64_t)((double)bytes * (double)slave_bytes / (double)MAX(all_bytes, 1u));
}

struct slaves {
	char names[HOST_DISKS_MAX][256];
	uint64_t bytes[HOST_DISKS_MAX], all_bytes;
	size_t count;
};

/* The devices that a device is made of, sorted by name so that two looks find the same order. */
static void
read_slaves(struct descent *descent, const char *dir, struct slaves *slaves)
{
	char path[PATH_SIZE], real[PATH_SIZE];
	struct dirent *entry;
	DIR *list;

	memset(slaves, 0, sizeof(*slaves)); /* too large for a literal on the stack */
	if (snprintf(path, sizeof(path), "%s/slaves", dir) >= (int)sizeof(path))
		return;
	list = opendir(path);
	while (list != NULL && slaves->count < HOST_DISKS_MAX && (entry = readdir(list)) != NULL)
		if (entry->d_name[0] != '.')
			snprintf(slaves->names[slaves->count++], sizeof(slaves->names[0]), "%s",
				 entry->d_name);
	if (list != NULL)
		closedir(list);
	qsort(slaves->names, slaves->count, sizeof(slaves->names[0]),
	      (int (*)(const void *, const void *))strcmp);
	for (size_t i = 0; i < slaves->count; i++)
		if (resolve(descent->root, "/sys/class/block", slaves->names[i], real)) {
			slaves->bytes[i] = read_number(real, "size") * SECTOR;
			slaves->all_bytes += slaves->bytes[i];
		}
}

/*
 * Goes on with what a device is made of.  md says how it lays its data out.  Device mapper does not
 * say so in sysfs: its bytes are divided in proportion to the sizes of its parts, which is exact
 * when it has one part.  The parts of a multipath device are paths to one disk.
 */
static void
walk_slaves(struct descent *descent, const char *dir, const struct slaves *slaves, uint64_t bytes,
	    unsigned depth)
{
	char uuid[HOST_TEXT_SIZE] = "", real[PATH_SIZE];
	bool md = is_there(dir, "md");

	read_text(dir, "dm/uuid", uuid);
	for (size_t i = 0; i < slaves->count; i++) {
		char state_file[300], state[HOST_TEXT_SIZE] = "", text[HOST_TEXT_SIZE];
		const char *reason = NULL;
		uint64_t share = bytes;

		if (!resolve(descent->root, "/sys/class/block", slaves->names[i], real))
			continue;
		if (md) {
			snprintf(state_file, sizeof(state_file), "md/dev-%s/state",
				 slaves->names[i]);
			read_text(dir, state_file, state);
			share = md_share(dir, bytes, slaves->bytes[i], slaves->all_bytes);
			if (strstr(state, "spare") != NULL)
				share = 0;
		} else if (slaves->count > 1 && !str_starts(uuid, "mpath-")) {
			share = (uint64_t)((double)bytes * (double)slaves->bytes[i] /
					   (double)MAX(slaves->all_bytes, 1u));
		}
		if (strstr(state, "faulty") != NULL) {
			snprintf(text, sizeof(text), "the kernel has taken it out of %.32s",
				 name_of(dir));
			reason = text;
		}
		walk_down(descent, real, share, reason, depth + 1);
		if (str_starts(uuid, "mpath-"))
			return;
	}
}

/* dir: the real path of a block device in sysfs; bytes: how much of it is used. */
static void
walk_down(struct descent *descent, const char *dir, uint64_t bytes, const char *reason,
	  unsigned depth)
{
	AUTO_FREE struct slaves *slaves = mem_alloc(sizeof(*slaves));
	char whole[PATH_SIZE];

	if (slaves == NULL)
		return;
	snprintf(whole, sizeof(whole), "%s", dir);
	if (is_there(dir, "partition"))
		*strrchr(whole, '/') = '\0';
	read_slaves(descent, whole, slaves);
	if (slaves->count > 0 && depth < DEPTH_MAX)
		walk_slaves(descent, whole, slaves, bytes, depth);
	else
		add_disk(descent->place, whole, bytes, reason);
}

/* ---- the mount that contains a directory ---- */

struct mount {
	char device[24], point[PATH_MAX], type[64], source[PATH_MAX];
	bool found;
};

/* Undoes the escapes of mountinfo: \040 stands for a space. */
static void
unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool
contains(const char *point, const char *directory)
{
	size_t len = strlen(point);

	if (strcmp(point, "/") == 0)
		return true;
	return strncmp(directory, point, len) == 0 &&
	       (directory[len] == '/' || directory[len] == '\0');
}

/* "36 35 98:0 /root /point options … - type source options" */
static bool
parse_mount(char *line, struct mount *mount)
{
	char *rest = NULL, *field = strtok_r(line, " \n", &rest);

	for (int i = 0; field != NULL && i < 5; i++) {
		if (i == 2)
			snprintf(mount->device, sizeof(mount->device), "%s", field);
		if (i == 4)
			snprintf(mount->point, sizeof(mount->point), "%s", field);
		field = strtok_r(NULL, " \n", &rest);
	}
	while (field != NULL && strcmp(field, "-") != 0)
		field = strtok_r(NULL, " \n", &rest);
	field = field != NULL ? strtok_r(NULL, " \n", &rest) : NULL;
	if (field == NULL)
		return false;
	snprintf(mount->type, sizeof(mount->type), "%s", field);
	field = strtok_r(NULL, " \n", &rest);
	snprintf(mount->source, sizeof(mount->source), "%s", field != NULL ? field : "");
	unescape(mount->point);
	unescape(mount->source);
	return true;
}

/* The mount with the longest point that contains the directory; of several, the last one. */
static int
find_mount(const char *root, const char *directory, struct mount *found)
{
	AUTO_FREE struct mount *mount = mem_alloc(sizeof(*mount));
	AUTO_FREE char *line = mem_alloc(8192);
	char path[PATH_SIZE];
	FILE *file;

	if (mount == NULL || line == NULL)
		return -ENOMEM;
	if (snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	while (fgets(line, 8192, file) != NULL) {
		size_t len = strlen(line);
		int c = len > 0 && line[len - 1] != '\n' ? 0 : '\n';

		while (c != '\n' && c != EOF) /* the options of a long line do not matter */
			c = fgetc(file);
		if (parse_mount(line, mount) && contains(mount->point, directory) &&
		    (!found->found || strlen(mount->point) >= strlen(found->point))) {
			*found = *mount;
			found->found = true;
		}
	}
	fclose(file);
	return found->found ? 0 : ERR_NOT_FOUND;
}

/* ---- file systems ---- */

static bool
is_one_of(const char *type, const char *const types[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static enum drive_kind
kind_of(const char *type)
{
	static const char *const memory[] = { "tmpfs", "ramfs", "hugetlbfs", "devtmpfs", "rootfs" };
	static const char *const network[] = {
		"nfs",  "nfs4", "cifs", "smb3",      "smbfs",          "9p",         "virtiofs",
		"ceph", "afs",  "coda", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "lustre",
	};

	if (is_one_of(type, memory, ARRAY_LEN(memory)))
		return DRIVE_MEMORY;
	return is_one_of(type, network, ARRAY_LEN(network)) ? DRIVE_NETWORK : DRIVE_OTHER;
}

/*
 * A file system without a block device is its own drive.  Its identity is what is mounted and
 * where; a file system of another host keeps its identity wherever it is mounted.
 */
static void
add_file_system(const struct mount *mount, struct array_host_place *place)
{
	struct array_host_disk *disk = &place->disks[place->count++];

	*disk = (struct array_host_disk){ .kind = kind_of(mount->type) };
	snprintf(disk->name, sizeof(disk->name), "%.255s",
		 disk->kind == DRIVE_NETWORK ? mount->source : mount->point);
	snprintf(disk->model, sizeof(disk->model), "%s file system", mount->type);
	if (!str_is_text(disk->name, strlen(disk->name)))
		make_printable(disk->name, strlen(disk->name));
}

/* btrfs may lie on several devices: /sys/fs/btrfs/<id>/devices names those of one file system. */
static bool
add_btrfs(struct descent *descent, const char *source)
{
	char path[PATH_SIZE], devices[PATH_SIZE], real[PATH_SIZE];
	const char *own = name_of(resolve("", "", source, real) ? real : source);
	struct dirent *entry;
	bool found = false;
	DIR *list;

	snprintf(path, sizeof(path), "%.600s/sys/fs/btrfs", descent->root);
	list = opendir(path);
	while (list != NULL && !found && (entry = readdir(list)) != NULL) {
		struct dirent *device;
		DIR *devices_list;

		snprintf(devices, sizeof(devices), "%.640s/%.100s/devices", path, entry->d_name);
		if (entry->d_name[0] == '.' || !is_there(devices, own))
			continue;
		found = true;
		devices_list = opendir(devices);
		while (devices_list != NULL && (device = readdir(devices_list)) != NULL) {
			uint64_t bytes;

			if (device->d_name[0] == '.' ||
			    !resolve(descent->root, "/sys/class/block", device->d_name, real))
				continue;
			bytes = read_number(real, "size") * SECTOR;
			descent->place->device_bytes += bytes;
			walk_down(descent, real, bytes, NULL, 0);
		}
		if (devices_list != NULL)
			closedir(devices_list);
	}
	if (list != NULL)
		closedir(list);
	return descent->place->count > 0;
}

/* Adds what the block device place->device is made of.  what: whose device it is, for the error. */
static int
add_device(struct descent *descent, const char *what)
{
	struct array_host_place *place = descent->place;
	char dir[PATH_SIZE];

	if (!resolve(descent->root, "/sys/dev/block", place->device, dir))
		return err_set(ERR_NOT_FOUND, "the block device %s of %s is gone", place->device,
			       what);
	place->device_bytes = read_number(dir, "size") * SECTOR;
	walk_down(descent, dir, place->device_bytes, NULL, 0);
	return place->count > 0 ? 0 : -ENOMEM;
}

int
array_host_find(const char *root, const char *directory, struct array_host_place *ret_place)
{
	AUTO_FREE struct mount *mount = mem_calloc(1, sizeof(*mount));
	struct descent descent = { root, ret_place };
	int rc;

	if (mount == NULL)
		return -ENOMEM;
	rc = find_mount(root, directory, mount);
	if (rc == 0 && ret_place->device_bytes > 0 && ret_place->count > 0 &&
	    strcmp(mount->device, ret_place->device) == 0)
		return 0; /* as found a moment ago */
	ret_place->count = 0;
	ret_place->device_bytes = 0;
	if (rc < 0)
		return rc;
	snprintf(ret_place->device, sizeof(ret_place->device), "%s", mount->device);
	if (strcmp(mount->type, "btrfs") == 0 && add_btrfs(&descent, mount->source))
		return 0;
	if (str_starts(mount->device, "0:")) { /* a number of the kernel's for no device */
		add_file_system(mount, ret_place);
		return 0;
	}
	return add_device(&descent, mount->point);
}

int
array_host_find_device(const char *root, const char *path, struct array_host_place *ret_place)
{
	struct descent descent = { root, ret_place };
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return array_host_find(root, path, ret_place);
	ret_place->count = 0;
	ret_place->device_bytes = 0;
	snprintf(ret_place->device, sizeof(ret_place->device), "%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	return add_device(&descent, path);
}
