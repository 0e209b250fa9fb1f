/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers, their ports, the associations of LUNs with both, and maintenance: each method in
 * each state that the reference distinguishes.
 */
#include "provider_test.h"

#include "base/err.h"
#include "fault.h"
#include "provider/notes_int.h"

static IVdsHwProvider *provider;
static IVdsController *controller;
static IVdsControllerPort *port;

/* Returns the id of a sample object, valid until the second call after this one. */
static const struct guid *
at(char kind, unsigned n)
{
	static struct guid ids[2];
	static unsigned turn;

	ids[++turn % 2] = sample_id(kind, n);
	return &ids[turn % 2];
}

static void *
controller_row(enum row_status status)
{
	struct row_controller *row = sample_controller();

	row->status = status;
	return row;
}

static void *
port_row(unsigned n, enum port_link link)
{
	struct row_live_port *row = sample_live_port(n);

	row->link = link;
	return row;
}

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	fake_asked = (struct fake_asked){ 0 };
	fake_put(controller_row(STATUS_ONLINE));
	fake_put_live(port_row(1, PORT_LINK_UP));
	fake_put_live(port_row(2, PORT_LINK_UP));
	controller = get_object(provider, sample_id('c', 1), VDS_OT_CONTROLLER,
				&IID_IVdsController);
	port = get_object(provider, sample_id('q', 1), VDS_OT_PORT, &IID_IVdsControllerPort);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(port);
	RELEASE(controller);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

static VDS_CONTROLLER_PROP
controller_prop(void)
{
	VDS_CONTROLLER_PROP prop;

	assert_int_equal(IVdsController_GetProperties(controller, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	return prop;
}

static VDS_PORT_STATUS
status_of_port(void)
{
	VDS_PORT_PROP prop;

	assert_int_equal(IVdsControllerPort_GetProperties(port, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	return prop.status;
}

/* ---- what they are ---- */

static void
test_properties_of_a_controller(void **state)
{
	VDS_CONTROLLER_PROP prop;

	(void)state;
	assert_int_equal(IVdsController_GetProperties(controller, NULL), E_INVALIDARG);
	assert_int_equal(IVdsController_GetProperties(controller, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('c', 1)));
	assert_u16(prop.pwszFriendlyName, "host1");
	assert_u16(prop.pwszIdentification, "SER1");
	assert_int_equal(prop.status, VDS_CS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_int_equal(prop.sNumberOfPorts, 2);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
}

static void
test_a_port_without_link_degrades_its_controller(void **state)
{
	(void)state;
	fake_put_live(port_row(1, PORT_LINK_DOWN));
	assert_int_equal(controller_prop().health, VDS_H_DEGRADED);
	assert_int_equal(status_of_port(), VDS_PRS_NOT_READY);
	fake_put_live(port_row(1, PORT_LINK_UNKNOWN));
	assert_int_equal(controller_prop().health, VDS_H_HEALTHY);
	assert_int_equal(status_of_port(), VDS_PRS_ONLINE);
}

static void
test_ports_are_numbered_as_they_are_enumerated(void **state)
{
	IVdsControllerControllerPort *ports = query(controller, &IID_IVdsControllerControllerPort);
	IEnumVdsObject *list = NULL;
	IUnknown *object;
	ULONG fetched;

	(void)state;
	assert_int_equal(IVdsControllerControllerPort_QueryControllerPorts(ports, NULL),
			 E_INVALIDARG);
	assert_int_equal(IVdsControllerControllerPort_QueryControllerPorts(ports, &list), S_OK);
	for (SHORT n = 0; IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK; n++) {
		IVdsControllerPort *p = query(object, &IID_IVdsControllerPort);
		VDS_PORT_PROP one, two;

		assert_true(n < 2);
		assert_int_equal(IVdsControllerPort_GetProperties(p, &one), S_OK);
		assert_int_equal(IVdsController_GetPortProperties(controller, n, &two), S_OK);
		assert_true(IsEqualGUID(&one.id, &two.id));
		assert_int_equal(one.status, VDS_PRS_ONLINE);
		assert_int_equal(two.status, VDS_PRS_ONLINE);
		CoTaskMemFree(one.pwszFriendlyName);
		CoTaskMemFree(one.pwszIdentification);
		CoTaskMemFree(two.pwszFriendlyName);
		CoTaskMemFree(two.pwszIdentification);
		RELEASE(p);
		RELEASE(object);
	}
	RELEASE(list);
	RELEASE(ports);
}

static void
test_a_port_of_no_number_is_invalid(void **state)
{
	static const SHORT numbers[] = { -1, 2, 32767 };
	VDS_PORT_PROP prop;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		memset(&prop, 0xa5, sizeof(prop));
		assert_int_equal(IVdsController_GetPortProperties(controller, numbers[i], &prop),
				 E_INVALIDARG);
		assert_null(prop.pwszFriendlyName);
	}
	assert_int_equal(IVdsController_GetPortProperties(controller, 0, NULL), E_INVALIDARG);
}

static void
test_properties_of_a_port(void **state)
{
	IVdsController *owner = NULL;
	VDS_PORT_PROP prop;

	(void)state;
	assert_int_equal(IVdsControllerPort_GetProperties(port, NULL), E_INVALIDARG);
	assert_int_equal(IVdsControllerPort_GetProperties(port, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('q', 1)));
	assert_u16(prop.pwszFriendlyName, "eth1");
	assert_u16(prop.pwszIdentification, "02:00:00:00:00:01");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(IVdsControllerPort_GetController(port, NULL), E_INVALIDARG);
	assert_int_equal(IVdsControllerPort_GetController(port, &owner), S_OK);
	assert_ptr_equal(owner, controller);
	RELEASE(owner);
}

static void
test_both_lead_to_their_subsystem(void **state)
{
	IVdsSubSystem *subsystem = NULL, *same = GET_SUBSYSTEM(provider, IVdsSubSystem);
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsController_GetSubSystem(controller, NULL), E_INVALIDARG);
	assert_int_equal(IVdsController_GetSubSystem(controller, &subsystem), S_OK);
	assert_ptr_equal(subsystem, same);
	assert_int_equal(IVdsSubSystem_QueryControllers(subsystem, NULL), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_QueryControllers(subsystem, &list), S_OK);
	assert_int_equal(drain(list), 1);
	RELEASE(list);
	RELEASE(subsystem);
	RELEASE(same);
}

/* ---- what they do ---- */

static void
test_flush_invalidate_and_reset_ask_the_array(void **state)
{
	(void)state;
	assert_int_equal(IVdsController_FlushCache(controller), S_OK);
	assert_int_equal(IVdsController_InvalidateCache(controller), S_OK);
	assert_int_equal(IVdsController_Reset(controller), S_OK);
	assert_int_equal(IVdsControllerPort_Reset(port), S_OK);
	assert_int_equal(fake_asked.flushes, 1);
	assert_int_equal(fake_asked.invalidations, 1);
	assert_int_equal(fake_asked.controller_resets, 1);
	assert_int_equal(fake_asked.port_resets, 1);
	fake_fail_next(ERR_BUSY);
	assert_int_equal(IVdsController_Reset(controller), VDS_E_ANOTHER_CALL_IN_PROGRESS);
	fake_fail_next(ERR_BUSY);
	assert_int_equal(IVdsControllerPort_Reset(port), VDS_E_ANOTHER_CALL_IN_PROGRESS);
}

static void
test_status_of_a_controller(void **state)
{
	(void)state;
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsController_SetStatus(controller, (VDS_CONTROLLER_STATUS)99),
			 E_INVALIDARG);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_FAILED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_NOT_READY),
			 VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_REMOVED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_OFFLINE), S_OK);
	assert_int_equal(controller_prop().status, VDS_CS_OFFLINE);
	assert_int_equal(status_of_port(), VDS_PRS_OFFLINE);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_ONLINE), S_OK);
	assert_int_equal(controller_prop().status, VDS_CS_ONLINE);
}

static void
test_status_of_a_port(void **state)
{
	(void)state;
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsControllerPort_SetStatus(port, (VDS_PORT_STATUS)99), E_INVALIDARG);
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_FAILED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_OFFLINE), S_OK);
	assert_int_equal(status_of_port(), VDS_PRS_OFFLINE);
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_ONLINE), S_OK);
	assert_int_equal(status_of_port(), VDS_PRS_ONLINE);
}

/* Each controller once, in one of the two arrays. */
static void
test_a_subsystem_sets_the_status_of_all_controllers(void **state)
{
	IVdsSubSystem *s = GET_SUBSYSTEM(provider, IVdsSubSystem);
	VDS_OBJECT_ID ids[2] = { guid_of(sample_id('c', 1)), guid_of(sample_id('c', 1)) };
	VDS_OBJECT_ID other = guid_of(sample_id('c', 9));

	(void)state;
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, NULL, 0, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, NULL, 1, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, ids, -1, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, ids, 2, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, ids, 1, ids, 1), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, ids, 1, &other, 1),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(controller_prop().status, VDS_CS_ONLINE);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, NULL, 0, ids, 1), S_OK);
	assert_int_equal(controller_prop().status, VDS_CS_OFFLINE);
	assert_int_equal(IVdsSubSystem_SetControllerStatus(s, ids, 1, NULL, 0), S_OK);
	assert_int_equal(controller_prop().status, VDS_CS_ONLINE);
	RELEASE(s);
}

/* ---- which LUNs they serve ---- */

/* LUNs 1 and 2 are behind target 1, which has a group with the portal at port 1. */
static void
test_luns_are_active_where_their_targets_have_portals(void **state)
{
	IVdsControllerPort *second = get_object(provider, sample_id('q', 2), VDS_OT_PORT,
						&IID_IVdsControllerPort);
	struct row_portal *offline = sample_portal(1);
	IEnumVdsObject *list = NULL;

	(void)state;
	fake_put(sample_lun(3)); /* behind no target */
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, NULL), E_INVALIDARG);
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), S_OK);
	assert_int_equal(drain(list), 2);
	RELEASE(list);
	assert_int_equal(IVdsControllerPort_QueryAssociatedLuns(port, NULL), E_INVALIDARG);
	assert_int_equal(IVdsControllerPort_QueryAssociatedLuns(port, &list), S_OK);
	assert_int_equal(drain(list), 2);
	RELEASE(list);
	assert_int_equal(IVdsControllerPort_QueryAssociatedLuns(second, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	/* Without a portal that is online there is no way to the LUNs. */
	offline->status = STATUS_OFFLINE;
	fake_put(offline);
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	fake_put(sample_portal(1));
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), S_OK);
	assert_int_equal(drain(list), 2);
	RELEASE(list);
	fake_delete(ROW_GROUP_PORTAL, at('g', 1), at('o', 1));
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	RELEASE(second);
}

static void
test_what_is_offline_serves_nothing(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	fake_put(controller_row(STATUS_OFFLINE));
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_int_equal(IVdsControllerPort_QueryAssociatedLuns(port, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
}

static void
test_a_lun_names_its_controllers_and_ports(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun), *free_lun;
	IVdsLunControllerPorts *ports = query(lun, &IID_IVdsLunControllerPorts);
	IEnumVdsObject *list = NULL;

	(void)state;
	fake_put(sample_lun(3));
	free_lun = GET_LUN(provider, 3, IVdsLun);
	assert_int_equal(IVdsLun_QueryActiveControllers(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_QueryActiveControllers(lun, &list), S_OK);
	assert_int_equal(drain(list), 1);
	RELEASE(list);
	assert_int_equal(IVdsLun_QueryActiveControllers(free_lun, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_int_equal(IVdsLunControllerPorts_QueryActiveControllerPorts(ports, NULL),
			 E_INVALIDARG);
	assert_int_equal(IVdsLunControllerPorts_QueryActiveControllerPorts(ports, &list), S_OK);
	assert_int_equal(drain(list), 1);
	RELEASE(list);
	RELEASE(ports);
	RELEASE(free_lun);
	RELEASE(lun);
}

/* What is so already can be set; anything else is the business of targets. */
static void
test_a_lun_is_associated_with_controllers_by_its_targets_alone(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	VDS_OBJECT_ID id = guid_of(sample_id('c', 1)), other = guid_of(sample_id('c', 9));

	(void)state;
	assert_int_equal(IVdsLun_AssociateControllers(lun, NULL, 0, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsLun_AssociateControllers(lun, NULL, 1, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &id, 1, &id, 1), E_INVALIDARG);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &other, 1, NULL, 0),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &id, 1, NULL, 0), S_OK);
	assert_int_equal(IVdsLun_AssociateControllers(lun, NULL, 0, &id, 1), VDS_E_NOT_SUPPORTED);
	RELEASE(lun);
}

/* Which controller is active for LUN 1, by its number; 0 = none, or several. */
static unsigned
active_controller(IVdsLun *lun)
{
	IEnumVdsObject *objects = NULL;
	IUnknown *found[2] = { NULL, NULL };
	VDS_CONTROLLER_PROP prop;
	IVdsController *one = NULL;
	ULONG fetched = 0;
	unsigned number = 0;

	assert_int_equal(IVdsLun_QueryActiveControllers(lun, &objects), S_OK);
	IEnumVdsObject_Next(objects, 2, found, &fetched);
	if (fetched == 1) {
		assert_int_equal(
			IUnknown_QueryInterface(found[0], &IID_IVdsController, (void **)&one),
			S_OK);
		assert_int_equal(IVdsController_GetProperties(one, &prop), S_OK);
		number = same_guid(&prop.id, sample_id('c', 1)) ? 1 : 2;
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		RELEASE(one);
	}
	for (ULONG i = 0; i < fetched; i++)
		RELEASE(found[i]);
	RELEASE(objects);
	return number;
}

/* The sample's LUN 1, reached through both of two gateways and owned by the first. */
static void
put_gateways(void)
{
	struct row_portal *first = sample_portal(1), *second = sample_portal(2);

	first->controller_id = sample_id('c', 1);
	second->controller_id = sample_id('c', 2);
	fake_put(sample_gateway(1));
	fake_put(sample_gateway(2));
	fake_put(first);
	fake_put(second);
	fake_put(sample_group(2, 1));
	fake_put(sample_member(2, 2));
	fake_put(sample_owner(1, 1));
}

static void
test_of_gateways_the_owner_is_active(void **state)
{
	IVdsLun *lun = get_object(provider, sample_id('l', 1), VDS_OT_LUN, &IID_IVdsLun);
	VDS_OBJECT_ID first, second, both[2];

	(void)state;
	put_gateways();
	com_guid_out(at('c', 1), &first);
	com_guid_out(at('c', 2), &second);
	both[0] = first;
	both[1] = second;
	assert_int_equal(controller_prop().sNumberOfPorts, 2);
	assert_int_equal(active_controller(lun), 1);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &first, 1, &second, 1), S_OK);
	/* each must be named once, and there is one owner */
	assert_int_equal(IVdsLun_AssociateControllers(lun, &first, 1, NULL, 0), E_INVALIDARG);
	assert_int_equal(IVdsLun_AssociateControllers(lun, both, 2, NULL, 0), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_AssociateControllers(lun, NULL, 0, both, 2), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &second, 1, &first, 1), S_OK);
	assert_int_equal(active_controller(lun), 2);
	RELEASE(lun);
}

static void
test_a_lun_is_associated_with_ports_by_its_targets_alone(void **state)
{
	IVdsLunControllerPorts *lun = GET_LUN(provider, 1, IVdsLunControllerPorts);
	VDS_OBJECT_ID one = guid_of(sample_id('q', 1)), two = guid_of(sample_id('q', 2)),
		      other = guid_of(sample_id('q', 9)), both[] = { one, two };

	(void)state;
	assert_int_equal(IVdsLunControllerPorts_AssociateControllerPorts(lun, &one, 1, NULL, 0),
			 E_INVALIDARG);
	assert_int_equal(IVdsLunControllerPorts_AssociateControllerPorts(lun, both, 2, &other, 1),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLunControllerPorts_AssociateControllerPorts(lun, &one, 1, &two, 1),
			 S_OK);
	assert_int_equal(IVdsLunControllerPorts_AssociateControllerPorts(lun, both, 2, NULL, 0),
			 VDS_E_NOT_SUPPORTED);
	RELEASE(lun);
}

static void
test_a_lun_that_failed_or_is_busy_says_so(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	IVdsLunControllerPorts *ports = query(lun, &IID_IVdsLunControllerPorts);
	VDS_OBJECT_ID id = guid_of(sample_id('c', 1));
	struct row_live_lun *busy = sample_live_lun(1, HEALTH_OK);
	IEnumVdsObject *list = (void *)&list;

	(void)state;
	busy->operation = OPERATION_ASSOCIATE;
	fake_put_live(busy);
	assert_int_equal(IVdsLun_QueryActiveControllers(lun, &list),
			 VDS_E_ANOTHER_CALL_IN_PROGRESS);
	assert_null(list);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &id, 1, NULL, 0),
			 VDS_E_ANOTHER_CALL_IN_PROGRESS);
	fake_put_live(sample_live_lun(1, HEALTH_FAILED));
	assert_int_equal(IVdsLun_QueryActiveControllers(lun, &list), VDS_E_OBJECT_STATUS_FAILED);
	assert_int_equal(IVdsLun_AssociateControllers(lun, &id, 1, NULL, 0),
			 VDS_E_OBJECT_STATUS_FAILED);
	assert_int_equal(IVdsLunControllerPorts_QueryActiveControllerPorts(ports, &list),
			 VDS_E_OBJECT_STATUS_FAILED);
	assert_int_equal(IVdsLunControllerPorts_AssociateControllerPorts(ports, NULL, 0, NULL, 0),
			 VDS_E_OBJECT_STATUS_FAILED);
	RELEASE(ports);
	RELEASE(lun);
}

/* ---- maintenance ---- */

static void
test_maintenance_is_asked_of_the_array(void **state)
{
	static const struct {
		VDS_MAINTENANCE_OPERATION operation;
		const char *text;
	} operations[] = {
		{ BlinkLight, "start blink 0" },
		{ BeepAlarm, "start beep 0" },
		{ SpinUp, "start spin-up 0" },
		{ Ping, "start ping 0" },
	};
	IVdsMaintenance *m = query(port, &IID_IVdsMaintenance);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		assert_int_equal(IVdsMaintenance_StartMaintenance(m, operations[i].operation),
				 S_OK);
		assert_string_equal(fake_asked.text, operations[i].text);
		assert_true(guid_equal(&fake_asked.object, at('q', 1)));
	}
	assert_int_equal(IVdsMaintenance_PulseMaintenance(m, BlinkLight, 3), S_OK);
	assert_string_equal(fake_asked.text, "pulse blink 3");
	assert_int_equal(IVdsMaintenance_StopMaintenance(m, BlinkLight), S_FALSE);
	assert_int_equal(IVdsMaintenance_PulseMaintenance(m, BlinkLight, 1), S_FALSE);
	RELEASE(m);
}

static void
test_maintenance_that_cannot_be(void **state)
{
	IVdsMaintenance *m = query(controller, &IID_IVdsMaintenance);

	(void)state;
	assert_int_equal(IVdsMaintenance_StartMaintenance(m, 0), E_INVALIDARG);
	assert_int_equal(IVdsMaintenance_StopMaintenance(m, 6), E_INVALIDARG);
	assert_int_equal(IVdsMaintenance_PulseMaintenance(m, 99, 1), E_INVALIDARG);
	assert_int_equal(IVdsMaintenance_StartMaintenance(m, SpinDown), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsMaintenance_StopMaintenance(m, SpinDown), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsMaintenance_PulseMaintenance(m, SpinUp, 1), VDS_E_NOT_SUPPORTED);
	assert_int_equal(fake_asked.maintenances, 0);
	RELEASE(m);
}

/* Every kind of object that can be maintained offers it. */
static void
test_subsystems_drives_and_luns_are_maintained_too(void **state)
{
	IVdsMaintenance *objects[3];

	(void)state;
	fake_put_live(sample_live_drive(1));
	objects[0] = GET_SUBSYSTEM(provider, IVdsMaintenance);
	objects[1] = get_object(provider, sample_id('d', 1), VDS_OT_DRIVE, &IID_IVdsMaintenance);
	objects[2] = GET_LUN(provider, 1, IVdsMaintenance);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		assert_int_equal(IVdsMaintenance_StartMaintenance(objects[i], Ping), S_OK);
	assert_int_equal(fake_asked.maintenances, 3);
	fake_put_live(sample_live_lun(1, HEALTH_FAILED));
	assert_int_equal(IVdsMaintenance_StartMaintenance(objects[2], Ping),
			 VDS_E_OBJECT_STATUS_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		RELEASE(objects[i]);
}

/* ---- states of every method ---- */

/* Calls every method; each must return `expected` and clear what it gives out. */
static void
every_method_returns(HRESULT expected)
{
	IVdsControllerControllerPort *ports = query(controller, &IID_IVdsControllerControllerPort);
	IVdsMaintenance *m = query(controller, &IID_IVdsMaintenance);
	IVdsMaintenance *m2 = query(port, &IID_IVdsMaintenance);
	IEnumVdsObject *list = (void *)&list;
	IVdsSubSystem *subsystem = (void *)&subsystem;
	IVdsController *owner = (void *)&owner;
	VDS_CONTROLLER_PROP prop;
	VDS_PORT_PROP port_prop;

	memset(&prop, 0xa5, sizeof(prop));
	memset(&port_prop, 0xa5, sizeof(port_prop));
	assert_int_equal(IVdsController_GetProperties(controller, &prop), expected);
	assert_null(prop.pwszFriendlyName);
	assert_int_equal(IVdsController_GetSubSystem(controller, &subsystem), expected);
	assert_null(subsystem);
	assert_int_equal(IVdsController_GetPortProperties(controller, 0, &port_prop), expected);
	assert_null(port_prop.pwszFriendlyName);
	assert_int_equal(IVdsController_FlushCache(controller), expected);
	assert_int_equal(IVdsController_InvalidateCache(controller), expected);
	assert_int_equal(IVdsController_Reset(controller), expected);
	assert_int_equal(IVdsController_QueryAssociatedLuns(controller, &list), expected);
	assert_null(list);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_ONLINE), expected);
	assert_int_equal(IVdsController_SetStatus(controller, VDS_CS_FAILED), expected);
	list = (void *)&list;
	assert_int_equal(IVdsControllerControllerPort_QueryControllerPorts(ports, &list), expected);
	assert_null(list);
	assert_int_equal(IVdsMaintenance_StartMaintenance(m, Ping), expected);
	assert_int_equal(IVdsMaintenance_StopMaintenance(m, SpinDown), expected);
	assert_int_equal(IVdsMaintenance_PulseMaintenance(m, Ping, 1), expected);
	memset(&port_prop, 0xa5, sizeof(port_prop));
	assert_int_equal(IVdsControllerPort_GetProperties(port, &port_prop), expected);
	assert_null(port_prop.pwszFriendlyName);
	assert_int_equal(IVdsControllerPort_GetController(port, &owner), expected);
	assert_null(owner);
	list = (void *)&list;
	assert_int_equal(IVdsControllerPort_QueryAssociatedLuns(port, &list), expected);
	assert_null(list);
	assert_int_equal(IVdsControllerPort_Reset(port), expected);
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_ONLINE), expected);
	assert_int_equal(IVdsControllerPort_SetStatus(port, VDS_PRS_REMOVED), expected);
	assert_int_equal(IVdsMaintenance_StartMaintenance(m2, Ping), expected);
	RELEASE(m2);
	RELEASE(m);
	RELEASE(ports);
}

static void
test_every_method_in_a_corrupt_cache(void **state)
{
	(void)state;
	fake_set_view_code(ERR_CACHE_CORRUPT);
	every_method_returns(VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
}

static void
delete_port(void)
{
	/* The row of a port goes with its interface: a live state without it. */
	fake_delete_live(ROW_LIVE_PORT, at('q', 1), NULL);
}

static void
test_every_method_of_what_is_gone(void **state)
{
	(void)state;
	fake_delete(ROW_CONTROLLER, at('c', 1), NULL);
	delete_port();
	every_method_returns(VDS_E_OBJECT_DELETED);
}

static void
test_every_method_of_an_unloaded_provider(void **state)
{
	IVdsProviderPrivate *private = query(provider, &IID_IVdsProviderPrivate);

	(void)state;
	assert_int_equal(IVdsProviderPrivate_OnUnload(private, TRUE), S_OK);
	every_method_returns(VDS_E_INITIALIZE_NOT_CALLED);
	RELEASE(private);
}

static void
test_memory_that_is_out(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		VDS_CONTROLLER_PROP prop;
		VDS_PORT_PROP port_prop = { 0 };
		IEnumVdsObject *list = NULL;
		HRESULT hr = IVdsController_GetProperties(controller, &prop);

		if (hr == S_OK) {
			CoTaskMemFree(prop.pwszFriendlyName);
			CoTaskMemFree(prop.pwszIdentification);
			hr = IVdsControllerPort_GetProperties(port, &port_prop);
		}
		if (hr == S_OK) {
			CoTaskMemFree(port_prop.pwszFriendlyName);
			CoTaskMemFree(port_prop.pwszIdentification);
			hr = IVdsController_QueryAssociatedLuns(controller, &list);
		}
		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		if (list != NULL)
			RELEASE(list);
	}
}

/* ---- notifications ---- */

static struct client_view
now(void)
{
	struct client_view view;

	assert_int_equal(client_view(fake_client, &view), 0);
	return view;
}

/* "port 352 1; controller 350 1": what the differences between two views are told as. */
static void
assert_told(const struct client_view *before, const char *expected)
{
	AUTO_VIEW struct client_view after = now();
	struct provider_notes notes;
	char text[256] = "";

	provider_notes_init(&notes);
	assert_int_equal(provider_notes_of_reload(&notes, before, &after), 0);
	for (size_t i = 0; i < notes.count; i++) {
		VDS_NOTIFICATION n;
		size_t len = strlen(text);

		provider_note_out(&notes.items[i], &n);
		if (n.objectType == VDS_NTT_CONTROLLER)
			snprintf(text + len, sizeof(text) - len, "controller %u; ",
				 n.Controller.ulEvent);
		else if (n.objectType == VDS_NTT_PORT)
			snprintf(text + len, sizeof(text) - len, "port%u %u; ",
				 (unsigned)n.Port.portId.Data1, n.Port.ulEvent);
	}
	assert_string_equal(text, expected);
	provider_notes_fini(&notes);
}

static void
test_notifications_of_controllers_and_ports(void **state)
{
	AUTO_VIEW struct client_view first = now();

	(void)state;
	fake_put_live(port_row(1, PORT_LINK_DOWN));
	assert_told(&first, "controller 350; port1 352; ");
	fake_put_live(port_row(1, PORT_LINK_UP));
	assert_told(&first, "");
	fake_put(controller_row(STATUS_OFFLINE));
	assert_told(&first, "controller 351; port1 353; port2 353; ");
	AUTO_VIEW struct client_view offline = now();

	fake_put(controller_row(STATUS_ONLINE));
	assert_told(&offline, "controller 350; port1 352; port2 352; ");
	fake_put_live(port_row(3, PORT_LINK_UP));
	assert_told(&first, "controller 350; port3 121; ");
	AUTO_VIEW struct client_view third = now();

	delete_port();
	assert_told(&third, "controller 350; port1 122; ");
	fake_delete(ROW_CONTROLLER, at('c', 1), NULL);
	assert_told(&third, "controller 104; port1 122; ");
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_TEST(test_properties_of_a_controller),
		PORT_TEST(test_a_port_without_link_degrades_its_controller),
		PORT_TEST(test_ports_are_numbered_as_they_are_enumerated),
		PORT_TEST(test_a_port_of_no_number_is_invalid),
		PORT_TEST(test_properties_of_a_port),
		PORT_TEST(test_both_lead_to_their_subsystem),
		PORT_TEST(test_flush_invalidate_and_reset_ask_the_array),
		PORT_TEST(test_status_of_a_controller),
		PORT_TEST(test_status_of_a_port),
		PORT_TEST(test_a_subsystem_sets_the_status_of_all_controllers),
		PORT_TEST(test_luns_are_active_where_their_targets_have_portals),
		PORT_TEST(test_what_is_offline_serves_nothing),
		PORT_TEST(test_a_lun_names_its_controllers_and_ports),
		PORT_TEST(test_a_lun_is_associated_with_controllers_by_its_targets_alone),
		PORT_TEST(test_of_gateways_the_owner_is_active),
		PORT_TEST(test_a_lun_is_associated_with_ports_by_its_targets_alone),
		PORT_TEST(test_a_lun_that_failed_or_is_busy_says_so),
		PORT_TEST(test_maintenance_is_asked_of_the_array),
		PORT_TEST(test_maintenance_that_cannot_be),
		PORT_TEST(test_subsystems_drives_and_luns_are_maintained_too),
		PORT_TEST(test_every_method_in_a_corrupt_cache),
		PORT_TEST(test_every_method_of_what_is_gone),
		PORT_TEST(test_every_method_of_an_unloaded_provider),
		PORT_TEST(test_memory_that_is_out),
		PORT_TEST(test_notifications_of_controllers_and_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
