/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vds-diskraid: the command language of DiskRAID over the interfaces of VDS.  `vdsctl diskraid`
 * executes it; vds-diskraid(1) is its manual.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/system.h"
#include "vdsctl/diskraid/exec.h"

#define SCRIPT_MAX (64u << 20)

static const char usage[] =
	"usage: vdsctl diskraid [--url URL] [[/s | -s] SCRIPT]\n"
	"\n"
	"Runs the commands in SCRIPT, or those that are typed.  `help` lists the commands.\n"
	"\n"
	"  /s SCRIPT, -s SCRIPT  run the commands in this file; - is standard input\n"
	"  --url URL             where vdsd is: unix:/path, https://host:port or "
	"http://127.0.0.1:port\n"
	"                        ($VDS_URL)\n"
	"  /?, -h, --help        show this\n"
	"  -V, --version         show the version\n";

/* What the command line says. */
struct options {
	const char *script; /* NULL = none */
	bool help, version;
};

static bool
is_any(const char *word, const char *a, const char *b, const char *c)
{
	return strcasecmp(word, a) == 0 || str_equal(word, b) || (c != NULL && str_equal(word, c));
}

/* Returns NULL, or what is wrong with the command line. */
static const char *
options_read(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		bool is_script = is_any(argv[i], "/s", "-s", NULL);
		bool is_url = str_equal(argv[i], "--url");

		if ((is_script || is_url) && i + 1 == argc)
			return is_url ? "--url needs a URL" : "/s needs the name of a script";
		if (is_url) {
			if (setenv("VDS_URL", argv[++i], 1) != 0)
				return "out of memory";
		} else if (is_any(argv[i], "/?", "-h", "--help")) {
			options->help = true;
		} else if (is_any(argv[i], "-V", "-V", "--version")) {
			options->version = true;
		} else if (!is_script && argv[i][0] == '-' && argv[i][1] != '\0') {
			return "there is no such option";
		} else if (options->script != NULL) {
			return "only one script is possible";
		} else {
			options->script = argv[is_script ? ++i : i];
		}
	}
	return NULL;
}

/* Reads a file into new memory.  Returns NULL with the reason in raid->error. */
static char *
script_load(struct raid *raid, const char *name, size_t *ret_len)
{
	FILE *in = fopen(name, "rb");
	char *bytes = NULL;
	size_t len = 0, capacity = 0;
	struct stat stat;
	int error = errno;

	if (in != NULL && fstat(fileno(in), &stat) == 0 && S_ISDIR(stat.st_mode))
		error = EISDIR;
	while (in != NULL && error != EISDIR && error != EFBIG && !feof(in) && !ferror(in)) {
		if (mem_grow(&bytes, &capacity, len + 65536, 1) < 0) {
			error = ENOMEM;
			break;
		}
		errno = 0;
		len += fread(bytes + len, 1, capacity - len, in);
		error = ferror(in) ? errno : len > SCRIPT_MAX ? EFBIG : 0;
	}
	if (in != NULL)
		fclose(in);
	if (error == 0) {
		*ret_len = len;
		return bytes;
	}
	mem_free(bytes);
	raid_fail(raid, RAID_FILE, "the script %s cannot be read: %s", name, strerror(error));
	return NULL;
}

static enum raid_exit
lines_run(struct raid *raid, const char *script, const char *bytes, size_t len)
{
	enum raid_exit rc = raid_enter(raid);

	if (rc == RAID_OK && bytes != NULL)
		return raid_run_script(raid, script, bytes, len);
	if (rc == RAID_OK && (script != NULL || !raid->asks))
		return raid_run_stream(raid, stdin);
	if (rc == RAID_OK)
		rc = raid_prompt(raid);
	if (rc != RAID_OK)
		raid_error_print(raid, NULL, 0);
	return rc;
}

/* Widths of characters are known in UTF-8 only; a system without a locale still has C.UTF-8. */
static void
locale_set(void)
{
	if (setlocale(LC_CTYPE, "") == NULL || !str_equal(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

int
main(int argc, char **argv)
{
	struct raid raid = { .out = stdout, .err = stderr };
	struct options options = { 0 };
	AUTO_FREE char *bytes = NULL;
	size_t len = 0;
	enum raid_exit rc;
	const char *why = options_read(argc, argv, &options);

	system_streams_keep();
	if (why != NULL) {
		fprintf(stderr, "vds-diskraid: %s\n%s", why, usage);
		return RAID_ARGUMENTS;
	}
	if (options.help || options.version) {
		fputs(options.help ? usage : "vds-diskraid " VDS_VERSION "\n", stdout);
		return fflush(stdout) == 0 ? RAID_OK : RAID_FATAL;
	}
	signal(SIGPIPE, SIG_IGN);
	locale_set();
	raid.terminal = isatty(STDERR_FILENO);
	raid.asks = options.script == NULL && isatty(STDIN_FILENO);
	if (options.script != NULL && !str_equal(options.script, "-")) {
		bytes = script_load(&raid, options.script, &len);
		if (bytes == NULL) {
			raid_error_print(&raid, NULL, 0);
			return RAID_FILE;
		}
	}
	raid_interrupt_catch();
	rc = lines_run(&raid, options.script, bytes, len);
	raid_leave(&raid);
	return (int)rc;
}
