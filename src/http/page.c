/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serves the files of the web page (page/page.h) at `/` and at the names below it.  They are the
 * same for everybody and say nothing of the array, so that nobody has to say who he is before his
 * browser has the page that asks him.  The connection's thread.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/http_int.h"
#include "page/page.h"

/*
 * What the page may do in a browser: run and load what this server has sent, and talk to this
 * server (CSP 3).  Also: send no address of the page elsewhere, and share no process with other
 * sites.
 */
#define SAFETY                                                                                \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "  \
	"connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; " \
	"form-action 'none'\r\nReferrer-Policy: no-referrer\r\n"                              \
	"Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"

static const char without[] =
	"This vdsd was built without its web page.  Build it with esbuild and npm (meson option\n"
	"-Dpage=enabled says what is missing), or use vdsctl or the API below /v1.\n";
static const struct page_file root_without = {
	.path = "/",
	.media_type = "text/plain; charset=utf-8",
	.bytes = (const unsigned char *)without,
	.len = sizeof(without) - 1,
};

static bool
path_is(const char *target, const char *path)
{
	size_t len = strcspn(target, "?");

	return strlen(path) == len && memcmp(target, path, len) == 0;
}

const struct page_file *
http_page_find(const struct wire_http *request)
{
	if (request->method == NULL || request->target == NULL ||
	    (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) ||
	    request->state != WIRE_HTTP_DONE || request->body_len != 0)
		return NULL;
	for (size_t i = 0; i < page_file_count; i++)
		if (path_is(request->target, page_files[i].path))
			return &page_files[i];
	return page_file_count == 0 && path_is(request->target, "/") ? &root_without : NULL;
}

/* Returns the next item of a list with commas, and its length without blanks; NULL at the end. */
static const char *
item_next(const char **list, size_t *ret_len)
{
	const char *item = *list + strspn(*list, ", \t");
	size_t len = strcspn(item, ",");

	*list = item + len;
	while (len > 0 && (item[len - 1] == ' ' || item[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return len > 0 ? item : NULL;
}

/* RFC 9110 §13.1.2: the weak comparison. */
static bool
etag_matches(const char *list, const char *etag)
{
	const char *item;
	size_t len;

	while (list != NULL && (item = item_next(&list, &len)) != NULL) {
		if (len == 1 && *item == '*')
			return true;
		if (len > 2 && memcmp(item, "W/", 2) == 0) {
			item += 2;
			len -= 2;
		}
		if (len == strlen(etag) && memcmp(item, etag, len) == 0)
			return true;
	}
	return false;
}

/* Returns whether the weight behind a coding is zero: ";q=0", ";q=0.000". */
static bool
weight_is_zero(const char *text, size_t len)
{
	const char *q = memchr(text, '=', len);
	const char *end = text + len;

	if (q == NULL)
		return false;
	for (q++; q < end; q++)
		if (*q != '0' && *q != '.' && *q != ' ')
			return false;
	return true;
}

/* RFC 9110 §12.5.3.  "*" is not taken for gzip: who names no coding gets the plain file. */
static bool
takes_gzip(const char *list)
{
	const char *item;
	size_t len;

	while (list != NULL && (item = item_next(&list, &len)) != NULL) {
		size_t name = 0;

		while (name < len && strchr("; \t", item[name]) == NULL)
			name++;
		if (name == 4 && strncasecmp(item, "gzip", 4) == 0)
			return !weight_is_zero(item + name, len - name);
	}
	return false;
}

int
http_page_reply(const struct page_file *file, const struct wire_http *request,
		struct http_reply *reply)
{
	AUTO(strbuf_fini) struct strbuf header = { 0 };
	bool gzip = file->gzip != NULL && takes_gzip(wire_http_header(request, "Accept-Encoding"));

	strbuf_add(&header, SAFETY);
	if (file->etag != NULL) {
		strbuf_addf(&header, "ETag: %s\r\nVary: Accept-Encoding\r\n", file->etag);
		reply->cache = file->immutable ? "public, max-age=31536000, immutable" : "no-cache";
	}
	if (gzip)
		strbuf_add(&header, "Content-Encoding: gzip\r\n");
	reply->owned_header = strbuf_take(&header);
	if (reply->owned_header == NULL)
		return -ENOMEM;
	reply->status = file->etag == NULL ? 404 : 200;
	if (file->etag != NULL &&
	    etag_matches(wire_http_header(request, "If-None-Match"), file->etag))
		reply->status = 304;
	reply->media_type = file->media_type;
	reply->text = (const char *)(gzip ? file->gzip : file->bytes);
	reply->text_len = gzip ? file->gzip_len : file->len;
	return 0;
}
