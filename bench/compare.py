#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run iscsi-bench on two or more targets in alternation (A B A B ...) and print,
per workload, each target's median and range and its ratio to the first one.

    compare.py [options] NAME=iscsi://...[@PID[,PID]] NAME=iscsi://...[@PID] ...
    compare.py [options] NAME=rbd:POOL/IMAGE NAME=iscsi://...[@PID] ...

PID is the target's process: its CPU time per command is then measured.  A PID
after a '!' (NAME=URL@!PID) is also stopped (SIGSTOP) while other targets have
their turn and continued for its own, for targets that poll when idle.

The machine is noisy, so ratios are taken pair by pair within a round and the
median of those is printed; a round in which other processes used more than
--quiet cores is run again (up to --again times) and marked '~' if it stays so.
"""
import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# name: (workload, block size, queue depth per session, sessions)
WORKLOADS = {
    "r4k-q1": ("randread", "4k", 1, 1),
    "r4k-q32": ("randread", "4k", 32, 1),
    "w4k-q1": ("randwrite", "4k", 1, 1),
    "w4k-q32": ("randwrite", "4k", 32, 1),
    "rw4k-q32": ("randrw", "4k", 32, 1),
    "sr128k-q8": ("read", "128k", 8, 1),
    "sw128k-q8": ("write", "128k", 8, 1),
    "sr256k-q8": ("read", "256k", 8, 1),
    "sw256k-q8": ("write", "256k", 8, 1),
    "r4k-q1-s4": ("randread", "4k", 1, 4),
    "r4k-q32-s4": ("randread", "4k", 32, 4),
    "w4k-q1-s4": ("randwrite", "4k", 1, 4),
    "w4k-q32-s4": ("randwrite", "4k", 32, 4),
    "sr256k-q8-s4": ("read", "256k", 8, 4),
    "sw256k-q8-s4": ("write", "256k", 8, 4),
}
BY_BYTES = 65536  # from this block size on, MB/s is the figure to look at


def size_bytes(text):
    return int(text[:-1]) << {"k": 10, "m": 20}[text[-1]]


class Target:
    def __init__(self, spec):
        self.name, rest = spec.split("=", 1)
        self.url, _, pids = rest.partition("@")
        self.polls = pids.startswith("!")
        self.pids = [int(p) for p in pids.lstrip("!").split(",") if p]

    def signal(self, sig):
        if self.polls:
            for p in self.pids:
                os.kill(p, sig)


@contextlib.contextmanager
def taking_turns(targets):
    """Holds the targets that poll back, so that run() has one at a time go on."""
    for t in targets:
        t.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for t in targets:
            t.signal(signal.SIGCONT)


def run(args, target, load):
    workload, bs, qd, sessions = load
    cmd = [args.rbd_bench] if target.url.startswith("rbd:") else [args.bench, "-e", args.engine]
    cmd += ["-w", workload, "-b", bs, "-q", str(qd),
           "-s", str(sessions), "-j", str(min(sessions, args.threads)),
           "-t", str(args.seconds), "-W", str(args.warmup), "-n", target.name]
    for p in target.pids:
        cmd += ["-p", str(p)]
    cmd += args.extra.split() + [target.url]
    target.signal(signal.SIGCONT)
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=args.seconds + args.warmup + 30)
        if p.stdout:
            return json.loads(p.stdout)
        why = p.stderr.strip()
    except subprocess.TimeoutExpired:
        why = "timed out"
    finally:
        target.signal(signal.SIGSTOP)
    print("  %s failed: %s" % (target.name, why), file=sys.stderr)
    return None


def spread(values, fmt="%.0f"):
    m = statistics.median(values)
    return (fmt + " [" + fmt + "-" + fmt + "]") % (m, min(values), max(values))


def table(args, targets, rows):
    print("%-13s %-8s %-26s %6s %8s %8s %8s %8s %7s %s" % (
        "workload", "target", "IOPS (or MB/s)", "ratio", "p50 us", "p99 us", "p99.9us",
        "tgt us/io", "cli us", "noisy"))
    for name in args.workloads:
        for t in targets:
            rs = [r for r in rows if r["load"] == name and r["name"] == t.name]
            if not rs:
                print("%-13s %-8s (no result)" % (name, t.name))
                continue
            key = "mb_s" if rs[0]["bs"] >= BY_BYTES else "iops"
            base = {r["round"]: r[key] for r in rows
                    if r["load"] == name and r["name"] == targets[0].name}
            ratio = [r[key] / base[r["round"]] for r in rs if base.get(r["round"])]
            med = lambda f: statistics.median(f(r) for r in rs)
            print("%-13s %-8s %-26s %6s %8.1f %8.1f %8.1f %8s %7.2f %s" % (
                name, t.name, spread([r[key] for r in rs]),
                "%.2f" % statistics.median(ratio) if ratio else "-",
                med(lambda r: r["lat_us"]["p50"]), med(lambda r: r["lat_us"]["p99"]),
                med(lambda r: r["lat_us"]["p999"]),
                "%.2f" % med(lambda r: r["target_cpu_us_per_io"]) if t.pids else "-",
                med(lambda r: r["client_cpu_us_per_io"]),
                "~%d" % sum(r["noisy"] for r in rs) if any(r["noisy"] for r in rs) else ""))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("targets", nargs="+", metavar="NAME=URL[@[!]PID]")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=3)
    ap.add_argument("--warmup", type=float, default=0.5)
    ap.add_argument("--engine", default="raw", choices=["raw", "libiscsi"])
    ap.add_argument("--threads", type=int, default=1, help="client threads at most")
    ap.add_argument("--workloads", default=",".join(WORKLOADS))
    ap.add_argument("--bench",
                    default=os.path.join(HERE, os.pardir, "build", "speed", "bench", "iscsi-bench"))
    ap.add_argument("--rbd-bench",
                    default=os.path.join(HERE, os.pardir, "build", "speed", "bench", "rbd-bench"))
    ap.add_argument("--extra", default="", help="further options for iscsi-bench")
    ap.add_argument("--json", help="append every run's JSON line to this file")
    ap.add_argument("--quiet", type=float, default=0.15)
    ap.add_argument("--again", type=int, default=2)
    args = ap.parse_args()
    args.workloads = args.workloads.split(",")
    targets = [Target(t) for t in args.targets]
    rows = []
    with taking_turns(targets):
        for name in args.workloads:
            for rnd in range(args.rounds):
                for t in targets:
                    for _ in range(args.again + 1):
                        r = run(args, t, WORKLOADS[name])
                        if not r or not t.pids or r["other_cores"] <= args.quiet:
                            break
                    if not r:
                        continue
                    r.update(load=name, round=rnd,
                             noisy=bool(t.pids) and r["other_cores"] > args.quiet)
                    rows.append(r)
                    if args.json:
                        with open(args.json, "a") as f:
                            f.write(json.dumps(r) + "\n")
    table(args, targets, rows)


if __name__ == "__main__":
    main()
