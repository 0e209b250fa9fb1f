/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading HTTP/1.1 messages (RFC 9112).
 *
 *	HEAD → BODY → DONE                                            Content-Length
 *	HEAD → CHUNK_SIZE → CHUNK_DATA → CHUNK_END → CHUNK_SIZE …     chunked
 *	       CHUNK_SIZE (0) → TRAILER → DONE
 *	HEAD → TO_CLOSE → DONE                                        an answer without a length
 *	HEAD → DONE                                                   no body
 */
#include "wire/wire_http.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"

void
wire_http_init(struct wire_http *http, enum wire_http_kind kind, uint64_t body_max)
{
	*http = (struct wire_http){ .kind = kind, .body_max = body_max };
	strbuf_init(&http->head);
	strbuf_init(&http->line);
}

void
wire_http_fini(struct wire_http *http)
{
	strbuf_fini(&http->head);
	strbuf_fini(&http->line);
}

void
wire_http_reset(struct wire_http *http)
{
	enum wire_http_kind kind = http->kind;
	uint64_t body_max = http->body_max;

	wire_http_fini(http);
	wire_http_init(http, kind, body_max);
}

bool
wire_http_has_begun(const struct wire_http *http)
{
	return http->state != WIRE_HTTP_HEAD || http->head.len > 0;
}

const char *
wire_http_header(const struct wire_http *http, const char *name)
{
	for (size_t i = 0; i < http->header_count; i++)
		if (strcasecmp(http->headers[i].name, name) == 0)
			return http->headers[i].value;
	return NULL;
}

static int
refuse(struct wire_http *http, unsigned status, const char *text)
{
	http->refusal = status;
	return err_set(status == 413 || status == 414 || status == 431 ? ERR_LIMIT : ERR_PROTOCOL,
		       "%s", text);
}

/* ---- the first line ---- */

/* tchar of RFC 9110 §5.6.2. */
static bool
is_token(const char *text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (const char *p = text; *p != '\0'; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= 'a' && *p <= 'z') || strchr(marks, *p) != NULL))
			return false;
	return *text != '\0';
}

static bool
is_visible(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return *text != '\0';
}

static int
version_read(struct wire_http *http, const char *text)
{
	if (strcmp(text, "HTTP/1.1") == 0 || strcmp(text, "HTTP/1.0") == 0) {
		http->version_1_0 = text[7] == '0';
		return 0;
	}
	if (strncmp(text, "HTTP/", 5) == 0 && strlen(text) == 8 && text[6] == '.')
		return refuse(http, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	return refuse(http, 400, "the first line is not METHOD TARGET HTTP/1.1");
}

/*
 * A target with scheme and host, as a client sends it to a proxy: "http://host/path?query".  A
 * server has to take it, and its host counts instead of that in the Host header (RFC 9112 §3.2.2).
 */
static int
absolute_target_read(struct wire_http *http, char *target)
{
	size_t scheme = strncasecmp(target, "https://", 8) == 0 ? 8 : 7;
	size_t len = strcspn(target + scheme, "/?#");
	char *rest = target + scheme + len;

	if (len == 0 || memchr(target + scheme, '@', len) != NULL)
		return refuse(http, 400, "the request's target names no host, or a user");
	/* Two bytes of the scheme make room for the end of the host and for a path's begin. */
	memmove(target + scheme - 2, target + scheme, len);
	rest[-2] = '\0';
	rest[-1] = '/';
	http->authority = target + scheme - 2;
	http->target = *rest == '/' ? rest : rest - 1;
	return 0;
}

static int
target_read(struct wire_http *http, char *target)
{
	http->authority = NULL;
	http->target = target;
	if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0)
		return absolute_target_read(http, target);
	return 0;
}

static int
request_line(struct wire_http *http, char *line)
{
	char *target = strchr(line, ' '),
	     *version = target != NULL ? strchr(target + 1, ' ') : NULL;
	int rc;

	if (version == NULL)
		return refuse(http, 400, "the first line is not METHOD TARGET HTTP/1.1");
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line) || !is_visible(target))
		return refuse(http, 400, "the first line is not METHOD TARGET HTTP/1.1");
	if (strlen(target) > WIRE_HTTP_TARGET_MAX)
		return refuse(http, 414, "the request's target is longer than 8192 bytes");
	http->method = line;
	rc = target_read(http, target);
	return rc < 0 ? rc : version_read(http, version);
}

/* "HTTP/1.1 200 OK" */
static int
status_line(struct wire_http *http, char *line)
{
	char *status = strchr(line, ' ');
	unsigned value = 0;
	size_t digits;

	if (status == NULL)
		return refuse(http, 400, "the answer does not begin with HTTP/1.1");
	*status++ = '\0';
	digits = strspn(status, "0123456789");
	if (digits != 3 || (status[3] != ' ' && status[3] != '\0') || status[0] < '1')
		return refuse(http, 400, "the answer has no status of three digits");
	for (size_t i = 0; i < 3; i++)
		value = value * 10 + (unsigned)(status[i] - '0');
	http->status = value;
	return version_read(http, line);
}

/* ---- headers ---- */

static int
header_line(struct wire_http *http, char *line)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (colon == NULL)
		return refuse(http, 400, "a header has no colon");
	*colon = '\0';
	if (!is_token(line))
		return refuse(http, 400, "a header's name is not a token");
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		if ((*p < ' ' && *p != '\t') || *p == 0x7f)
			return refuse(http, 400, "a header holds control characters");
	if (http->header_count == WIRE_HTTP_HEADERS_MAX)
		return refuse(http, 431, "there are more than 64 headers");
	http->headers[http->header_count++] = (struct wire_http_header){ line, value };
	return 0;
}

/* Two of these could be read as one or as the other. */
static int
singles_check(struct wire_http *http)
{
	static const char *const singles[] = {
		"Host",           "Content-Length", "Transfer-Encoding",
		"Content-Type",   "Origin",         "X-Request-Id",
		"Sec-Fetch-Site", "Expect",         "Authorization"
	};

	for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
		size_t count = 0;

		for (size_t h = 0; h < http->header_count; h++)
			count += strcasecmp(http->headers[h].name, singles[i]) == 0;
		if (count > 1)
			return refuse(http, 400, "a header that may stand once stands twice");
	}
	return 0;
}

static bool
list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p != NULL && *p != '\0'; p = strchr(p, ',')) {
		p += strspn(p, ", \t");
		if (strncasecmp(p, word, len) == 0 && strchr(", \t", p[len]) != NULL)
			return true;
	}
	return false;
}

static int
length_read(struct wire_http *http, const char *text)
{
	uint64_t length = 0;

	/*
	 * str_parse_u64 is for people; here only digits count, and too many of them are a length
	 * too
	 */
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return refuse(http, 400, "Content-Length is no number");
	for (const char *p = text; *p != '\0'; p++) {
		if (length > (UINT64_MAX - 9) / 10)
			return refuse(http, 413, "the body is too long");
		length = length * 10 + (uint64_t)(*p - '0');
	}
	if (http->body_max != 0 && length > http->body_max)
		return refuse(http, 413, "the body is too long");
	http->left = length;
	http->state = length > 0 ? WIRE_HTTP_BODY : WIRE_HTTP_DONE;
	return 0;
}

/* How long is the body?  RFC 9112 §6.3. */
static int
framing_read(struct wire_http *http)
{
	const char *encoding = wire_http_header(http, "Transfer-Encoding");
	const char *length = wire_http_header(http, "Content-Length");
	bool answer = http->kind == WIRE_HTTP_RESPONSE;

	if (encoding != NULL && length != NULL)
		return refuse(http, 400, "Content-Length and Transfer-Encoding exclude each other");
	if (encoding != NULL && http->version_1_0)
		return refuse(http, 400, "HTTP/1.0 has no Transfer-Encoding");
	if (encoding != NULL && strcasecmp(encoding, "chunked") != 0)
		return refuse(http, 501, "the only Transfer-Encoding known here is chunked");
	http->state = WIRE_HTTP_DONE;
	if (answer && (http->status < 200 || http->status == 204 || http->status == 304))
		return 0;
	if (encoding != NULL)
		http->state = WIRE_HTTP_CHUNK_SIZE;
	else if (length != NULL)
		return length_read(http, length);
	else if (answer)
		http->state = WIRE_HTTP_TO_CLOSE;
	return 0;
}

/* The host that the target names stands in the place of the header's. */
static int
host_check(struct wire_http *http)
{
	if (http->kind != WIRE_HTTP_REQUEST)
		return 0;
	if (!http->version_1_0 && wire_http_header(http, "Host") == NULL)
		return refuse(http, 400, "HTTP/1.1 needs a Host header");
	if (http->authority == NULL)
		return 0;
	for (size_t i = 0; i < http->header_count; i++)
		if (strcasecmp(http->headers[i].name, "Host") == 0) {
			http->headers[i].value = http->authority;
			return 0;
		}
	if (http->header_count == WIRE_HTTP_HEADERS_MAX)
		return refuse(http, 431, "there are more than 64 headers");
	http->headers[http->header_count++] = (struct wire_http_header){ "Host", http->authority };
	return 0;
}

static int
head_check(struct wire_http *http)
{
	const char *connection = wire_http_header(http, "Connection");
	int rc = singles_check(http);

	if (rc == 0)
		rc = host_check(http);
	if (rc < 0)
		return rc;
	http->keep_alive = http->version_1_0 ? list_has(connection, "keep-alive")
					     : !list_has(connection, "close");
	rc = framing_read(http);
	if (http->state == WIRE_HTTP_TO_CLOSE)
		http->keep_alive = false;
	return rc;
}

/* ---- lines ---- */

/* Cuts the head into lines, in place, and reads each. */
static int
head_parse(struct wire_http *http)
{
	char *line = http->head.text;
	bool first = true;

	if (memchr(line, '\0', http->head.len) != NULL)
		return refuse(http, 400, "the head holds a NUL");
	for (;;) {
		char *end = strstr(line, "\r\n");
		int rc;

		*end = '\0';
		if (strpbrk(line, "\r\n") != NULL)
			return refuse(http, 400, "a line does not end with CR LF");
		if (*line == '\0' && !first)
			return head_check(http);
		if (first)
			rc = http->kind == WIRE_HTTP_REQUEST ? request_line(http, line)
							     : status_line(http, line);
		else if (*line == ' ' || *line == '\t')
			rc = refuse(http, 400, "a header goes on in a second line");
		else
			rc = header_line(http, line);
		if (rc < 0)
			return rc;
		first = false;
		line = end + 2;
	}
}

/* Refuses a first line that is too long before all of it has come. */
static int
head_limits(struct wire_http *http)
{
	const char *end = memchr(http->head.text, '\n', http->head.len);

	if (http->head.len <= WIRE_HTTP_HEAD_MAX)
		return 0;
	if (end == NULL && http->kind == WIRE_HTTP_REQUEST)
		return refuse(http, 414, "the request's target is longer than 8192 bytes");
	return refuse(http, 431, "the headers are longer than 32 KiB");
}

/* Index behind the empty line, or 0 when it has not come. */
static size_t
head_end(struct wire_http *http)
{
	const char *text = http->head.text;

	for (size_t i = http->scanned; i < http->head.len; i++)
		if (text[i] == '\n' && i >= 3 && memcmp(text + i - 3, "\r\n\r\n", 4) == 0)
			return i + 1;
	http->scanned = http->head.len;
	return 0;
}

/* RFC 9112 §2.2: empty lines before a request are skipped.  Returns how many bytes that were. */
static size_t
head_strip(struct wire_http *http)
{
	size_t stripped = 0;

	while (http->kind == WIRE_HTTP_REQUEST && http->head.len - stripped >= 2 &&
	       memcmp(http->head.text + stripped, "\r\n", 2) == 0)
		stripped += 2;
	if (stripped > 0) {
		http->head.len -= stripped;
		memmove(http->head.text, http->head.text + stripped, http->head.len + 1);
		http->scanned = 0;
	}
	return stripped;
}

static int
head_feed(struct wire_http *http, const char *bytes, size_t len, size_t *ret_used)
{
	size_t before = http->head.len, stripped, end;

	len = MIN(len, WIRE_HTTP_HEAD_MAX + 1 - before);
	strbuf_add_bytes(&http->head, bytes, len);
	if (http->head.failed)
		return -ENOMEM;
	stripped = http->head.len > 0 ? head_strip(http) : 0;
	end = http->head.len > 0 ? head_end(http) : 0;
	*ret_used = end > 0 ? end + stripped - before : len;
	if (end == 0)
		return http->head.len > 0 ? head_limits(http) : 0;
	/* behind the head the body begins, which may hold a secret */
	secret_wipe(http->head.text + end, http->head.len - end);
	http->head.len = end;
	http->head.text[end] = '\0';
	return head_parse(http);
}

/* Gathers a line into http->line.  1: it is complete, without its CR LF; 0: more is needed. */
static int
line_feed(struct wire_http *http, char c, size_t max)
{
	if (http->line.len > 0 && http->line.text[http->line.len - 1] == '\r') {
		if (c != '\n')
			return refuse(http, 400, "a line does not end with CR LF");
		http->line.text[--http->line.len] = '\0';
		return 1;
	}
	if (c == '\n' || c == '\0')
		return refuse(http, 400, "a line does not end with CR LF");
	if (http->line.len > max)
		return refuse(http, 400, "a chunk's size line is longer than 256 bytes");
	strbuf_add_bytes(&http->line, &c, 1);
	return http->line.failed ? -ENOMEM : 0;
}

/* ---- bodies ---- */

static int
size_parse(struct wire_http *http)
{
	const char *text = http->line.text != NULL ? http->line.text : "";
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	uint64_t size = 0;

	if (digits == 0 || digits > 15 || strchr(";\t ", text[digits]) == NULL)
		return refuse(http, 400, "a chunk's size is no number");
	for (size_t i = 0; i < digits; i++) {
		char c = text[i];

		size = size * 16 + (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	if (http->body_max != 0 && size > http->body_max - http->body_len)
		return refuse(http, 413, "the body is too long");
	http->line.len = 0;
	http->left = size;
	http->state = size > 0 ? WIRE_HTTP_CHUNK_DATA : WIRE_HTTP_TRAILER;
	return 0;
}

static int
chunk_end_feed(struct wire_http *http, char c)
{
	int rc = line_feed(http, c, 0);

	if (rc < 0)
		return rc;
	if (rc == 0 && http->line.len > 0 && http->line.text[0] != '\r')
		return refuse(http, 400, "a chunk is longer than its size");
	if (rc == 1)
		http->state = WIRE_HTTP_CHUNK_SIZE;
	return 0;
}

static int
trailer_feed(struct wire_http *http, char c)
{
	bool empty = http->line.len == 1;
	int rc;

	if (++http->trailers > WIRE_HTTP_HEAD_MAX)
		return refuse(http, 431, "the trailers are longer than 32 KiB");
	rc = line_feed(http, c, WIRE_HTTP_HEAD_MAX);
	if (rc == 1) {
		http->line.len = 0;
		if (empty)
			http->state = WIRE_HTTP_DONE;
	}
	return MIN(rc, 0);
}

static int
line_step(struct wire_http *http, char c)
{
	int rc;

	if (http->state == WIRE_HTTP_TRAILER)
		return trailer_feed(http, c);
	if (http->state == WIRE_HTTP_CHUNK_END)
		return chunk_end_feed(http, c);
	rc = line_feed(http, c, WIRE_HTTP_CHUNK_MAX);
	return rc == 1 ? size_parse(http) : rc;
}

static int
data_feed(struct wire_http *http, const char *bytes, size_t len,
	  int (*body)(void *arg, const char *bytes, size_t len), void *arg, size_t *ret_used)
{
	size_t piece = http->state == WIRE_HTTP_TO_CLOSE ? len : (size_t)MIN(len, http->left);
	int rc;

	if (http->body_max != 0 && piece > http->body_max - http->body_len)
		return refuse(http, 413, "the body is too long");
	http->body_len += piece;
	*ret_used = piece;
	rc = body(arg, bytes, piece);
	if (rc != 0 || http->state == WIRE_HTTP_TO_CLOSE)
		return rc;
	http->left -= piece;
	if (http->left == 0)
		http->state = http->state == WIRE_HTTP_BODY ? WIRE_HTTP_DONE : WIRE_HTTP_CHUNK_END;
	return 0;
}

int
wire_http_feed(struct wire_http *http, const char *bytes, size_t len,
	       int (*body)(void *arg, const char *bytes, size_t len), void *arg, size_t *ret_used)
{
	size_t used = 0;
	int rc = 0;

	if (http->state == WIRE_HTTP_HEAD)
		return head_feed(http, bytes, len, ret_used);
	while (rc == 0 && used < len && http->state != WIRE_HTTP_DONE) {
		size_t step = 1;

		if (http->state == WIRE_HTTP_BODY || http->state == WIRE_HTTP_CHUNK_DATA ||
		    http->state == WIRE_HTTP_TO_CLOSE)
			rc = data_feed(http, bytes + used, len - used, body, arg, &step);
		else
			rc = line_step(http, bytes[used]);
		used += step;
	}
	*ret_used = used;
	return rc;
}

int
wire_http_end(struct wire_http *http)
{
	if (http->state == WIRE_HTTP_TO_CLOSE)
		http->state = WIRE_HTTP_DONE;
	return http->state == WIRE_HTTP_DONE
		       ? 0
		       : err_set(ERR_PROTOCOL, "the connection ended within a message");
}
