/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of who may log in, which targets an initiator is told about, and who is dropped. */
#include "raw.h"
#include "target_test.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_int.h"

static int
connect_raw(uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static void
test_login_to_a_target_gives_its_luns(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1),
			     *b = host_login(env, HOST_1, NAME_B, 1);
	uint16_t luns[4];

	assert_true(a != NULL && b != NULL);
	assert_int_equal(host_report_luns(a, luns, 4), 1);
	assert_int_equal(luns[0], 0);
	assert_int_equal(host_report_luns(b, luns, 4), 1);
	assert_int_equal(luns[0], 5);
	host_logout(a);
	host_logout(b);
}

static void
test_an_unknown_target_is_not_found(void **state)
{
	assert_null(host_login(*state, HOST_1, "iqn.2026-11.test:nobody", 1));
	assert_int_equal(host_login_status(), 0x0203);
}

static void
test_a_target_without_that_portal_is_not_found(void **state)
{
	struct env *env = *state;
	struct guid c = fake_id(20);

	fake_target(env->array, &c, "iqn.2026-11.test:c");
	fake_commit(env->array);
	assert_null(host_login(env, HOST_1, "iqn.2026-11.test:c", 1));
	assert_int_equal(host_login_status(), 0x0203);
}

/* --- what the log says of it --- */

static int saved_stderr = -1;
static FILE *caught;

static void
catch_log(void)
{
	caught = tmpfile();
	assert_non_null(caught);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0 && dup2(fileno(caught), STDERR_FILENO) >= 0);
}

/* All that was logged since, in text. */
static void
caught_log(char *text, size_t size)
{
	struct log_strict_line line;

	while (log_strict_due(UINT64_MAX, &line))
		log_strict_write(&line);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	ssize_t len = pread(fileno(caught), text, size - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	fclose(caught);
}

static void
test_a_refused_login_is_logged_with_its_cause(void **state)
{
	struct env *env = *state;
	struct guid c = fake_id(20);
	static char text[16384];

	fake_target(env->array, &c, "iqn.2026-11.test:c");
	fake_commit(env->array);
	log_strict_reset(); /* tests before this one were refused, too */
	catch_log();
	assert_null(host_login(env, HOST_1, "iqn.2026-11.test:nobody", 1));
	assert_null(host_login(env, HOST_1, "iqn.2026-11.test:c", 1));
	caught_log(text, sizeof(text));
	char *first = strstr(text, "warning login.refused peer=127.0.0.1:");

	assert_non_null(first);
	assert_non_null(strstr(first, "initiator=\"" HOST_1 "\" target=\"iqn.2026-11.test:nobody\" "
				      "status=0203 cause=\"there is no such target\""));
	assert_non_null(strstr(first,
			       "target=\"iqn.2026-11.test:c\" status=0203 cause=\"the target has "
			       "no portal group with this portal\""));
}

static void
test_a_target_that_allows_other_networks_only_refuses(void **state)
{
	struct env *env = *state;
	static char text[16384];

	fake_target_sources(env->array, &env->target_a, "10.0.0.0/8;fd00::/8");
	fake_commit(env->array);
	catch_log();
	assert_null(host_login(env, HOST_1, NAME_A, 1));
	caught_log(text, sizeof(text));
	assert_int_equal(host_login_status(), 0x0202);
	assert_non_null(strstr(text, "status=0202 cause=\"the target allows no logins from this "
				     "address\""));
	assert_false(initiator_discovers(env->portal, HOST_1, NAME_A));
	assert_true(initiator_discovers(env->portal, HOST_1, NAME_B));
	fake_target_sources(env->array, &env->target_a, "10.0.0.0/8;127.0.0.0/8");
	fake_commit(env->array);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(a);
	host_logout(a);
}

static void
test_a_host_that_may_come_from_elsewhere_only_is_refused(void **state)
{
	struct env *env = *state;
	struct guid host = fake_id(600), name = fake_id(601);

	fake_host(env->array, &host, "192.0.2.0/24");
	fake_initiator(env->array, &name, &host, HOST_1);
	fake_commit(env->array);
	assert_null(host_login(env, HOST_1, NAME_B, 1));
	assert_int_equal(host_login_status(), 0x0202);
	assert_false(initiator_discovers(env->portal, HOST_1, NAME_B));
	assert_true(initiator_discovers(env->portal, HOST_2, NAME_B));
	struct iscsi_context *other = host_login(env, HOST_2, NAME_B, 1);

	assert_non_null(other);
	host_logout(other);
}

static void
test_sessions_that_are_not_allowed_any_more_end(void **state)
{
	struct env *env = *state;
	struct guid host = fake_id(610), name = fake_id(611), session;
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(a);
	assert_true(fake_first_session(env->array, &session));
	fake_host(env->array, &host, "");
	fake_initiator(env->array, &name, &host, HOST_1);
	fake_commit(env->array);
	fake_host(env->array, &host, "192.0.2.0/24");
	fake_commit(env->array);
	assert_null(fake_live_wait(env->array, ROW_LIVE_SESSION, &session, false));
	host_abandon(a);
}

/* A peer that is refused again and again writes few lines, and they say how many it was. */
static void
test_refused_logins_do_not_fill_the_log(void **state)
{
	static char text[1 << 20];
	const unsigned logins = 25;
	unsigned lines = 0, suppressed = 0;

	log_strict_reset(); /* tests before this one were refused, too */
	catch_log();
	uint64_t begun_ns = clock_mono_ns();

	for (unsigned i = 0; i < logins; i++)
		assert_null(host_login(*state, HOST_1, "iqn.2026-11.test:nobody", 1));
	unsigned seconds = (unsigned)((clock_mono_ns() - begun_ns) / NS_PER_S);

	caught_log(text, sizeof(text));
	for (const char *at = text; (at = strstr(at, "login.refused peer=")) != NULL; at++)
		lines++;
	for (const char *at = text; (at = strstr(at, " suppressed=")) != NULL; at++)
		suppressed += (unsigned)strtoul(at + strlen(" suppressed="), NULL, 10);
	assert_int_equal(lines + suppressed, logins);
	assert_true(lines >= 2 && lines <= 2 + seconds);
}

static void
test_the_array_knows_a_session_while_it_lives(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_login(env, HOST_1, NAME_B, 7);
	struct guid id;

	assert_non_null(iscsi);
	/* told before the login was answered */
	assert_true(fake_first_session(env->array, &id));
	struct row_live_session *row = fake_live_wait(env->array, ROW_LIVE_SESSION, &id, true);

	assert_string_equal(row->initiator, HOST_1);
	assert_true(guid_equal(&row->target_id, &env->target_b));
	assert_string_equal(row->portal_address, env->portal);
	assert_int_equal(row->tag, 2);
	assert_true(row->tsih > 0);
	assert_non_null(strstr(row->parameters, "MaxBurstLength="));
	row_unref(row);
	host_logout(iscsi);
	assert_true(fake_wait_sessions(env->array, 0));
}

static void
test_the_portal_is_ready(void **state)
{
	struct env *env = *state;
	struct row_live_portal *row = fake_live_wait(env->array, ROW_LIVE_PORTAL, &env->portal_id,
						     true);

	assert_non_null(row);
	assert_true(row->ready);
	row_unref(row);
}

static void
test_an_absent_address_is_not_ready_and_hurts_nobody(void **state)
{
	struct env *env = *state;
	struct guid absent = fake_id(30);

	fake_portal(env->array, &absent, "192.0.2.77", 3260); /* RFC 5737: nobody has it */
	fake_commit(env->array);
	struct row_live_portal *row = fake_live_wait(env->array, ROW_LIVE_PORTAL, &absent, true);

	assert_non_null(row);
	assert_false(row->ready);
	assert_true(strlen(row->reason) > 0);
	row_unref(row);
	struct iscsi_context *iscsi = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(iscsi);
	host_logout(iscsi);
}

static void
test_a_deleted_portal_stops_listening(void **state)
{
	struct env *env = *state;

	assert_true(initiator_connects(env->portal));
	fake_delete(env->array, ROW_PORTAL_GROUP, &env->group_a);
	fake_delete(env->array, ROW_PORTAL_GROUP, &env->group_b);
	fake_commit(env->array);
	fake_delete(env->array, ROW_PORTAL, &env->portal_id);
	fake_commit(env->array);
	assert_false(initiator_connects(env->portal));
}

/* RFC 7143 §6.3.5: the same name and ISID again ends the older session. */
static void
test_reinstatement_ends_the_older_session(void **state)
{
	struct env *env = *state;
	struct iscsi_context *old = host_ready(env, HOST_1, NAME_A, 1);

	for (int i = 0; i < 4; i++) { /* whichever threads they are on */
		struct iscsi_context *new = host_ready(env, HOST_1, NAME_A, 1);

		assert_true(host_wait_closed(old));
		host_free(old);
		assert_int_equal(host_test_unit_ready(new, 0), 0);
		old = new;
	}
	assert_true(fake_wait_sessions(env->array, 1));
	host_logout(old);
}

static void
test_other_isids_are_other_sessions(void **state)
{
	struct env *env = *state;
	struct iscsi_context *hosts[6];

	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++)
		hosts[i] = host_ready(env, i % 2 ? HOST_1 : HOST_2, i < 3 ? NAME_A : NAME_B, i);
	assert_true(fake_wait_sessions(env->array, ARRAY_LEN(hosts)));
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_int_equal(host_test_unit_ready(hosts[i], i < 3 ? 0 : 5), 0);
		host_logout(hosts[i]);
	}
	assert_true(fake_wait_sessions(env->array, 0));
}

/* ---- Discovery ---- */

static bool
discovers(struct env *env, const char *host, const char *target)
{
	return initiator_discovers(env->portal, host, target);
}

static void
test_discovery_names_only_what_this_initiator_may_use(void **state)
{
	struct env *env = *state;

	assert_true(discovers(env, HOST_1, NAME_A) && discovers(env, HOST_1, NAME_B));
	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	assert_false(discovers(env, HOST_1, NAME_A));
	assert_true(discovers(env, HOST_2, NAME_A));
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	assert_false(discovers(env, HOST_2, NAME_A));
	assert_true(discovers(env, HOST_2, NAME_B));
}

static void
test_a_login_without_a_visible_lun_shows_an_empty_list(void **state)
{
	struct env *env = *state;
	uint16_t luns[4];

	env_lun_row(env, LUN_BYTES, "", STATUS_ONLINE);
	fake_commit(env->array);
	struct iscsi_context *iscsi = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(iscsi);
	assert_int_equal(host_report_luns(iscsi, luns, 4), 0);
	assert_int_equal(host_test_unit_ready(iscsi, 0), NO_SUCH_UNIT);
	int first = host_inquiry_first(iscsi, 0); /* LUN 0 answers also when unmapped */

	assert_true(first >= 0);
	assert_int_not_equal(first >> 5, 0); /* but says that there is no unit */
	host_logout(iscsi);
}

/* ---- Patience ---- */

static void
test_a_silent_connection_is_closed_before_its_login(void **state)
{
	struct env *env = *state;
	struct pollfd pfd = { .fd = connect_raw(env->port), .events = POLLIN };
	char byte;

	assert_int_equal(poll(&pfd, 1, 10000), 1);
	assert_true(recv(pfd.fd, &byte, 1, 0) <= 0);
	close(pfd.fd);
}

static void
test_garbage_costs_only_its_connection(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);
	struct pollfd pfd = { .fd = connect_raw(env->port), .events = POLLIN };
	static char bytes[4096];

	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(send(pfd.fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	assert_int_equal(poll(&pfd, 1, 10000), 1);
	close(pfd.fd);
	assert_int_equal(host_test_unit_ready(iscsi, 0), 0);
	host_logout(iscsi);
}

/* libiscsi answers a NOP-In only while it is served. */
static void
test_a_peer_that_gives_no_sign_of_life_is_dropped(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);

	assert_true(fake_wait_sessions(env->array, 0));
	host_free(iscsi);
}

/* Other words are no answer: when it falls silent after them, it still owes one. */
static void
test_a_peer_that_ignored_a_ping_and_fell_silent_is_dropped(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending words;

	host_ignore_ping(&words, iscsi, 0);
	assert_true(fake_wait_sessions(env->array, 0));
	host_free(iscsi);
}

static void
test_a_peer_that_answers_stays(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);

	assert_true(host_serve_for(iscsi, 1200)); /* several times interval and timeout */
	assert_int_equal(host_test_unit_ready(iscsi, 0), 0);
	host_logout(iscsi);
}

/* Connections that wait for nothing give way to a new one, oldest first; nobody is locked out. */
static void
test_the_oldest_half_open_connection_gives_way(void **state)
{
	struct env *env = *state;
	struct pollfd first = { .fd = connect_raw(env->port), .events = POLLIN };
	int others[3];
	char byte;

	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		others[i] = connect_raw(env->port);
	assert_int_equal(poll(&first, 1, 5000), 1);
	assert_true(recv(first.fd, &byte, 1, 0) <= 0);
	struct iscsi_context *iscsi = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(iscsi);
	host_logout(iscsi);
	close(first.fd);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		close(others[i]);
}

/*
 * From one address no more than some connections are in login, though the array has room for
 * thousands.
 */
static void
test_one_address_has_so_many_half_open_connections(void **state)
{
	enum { MANY = 100 };
	struct env *env = *state;
	int fds[MANY], closed = 0;
	char byte;

	for (int i = 0; i < MANY; i++)
		fds[i] = connect_raw(env->port);
	struct iscsi_context *iscsi = host_login(env, HOST_1, NAME_A,
						 1); /* all were accepted before */

	assert_non_null(iscsi);
	host_logout(iscsi);
	for (int i = 0; i < MANY; i++) {
		closed += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
		close(fds[i]);
	}
	assert_true(closed >= MANY - 64 && closed < MANY);
}

/*
 * RFC 7143 §6.3.4: the same TSIH and CID take the place of a connection that was lost without a
 * word.
 */
static void
test_a_connection_is_reinstated_in_its_session(void **state)
{
	struct env *env = *state;
	struct raw_who who = { .host = HOST_1, .target = NAME_A, .isid = 9, .cid = 3 };
	static struct raw first, second, other;
	char byte;

	assert_int_equal(raw_try_login(&first, env->port, &who), 0);
	who.tsih = first.tsih;
	who.cid = 4;
	assert_int_equal(raw_try_login(&other, env->port, &who), 0x0206);
	raw_close(&other);
	who.cid = 3;
	who.host = HOST_2;
	assert_int_equal(raw_try_login(&other, env->port, &who), 0x020a);
	raw_close(&other);
	who.host = HOST_1;
	who.tsih++;
	assert_int_equal(raw_try_login(&other, env->port, &who), 0x020a);
	raw_close(&other);
	who.tsih--;
	assert_int_equal(raw_try_login(&second, env->port, &who), 0);
	assert_int_equal(second.tsih, first.tsih);
	/* the nexus goes on, which has not been told of POWER ON yet */
	const uint8_t test_unit_ready[6] = { 0 };
	static struct raw_pdu pdu;
	uint32_t itt = raw_command(&second, 0, RAW_SIMPLE, test_unit_ready, 6, 0, 0);

	raw_flush(&second);
	raw_expect(&second, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), UA_POWER_ON);
	raw_ready(&second, 0);
	while (recv(first.fd, &byte, 1, 0) > 0) {
	}
	raw_close(&first);
	raw_close(&second);
}

/* Two machines with one name: the log names both and says what to change. */
static void
test_a_takeover_from_another_address_is_a_warning(void **state)
{
	struct env *env = *state;
	struct raw_who who = { .host = HOST_1, .target = NAME_A, .from = "127.0.0.2", .isid = 9 };
	static struct raw one, same, two;
	static char text[16384];

	catch_log();
	assert_int_equal(raw_try_login(&one, env->port, &who), 0);
	assert_int_equal(raw_try_login(&same, env->port, &who), 0); /* it came back: no warning */
	who.from = "127.0.0.3";
	assert_int_equal(raw_try_login(&two, env->port, &who), 0);
	caught_log(text, sizeof(text));
	const char *line = strstr(text, "warning session.taken-over");

	assert_non_null(line);
	assert_null(strstr(line + strlen("warning session.t"), "session.taken-over"));
	assert_non_null(strstr(line, "from=127.0.0.2 by=127.0.0.3 hint=\"two machines"));
	raw_close(&one);
	raw_close(&same);
	raw_close(&two);
}

/*
 * The last sessions are for initiators that have one, so that strangers cannot take their places.
 */
static void
test_the_last_sessions_are_for_who_has_one(void **state)
{
	struct env *env = *state;
	static struct raw raws[64];
	struct raw_who who = { .host = HOST_1, .target = NAME_A };
	unsigned count = 0, status;
	char name[64];

	assert_int_equal(raw_try_login(&raws[count++], env->port, &who), 0);
	do {
		assert_true(count < ARRAY_LEN(raws));
		snprintf(name, sizeof(name), "iqn.2026-11.test:stranger%u", count);
		who.host = name;
		status = raw_try_login(&raws[count++], env->port, &who);
	} while (status == 0);
	assert_int_equal(status, 0x0302);
	assert_int_equal(count - 1,
			 30 - 3); /* of 32 connections 2 are for logins; 1/8 are reserved */
	who.host = HOST_1;
	who.isid = 77;
	assert_true(count < ARRAY_LEN(raws));
	assert_int_equal(raw_try_login(&raws[count++], env->port, &who), 0);
	for (unsigned i = 0; i < count; i++)
		raw_close(&raws[i]);
}

/* A discovery session that only answers pings ends after a time. */
static void
test_an_idle_discovery_session_ends(void **state)
{
	struct env *env = *state;
	struct raw_who who = { .host = HOST_1 };
	static struct raw raw;
	static struct raw_pdu pdu;
	unsigned pings = 0;

	assert_int_equal(raw_try_login(&raw, env->port, &who), 0);
	while (raw_receive(&raw, &pdu, 10000)) {
		uint8_t bhs[RAW_BHS] = { 0x40, 0x80 };

		if (raw_opcode(&pdu) != 0x20)
			continue;
		pings++;
		put_be32(bhs + 16, 0xffffffff);
		memcpy(bhs + 20, pdu.bhs + 20, 4);
		put_be32(bhs + 24, raw.cmd_sn);
		if (send(raw.fd, bhs, sizeof(bhs), MSG_NOSIGNAL) < 0)
			break;
	}
	assert_true(pings >= 1);
	raw_close(&raw);
}

static void
test_a_portal_whose_port_is_taken_listens_when_it_is_free(void **state)
{
	struct env *env = *state;
	struct guid portal = fake_id(31);
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	fake_portal(env->array, &portal, "127.0.0.1", ntohs(in.sin_port));
	fake_commit(env->array);
	struct row_live_portal *row = fake_live_wait(env->array, ROW_LIVE_PORTAL, &portal, true);

	assert_non_null(row);
	assert_false(row->ready);
	row_unref(row);
	close(fd);
	for (bool ready = false; !ready;) {
		row = fake_live_wait(env->array, ROW_LIVE_PORTAL, &portal, true);
		ready = row->ready;
		row_unref(row);
	}
}

#define IMPATIENT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, env_setup_impatient, env_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_login_to_a_target_gives_its_luns),
		ENV_TEST(test_an_unknown_target_is_not_found),
		ENV_TEST(test_a_target_without_that_portal_is_not_found),
		ENV_TEST(test_a_refused_login_is_logged_with_its_cause),
		ENV_TEST(test_a_target_that_allows_other_networks_only_refuses),
		ENV_TEST(test_a_host_that_may_come_from_elsewhere_only_is_refused),
		ENV_TEST(test_sessions_that_are_not_allowed_any_more_end),
		ENV_TEST(test_refused_logins_do_not_fill_the_log),
		ENV_TEST(test_the_array_knows_a_session_while_it_lives),
		ENV_TEST(test_the_portal_is_ready),
		ENV_TEST(test_an_absent_address_is_not_ready_and_hurts_nobody),
		ENV_TEST(test_a_deleted_portal_stops_listening),
		ENV_TEST(test_reinstatement_ends_the_older_session),
		ENV_TEST(test_other_isids_are_other_sessions),
		ENV_TEST(test_discovery_names_only_what_this_initiator_may_use),
		ENV_TEST(test_a_login_without_a_visible_lun_shows_an_empty_list),
		IMPATIENT_TEST(test_a_silent_connection_is_closed_before_its_login),
		ENV_TEST(test_garbage_costs_only_its_connection),
		IMPATIENT_TEST(test_a_peer_that_gives_no_sign_of_life_is_dropped),
		IMPATIENT_TEST(test_a_peer_that_ignored_a_ping_and_fell_silent_is_dropped),
		IMPATIENT_TEST(test_a_peer_that_answers_stays),
		IMPATIENT_TEST(test_the_oldest_half_open_connection_gives_way),
		ENV_TEST(test_one_address_has_so_many_half_open_connections),
		ENV_TEST(test_a_connection_is_reinstated_in_its_session),
		ENV_TEST(test_a_takeover_from_another_address_is_a_warning),
		cmocka_unit_test_setup_teardown(test_the_last_sessions_are_for_who_has_one,
						env_setup_few, env_teardown),
		IMPATIENT_TEST(test_an_idle_discovery_session_ends),
		IMPATIENT_TEST(test_a_portal_whose_port_is_taken_listens_when_it_is_free),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target login", tests, NULL, NULL);
}
