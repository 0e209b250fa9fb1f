/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CHAP secrets.  A secret is never printed, kept in the history or put into an error; the copy that
 * was asked for at the prompt is wiped.
 */
#include <string.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

/* A secret as a method wants it; none when it is empty. */
struct secret {
	char *asked; /* read at the prompt: wiped and freed */
	VDS_ISCSI_SHARED_SECRET value;
};

/* Fills a secret, which borrows the bytes of the line or of the answer. */
static enum raid_exit
secret_read(struct raid *raid, const struct raid_args *args, struct secret *secret)
{
	const struct raid_value *given = raid_arg(args, "secret");
	char *text;

	if (given == NULL) {
		secret->asked = raid_secret_ask(raid);
		if (secret->asked == NULL)
			return raid_fail(raid, RAID_SYNTAX, "no secret was read");
		text = secret->asked;
	} else { /* the words of a line may be written; the method does not */
		text = args->words->memory + (given->text - args->words->memory);
	}
	secret->value.ulSharedSecretSize = (ULONG)strlen(text);
	secret->value.pSharedSecret = text[0] != '\0' ? (UCHAR *)text : NULL;
	return RAID_OK;
}

static void
secret_fini(struct secret *secret)
{
	if (secret->asked != NULL)
		explicit_bzero(secret->asked, strlen(secret->asked));
	mem_free(secret->asked);
}

static enum raid_exit
done(struct raid *raid, enum raid_exit rc, struct secret *secret)
{
	if (rc == RAID_OK)
		fprintf(raid->out, "The secret was %s.\n",
			secret->value.pSharedSecret != NULL ? "set" : "cleared");
	secret_fini(secret);
	return rc;
}

enum raid_exit
raid_run_chap_target_set(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *initiator = raid_arg(args, "initiator");
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	AUTO_STRING LPWSTR name = initiator != NULL ? raid_string(initiator->text) : NULL;
	struct secret secret = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_TARGET].unknown, IVdsIscsiTarget,
				       &target);

	if (rc == RAID_OK && initiator != NULL && name == NULL)
		rc = raid_out_of_memory(raid);
	if (rc == RAID_OK)
		rc = secret_read(raid, args, &secret);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiTarget::SetSharedSecret",
				IVdsIscsiTarget_SetSharedSecret(target, &secret.value, name));
	return done(raid, rc, &secret);
}

enum raid_exit
raid_run_chap_target_remember(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	AUTO_STRING LPWSTR name = raid_string(raid_arg(args, "initiator")->text);
	struct secret secret = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_TARGET].unknown, IVdsIscsiTarget,
				       &target);

	if (rc == RAID_OK && name == NULL)
		rc = raid_out_of_memory(raid);
	if (rc == RAID_OK)
		rc = secret_read(raid, args, &secret);
	if (rc == RAID_OK)
		rc = raid_check(
			raid, "IVdsIscsiTarget::RememberInitiatorSharedSecret",
			IVdsIscsiTarget_RememberInitiatorSharedSecret(target, name, &secret.value));
	return done(raid, rc, &secret);
}

enum raid_exit
raid_run_chap_initiator_set(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsServiceIscsi *service = NULL;
	struct secret secret = { 0 };
	VDS_OBJECT_ID target = GUID_NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->service, IVdsServiceIscsi, &service);

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_TARGET, raid_arg(args, "target"), &target);
	if (rc == RAID_OK)
		rc = secret_read(raid, args, &secret);
	if (rc == RAID_OK)
		rc = raid_check(
			raid, "IVdsServiceIscsi::SetInitiatorSharedSecret",
			IVdsServiceIscsi_SetInitiatorSharedSecret(service, &secret.value, target));
	return done(raid, rc, &secret);
}

enum raid_exit
raid_run_chap_initiator_remember(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsServiceIscsi *service = NULL;
	struct secret secret = { 0 };
	VDS_OBJECT_ID target = GUID_NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->service, IVdsServiceIscsi, &service);

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_TARGET, raid_arg(args, "target"), &target);
	if (rc == RAID_OK)
		rc = secret_read(raid, args, &secret);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsServiceIscsi::RememberTargetSharedSecret",
				IVdsServiceIscsi_RememberTargetSharedSecret(service, target,
									    &secret.value));
	return done(raid, rc, &secret);
}
