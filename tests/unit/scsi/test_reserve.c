/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * REGISTER, RESERVE, RELEASE, CLEAR and REGISTER AND MOVE, and what PERSISTENT RESERVE IN shows.
 * SPC-5.
 */
#include "reserve_test.h"

#include <stdio.h>

/* ---- Registering ---- */

/* SPC-5's table of register behaviors. */
static void
test_register_from_a_nexus_that_has_not_registered(void **state)
{
	struct hosts *h = *state;

	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_B), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_REGISTER), GOOD); /* nothing is done */
	assert_int_equal(OUT(h, A, PROUT_REGISTER_AND_IGNORE, .key = KEY_C), GOOD);
	assert_keys(h, 0, NO_KEYS);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .action_key = KEY_A), GOOD);
	assert_int_equal(OUT(h, B, PROUT_REGISTER_AND_IGNORE, .key = KEY_C, .action_key = KEY_B),
			 GOOD);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
}

static void
test_register_from_a_registered_nexus(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .action_key = KEY_C), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_B, .action_key = KEY_C), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_C), GOOD);
	assert_keys(h, 3, KEYS(KEY_C, KEY_B));
	assert_int_equal(OUT(h, B, PROUT_REGISTER_AND_IGNORE, .key = 5, .action_key = KEY_A), GOOD);
	assert_keys(h, 4, KEYS(KEY_C, KEY_A));
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_C), GOOD);
	assert_int_equal(OUT(h, B, PROUT_REGISTER_AND_IGNORE), GOOD);
	assert_keys(h, 6, NO_KEYS);
}

static void
test_a_nexus_is_the_initiator_its_isid_and_the_target_port(void **state)
{
	struct hosts *h = *state;
	struct scsi_nexus *b = h->host[B].nexus;

	join(h, A, KEY_A);
	b->initiator_name = h->t->nexus.initiator_name;
	join(h, B, KEY_B); /* another ISID */
	memcpy(b->isid, h->t->nexus.isid, sizeof(b->isid));
	b->relative_port_id = 8;
	join(h, B, KEY_C);
	assert_keys(h, 3, KEYS(KEY_A, KEY_B, KEY_C));
	b->relative_port_id = 7; /* the same nexus as A: a session that comes back */
	assert_int_equal(OUT(h, B, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_B), GOOD);
	assert_keys(h, 4, KEYS(KEY_B, KEY_B, KEY_C));
}

static void
test_registrations_survive_the_session_and_resets(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, B, KEY_B, SCSI_RESERVE_WE);
	test_task_fini(&h->tt);
	scsi_itl_fini(h->host[B].itl);
	scsi_lu_reset(h->t->lu, h->host[A].itl);
	(void)attention(h, D);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
	assert_reserved(h, KEY_B, SCSI_RESERVE_WE);
	scsi_itl_init(h->host[B].itl, h->host[B].nexus, h->t->lu, 0);
	assert_int_equal(run(h, B, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
}

static void
test_all_tg_pt_registers_through_every_target_port(void **state)
{
	struct hosts *h = *state;

	assert_int_equal(OUT(h, A, PROUT_REGISTER, .action_key = KEY_A, .flags = ALL_TG_PT), GOOD);
	assert_keys(h, 1, KEYS(KEY_A, KEY_A));
	/* each port by itself from then on */
	h->t->nexus.relative_port_id = 8;
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_C), GOOD);
	assert_keys(h, 2, KEYS(KEY_A, KEY_C));
	/* as if sent through each port: the key that is registered through port 7 is another one */
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_C, .flags = ALL_TG_PT), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_REGISTER_AND_IGNORE, .flags = ALL_TG_PT), GOOD);
	assert_keys(h, 3, NO_KEYS);
}

/* ---- TransportIDs ---- */

static size_t
spec_list(uint8_t *list, uint64_t key, uint8_t flags, const char *const *names, size_t count)
{
	size_t len = 28;

	memset(list, 0, 1024);
	put_be64(list + 8, key);
	list[20] = SPEC_I_PT | flags;
	for (size_t i = 0; i < count; i++) {
		size_t text = MAX((strlen(names[i]) + 4) & ~(size_t)3, (size_t)20);

		list[len] = strstr(names[i], ",i,0x") != NULL ? 0x45 : 0x05;
		put_be16(list + len + 2, (uint16_t)text);
		memcpy(list + len + 4, names[i], strlen(names[i]));
		len += 4 + text;
	}
	put_be32(list + 24, (uint32_t)(len - 28));
	return len;
}

static void
test_spec_i_pt_registers_the_ports_that_it_names(void **state)
{
	static const char *const names[] = { "iqn.2024-01.example:far,i,0x400000000001",
					     "iqn.2024-01.example:b" }; /* B, by its device name */
	struct hosts *h = *state;
	uint8_t list[1024];
	size_t len = spec_list(list, KEY_A, 0, names, 2);

	assert_int_equal(out_list(h, A, PROUT_REGISTER, list, len), GOOD);
	assert_keys(h, 1, KEYS(KEY_A, KEY_A, KEY_A));
	assert_int_equal(OUT(h, B, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_B), GOOD);
	/* from a registered nexus it is refused */
	put_be64(list, KEY_A);
	out_list(h, A, PROUT_REGISTER, list, len);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	assert_keys(h, 2, KEYS(KEY_A, KEY_A, KEY_B));
}

static void
test_spec_i_pt_with_all_tg_pt(void **state)
{
	static const char *const names[] = { "iqn.2024-01.example:far,i,0x400000000001" };
	struct hosts *h = *state;
	uint8_t list[1024];

	assert_int_equal(
		out_list(h, A, PROUT_REGISTER, list, spec_list(list, KEY_A, ALL_TG_PT, names, 1)),
		GOOD);
	assert_keys(h, 1, KEYS(KEY_A, KEY_A, KEY_A, KEY_A));
}

static void
test_spec_i_pt_is_refused_as_a_whole(void **state)
{
	static const char *const names[] = { "iqn.2024-01.example:far,i,0x400000000001", "nobody" };
	struct hosts *h = *state;
	uint8_t list[1024];
	size_t len = spec_list(list, KEY_A, 0, names, 2);

	out_list(h, A, PROUT_REGISTER, list, len);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	len = spec_list(list, KEY_A, 0, names, 1);
	out_list(h, A, PROUT_REGISTER_AND_IGNORE, list, len);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	put_be32(list + 24, (uint32_t)(len - 27));
	out_list(h, A, PROUT_REGISTER, list, len);
	assert_sense(&h->tt, SENSE_PARAMETER_LENGTH);
	assert_keys(h, 0, NO_KEYS);
}

/* ---- The parameter list and the CDB ---- */

static void
test_lists_of_other_lengths_are_refused(void **state)
{
	struct hosts *h = *state;
	uint8_t list[64] = { 0 };

	for (uint8_t action = 0; action <= PROUT_REGISTER_AND_MOVE; action++) {
		for (size_t len = 0; len < 24; len++) {
			out_list(h, A, action, list, len);
			assert_sense(&h->tt, SENSE_PARAMETER_LENGTH);
		}
		out_list(h, A, action, list, 25);
		assert_sense(&h->tt, SENSE_PARAMETER_LENGTH);
	}
	run(h, A, CDB(0x5f, 0, 0, 0, 0, 0, 1, 0, 0, 0), list, 24, 0); /* 64 KiB, of which 24 come */
	assert_sense(&h->tt, SENSE_PARAMETER_LENGTH);
}

static void
test_service_actions_that_there_are_not_are_refused(void **state)
{
	struct hosts *h = *state;
	uint8_t list[24] = { 0 };

	for (uint8_t action = 0; action < 32; action++) {
		if (action > PROUT_REGISTER_AND_MOVE) {
			out_list(h, A, action, list, sizeof(list));
			assert_sense(&h->tt, SENSE_INVALID_FIELD);
		}
		if (action > 3) {
			run(h, A, CDB(0x5e, action, 0, 0, 0, 0, 0, 0, 8, 0), NO_OUT, 8);
			assert_sense(&h->tt, SENSE_INVALID_FIELD);
		}
	}
}

/* ---- Reserving ---- */

static void
test_reserve_needs_the_key_and_a_type(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	assert_int_equal(OUT(h, A, PROUT_RESERVE, .type = 1, .key = KEY_B), CONFLICT);
	assert_int_equal(OUT(h, B, PROUT_RESERVE, .type = 1), CONFLICT);
	for (uint8_t type = 0; type < 16; type++) {
		if (type == 1 || type == 3 || (type >= 5 && type <= 8))
			continue;
		OUT(h, A, PROUT_RESERVE, .type = type, .key = KEY_A);
		assert_sense(&h->tt, SENSE_INVALID_FIELD);
	}
	OUT(h, A, PROUT_RESERVE, .scope = 2, .type = 1, .key = KEY_A);
	assert_sense(&h->tt, SENSE_INVALID_FIELD);
	assert_reserved(h, 0, 0);
}

static void
test_a_second_reserve_conflicts_unless_it_says_the_same(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, A, KEY_A, SCSI_RESERVE_WE_RO);
	hold(h, A, KEY_A, SCSI_RESERVE_WE_RO);
	assert_int_equal(OUT(h, A, PROUT_RESERVE, .type = SCSI_RESERVE_WE, .key = KEY_A), CONFLICT);
	assert_int_equal(OUT(h, B, PROUT_RESERVE, .type = SCSI_RESERVE_WE_RO, .key = KEY_B),
			 CONFLICT);
	assert_reserved(h, KEY_A, SCSI_RESERVE_WE_RO);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B)); /* RESERVE does not count */
}

static void
test_release(void **state)
{
	static const uint8_t types[] = { 1, 3, 5, 6, 7, 8 };
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	assert_int_equal(OUT(h, A, PROUT_RELEASE, .type = 1, .key = KEY_A), GOOD); /* nothing */
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		bool all = types[i] >= SCSI_RESERVE_WE_AR;

		hold(h, A, KEY_A, types[i]);
		assert_int_equal(OUT(h, A, PROUT_RELEASE, .type = types[i], .key = KEY_B),
				 CONFLICT);
		assert_int_equal(OUT(h, C, PROUT_RELEASE, .type = types[i]), CONFLICT);
		OUT(h, A, PROUT_RELEASE, .type = types[i] ^ 2, .key = KEY_A);
		assert_sense(&h->tt, 0x052604);
		if (!all) /* of a registrant that does not hold it: GOOD, and nothing happens */
			assert_int_equal(OUT(h, B, PROUT_RELEASE, .type = types[i], .key = KEY_B),
					 GOOD);
		assert_reserved(h, all ? 0 : KEY_A, types[i]);
		assert_int_equal(OUT(h, A, PROUT_RELEASE, .type = types[i], .key = KEY_A), GOOD);
		assert_reserved(h, 0, 0);
		assert_int_equal(attention(h, B),
				 types[i] >= SCSI_RESERVE_WE_RO ? UA_RESERVATIONS_RELEASED : 0);
		assert_int_equal(attention(h, A), 0);
		assert_int_equal(attention(h, C), 0);
	}
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
}

static void
test_the_holder_unregisters(void **state)
{
	static const uint8_t types[] = { 1, 3, 5, 6, 7, 8 };
	struct hosts *h = *state;

	join(h, B, KEY_B);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		bool only = types[i] == SCSI_RESERVE_WE_RO || types[i] == SCSI_RESERVE_EA_RO;

		join(h, A, KEY_A);
		hold(h, A, KEY_A, types[i]);
		assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A), GOOD);
		assert_int_equal(attention(h, B), only ? UA_RESERVATIONS_RELEASED : 0);
		if (types[i] < SCSI_RESERVE_WE_AR) {
			assert_reserved(h, 0, 0);
			continue;
		}
		assert_reserved(h, 0, types[i]); /* B holds it, too */
		assert_int_equal(OUT(h, B, PROUT_RELEASE, .type = types[i], .key = KEY_B), GOOD);
	}
}

static void
test_the_last_of_all_registrants_takes_the_reservation_with_it(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	hold(h, A, KEY_A, SCSI_RESERVE_EA_AR);
	assert_int_equal(OUT(h, A, PROUT_REGISTER_AND_IGNORE), GOOD);
	assert_reserved(h, 0, 0);
	assert_int_equal(run(h, B, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
}

static void
test_a_changed_key_keeps_the_reservation(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	hold(h, A, KEY_A, SCSI_RESERVE_EA);
	assert_int_equal(OUT(h, A, PROUT_REGISTER, .key = KEY_A, .action_key = KEY_C), GOOD);
	assert_reserved(h, KEY_C, SCSI_RESERVE_EA);
}

static void
test_clear(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	assert_int_equal(OUT(h, C, PROUT_CLEAR), CONFLICT);
	assert_int_equal(OUT(h, B, PROUT_CLEAR, .key = KEY_A), CONFLICT);
	assert_int_equal(OUT(h, B, PROUT_CLEAR, .key = KEY_B), GOOD);
	assert_keys(h, 3, NO_KEYS);
	assert_reserved(h, 0, 0);
	assert_int_equal(attention(h, A), UA_RESERVATIONS_PREEMPTED);
	assert_int_equal(attention(h, A), 0);
	assert_int_equal(attention(h, B), 0);
	assert_int_equal(attention(h, C), 0);
}

static void
done(void *arg, int result)
{
	*(int *)arg = result;
}

static void
test_an_administrator_clears_everything(void **state)
{
	struct hosts *h = *state;
	struct scsi_reservations *set;
	int result = 1;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, A, KEY_A, SCSI_RESERVE_EA);
	assert_int_equal(scsi_lu_reservations(h->t->lu, &set), 0);
	assert_int_equal(set->count, 2);
	assert_int_equal(set->type, SCSI_RESERVE_EA);
	assert_int_equal(set->holder, 0);
	scsi_reservations_unref(set);
	assert_int_equal(scsi_lu_reservations_clear(h->t->lu, done, &result), 0);
	assert_int_equal(result, 0);
	assert_keys(h, 3, NO_KEYS);
	assert_int_equal(attention(h, A), UA_RESERVATIONS_PREEMPTED);
	assert_int_equal(attention(h, B), UA_RESERVATIONS_PREEMPTED);
	assert_int_equal(attention(h, C), 0);
	assert_int_equal(run(h, A, CDB(0x16, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	assert_int_equal(scsi_lu_reservations_clear(h->t->lu, done, &result), 0);
	assert_int_equal(run(h, B, CDB(0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
}

/* ---- REGISTER AND MOVE ---- */

static size_t
move_list(uint8_t *list, uint64_t key, uint64_t to_key, uint8_t flags, uint16_t port,
	  const char *initiator, const uint8_t *isid)
{
	memset(list, 0, 512);
	put_be64(list, key);
	put_be64(list + 8, to_key);
	list[17] = flags;
	put_be16(list + 18, port);
	size_t len = scsi_transport_id_put(list + 24, initiator, isid);

	put_be32(list + 20, (uint32_t)len);
	return 24 + len;
}

static uint8_t
move_to(struct hosts *h, unsigned from, uint64_t key, uint64_t to_key, uint8_t flags, uint16_t port,
	unsigned to)
{
	uint8_t list[512];

	return out_list(h, from, PROUT_REGISTER_AND_MOVE, list,
			move_list(list, key, to_key, flags, port, h->host[to].nexus->initiator_name,
				  h->host[to].nexus->isid));
}

static void
test_register_and_move(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	move_to(h, A, KEY_A, KEY_B, 0, 7, B);
	assert_sense(&h->tt, SENSE_INVALID_FIELD); /* there is no reservation */
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	assert_int_equal(move_to(h, A, KEY_A, KEY_B, 0, 7, B), GOOD);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
	assert_reserved(h, KEY_B, SCSI_RESERVE_WE);
	/* to a nexus that has registered: its key becomes the one that the request names */
	assert_int_equal(move_to(h, B, KEY_B, KEY_C, 0x02, 7, A), GOOD); /* UNREG */
	assert_keys(h, 3, KEYS(KEY_C));
	assert_reserved(h, KEY_C, SCSI_RESERVE_WE);
	/* to a nexus through another target port */
	assert_int_equal(move_to(h, A, KEY_C, KEY_B, 0x02, 8, A), GOOD);
	assert_int_equal(attention(h, A), 0);
	assert_int_equal(run(h, A, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), CONFLICT);
}

static void
test_register_and_move_is_refused(void **state)
{
	struct hosts *h = *state;
	uint8_t list[512];
	size_t len;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	assert_int_equal(move_to(h, C, 0, KEY_C, 0, 7, D), CONFLICT);
	hold(h, A, KEY_A, SCSI_RESERVE_EA_RO);
	assert_int_equal(move_to(h, A, KEY_B, KEY_C, 0, 7, C), CONFLICT); /* another key */
	assert_int_equal(move_to(h, B, KEY_B, KEY_C, 0, 7, C), CONFLICT); /* not the holder */
	move_to(h, A, KEY_A, 0, 0, 7, C);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	move_to(h, A, KEY_A, KEY_C, 0, 9, C); /* no such target port */
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	move_to(h, A, KEY_A, KEY_C, 0, 7, A); /* to itself */
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	len = move_list(list, KEY_A, KEY_C, 0, 7, "iqn.2024-01.example:far",
			(const uint8_t[6]){ 0 });
	list[24] = 0x05; /* a device instead of a port */
	out_list(h, A, PROUT_REGISTER_AND_MOVE, list, len);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	put_be32(list + 20, (uint32_t)len - 23);
	out_list(h, A, PROUT_REGISTER_AND_MOVE, list, len);
	assert_sense(&h->tt, SENSE_PARAMETER_LENGTH);
	assert_int_equal(OUT(h, A, PROUT_RELEASE, .type = SCSI_RESERVE_EA_RO, .key = KEY_A), GOOD);
	(void)attention(h, B);
	hold(h, A, KEY_A, SCSI_RESERVE_EA_AR);
	assert_int_equal(move_to(h, A, KEY_A, KEY_C, 0, 7, C), CONFLICT);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
}

/* ---- PERSISTENT RESERVE IN ---- */

static void
test_report_capabilities(void **state)
{
	struct hosts *h = *state;

	run(h, A, CDB(0x5e, 2, 0, 0, 0, 0, 0, 0, 8, 0), NO_OUT, 8);
	assert_int_equal(h->tt.task.in_bytes, 8);
	assert_memory_equal(h->tt.in, ((const uint8_t[]){ 0, 8, 0x1d, 0xb0, 0xea, 0x01, 0, 0 }), 8);
	OUT(h, A, PROUT_REGISTER, .action_key = KEY_A, .flags = APTPL);
	run(h, A, CDB(0x5e, 2, 0, 0, 0, 0, 0, 0, 8, 0), NO_OUT, 8);
	assert_int_equal(h->tt.in[3], 0xb1); /* PTPL_A */
}

static void
test_read_full_status(void **state)
{
	struct hosts *h = *state;
	uint8_t id[SCSI_TRANSPORT_ID_MAX];
	size_t size;
	uint8_t *p;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, B, KEY_B, SCSI_RESERVE_EA_RO);
	run(h, C, CDB(0x5e, 3, 0, 0, 0, 0, 0, 4, 0, 0), NO_OUT, 1024);
	assert_int_equal(get_be32(h->tt.in), 2);
	p = h->tt.in + 8;
	size = scsi_transport_id_put(id, h->t->nexus.initiator_name, h->t->nexus.isid);
	assert_int_equal(get_be64(p), KEY_A);
	assert_int_equal(p[12] | p[13], 0);
	assert_int_equal(get_be16(p + 18), 7);
	assert_int_equal(get_be32(p + 20), size);
	assert_memory_equal(p + 24, id, size);
	p += 24 + size;
	size = scsi_transport_id_put(id, h->host[B].name, h->host[B].nexus->isid);
	assert_int_equal(get_be64(p), KEY_B);
	assert_int_equal(p[12], 0x01);
	assert_int_equal(p[13], SCSI_RESERVE_EA_RO);
	assert_memory_equal(p + 24, id, size);
	assert_int_equal(h->tt.task.in_bytes, p + 24 + size - h->tt.in);
	assert_int_equal(get_be32(h->tt.in + 4), h->tt.task.in_bytes - 8);
}

/* A short allocation length cuts the data, not the lengths in it. */
static void
test_short_allocation_lengths(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	for (uint8_t action = 0; action < 4; action++)
		for (uint8_t len = 0; len < 16; len++) {
			assert_int_equal(
				run(h, A, CDB(0x5e, action, 0, 0, 0, 0, 0, 0, len, 0), NO_OUT, 64),
				GOOD);
			assert_true(h->tt.task.in_bytes <= len);
			if (action == 0 && len >= 8)
				assert_int_equal(get_be32(h->tt.in + 4), 8);
		}
}

static void
test_more_registrations_than_fit_are_refused(void **state)
{
	struct hosts *h = *state;
	struct scsi_nexus *b = h->host[B].nexus;

	for (unsigned i = 0; i < SCSI_REGISTRATIONS_MAX; i++) {
		put_be16(b->isid, (uint16_t)i);
		join(h, B, i + 1);
	}
	b->isid[5]++;
	OUT(h, B, PROUT_REGISTER, .action_key = KEY_B);
	assert_sense(&h->tt, 0x055504);
	assert_int_equal(OUT(h, B, PROUT_REGISTER), GOOD);
	b->isid[5]--;
	assert_int_equal(OUT(h, B, PROUT_REGISTER, .key = SCSI_REGISTRATIONS_MAX), GOOD);
	b->isid[5]++;
	join(h, B, KEY_B);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, hosts_setup, hosts_teardown)
		T(test_register_from_a_nexus_that_has_not_registered),
		T(test_register_from_a_registered_nexus),
		T(test_a_nexus_is_the_initiator_its_isid_and_the_target_port),
		T(test_registrations_survive_the_session_and_resets),
		T(test_all_tg_pt_registers_through_every_target_port),
		T(test_spec_i_pt_registers_the_ports_that_it_names),
		T(test_spec_i_pt_with_all_tg_pt),
		T(test_spec_i_pt_is_refused_as_a_whole),
		T(test_lists_of_other_lengths_are_refused),
		T(test_service_actions_that_there_are_not_are_refused),
		T(test_reserve_needs_the_key_and_a_type),
		T(test_a_second_reserve_conflicts_unless_it_says_the_same),
		T(test_release),
		T(test_the_holder_unregisters),
		T(test_the_last_of_all_registrants_takes_the_reservation_with_it),
		T(test_a_changed_key_keeps_the_reservation),
		T(test_clear),
		T(test_an_administrator_clears_everything),
		T(test_register_and_move),
		T(test_register_and_move_is_refused),
		T(test_report_capabilities),
		T(test_read_full_status),
		T(test_short_allocation_lengths),
		T(test_more_registrations_than_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
