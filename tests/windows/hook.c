/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook of vds-conformance in Wine: asks test_wine.py, which listens on a port of 127.0.0.1, to
 * do what the hook of the tests on Linux does.  Prints what that printed, and exits with its
 * status.
 *
 *	hook.exe PORT WHAT [KIND [ID]]
 */
#include <winsock2.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SOCKET
connect_to(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((u_short)atoi(port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s != INVALID_SOCKET &&
	    connect(s, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return s;
	fprintf(stderr, "hook: nobody listens on port %s\n", port);
	exit(2);
}

int
main(int argc, char **argv)
{
	char words[512] = "", answer[1024];
	size_t len = 0;
	WSADATA data;
	SOCKET s;
	int n;

	if (argc < 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return 2;
	for (int i = 2; i < argc; i++) {
		strncat(words, argv[i], sizeof(words) - strlen(words) - 2);
		strcat(words, i + 1 < argc ? " " : "\n");
	}
	s = connect_to(argv[1]);
	send(s, words, (int)strlen(words), 0);
	while (len < sizeof(answer) - 1 &&
	       (n = recv(s, answer + len, (int)(sizeof(answer) - 1 - len), 0)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	closesocket(s);
	/* the status, a blank, and what was printed */
	if (strchr(answer, ' ') == NULL)
		return 2;
	printf("%s", strchr(answer, ' ') + 1);
	return atoi(answer);
}
