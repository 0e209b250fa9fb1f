# SPDX-License-Identifier: LGPL-2.1-or-later
# The front door, for everybody who builds, tries or installs this project: `make help` lists what it does.
# The build itself is Meson's; HACKING.md says how to work on the code.
.POSIX:
.PHONY: all run run-cluster test campaign bench lint windows deb install deps clean help

PREFIX = /usr/local
ARGS =

all:
	@tools/build

help:
	@echo 'make            install the packages that are missing, and build (into build/run)'
	@echo 'make run        also start an array in .run/, show it working, and stay up until Ctrl-C'
	@echo 'make run-cluster'
	@echo '                the same with Ceph on this machine and three gateways of one array,'
	@echo '                one of which is killed under an initiator; in .run-cluster/'
	@echo 'make test       install the packages that are missing, build, and run every test'
	@echo 'make lint       only check the sources: layout, names, static analysis'
	@echo 'make campaign   the long form of the tests: hours of fuzzing, thousands of kills'
	@echo 'make bench      compare targets on this machine: a report with plots (bench/README.md)'
	@echo 'make windows    build the provider for Windows with mingw-w64 (docs/windows.md)'
	@echo 'make deb        build Debian packages of the last commit into build/deb, and run lintian'
	@echo 'make install    install into PREFIX=/usr/local (DESTDIR is honoured)'
	@echo 'make deps       only install the packages that are missing'
	@echo 'make clean      remove what was built; .run/, the array of make run, stays'
	@echo
	@echo 'ARGS="..." is passed on to the tool:'
	@echo '  make run ARGS=--once             stop the array when all has been shown'
	@echo '  make test ARGS="--stage gcc"     run only one stage; ARGS=--list names the stages'
	@echo '  make lint ARGS=names             run only one check'

# The packages come first: the tools behind it are written in languages that a fresh machine does not have.
run:
	@tools/install-deps build run
	@tools/run-demo $(ARGS)

run-cluster:
	@tools/install-deps build run ceph
	@tools/run-cluster $(ARGS)

test:
	@tools/install-deps build run deb test ceph
	@tools/run-tests $(ARGS)

campaign:
	@tools/install-deps build run deb test ceph
	@tools/run-campaign $(ARGS)

bench:
	@tools/install-deps bench
	@tools/build
	@/usr/bin/python3 bench/report $(ARGS)

lint:
	@tools/install-deps build run deb test ceph
	@tools/lint $(ARGS)

windows:
	@tools/install-deps build test
	@tools/build-windows $(ARGS)

deb:
	@tools/install-deps build deb
	@tools/build-deb $(ARGS)
	@lintian --fail-on error,warning build/deb/*.changes

install: all
	@tools/install --prefix "$(PREFIX)"

deps:
	@tools/install-deps build run deb test ceph

clean:
	rm -rf build
