/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What administrators have gateways do with LUNs: move one to another owner, fence a gateway.
 */
#include <string.h>

#include "array/gateway_int.h"
#include "base/err.h"

static int
move_here(struct array *array, const struct array_request *request, const struct guid *lun,
	  const struct guid *to, struct array_answer *ret_answer)
{
	struct array_answer answer = { .object_id = *lun };
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	array_gateway_move_begin(request, lun);
	rc = array_member_move(&array->gateways->member, lun, to);
	array_gateway_move_end();
	if (rc == 0) {
		AUTO_STATE struct state *state = array_state(array);

		answer.sequence = state_position(state)->sequence;
	}
	return array_request_end(array, request, rc, &answer, ret_answer);
}

int
array_lun_move_owner(struct array *array, const struct array_request *request,
		     const struct guid *lun, const struct guid *to, struct array_answer *ret_answer)
{
	struct guid owner;
	int rc;

	if (array->gateways == NULL)
		return err_set(ERR_NOT_SUPPORTED, "the array is served by one machine: its LUNs "
						  "have no other owner");
	if (!array_lun_is_elsewhere(array, lun, &owner))
		return move_here(array, request, lun, to, ret_answer);
	rc = array_gateway_ask_move(&array->gateways->member, &owner, lun, to);
	if (rc == 0 && ret_answer != NULL) {
		AUTO_STATE struct state *state = array_state(array);

		*ret_answer = (struct array_answer){ .object_id = *lun,
						     .sequence = state_position(state)->sequence };
	}
	return rc;
}

int
array_gateway_fence(struct array *array, const struct guid *controller)
{
	AUTO_STATE struct state *state = array_state(array);

	if (state_find(state, ROW_CONTROLLER, controller) == NULL)
		return array_name_no_such(ROW_CONTROLLER, controller);
	if (array->gateways == NULL)
		return err_set(ERR_NOT_SUPPORTED, "the array is served by one machine");
	if (guid_equal(controller, &array->controller_id))
		return err_set(ERR_INVALID, "this vdsd runs as that gateway: ask another one");
	return array_member_take_over(&array->gateways->member, controller);
}
