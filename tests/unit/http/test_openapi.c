/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests that docs/openapi.json (as vdsd serves it) and the tables of the program say the same, in
 * both directions: routes, parameters, bodies with their types and ranges, answers, and rows.
 */
#include "fixture.h"

static json_t *document;

static int
document_load(void **state)
{
	(void)state;
	document = json_loadb(http_openapi_text, http_openapi_len, JSON_REJECT_DUPLICATES, NULL);
	return document == NULL;
}

static int
document_free(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

/* "#/components/…" followed. */
static json_t *
resolve(json_t *json)
{
	const char *ref = text_of(json, "$ref");
	char part[128];

	if (ref == NULL)
		return json;
	assert_true(strncmp(ref, "#/", 2) == 0);
	json = document;
	for (ref += 2; *ref != '\0'; ref += *ref == '/') {
		size_t len = strcspn(ref, "/");

		memcpy(part, ref, len);
		part[len] = '\0';
		json = json_object_get(json, part);
		ref += len;
	}
	assert_non_null(json);
	return json;
}

static void
lower(const char *in, char *out)
{
	while (*in != '\0')
		*out++ = (char)(*in++ | 0x20);
	*out = '\0';
}

static json_t *
operation_of(const struct verb *route)
{
	json_t *path = json_object_get(json_object_get(document, "paths"), route->path);
	char method[16];

	lower(route->method, method);
	return json_object_get(path, method);
}

static void
test_every_route_is_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		json_t *operation = operation_of(&verb_table[i]);

		if (operation == NULL)
			fail_msg("%s %s is not documented", verb_table[i].method,
				 verb_table[i].path);
		assert_string_equal(text_of(operation, "operationId"), verb_table[i].operation);
		assert_string_equal(text_of(operation, "x-role"),
				    principal_role_name(verb_table[i].role));
		assert_true(json_string_length(json_object_get(operation, "summary")) > 0);
	}
}

static void
test_every_documented_operation_is_a_route(void **state)
{
	const char *path, *method;
	json_t *methods, *operation;
	size_t count = 0;

	(void)state;
	json_object_foreach(json_object_get(document, "paths"), path, methods)
	{
		json_object_foreach(methods, method, operation)
		{
			count++;
		}
	}
	/* every route is one of them, none twice (test_routes), so equal counts mean equal sets */
	assert_int_equal(count, VERB_COUNT);
}

/* Does a schema say what the field says? */
static void
schema_agrees(const char *where, const struct verb_field *field, json_t *schema, bool in_query)
{
	const char *type = text_of(schema, "type"), *format = text_of(schema, "format");
	const char *wanted = "string";

	bool flag = field->type == VERB_BOOL || field->type == VERB_FLAG;

	if (field->type == VERB_U64 || (flag && in_query))
		wanted = "integer";
	else if (flag)
		wanted = "boolean";
	else if (field->type == VERB_GUIDS)
		wanted = "array";
	if (type == NULL || strcmp(type, wanted) != 0)
		fail_msg("%s %s: type %s, wanted %s", where, field->name, type, wanted);
	if ((field->type == VERB_GUID) != (format != NULL && strcmp(format, "uuid") == 0))
		fail_msg("%s %s: format %s", where, field->name, format);
	if (field->type == VERB_TEXT && (number_of(schema, "minLength") != (json_int_t)field->min ||
					 number_of(schema, "maxLength") != (json_int_t)field->max))
		fail_msg("%s %s: other lengths", where, field->name);
	if (field->type == VERB_U64 && json_object_get(schema, "enum") == NULL && field->max != 0 &&
	    (number_of(schema, "minimum") != (json_int_t)field->min ||
	     number_of(schema, "maximum") != (json_int_t)field->max))
		fail_msg("%s %s: another range", where, field->name);
}

static bool
names_have(json_t *names, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return true;
	return false;
}

/* The members that may stand beside the one of a body of which exactly one is needed. */
static size_t
flag_count(const struct verb_spec *spec)
{
	size_t count = 0;

	for (size_t i = 0; i < spec->count; i++)
		count += spec->fields[i].type == VERB_BOOL;
	return count;
}

static void
body_agrees(const struct verb *route, json_t *operation)
{
	json_t *body = json_object_get(operation, "requestBody");
	json_t *content = json_object_get(json_object_get(body, "content"), "application/json");
	json_t *schema = json_object_get(content, "schema");
	json_t *properties = json_object_get(schema, "properties");

	if (route->body == NULL) {
		assert_null(body);
		return;
	}
	if (route->body == &verb_document) { /* docs/plan.schema.json says the rest */
		assert_true(json_is_true(json_object_get(body, "required")));
		assert_string_equal(text_of(schema, "type"), "object");
		return;
	}
	if (json_object_size(properties) != route->body->count)
		fail_msg("%s: %zu members, not %zu", route->operation, json_object_size(properties),
			 route->body->count);
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_int_equal(number_of(schema, "minProperties"),
			 route->body->rule == VERB_EXACTLY_ONE ||
				 route->body->rule == VERB_AT_LEAST_ONE);
	assert_int_equal(number_of(schema, "maxProperties"),
			 route->body->rule == VERB_EXACTLY_ONE ? 1 + flag_count(route->body) : 0);
	for (size_t i = 0; i < route->body->count; i++) {
		const struct verb_field *field = &route->body->fields[i];
		json_t *property = json_object_get(properties, field->name);

		if (property == NULL)
			fail_msg("%s: %s is not documented", route->operation, field->name);
		schema_agrees(route->operation, field, resolve(property), false);
		assert_int_equal(names_have(json_object_get(schema, "required"), field->name),
				 field->required);
	}
}

static json_t *
parameter_find(json_t *operation, const char *where, const char *name)
{
	json_t *parameters = json_object_get(operation, "parameters");

	for (size_t i = 0; i < json_array_size(parameters); i++) {
		json_t *parameter = resolve(json_array_get(parameters, i));

		if (strcmp(text_of(parameter, "in"), where) == 0 &&
		    strcmp(text_of(parameter, "name"), name) == 0)
			return parameter;
	}
	return NULL;
}

static size_t
parameter_count(json_t *operation, const char *where)
{
	json_t *parameters = json_object_get(operation, "parameters");
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(parameters); i++)
		count += strcmp(text_of(resolve(json_array_get(parameters, i)), "in"), where) == 0;
	return count;
}

static void
query_agrees(const struct verb *route, json_t *operation)
{
	size_t count = route->query != NULL ? route->query->count : 0;

	if (parameter_count(operation, "query") != count)
		fail_msg("%s: other query parameters", route->operation);
	for (size_t i = 0; i < count; i++) {
		const struct verb_field *field = &route->query->fields[i];
		json_t *parameter = parameter_find(operation, "query", field->name);

		if (parameter == NULL)
			fail_msg("%s: ?%s is not documented", route->operation, field->name);
		assert_int_equal(json_is_true(json_object_get(parameter, "required")),
				 field->required);
		schema_agrees(route->operation, field, json_object_get(parameter, "schema"), true);
	}
}

static void
path_agrees(const struct verb *route, json_t *operation)
{
	size_t count = 0;

	for (const char *p = strchr(route->path, '{'); p != NULL; p = strchr(p + 1, '{')) {
		char name[32];
		size_t len = strcspn(p + 1, "}");

		memcpy(name, p + 1, len);
		name[len] = '\0';
		count++;
		assert_non_null(parameter_find(operation, "path", name));
	}
	assert_int_equal(parameter_count(operation, "path"), count);
}

static void
test_parameters_and_bodies_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		json_t *operation = operation_of(&verb_table[i]);

		path_agrees(&verb_table[i], operation);
		query_agrees(&verb_table[i], operation);
		body_agrees(&verb_table[i], operation);
	}
}

static void
test_answers_are_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		json_t *responses = json_object_get(operation_of(&verb_table[i]), "responses");
		char status[8];

		snprintf(status, sizeof(status), "%u", verb_table[i].status);
		if (json_object_get(responses, status) == NULL ||
		    json_object_get(responses, "default") == NULL)
			fail_msg("%s: an answer is not documented", verb_table[i].operation);
	}
}

/* ---- rows ---- */

static void
row_field_agrees(const char *where, const struct row_field *field, json_t *schema)
{
	/* clang-format off */
	static const char *const types[] = {
		[FIELD_GUID] = "string",
		[FIELD_STRING] = "string",
		[FIELD_U32] = "integer",
		[FIELD_U64] = "integer",
		[FIELD_I64] = "integer",
		[FIELD_BOOL] = "boolean",
		[FIELD_ENUM] = "string",
	};
	/* clang-format on */
	const char *type = text_of(schema, "type");
	json_t *values = json_object_get(schema, "enum");
	size_t count = 0;

	if (type == NULL || strcmp(type, types[field->type]) != 0)
		fail_msg("%s.%s: type %s", where, field->name, type);
	for (; field->type == FIELD_ENUM && field->names[count] != NULL; count++)
		if (!names_have(values, field->names[count]))
			fail_msg("%s.%s: %s is not documented", where, field->name,
				 field->names[count]);
	if (json_array_size(values) != count)
		fail_msg("%s.%s: other values", where, field->name);
}

/* `extra` members beyond the row's. */
static void
row_agrees(const char *name, enum row_family family, size_t extra)
{
	json_t *schema = json_object_get(
		json_object_get(json_object_get(document, "components"), "schemas"), name);
	json_t *properties = json_object_get(schema, "properties");
	const struct row_type *type = row_type(family);

	if (schema == NULL)
		fail_msg("there is no schema %s", name);
	if (json_object_size(properties) != type->field_count + extra)
		fail_msg("%s: %zu members", name, json_object_size(properties));
	for (size_t i = 0; i < type->field_count; i++) {
		json_t *property = json_object_get(properties, type->fields[i].name);

		if (property == NULL)
			fail_msg("%s: %s is not documented", name, type->fields[i].name);
		row_field_agrees(name, &type->fields[i], property);
		assert_true(names_have(json_object_get(schema, "required"), type->fields[i].name));
	}
}

/* "live_lun" → "LiveLunRow" */
static void
row_schema_name(const char *family, char *out)
{
	bool up = true;

	for (; *family != '\0'; family++) {
		if (*family == '_') {
			up = true;
			continue;
		}
		*out++ = up ? (char)(*family & ~0x20) : *family;
		up = false;
	}
	strcpy(out, "Row");
}

static void
test_every_family_has_its_schema(void **state)
{
	(void)state;
	for (int family = 0; family < ROW_FAMILY_COUNT; family++) {
		char name[64];

		if (family == ROW_OTHER)
			continue; /* stands for families that are not known */
		row_schema_name(row_type(family)->name, name);
		row_agrees(name, family, 0);
	}
}

static void
test_objects_are_rows_and_what_is_merged(void **state)
{
	(void)state;
	row_agrees("Array", ROW_ARRAY, 3); /* position, read_only and its reason */
	row_agrees("Pool", ROW_POOL, 1);   /* live */
	row_agrees("Lun", ROW_LUN, 3);     /* live, job, owner */
	row_agrees("Target", ROW_TARGET, 0);
	row_agrees("Portal", ROW_PORTAL, 1);
	row_agrees("PortalGroup", ROW_PORTAL_GROUP, 1); /* portals */
	row_agrees("Association", ROW_ASSOCIATION, 0);
	row_agrees("Job", ROW_JOB, 1);
	row_agrees("Session", ROW_LIVE_SESSION, 1);               /* host */
	row_agrees("Host", ROW_HOST, 2);                          /* initiators, host_groups */
	row_agrees("HostGroup", ROW_HOST_GROUP, 1);               /* hosts */
	row_agrees("LunSnapshot", ROW_SNAPSHOT, 1);               /* live */
	row_agrees("SnapshotSchedule", ROW_SNAPSHOT_SCHEDULE, 2); /* luns, live */
}

static void
test_every_code_is_named(void **state)
{
	json_t *schema = json_object_get(
		json_object_get(json_object_get(document, "components"), "schemas"), "Error");
	json_t *error = json_object_get(json_object_get(schema, "properties"), "error");
	const char *text = text_of(json_object_get(json_object_get(error, "properties"), "code"),
				   "description");

	(void)state;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++)
		if (strstr(text, err_name(code)) == NULL)
			fail_msg("%s is not named", err_name(code));
}

/* Every "$ref" leads somewhere. */
static void
refs_resolve(json_t *json)
{
	const char *name;
	json_t *value;

	if (json_is_object(json)) {
		resolve(json);
		json_object_foreach(json, name, value)
		{
			refs_resolve(value);
		}
	}
	for (size_t i = 0; i < json_array_size(json); i++)
		refs_resolve(json_array_get(json, i));
}

static void
test_references_lead_somewhere(void **state)
{
	(void)state;
	refs_resolve(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_route_is_documented),
		cmocka_unit_test(test_every_documented_operation_is_a_route),
		cmocka_unit_test(test_parameters_and_bodies_agree),
		cmocka_unit_test(test_answers_are_documented),
		cmocka_unit_test(test_every_family_has_its_schema),
		cmocka_unit_test(test_objects_are_rows_and_what_is_merged),
		cmocka_unit_test(test_every_code_is_named),
		cmocka_unit_test(test_references_lead_somewhere),
	};

	return cmocka_run_group_tests(tests, document_load, document_free);
}
