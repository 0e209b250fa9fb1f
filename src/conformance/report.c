/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Results: the lines of TAP, the table, and which rows of the reference were reached. conf_record
 * may be called on any thread, the rest on the main thread.
 */
#include "conformance/conf_int.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf_options conf_options = { .deadline_ms = 20000 };

const char *const conf_family_names[CONF_FAMILIES] = {
	[CONF_SOUND] = "sound",     [CONF_NULLS] = "nulls",   [CONF_TYPES] = "types",
	[CONF_EFFECT] = "effect",   [CONF_COUNTS] = "counts", [CONF_IDENTITY] = "identity",
	[CONF_NOTIFY] = "notify",   [CONF_RACE] = "race",     [CONF_UNLOADED] = "unloaded",
	[CONF_DELETED] = "deleted", [CONF_FAILED] = "failed", [CONF_BUSY] = "busy",
	[CONF_CORRUPT] = "corrupt", [CONF_ACCESS] = "access", [CONF_CODES] = "codes",
};

#define METHODS_MAX 160
#define ROWS_MAX    700

enum cell { CELL_NONE, CELL_OK, CELL_WRONG };

static _Atomic enum conf_family family; /* set by the main thread */
static unsigned reported, failed, skipped;
static enum cell cells[METHODS_MAX][CONF_FAMILIES];
/* bits of enum conf_family: in which the row's code was returned */
static _Atomic unsigned reached[ROWS_MAX];
/* a code that VDS does not document for the method, or S_OK */
static _Atomic HRESULT strange[METHODS_MAX];
static _Atomic bool called[METHODS_MAX];

static const struct {
	HRESULT hr;
	const char *name;
} code_names[] = {
#define NAME(code) { code, #code },
#include "errnames.h"
#undef NAME
};

const struct conf_row conf_rows[] = {
#define ROW(interface, method, code, reach) { interface, method, #code, code, reach },
#include "returns.h"
#undef ROW
};
const unsigned conf_row_count = sizeof(conf_rows) / sizeof(conf_rows[0]);

/* ---- codes ---- */

const char *
conf_code(HRESULT hr)
{
	static _Thread_local char numbers[4][32];
	static _Thread_local unsigned next;
	char *number = numbers[next++ % 4];

	for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++) {
		if (code_names[i].hr == hr)
			return code_names[i].name;
	}
	snprintf(number, sizeof(numbers[0]), "0x%08lx", (unsigned long)(ULONG)hr);
	return number;
}

/* Codes that every method may return. */
static bool
is_common(HRESULT hr)
{
	switch (hr) {
	case E_INVALIDARG:
	case E_POINTER:
	case E_OUTOFMEMORY:
	case VDS_E_INITIALIZE_NOT_CALLED:
	case VDS_E_PROVIDER_CACHE_CORRUPT:
	case VDS_E_OBJECT_DELETED:
		return true;
	case VDS_E_ACCESS_DENIED: /* of any method, but only of a caller without the right */
		return family == CONF_ACCESS;
	default:
		return false;
	}
}

bool
conf_is_proxy_refusal(HRESULT hr)
{
	/* RPC_X_NULL_REF_POINTER, RPC_S_INVALID_BOUND */
	return hr == (HRESULT)0x800706f4 || hr == (HRESULT)0x800706c6;
}

/* Cases with arguments that a proxy refuses by itself. */
static bool
is_answered_by_proxy(HRESULT hr)
{
	enum conf_family now = family;

	return conf_options.remote && conf_is_proxy_refusal(hr) &&
	       (now == CONF_NULLS || now == CONF_TYPES || now == CONF_COUNTS);
}

static int
row_find(const struct conf_method *method, HRESULT hr)
{
	for (unsigned i = 0; i < conf_row_count; i++) {
		if (conf_rows[i].hr == hr && strcmp(conf_rows[i].method, method->name) == 0 &&
		    strcmp(conf_rows[i].interface, method->interface) == 0)
			return (int)i;
	}
	return -1;
}

bool
conf_is_documented(const struct conf_method *method, HRESULT hr)
{
	return is_common(hr) || row_find(method, hr) >= 0;
}

HRESULT
conf_record(const struct conf_method *method, HRESULT hr)
{
	int row = row_find(method, hr);

	atomic_store(&called[method - conf_methods], true);
	if (row >= 0)
		atomic_fetch_or(&reached[row], 1u << family);
	else if (!is_common(hr) && !is_answered_by_proxy(hr))
		atomic_store(&strange[method - conf_methods], hr);
	return hr;
}

/* ---- TAP ---- */

bool
conf_is_wanted(enum conf_family sought)
{
	const char *name = conf_family_names[sought], *word = conf_options.only;

	while (word != NULL) {
		size_t len = strcspn(word, ",");

		if (len == strlen(name) && memcmp(word, name, len) == 0)
			return true;
		word = word[len] == ',' ? word + len + 1 : NULL;
	}
	return conf_options.only == NULL && sought != CONF_ACCESS;
}

bool
conf_family_begin(enum conf_family begun)
{
	if (!conf_is_wanted(begun))
		return false;
	family = begun;
	return true;
}

bool
conf_ok(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s %u - %s: ", ok ? "ok" : "not ok", ++reported, conf_family_names[family]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	if (!ok)
		failed++;
	return ok;
}

void
conf_skip(const char *reason, const char *format, ...)
{
	va_list args;

	printf("%s %u - %s: ", conf_options.strict ? "not ok" : "ok", ++reported,
	       conf_family_names[family]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("%s%s\n", conf_options.strict ? ": " : " # SKIP ", reason);
	fflush(stdout);
	if (conf_options.strict)
		failed++;
	else
		skipped++;
}

void
conf_note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

void
conf_cell(const struct conf_method *method, bool ok)
{
	enum cell *cell = &cells[method - conf_methods][family];

	if (*cell != CELL_WRONG)
		*cell = ok ? CELL_OK : CELL_WRONG;
}

/* ---- the rows of the reference ---- */

static bool
was_called(const struct conf_method *method)
{
	return atomic_load(&called[method - conf_methods]);
}

static enum conf_family
family_named(const char *name)
{
	for (unsigned f = 0; f < CONF_FAMILIES; f++) {
		if (strcmp(conf_family_names[f], name) == 0)
			return (enum conf_family)f;
	}
	return CONF_FAMILIES;
}

static void
report_row(const struct conf_row *row, unsigned bits)
{
	enum conf_family wanted = family_named(row->reach);

	if (wanted == CONF_FAMILIES) { /* unreachable, so it says why */
		/* Another provider may well have what ours has not. */
		if (conf_options.strict && !conf_ok(bits == 0, "%s::%s does not return %s",
						    row->interface, row->method, row->code))
			conf_note("it was returned, but returns.tsv says %s", row->reach);
		return;
	}
	if (conf_options.only != NULL || !conf_is_wanted(wanted))
		return;
	if ((bits & (1u << wanted)) != 0)
		conf_ok(true, "%s::%s returns %s (%s)", row->interface, row->method, row->code,
			row->reach);
	else
		conf_skip("it was not returned there", "%s::%s returns %s (%s)", row->interface,
			  row->method, row->code, row->reach);
}

void
conf_rows_report(void)
{
	family = CONF_CODES;
	for (unsigned i = 0; i < conf_method_count; i++) {
		HRESULT hr = atomic_load(&strange[i]);

		if (!was_called(&conf_methods[i]))
			continue;
		if (!conf_ok(hr == S_OK, "the codes of %s::%s are documented",
			     conf_methods[i].interface, conf_methods[i].name))
			conf_note("it returned %s", conf_code(hr));
	}
	for (unsigned i = 0; i < conf_row_count; i++) {
		const struct conf_method *method = conf_method_find(conf_rows[i].interface,
								    conf_rows[i].method);

		if (method != NULL && was_called(method))
			report_row(&conf_rows[i], atomic_load(&reached[i]));
	}
}

void
conf_table_print(void)
{
	printf("# %-62s", "method");
	for (unsigned f = 0; f < CONF_FAMILIES; f++)
		printf(" %.8s", conf_family_names[f]);
	printf("\n");
	for (unsigned i = 0; i < conf_method_count; i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s::%s", conf_methods[i].interface,
			 conf_methods[i].name);
		printf("# %-62s", name);
		for (unsigned f = 0; f < CONF_FAMILIES; f++) {
			const char *words[] = { "-", "ok", "WRONG" };

			printf(" %*.*s",
			       (int)(strlen(conf_family_names[f]) < 8 ? strlen(conf_family_names[f])
								      : 8),
			       8, words[cells[i][f]]);
		}
		printf("\n");
	}
}

int
conf_report_end(void)
{
	printf("1..%u\n", reported);
	printf("# %u cases, %u failed, %u skipped\n", reported, failed, skipped);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "vds-conformance: the results could not be written\n");
		return 3;
	}
	return failed != 0;
}
