/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the client of an iSNS server (src/isns) has to say, kept for whoever asks for the health. */
#include "array/array_int.h"
#include "base/mem.h"
#include "base/str.h"

void
array_isns_report(struct array *array, const char *trouble)
{
	char *text = trouble != NULL ? str_dup(trouble) : NULL;

	pthread_mutex_lock(&array->isns_lock);
	mem_free(array->isns_trouble);
	array->isns_trouble = text;
	pthread_mutex_unlock(&array->isns_lock);
}

char *
array_isns_trouble(struct array *array)
{
	char *text;

	pthread_mutex_lock(&array->isns_lock);
	text = array->isns_trouble != NULL ? str_dup(array->isns_trouble) : NULL;
	pthread_mutex_unlock(&array->isns_lock);
	return text;
}
