/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's iSCSI initiator, which is open-iscsi: its name, and its sessions by the program
 * iscsiadm(8).  Any thread may call it; the functions that run iscsiadm wait for its end.
 */
#include "service/iscsiadm_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "service/run_int.h"

#define OUTPUT_SIZE 65536
#define TIMEOUT_MS  180000u

/* Exit statuses of iscsiadm(8). */
#define ISCSI_ERR_SESS_EXISTS   15
#define ISCSI_ERR_NO_OBJS_FOUND 21

/* Returns iscsiadm's path, or NULL when the host has none. */
static const char *
program(void)
{
	static const char *const places[] = { "/usr/sbin/iscsiadm", "/sbin/iscsiadm" };
	const char *path = secure_getenv("VDS_ISCSIADM");

	if (path != NULL)
		return access(path, X_OK) == 0 ? path : NULL;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

bool
service_iscsiadm_present(void)
{
	return program() != NULL;
}

bool
service_iscsi_name(char name[SERVICE_ISCSI_NAME_SIZE])
{
	const char *path = secure_getenv("VDS_INITIATORNAME");
	FILE *file = fopen(path != NULL ? path : "/etc/iscsi/initiatorname.iscsi", "re");
	char line[SERVICE_ISCSI_NAME_SIZE + 64];
	bool found = false;
	size_t length;

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\r\n \t")] = '\0';
		if (!str_starts(line, "InitiatorName="))
			continue;
		length = strlen(line + 14);
		found = length > 0 && length < SERVICE_ISCSI_NAME_SIZE;
		if (found)
			memcpy(name, line + 14, length + 1);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

/* Runs iscsiadm with the words; *ret_output gets what it writes. */
static int
run(const char *const words[], size_t count, char **ret_output)
{
	const char *argv[16] = { program() };
	char *output = mem_alloc(OUTPUT_SIZE);
	int rc;

	*ret_output = NULL;
	if (output == NULL)
		return -ENOMEM;
	if (argv[0] == NULL) {
		mem_free(output);
		return err_set(-ENOENT, "this computer has no iscsiadm: install open-iscsi");
	}
	memcpy(argv + 1, words, count * sizeof(words[0]));
	argv[count + 1] = NULL;
	rc = service_run(argv, TIMEOUT_MS, true, output, OUTPUT_SIZE);
	*ret_output = output;
	return rc;
}

#define RUN(ret_output, ...)                                          \
	({                                                            \
		const char *const words_[] = { __VA_ARGS__ };         \
		_Static_assert(ARRAY_LEN(words_) <= 14, "see run()"); \
		run(words_, ARRAY_LEN(words_), ret_output);           \
	})

/* Returns hr with what iscsiadm wrote, or with why it could not be run. */
static HRESULT
failure(HRESULT hr, int rc, char *output)
{
	if (rc == -ENOMEM)
		return com_error(rc);
	if (rc < 0 && rc != -ECHILD && rc != -ECANCELED)
		return com_fail(hr, err_text(rc));
	output[strcspn(output, "\n")] = '\0';
	return com_fail(hr, output[0] != '\0' ? output : "iscsiadm failed without a word");
}

/* ---- login ---- */

/* Sets a member of the record of a node. */
static HRESULT
set(const struct service_login *login, const char *name, const char *value)
{
	AUTO_FREE char *output = NULL;
	int rc = RUN(&output, "-m", "node", "-T", login->target, "-p", login->portal, "-o",
		     "update", "-n", name, "-v", value);

	return rc == 0 ? S_OK : failure(VDS_E_ISCSI_LOGIN_FAILED, rc, output);
}

static const char *
digest(bool on)
{
	return on ? "CRC32C,None" : "None";
}

static const char *
startup(VDS_ISCSI_LOGIN_TYPE type)
{
	switch (type) {
	case VDS_ILT_PERSISTENT:
		return "automatic";
	case VDS_ILT_BOOT:
		return "onboot";
	default:
		return "manual";
	}
}

/* Makes the record of the node and fills it. */
static HRESULT
prepare(const struct service_login *login)
{
	const char *const settings[][2] = {
		{ "node.startup", startup(login->type) },
		{ "node.conn[0].startup", startup(login->type) },
		{ "node.conn[0].iscsi.HeaderDigest", digest(login->header_digest) },
		{ "node.conn[0].iscsi.DataDigest", digest(login->data_digest) },
		{ "node.session.auth.authmethod", "None" },
	};
	AUTO_FREE char *output = NULL;
	HRESULT hr = S_OK;
	int rc = RUN(&output, "-m", "node", "-T", login->target, "-p", login->portal, "-o", "new");

	if (rc != 0)
		return failure(VDS_E_ISCSI_LOGIN_FAILED, rc, output);
	for (size_t i = 0; SUCCEEDED(hr) && i < ARRAY_LEN(settings); i++)
		hr = set(login, settings[i][0], settings[i][1]);
	return hr;
}

HRESULT
service_iscsi_login(const struct service_login *login)
{
	AUTO_FREE char *output = NULL;
	HRESULT hr = prepare(login);
	int rc;

	if (FAILED(hr))
		return hr;
	rc = RUN(&output, "-m", "node", "-T", login->target, "-p", login->portal, "--login");
	if (rc == ISCSI_ERR_SESS_EXISTS)
		return VDS_S_ISCSI_LOGIN_ALREAD_EXISTS;
	return rc == 0 ? S_OK : failure(VDS_E_ISCSI_LOGIN_FAILED, rc, output);
}

/* ---- sessions ---- */

/*
 * Returns whether a line of "iscsiadm -m session" is about the target: its third word is the name.
 */
static bool
is_session_with(const char *line, const char *target)
{
	size_t len = strlen(target);

	/* tcp: [1] 127.0.0.1:3260,1 iqn.2026-11.org.example:t0 (non-flash) */
	for (const char *at = strstr(line, target); at != NULL; at = strstr(at + 1, target)) {
		if (at > line && at[-1] == ' ' && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Counts the sessions with a target. Returns S_OK or VDS_E_ISCSI_LOGOUT_FAILED. */
static HRESULT
count_sessions(const char *target, unsigned *ret_count)
{
	AUTO_FREE char *output = NULL;
	int rc = RUN(&output, "-m", "session");
	char *rest = NULL;

	*ret_count = 0;
	if (rc == ISCSI_ERR_NO_OBJS_FOUND)
		return S_OK;
	if (rc != 0)
		return failure(VDS_E_ISCSI_LOGOUT_FAILED, rc, output);
	for (char *line = strtok_r(output, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		*ret_count += is_session_with(line, target);
	return S_OK;
}

HRESULT
service_iscsi_logout(const char *target)
{
	AUTO_FREE char *output = NULL;
	unsigned before, after;
	HRESULT hr = count_sessions(target, &before);
	int rc;

	if (FAILED(hr))
		return hr;
	if (before == 0)
		return com_fail(VDS_E_ISCSI_SESSION_NOT_FOUND,
				"this computer has no session with the target");
	rc = RUN(&output, "-m", "node", "-T", target, "--logout");
	hr = count_sessions(target, &after);
	if (FAILED(hr))
		return hr;
	if (after == 0)
		return S_OK;
	return failure(after < before ? VDS_E_ISCSI_LOGOUT_INCOMPLETE : VDS_E_ISCSI_LOGOUT_FAILED,
		       rc, output);
}

HRESULT
service_iscsi_rescan(void)
{
	AUTO_FREE char *output = NULL;
	int rc = RUN(&output, "-m", "session", "--rescan");

	return rc == 0 || rc == ISCSI_ERR_NO_OBJS_FOUND ? S_OK : failure(E_FAIL, rc, output);
}
