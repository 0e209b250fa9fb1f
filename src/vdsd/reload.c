/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGHUP: reads the command line and vdsd.conf again, and applies what can change while vdsd
 * serves:  what is logged, and the roles of users.  Main thread.
 */
#include "base/err.h"
#include "base/log.h"
#include "http/http.h"
#include "vdsd/vdsd_int.h"

void
vdsd_roles_text(const struct vdsd_options *options, struct http_roles_text *ret_text)
{
	*ret_text = (struct http_roles_text){
		.admins = options->roles[VDSD_ROLE_ADMIN],
		.operators = options->roles[VDSD_ROLE_OPERATOR],
		.readers = options->roles[VDSD_ROLE_READER],
		.trust = options->http_trust,
	};
}

static int
apply(const struct vdsd_options *options, struct http *http)
{
	struct http_roles_text roles;
	enum log_level level;
	int rc;

	vdsd_roles_text(options, &roles);
	rc = http_roles_set(http, &roles);
	if (rc < 0)
		return rc;
	vdsd_log_apply(options);
	level = log_get_level();
	log_set_level(LOG_LEVEL_INFO); /* this line is written at every level */
	log_info("vdsd.reload", "level=%s debug=\"%s\"", log_level_name(level),
		 options->debug != NULL ? options->debug : "");
	log_set_level(level);
	return 0;
}

void
vdsd_reload(int argc, char **argv, struct http *http)
{
	struct vdsd_options options;
	int rc;

	vdsd_options_init(&options);
	rc = vdsd_options_parse(&options, argc, argv);
	if (rc == 0)
		rc = vdsd_conf_load(&options);
	if (rc == 0)
		rc = apply(&options, http);
	if (rc < 0)
		log_error("vdsd.reload", "what=ignored error=\"%s\"", err_text(rc));
	vdsd_options_fini(&options);
}
