/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The format's version, positions and errors as JSON.  Called by http, catalog, client and vdsctl,
 * on any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"
#include "wire/wire_int.h"

json_t *
wire_position_encode(const struct position *position)
{
	char digest[HASH128_TEXT_SIZE];

	return json_pack("{s:o, s:I, s:I, s:s}", "array", wire_guid_encode(&position->array_id),
			 "incarnation", (json_int_t)position->incarnation, "sequence",
			 (json_int_t)position->sequence, "digest",
			 hash128_format(&position->digest, digest));
}

int
wire_u64_get(const json_t *object, const char *name, uint64_t *ret_value)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return err_set(ERR_PARSE, "%s: not an unsigned integer", name);
	*ret_value = (uint64_t)json_integer_value(value);
	return 0;
}

json_t *
wire_format_encode(void)
{
	return json_pack("{s:i, s:i}", "major", WIRE_FORMAT_MAJOR, "minor", WIRE_FORMAT_MINOR);
}

int
wire_format_decode(const json_t *object, struct wire_format *ret_format)
{
	const json_t *json = json_object_get(object, "format");
	uint64_t major = 1, minor = 0; /* release 0.1 did not say it */
	int rc = 0;

	if (json != NULL)
		rc = wire_u64_get(json, "major", &major);
	if (json != NULL && rc == 0)
		rc = wire_u64_get(json, "minor", &minor);
	if (rc < 0)
		return err_set(ERR_PARSE, "format: not {\"major\":N,\"minor\":N}");
	if (major != WIRE_FORMAT_MAJOR)
		return err_set(
			ERR_VERSION,
			"the array speaks version %llu.%llu of the wire format, this program "
			"version "
			"%d.%d: the two need the same major version, so update the older one",
			(unsigned long long)major, (unsigned long long)minor, WIRE_FORMAT_MAJOR,
			WIRE_FORMAT_MINOR);
	*ret_format = (struct wire_format){ .major = (unsigned)major, .minor = (unsigned)minor };
	return 0;
}

int
wire_hash_get(const json_t *object, const char *name, struct hash128 *ret_hash)
{
	const char *text = wire_text(json_object_get(object, name));

	if (text == NULL || hash128_parse(text, ret_hash) < 0)
		return err_set(ERR_PARSE, "%s: not a hash", name);
	return 0;
}

int
wire_position_decode(const json_t *json, struct position *ret_position)
{
	struct position position;
	int rc;

	if (wire_guid_decode(json_object_get(json, "array"), &position.array_id) < 0)
		return err_set(ERR_PARSE, "position.array: not an id");
	if ((rc = wire_u64_get(json, "incarnation", &position.incarnation)) < 0 ||
	    (rc = wire_u64_get(json, "sequence", &position.sequence)) < 0 ||
	    (rc = wire_hash_get(json, "digest", &position.digest)) < 0)
		return rc;
	*ret_position = position;
	return 0;
}

json_t *
wire_error_encode(int code)
{
	char message[512];

	/* The text may have been cut within a character. */
	snprintf(message, sizeof(message), "%s", err_text(code));
	row_text_repair(message);
	return json_pack("{s:{s:s, s:s}}", "error", "code", err_name(code), "message", message);
}

/*
 * Returns the code whose err_name is this name, ours or the system's; ERR_INTERNAL for an unknown
 * name.
 */
static int
code_of(const char *name)
{
	int code = err_from_name(name);

	if (code != ERR_INTERNAL)
		return code;
	for (int e = 1; e < 4096; e++)
		if (strcmp(err_name(-e), name) == 0)
			return -e;
	return ERR_INTERNAL;
}

int
wire_error_decode(const json_t *json)
{
	const json_t *error = json_object_get(json, "error");
	const char *name = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));
	int code;

	if (name == NULL || message == NULL)
		return err_set(ERR_INTERNAL, "the answer is not a valid error object");
	code = code_of(name);
	if (code == ERR_INTERNAL && strcmp(name, "INTERNAL") != 0)
		return err_set(code, "%s: %s", name, message);
	return err_set(code, "%s", message);
}
