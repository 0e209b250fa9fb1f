/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vds-conformance: tries every method of a VDS hardware provider in every state, and says in TAP
 * what does not keep to the reference. It speaks only the interfaces of VDS.
 */
#define INITGUID
#include "conformance/conf_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: vds-conformance [--url URL | --service | --provider FILE --clsid CLSID] [options]\n"
	"  --url URL         the array that libvds connects to (the default is libvds' own)\n"
	"  --service         the first hardware provider of the VDS service\n"
	"  --provider FILE   a provider's shared object with DllGetClassObject\n"
	"  --clsid CLSID     the class of the provider in that object\n"
	"  --hook COMMAND    brings the array into a state; see vds-conformance(1)\n"
	"  --only FAMILIES   only the cases of these families, such as effect,notify\n"
	"  --deadline MS     how long a change may take until another program sees it\n"
	"  --strict          what is skipped, or is not reached, has failed\n"
	"  --table           prints a table of methods and families, too\n"
	"  --help, --version\n";

/* subject: the word of the command line that the sentence begins with, or "". */
static int
fail_usage(const char *subject, const char *why)
{
	fprintf(stderr, "vds-conformance: %s%s%s\n%s", subject, subject[0] != '\0' ? " " : "", why,
		usage);
	return 2;
}

/* Reads a number of milliseconds; 0 = it is none. */
static unsigned
milliseconds(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
		return 0;
	return (unsigned)strtoul(text, NULL, 10);
}

/* Does a list with commas have the names of families, and nothing else? */
static bool
families_exist(const char *list)
{
	size_t named = strlen(list) + 1, found = 0;

	for (unsigned f = 0; f < CONF_FAMILIES; f++) {
		if (conf_is_wanted((enum conf_family)f))
			found += strlen(conf_family_names[f]) + 1;
	}
	return found == named; /* each name with the comma or the end after it */
}

/* Returns 0 to go on, or an exit status with 256 added. */
static int
parse(int argc, char **argv)
{
	struct conf_options *o = &conf_options;
	const char *clsid = NULL, *deadline = NULL;

	for (int i = 1; i < argc; i++) {
		const char **value = NULL;

		if (strcmp(argv[i], "--help") == 0)
			return printf("%s", usage) < 0 ? 257 : 256;
		if (strcmp(argv[i], "--version") == 0)
			return printf("vds-conformance %s\n", VDS_VERSION) < 0 ? 257 : 256;
		if (strcmp(argv[i], "--strict") == 0)
			o->strict = true;
		else if (strcmp(argv[i], "--service") == 0)
			o->service = true;
		else if (strcmp(argv[i], "--table") == 0)
			o->table = true;
		else if (strcmp(argv[i], "--url") == 0)
			value = &o->url;
		else if (strcmp(argv[i], "--provider") == 0)
			value = &o->provider;
		else if (strcmp(argv[i], "--clsid") == 0)
			value = &clsid;
		else if (strcmp(argv[i], "--hook") == 0)
			value = &o->hook;
		else if (strcmp(argv[i], "--only") == 0)
			value = &o->only;
		else if (strcmp(argv[i], "--deadline") == 0)
			value = &deadline;
		else
			return 256 + fail_usage(argv[i], "is no option");
		if (value != NULL && ++i == argc)
			return 256 + fail_usage(argv[i - 1], "needs a value");
		if (value != NULL)
			*value = argv[i];
	}
	if (o->only != NULL && !families_exist(o->only))
		return 256 + fail_usage("--only", "names no family, or one twice");
	if (deadline != NULL)
		o->deadline_ms = milliseconds(deadline);
	if (o->deadline_ms == 0)
		return 256 + fail_usage("--deadline", "is no number of milliseconds");
	if ((o->provider != NULL) != (clsid != NULL))
		return 256 + fail_usage("", "--provider and --clsid need each other");
	if (o->provider != NULL && o->service)
		return 256 + fail_usage("", "--provider and --service exclude each other");
	if (clsid != NULL && !conf_guid_read(clsid[0] == '{' ? clsid + 1 : clsid, &o->clsid))
		return 256 + fail_usage("--clsid", "is no GUID");
	return 0;
}

int
main(int argc, char **argv)
{
	static struct conf_world world;
	int rc;

	platform_streams_keep();
	rc = parse(argc, argv);
	if (rc != 0)
		return rc - 256;
	if (conf_options.url != NULL)
		platform_default_url(conf_options.url);
	printf("TAP version 13\n");
	if (conf_world_open(&world)) {
		conf_cases_calls(&world);
		conf_cases_identity(&world);
		conf_cases_counts(&world);
		conf_cases_list(&world);
		conf_cases_effect(&world);
		conf_cases_facts(&world);
		conf_cases_notify(&world);
		conf_cases_race(&world);
		conf_cases_unloaded(&world);
		conf_cases_deleted(&world);
		conf_cases_failed(&world);
		conf_cases_busy(&world);
		conf_cases_corrupt(&world);
		conf_cases_access(&world);
		conf_rows_report();
	}
	conf_world_close(&world);
	if (conf_options.table)
		conf_table_print();
	return conf_report_end();
}
