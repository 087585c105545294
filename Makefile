# Everything a contributor runs. `make` alone lists the targets.

.DEFAULT_GOAL := help
.PHONY: help run test bench drill fmt sqlx openapi console dist setup clean

# What `make run` hands on to `pintle dev`, and the phases that `make test` runs (all of them when empty).
ARGS ?=
PHASES ?=
# What `make bench` measures (everything when empty).
FIGURES ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build, start a private PostgreSQL and the server; ARGS="--listen 127.0.0.1:9000" for its flags
	@scripts/setup.sh run
	@scripts/web.sh build
	SQLX_OFFLINE=true cargo build --release --locked
	@exec target/release/pintle dev $(ARGS)

test: ## everything that has to pass before a merge; PHASES="fmt unit" for some of it
	@scripts/test.sh $(PHASES)

bench: ## measure Pintle beside etcd, nginx, pgbench and bare loops; FIGURES="read publish" for some of it
	@scripts/bench.sh $(FIGURES)

drill: ## kill and cut everything under load and judge what clients saw; MINUTES=10, SEED= repeats one
	@scripts/drill.sh

setup: ## install what `make run` and `make test` need and the machine lacks
	@scripts/setup.sh test

fmt: ## format the code
	cargo fmt

sqlx: ## check all SQL against a database with the migrations and write .sqlx/ anew
	@scripts/sqlx.sh prepare

openapi: ## write openapi.json, docs/ERRORS.md and the console's types anew
	SQLX_OFFLINE=true cargo run --quiet --locked -- openapi > target/openapi.json
	mv target/openapi.json openapi.json
	SQLX_OFFLINE=true cargo run --quiet --locked -- errors > target/ERRORS.md
	mv target/ERRORS.md docs/ERRORS.md
	@scripts/web.sh types

console: ## build the console into web/dist, for the next build of the binary
	@scripts/web.sh build

dist: ## build target/dist/pintle-VERSION-ARCH.tar.gz and its checksum, to install elsewhere
	@scripts/dist.sh

clean: ## remove everything that was built
	cargo clean
