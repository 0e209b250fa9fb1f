/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the library writes log lines to the program's standard error. It writes none unless the
 * program or its user asks for them. Any thread may call VdsSetDebug; the environment is read once,
 * when the first provider is made.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

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
		if (log_area_enable(name) < 0)
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
	const char *areas = secure_getenv("VDS_DEBUG");

	if (areas != NULL && FAILED(set(areas)))
		log_warning("debug", "VDS_DEBUG=%s error=\"%s\"", areas, VdsLastErrorMessage());
}

/*
 * Called when the first provider is made and not by a constructor, since the constructors that
 * register debug areas may run later.
 */
void
provider_debug_begin(void)
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
	provider_debug_begin();
	return set(areas);
}
