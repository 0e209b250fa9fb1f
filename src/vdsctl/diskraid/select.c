/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* select, list and detail: the commands that every noun has. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

/* The id, and the name when there is one: "0b6e… vol1"; valid until the next call. */
static const char *
label_of(const struct raid_object *object)
{
	static char text[RAID_ID_SIZE + 300];
	char id[RAID_ID_SIZE];
	const char *name = object->name;

	if (name == NULL || name[0] == '\0')
		name = object->other_name != NULL ? object->other_name : "";
	snprintf(text, sizeof(text), "%s%s%s", raid_id_text(&object->id, id),
		 name[0] != '\0' ? " " : "", name);
	return text;
}

/* `select lun` alone: which one has the focus. */
static enum raid_exit
focus_show(struct raid *raid, enum raid_noun noun)
{
	const struct raid_object *focus = &raid->focus[noun];

	if (focus->unknown == NULL)
		fprintf(raid->out, "No %s is in focus.\n", raid_nouns[noun].title);
	else
		fprintf(raid->out, "In focus: %s %s\n", raid_nouns[noun].title, label_of(focus));
	return RAID_OK;
}

/* A subsystem brings its provider into focus. */
static enum raid_exit
provider_select(struct raid *raid, const struct raid_object *subsystem)
{
	AUTO_RELEASE IVdsSubSystem *found = NULL;
	AUTO_RELEASE IVdsProvider *provider = NULL;
	struct raid_object object = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, subsystem->unknown, IVdsSubSystem, &found);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsSubSystem::GetProvider",
				IVdsSubSystem_GetProvider(found, &provider));
	if (rc == RAID_OK)
		rc = RAID_QUERY(raid, provider, IUnknown, &object.unknown);
	if (rc == RAID_OK)
		rc = raid_object_describe(raid, RAID_PROVIDER, &object);
	if (rc == RAID_OK)
		raid_focus_set(raid->focus, RAID_PROVIDER, &object);
	raid_object_fini(&object);
	return rc;
}

enum raid_exit
raid_run_select(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *value = raid_arg(args, "n");
	enum raid_noun noun = args->command->noun;
	struct raid_objects objects;
	size_t at = 0;
	enum raid_exit rc;

	if (value == NULL)
		return focus_show(raid, noun);
	rc = raid_objects_load(raid, noun, &objects);
	if (rc == RAID_OK) {
		rc = raid_objects_find(raid, &objects, noun, &value->refs[0], &at);
		if (rc ==
		    RAID_SYNTAX) /* or the next command would act on an object that is not meant */
			raid_focus_clear(raid->focus, noun);
	}
	if (rc == RAID_OK && noun == RAID_SUBSYSTEM)
		rc = provider_select(raid, &objects.items[at]);
	if (rc == RAID_OK) {
		fprintf(raid->out, "In focus: %s %zu: %s\n", raid_nouns[noun].title, at,
			label_of(&objects.items[at]));
		raid_focus_set(raid->focus, noun, &objects.items[at]);
	}
	raid_objects_fini(&objects);
	return rc;
}

enum raid_exit
raid_run_list(struct raid *raid, const struct raid_args *args)
{
	enum raid_noun noun = args->command->noun;
	struct raid_objects objects;
	enum raid_exit rc = raid_objects_load(raid, noun, &objects);

	if (rc == RAID_OK && objects.count == 0)
		fprintf(raid->out, "There are no %s%s%s\n", raid_nouns[noun].titles,
			raid_why_none(noun), noun == RAID_SUBSYSTEM ? "" : ".");
	else if (rc == RAID_OK)
		rc = raid_show_list(raid, noun, &objects, &objects);
	raid_objects_fini(&objects);
	return rc;
}

enum raid_exit
raid_run_detail(struct raid *raid, const struct raid_args *args)
{
	enum raid_noun noun = args->command->noun;
	struct raid_object now = { .unknown = raid->focus[noun].unknown };
	enum raid_exit rc;

	IUnknown_AddRef(now.unknown);
	rc = raid_object_describe(raid, noun, &now); /* its names may have changed */
	if (rc == RAID_OK)
		rc = raid_show_of(noun)->detail(raid, &now, raid_arg(args, "verbose") != NULL);
	raid_object_fini(&now);
	return rc;
}

/* Says which object was created, and under which index `list` shows it. */
enum raid_exit
raid_created(struct raid *raid, enum raid_noun noun, IUnknown *unknown)
{
	struct raid_object object = { .unknown = unknown };
	struct raid_objects all = { 0 };
	enum raid_exit rc;

	if (unknown == NULL)
		return raid_fail(raid, RAID_SERVICE,
				 "the provider returned a success but no new %s",
				 raid_nouns[noun].title);
	rc = raid_object_describe(raid, noun, &object);
	if (rc == RAID_OK)
		rc = raid_objects_load(raid, noun, &all);
	if (rc == RAID_OK)
		fprintf(raid->out, "Created %s %zu: %s\n", raid_nouns[noun].title,
			raid_objects_index(&all, &object.id, 0), label_of(&object));
	raid_objects_fini(&all);
	raid_object_fini(&object);
	return rc;
}
