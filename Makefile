# SPDX-License-Identifier: LGPL-2.1-or-later
# Only the front door.  The build is Meson's: HACKING.md says how to work on it.
#
#   make            installs what is missing and builds            (build/run)
#   make run        also starts an array in .run/, shows it working and stays up
#   make test       installs what is missing, builds and runs every test
#   make campaign   the long form: fuzzing for an hour, many more rounds of the random tests
#   make install    PREFIX=/usr/local
#   make deps       only installs what is missing
#   make clean      removes what was built; .run/, the demo's array, stays
#
# ARGS="…" goes to the tool: make run ARGS=--once, make test ARGS="--stage gcc"
.POSIX:
.PHONY: all run test campaign lint install deps clean

PREFIX = /usr/local
ARGS =

all:
	@tools/build

# Packages come first: the tools behind it are written in what a fresh machine has not.
run:
	@tools/install-deps build run
	@tools/run-demo $(ARGS)

test:
	@tools/install-deps build run test
	@tools/run-tests $(ARGS)

campaign:
	@tools/install-deps build run test
	@tools/run-campaign $(ARGS)

lint:
	@tools/install-deps build run test
	@tools/run-tests --stage lint

install: all
	@meson configure build/run -Dprefix="$(PREFIX)"
	@meson install -C build/run

deps:
	@tools/install-deps build run test

clean:
	rm -rf build
