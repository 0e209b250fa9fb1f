/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target for what an iSNS server sends: a header, then a payload, again and again. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "isns/isns_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t reply[ISNS_HEADER_SIZE + ISNS_PAYLOAD_MAX + 8];

static void
try_reply(const struct isns_header *header, const uint8_t *payload)
{
	struct isns_header again;
	size_t len = isns_reply(header, payload, reply);

	if (len == 0)
		return;
	assert(len >= ISNS_HEADER_SIZE + 4 && len <= sizeof(reply));
	assert(isns_header_read(reply, &again) == 0);
	assert(again.len == len - ISNS_HEADER_SIZE && again.transaction == header->transaction);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct isns_answer answer;
	struct isns_header header;

	while (size >= ISNS_HEADER_SIZE && isns_header_read(data, &header) == 0 &&
	       size - ISNS_HEADER_SIZE >= header.len) {
		/* a copy, so that a sanitizer sees a read behind its end */
		AUTO_FREE uint8_t *payload = mem_alloc(header.len + 1u);

		if (payload == NULL)
			return 0;
		memcpy(payload, data + ISNS_HEADER_SIZE, header.len);
		if (isns_answer_read(payload, header.len, &answer) == 0)
			assert(isns_status_text(answer.status) != NULL);
		try_reply(&header, payload);
		data += ISNS_HEADER_SIZE + header.len;
		size -= ISNS_HEADER_SIZE + header.len;
	}
	return 0;
}
