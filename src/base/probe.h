/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Static tracepoints (USDT) of the provider "vdsd", which perf, bpftrace and gdb find in the
 * program and can stop at or count.  Nobody looking, one costs a no-operation instruction; its
 * arguments must be at hand, so nothing is computed for it.  docs/monitor.md lists them with their
 * arguments:  whoever uses one relies on its name and on the order of its arguments.
 */
#ifndef VDS_BASE_PROBE_H
#define VDS_BASE_PROBE_H

#ifdef HAVE_SDT
#include <sys/sdt.h>
#define PROBE2(name, a, b)          DTRACE_PROBE2(vdsd, name, a, b)
#define PROBE4(name, a, b, c, d)    DTRACE_PROBE4(vdsd, name, a, b, c, d)
#define PROBE5(name, a, b, c, d, e) DTRACE_PROBE5(vdsd, name, a, b, c, d, e)
#else
#define PROBE2(name, a, b)          ((void)(a), (void)(b))
#define PROBE4(name, a, b, c, d)    ((void)(a), (void)(b), (void)(c), (void)(d))
#define PROBE5(name, a, b, c, d, e) ((void)(a), (void)(b), (void)(c), (void)(d), (void)(e))
#endif

#endif
