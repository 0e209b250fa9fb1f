/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of objects, and the parts of `detail` that every noun has. */
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

const struct raid_show *
raid_show_of(enum raid_noun noun)
{
	static const struct raid_show *const shows[RAID_NOUN_COUNT] = {
		[RAID_HBAPORT] = &raid_show_hbaport,
		[RAID_IADAPTER] = &raid_show_iadapter,
		[RAID_IPORTAL] = &raid_show_iportal,
		[RAID_PROVIDER] = &raid_show_provider,
		[RAID_SUBSYSTEM] = &raid_show_subsystem,
		[RAID_CONTROLLER] = &raid_show_controller,
		[RAID_PORT] = &raid_show_port,
		[RAID_DRIVE] = &raid_show_drive,
		[RAID_LUN] = &raid_show_lun,
		[RAID_TPORTAL] = &raid_show_tportal,
		[RAID_TARGET] = &raid_show_target,
		[RAID_TPGROUP] = &raid_show_tpgroup,
		[RAID_PLEX] = &raid_show_plex,
	};

	return shows[noun];
}

/* An object that `list` does not show now, such as another target's portal group, has no index. */
static void
index_add(struct table *table, size_t index, size_t count)
{
	if (index < count)
		table_addf(table, "%zu", index);
	else
		table_add(table, NULL);
}

enum raid_exit
raid_show_list(struct raid *raid, enum raid_noun noun, const struct raid_objects *objects,
	       const struct raid_objects *all)
{
	const struct raid_show *show = raid_show_of(noun);
	const struct raid_object *focus = &raid->focus[noun];
	AUTO_FREE char *titles = str_printf("|>#|%s|ID", show->titles);
	AUTO_TABLE struct table *table = titles != NULL ? table_new(titles) : NULL;
	enum raid_exit rc = RAID_OK;
	char id[RAID_ID_SIZE];
	size_t at = 0;

	if (table == NULL)
		return raid_out_of_memory(raid);
	for (size_t i = 0; rc == RAID_OK && i < objects->count; i++) {
		const struct raid_object *object = &objects->items[i];
		bool has_focus = focus->unknown != NULL && raid_id_equal(&focus->id, &object->id);

		table_addf(table, "%s", has_focus ? "*" : " ");
		at = raid_objects_index(all, &object->id, at);
		index_add(table, at, all->count);
		at = at < all->count ? at + 1 : 0;
		rc = show->row(raid, object, table);
		table_add(table, raid_id_text(&object->id, id));
	}
	if (rc != RAID_OK)
		return rc;
	return table_print(table, raid->out) < 0 ? raid_out_of_memory(raid) : RAID_OK;
}

enum raid_exit
raid_show_associated(struct raid *raid, enum raid_noun noun, const char *heading,
		     const char *method, HRESULT hr, IEnumVdsObject *list)
{
	struct raid_objects objects = { 0 }, all;
	AUTO_FREE char *message = str_dup(FAILED(hr) ? VdsLastErrorMessage() : "");
	enum raid_exit rc;

	if (FAILED(hr)) {
		fprintf(raid->out, "\n%s: not known: %s: %s%s%s\n", heading, method,
			VdsErrorText(hr), message != NULL && message[0] != '\0' ? ": " : "",
			message != NULL ? message : "");
		return RAID_OK;
	}
	rc = raid_objects_read(raid, noun, method, hr, list, &objects);
	if (rc == RAID_OK && objects.count == 0)
		fprintf(raid->out, "\n%s: none\n", heading);
	if (rc == RAID_OK && objects.count > 0) {
		raid_objects_load(raid, noun, &all); /* without it there are no indexes */
		fprintf(raid->out, "\n%s:\n", heading);
		rc = raid_show_list(raid, noun, &objects, &all);
		raid_objects_fini(&all);
	}
	raid_objects_fini(&objects);
	return rc;
}
