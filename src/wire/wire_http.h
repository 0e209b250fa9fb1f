/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An incremental reader of HTTP/1.1 messages (RFC 9112): requests for the server, answers for the
 * client.  Any cut of the bytes gives the same result, and nothing that a peer sends makes the
 * reader hold more than WIRE_HTTP_HEAD_MAX bytes, since bodies are handed on as they come.
 *
 * The reader is strict: what two readers could understand in two ways is refused.  A line ends with
 * CR LF; a message has one way to tell its length; a header of the list in wire_http.c may stand
 * only once.
 *
 * One thread for each reader.
 */
#ifndef VDS_WIRE_WIRE_HTTP_H
#define VDS_WIRE_WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define WIRE_HTTP_HEAD_MAX    32768 /* bytes of the first line and the headers; also of all trailers */
#define WIRE_HTTP_TARGET_MAX  8192 /* the longest target of a request, in bytes */
#define WIRE_HTTP_HEADERS_MAX 64
#define WIRE_HTTP_CHUNK_MAX   256 /* bytes of a chunk's size line, its extensions included */

enum wire_http_kind { WIRE_HTTP_REQUEST, WIRE_HTTP_RESPONSE };

enum wire_http_state {
	WIRE_HTTP_HEAD,       /* the first line and the headers are not complete */
	WIRE_HTTP_BODY,       /* Content-Length says how much is to come */
	WIRE_HTTP_CHUNK_SIZE, /* in a chunk's size line */
	WIRE_HTTP_CHUNK_DATA,
	WIRE_HTTP_CHUNK_END, /* in the CR LF behind a chunk */
	WIRE_HTTP_TRAILER,
	WIRE_HTTP_TO_CLOSE, /* an answer without a length: it ends with the connection */
	WIRE_HTTP_DONE,
};

struct wire_http_header {
	const char *name, *value; /* in the head; the value without spaces around it */
};

struct wire_http {
	enum wire_http_kind kind;
	enum wire_http_state state;
	uint64_t body_max; /* a longer body is refused; 0 = unlimited */

	/* Valid once the state is past WIRE_HTTP_HEAD, until wire_http_reset. */
	const char *method, *target; /* of a request; the target without scheme and host */
	unsigned status;             /* of an answer */
	bool version_1_0;
	bool keep_alive; /* the peer wants to go on with this connection afterwards */
	struct wire_http_header headers[WIRE_HTTP_HEADERS_MAX];
	size_t header_count;

	/*
	 * After an error in a request: the status that says what was wrong (RFC 9110 §15), 400 to
	 * 505.
	 */
	unsigned refusal;

	/* The reader's own. */
	const char *authority; /* the host that the target names; NULL = it names none */
	struct strbuf head;    /* its lines; then cut into texts that the pointers above point to */
	struct strbuf line;    /* a chunk's size line, or a trailer */
	size_t scanned;        /* bytes of the head that were looked at */
	size_t trailers;       /* bytes of trailers so far */
	uint64_t left;         /* bytes of the body or the chunk that are to come */
	uint64_t body_len;     /* bytes of the body so far */
};

void wire_http_init(struct wire_http *http, enum wire_http_kind kind, uint64_t body_max);
void wire_http_fini(struct wire_http *http);
/* Begins the next message of the same connection. */
void wire_http_reset(struct wire_http *http);

/*
 * Reads bytes.  Stops behind the head, so that the caller can look at it before the body comes, and
 * behind the message; *ret_used says how many bytes were read.  body: called with pieces of the
 * body; what it returns when that is not 0 ends the reading.
 *
 * Returns 0; ERR_PROTOCOL (the message is malformed, or of a form that is not supported; refusal
 * says how) or ERR_LIMIT (a part of it is too long), each with a text; -ENOMEM; or what body
 * returned.
 */
int wire_http_feed(struct wire_http *http, const char *bytes, size_t len,
		   int (*body)(void *arg, const char *bytes, size_t len), void *arg,
		   size_t *ret_used);
/* The connection ended here.  Returns 0 when the message is complete, else ERR_PROTOCOL. */
int wire_http_end(struct wire_http *http);
/* Has anything of the message come?  Between two requests of a connection nothing has. */
bool wire_http_has_begun(const struct wire_http *http);
/* The value of a header, by its name without regard to case; NULL when it is absent. */
const char *wire_http_header(const struct wire_http *http, const char *name);

#endif
