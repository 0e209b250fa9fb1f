/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the library writes log lines to the program's standard error. It writes none unless the
 * program or its user asks for them.  Any thread may call VdsSetDebug; the environment is read
 * once, when the service or the first provider is made.
 */
#include <vds/libvds.h>

#include "com/com.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/system.h"

/* Returns whether libvds has an area of that name, though this part of it may not have it. */
static bool
is_area(const char *name)
{
	return str_equal(name, "all") || str_equal(name, "client") ||
	       str_equal(name, "client.replica");
}

/*
 * Switches on each area of a list with commas.  Returns 0, ERR_NOT_FOUND (no such area; the text
 * names it), -ENOMEM.
 */
static int
areas_enable(const char *areas)
{
	AUTO_FREE char *copy = str_dup(areas);
	char *rest = NULL;

	if (copy == NULL)
		return -ENOMEM;
	for (char *name = strtok_r(copy, ", ", &rest); name != NULL;
	     name = strtok_r(NULL, ", ", &rest))
		if (log_area_enable(name) < 0 && !is_area(name))
			return err_set(ERR_NOT_FOUND,
				       "'%s' is no debug area of libvds: use all, "
				       "client or client.replica",
				       name);
	return 0;
}

static HRESULT
set(const char *areas)
{
	int rc;

	log_mute(areas == NULL);
	(void)log_area_disable("all");
	rc = areas != NULL ? areas_enable(areas) : 0;
	if (rc == ERR_NOT_FOUND)
		return com_fail(E_INVALIDARG, err_text(rc));
	return com_error(rc);
}

static void
set_by_environment(void)
{
	const char *areas = system_setting("VDS_DEBUG");

	if (areas != NULL && FAILED(set(areas)))
		log_warning("debug", "VDS_DEBUG=%s error=\"%s\"", areas, VdsLastErrorMessage());
}

/*
 * Called when the service or a provider is made and not by a constructor, since the constructors
 * that register debug areas may run later.
 */
void
com_debug_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_by_environment);
}

__attribute__((constructor)) static void
be_silent(void)
{
	log_mute(true);
}

HRESULT STDAPICALLTYPE
VdsSetDebug(const char *areas)
{
	/* so that the environment does not undo later what the program wants */
	com_debug_begin();
	return set(areas);
}
