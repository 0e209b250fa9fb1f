/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over its corpus as an ordinary test: every file of the folders named on the
 * command line, whole, and each prefix of it up to 512 bytes. Prints TAP.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *
file_load(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long size;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		bytes = malloc((size_t)size + 1);
		if (bytes != NULL && fread(bytes, 1, (size_t)size, f) == (size_t)size) {
			*ret_size = (size_t)size;
		} else {
			free(bytes);
			bytes = NULL;
		}
	}
	fclose(f);
	return bytes;
}

/* A copy of exactly `size` bytes, so that a sanitizer sees the first byte read past it. */
static void
run_exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static int
run_file(const char *path, int number)
{
	size_t size = 0;
	uint8_t *bytes = file_load(path, &size);

	if (bytes == NULL) {
		printf("not ok %d - cannot read %s\n", number, path);
		return 1;
	}
	run_exact(bytes, size);
	for (size_t cut = 0; cut < size && cut < 512; cut++)
		run_exact(bytes, cut);
	free(bytes);
	printf("ok %d - %s\n", number, path);
	return 0;
}

int
main(int argc, char **argv)
{
	int count = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;
		static char path[4096];

		if (dir == NULL) {
			printf("Bail out! no corpus at %s\n", argv[i]);
			return 1;
		}
		while ((entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			failed += run_file(path, ++count);
		}
		closedir(dir);
	}
	printf("1..%d\n", count);
	return failed != 0 || count == 0;
}
