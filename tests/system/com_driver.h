/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of com_driver share: how a command says its answer, and how it finds its object.
 */
#ifndef VDS_TESTS_COM_DRIVER_H
#define VDS_TESTS_COM_DRIVER_H

#include <stdbool.h>

#include <vds/libvds.h>

#define COM_ARGS_MAX 64

/* A line that begins with the name, and has at least so many arguments, runs the function. */
struct com_command {
	const char *name; /* NULL ends a table */
	int args;
	HRESULT (*run)(int argc, char **argv);
};

extern const struct com_command com_hardware_commands[], com_operation_commands[];

extern IVdsHwProvider *com_provider; /* NULL until the command open */

/* Add a value to the answer. */
void com_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void com_say_guid(const GUID *g);
bool com_guid_read(const char *text, GUID *ret);
/* Makes a text of ASCII ("-" = "") wide, in one of four buffers that are used again. */
WCHAR *com_wide(const char *text);

/* Gets an object by id, as the interface asked for; from the held ones when arg is "#n". */
HRESULT com_object_get(const char *arg, VDS_OBJECT_TYPE type, REFIID riid, void **ret);
/* Gets the first subsystem. */
HRESULT com_subsystem_get(REFIID riid, void **ret);
/* Reads the id of a LUN, target, portal or portal group. */
HRESULT com_id_of(IUnknown *unknown, GUID *ret);
/* Says the ids of an enumerator that a method gave with hr, and releases the enumerator. */
HRESULT com_say_enum(HRESULT hr, IEnumVdsObject *enumerator);
/* Waits for an async object and says the id of what it made, if anything.  Consumes `async`. */
HRESULT com_async_end(HRESULT hr, IVdsAsync *async);

/* Releases the operations that com_operation.c holds. */
void com_operations_release(void);

#endif
