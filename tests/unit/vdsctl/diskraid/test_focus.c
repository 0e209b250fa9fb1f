/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the focus: what an object that gets it takes it from, and that each reference is
 * released once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

/* An object that only counts its references. */
struct counted {
	IUnknown unknown;
	int references;
};

static HRESULT STDMETHODCALLTYPE
counted_query(IUnknown *this, const IID *riid, void **ppv)
{
	(void)this;
	(void)riid;
	*ppv = NULL;
	return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
counted_addref(IUnknown *this)
{
	return (ULONG)++container_of(this, struct counted, unknown)->references;
}

static ULONG STDMETHODCALLTYPE
counted_release(IUnknown *this)
{
	return (ULONG)--container_of(this, struct counted, unknown)->references;
}

static const IUnknownVtbl counted_vtbl = { counted_query, counted_addref, counted_release };
static struct counted objects[RAID_NOUN_COUNT];
static struct raid_object focus[RAID_NOUN_COUNT];

static void
give(enum raid_noun noun)
{
	struct raid_object object = { .unknown = &objects[noun].unknown, .name = str_dup("x") };

	objects[noun].unknown.lpVtbl = &counted_vtbl;
	objects[noun].references++;
	raid_focus_set(focus, noun, &object);
	assert_null(object.unknown);
}

/* Exactly these nouns have an object in focus: words with blanks between them. */
static void
focus_is(const char *wanted)
{
	struct strbuf got;

	strbuf_init(&got);
	for (enum raid_noun noun = RAID_NONE + 1; noun < RAID_NOUN_COUNT; noun++) {
		if (focus[noun].unknown != NULL)
			strbuf_addf(&got, "%s%s", got.len > 0 ? " " : "", raid_nouns[noun].word);
		assert_int_equal(objects[noun].references, focus[noun].unknown != NULL);
	}
	assert_string_equal(got.text != NULL ? got.text : "", wanted);
	strbuf_fini(&got);
}

static int
teardown(void **state)
{
	(void)state;
	raid_focus_clear_all(focus);
	for (size_t i = 0; i < RAID_NOUN_COUNT; i++)
		if (objects[i].references != 0)
			return -1;
	return 0;
}

static void
subsystem_give(void)
{
	give(RAID_PROVIDER);
	give(RAID_SUBSYSTEM);
}

static void
test_siblings_deselect_one_another(void **state)
{
	static const enum raid_noun siblings[] = { RAID_CONTROLLER, RAID_DRIVE, RAID_LUN,
						   RAID_TPORTAL, RAID_TARGET };

	(void)state;
	subsystem_give();
	for (size_t a = 0; a < ARRAY_LEN(siblings); a++) {
		for (size_t b = 0; b < ARRAY_LEN(siblings); b++) {
			char wanted[64];

			give(siblings[a]);
			give(siblings[b]);
			snprintf(wanted, sizeof(wanted), "provider subsystem %s",
				 raid_nouns[siblings[b]].word);
			focus_is(wanted);
		}
	}
}

static void
test_a_child_keeps_its_parents(void **state)
{
	(void)state;
	subsystem_give();
	give(RAID_TARGET);
	give(RAID_TPGROUP);
	focus_is("provider subsystem target tpgroup");
	give(RAID_CONTROLLER);
	give(RAID_PORT);
	focus_is("provider subsystem controller port");
}

static void
test_a_parent_drops_its_children(void **state)
{
	(void)state;
	subsystem_give();
	give(RAID_TARGET);
	give(RAID_TPGROUP);
	give(RAID_TARGET);
	focus_is("provider subsystem target");
	give(RAID_SUBSYSTEM);
	focus_is("provider subsystem");
	give(RAID_LUN);
	give(RAID_PROVIDER);
	focus_is("provider");
}

static void
test_the_host_is_another_tree(void **state)
{
	(void)state;
	give(RAID_IADAPTER);
	give(RAID_IPORTAL);
	subsystem_give();
	give(RAID_LUN);
	focus_is("iadapter iportal provider subsystem lun");
	give(RAID_IADAPTER);
	focus_is("iadapter provider subsystem lun");
}

/* "Selecting an HBA port deselects any selected initiator adapters and initiator portals." */
static void
test_ways_out_of_the_host_deselect_one_another(void **state)
{
	(void)state;
	subsystem_give();
	give(RAID_IADAPTER);
	give(RAID_IPORTAL);
	give(RAID_HBAPORT);
	focus_is("hbaport provider subsystem");
	give(RAID_IADAPTER);
	focus_is("iadapter provider subsystem");
}

static void
test_a_deleted_object_takes_its_children_along(void **state)
{
	(void)state;
	subsystem_give();
	give(RAID_TARGET);
	give(RAID_TPGROUP);
	raid_focus_clear(focus, RAID_TARGET);
	focus_is("provider subsystem");
	raid_focus_clear(focus, RAID_LUN);
	focus_is("provider subsystem");
}

static void
test_commands_need_their_object_in_focus(void **state)
{
	struct raid raid = { .out = stdout, .err = stderr };

	(void)state;
	for (size_t i = 0; i < raid_command_count; i++) {
		const struct raid_command *command = &raid_commands[i];
		AUTO_FREE char *line = NULL;
		const char *values = "";
		bool noerr;

		if (command->focus == RAID_NONE)
			continue;
		for (const struct raid_param *param = command->params; param->name != NULL; param++)
			if ((param->flags & (RAID_REQUIRED | RAID_ONE_OF | RAID_SOME_OF)) != 0)
				values = NULL;
		if (values == NULL)
			continue;
		line = str_dup(command->words);
		assert_int_equal(raid_run_line(&raid, line, strlen(line), &noerr), RAID_SYNTAX);
		assert_non_null(strstr(raid.error.text, "in focus"));
		assert_int_equal(raid.error.column, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_siblings_deselect_one_another, teardown),
		cmocka_unit_test_teardown(test_a_child_keeps_its_parents, teardown),
		cmocka_unit_test_teardown(test_a_parent_drops_its_children, teardown),
		cmocka_unit_test_teardown(test_the_host_is_another_tree, teardown),
		cmocka_unit_test_teardown(test_ways_out_of_the_host_deselect_one_another, teardown),
		cmocka_unit_test_teardown(test_a_deleted_object_takes_its_children_along, teardown),
		cmocka_unit_test(test_commands_need_their_object_in_focus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
