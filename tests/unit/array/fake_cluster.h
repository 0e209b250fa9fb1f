/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cluster in memory for gateways of one process (array/cluster.h), with threads and the clock of
 * the process.  member_sim.c has another one, on a clock of its own.
 */
#ifndef FAKE_CLUSTER_H
#define FAKE_CLUSTER_H

#include "array/cluster.h"

struct fake_cluster;
struct fake_client;

extern const struct array_cluster_ops fake_cluster_ops;

struct fake_cluster *fake_cluster_new(void);
void fake_cluster_free(struct fake_cluster *cluster);
/* Makes what a gateway's `cluster` is, which goes with the fake cluster. */
struct fake_client *fake_client_new(struct fake_cluster *cluster);
/* The number of a client, as others see it. */
uint64_t fake_client_number(const struct fake_client *client);
/* Cuts a client off: its requests get no answer, and it is not called. */
void fake_client_cut(struct fake_client *client, bool cut);
/* Claims of a client get no answer while this is set; whether one waits. */
void fake_client_hold_claims(struct fake_client *client, bool hold);
bool fake_client_is_held(struct fake_client *client);
bool fake_client_is_fenced(struct fake_client *client);
/* The next calls to a client get no answer: it is slow. */
void fake_client_mute(struct fake_client *client, unsigned calls);
/* Returns how many calls a client has answered. */
unsigned fake_client_answered(struct fake_client *client);
/* Returns how often a client has claimed LUNs: the LUNs of one time count once. */
unsigned fake_client_claims(struct fake_client *client);
/* Returns how often a client has waited for the newest map. */
unsigned fake_client_maps(struct fake_client *client);
/* A write of the client has ended without an answer. */
void fake_client_doubt(struct fake_client *client);

#endif
