/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_array.h"

/*
 * A port that is free when it is picked is bound only at the next commit; meanwhile another test
 * may take it.  A name in the abstract namespace of Unix sockets belongs to one socket at a time,
 * and is free again when its program has ended, however that was.
 */
static bool
claim(uint16_t port)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "vds-test-port-%u", port);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&name,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0)
		return true; /* until the program ends */
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	return false;
}

uint16_t
own_port(struct array *array)
{
	uint16_t port = 0;

	do
		assert_int_equal(
			fake_ops(array)->pick_port(fake_runtime(array), "127.0.0.1", &port), 0);
	while (!claim(port));
	return port;
}
