/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports for data paths under test, which no other test takes that runs beside this one. */
#ifndef VDS_TESTS_OWN_PORT_H
#define VDS_TESTS_OWN_PORT_H

#include <stdint.h>

struct array;

/*
 * Returns a port of 127.0.0.1 on which nothing listens, as the data path of a fake array with a
 * runtime picks it, and which no program that asks here gets before this one has ended.
 */
uint16_t own_port(struct array *array);

#endif
