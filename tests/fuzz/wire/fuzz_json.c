/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for the decoders of JSON: the input is decoded as a change, a snapshot, a position,
 * an error and a row of each family. What is accepted must be encoded as it was decoded, and an
 * accepted state must have sound orders.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_change(const json_t *json)
{
	struct change *change = NULL, *again = NULL;
	json_t *encoded;

	if (wire_change_decode(json, &change) < 0)
		return;
	encoded = wire_change_encode(change);
	assert(wire_change_decode(encoded, &again) == 0 && again->op_count == change->op_count);
	json_decref(encoded);
	change_unref(again);
	change_unref(change);
}

static void
try_state(const json_t *json, enum row_family first, enum row_family end)
{
	AUTO_STATE struct state *state = NULL, *again = NULL;
	json_t *encoded;

	if (wire_state_decode(json, first, end, &state) < 0)
		return;
	(void)state_check(state);
	/*
	 * Members that are not known may be left out; rows, also of families that are not known,
	 * may not.
	 */
	encoded = wire_state_encode(state, first, end);
	assert(wire_state_decode(encoded, first, end, &again) == 0);
	for (enum row_family f = first; f < end; f++)
		assert(state_count(again, f) == state_count(state, f));
	json_decref(encoded);
}

static void
try_rows(const json_t *json)
{
	for (int f = 0; f < ROW_FAMILY_COUNT; f++) {
		void *row = NULL;
		json_t *encoded;

		if (f == ROW_OTHER || wire_row_decode(f, json, &row) < 0)
			continue;
		encoded = wire_row_encode(row);
		assert(json_object_size(encoded) == json_object_size(json));
		json_decref(encoded);
		row_unref(row);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
	struct position position;

	if (json == NULL)
		return 0;
	try_change(json);
	try_state(json, ROW_ARRAY, ROW_CONFIG_COUNT);
	try_state(json, ROW_LIVE_LUN, ROW_FAMILY_COUNT);
	try_rows(json);
	(void)wire_position_decode(json, &position);
	(void)wire_error_decode(json);
	json_decref(json);
	return 0;
}
