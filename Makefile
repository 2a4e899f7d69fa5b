# The front door. `make run` and `make test` do all the set-up that they need.

.PHONY: run test check bench fmt sqlx

run: ## Starts Nottario with an embedded database, a demo project and simulated agents.
	@scripts/setup.sh
	cargo run --locked -- demo

test: ## Runs every test.
	@scripts/setup.sh
	@scripts/setup-clients.sh
	@scripts/setup-browser.sh
	cargo test --locked

check: ## Format, lints, and the offline data of the SQL statements.
	@scripts/setup.sh
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	scripts/sqlx.sh --check

bench: ## Prints the figures of every benchmark.
	@scripts/setup.sh
	cargo bench --locked

fmt: ## Formats the code.
	cargo fmt

sqlx: ## Checks every SQL statement against the schema, and refreshes .sqlx/.
	@scripts/setup.sh
	scripts/sqlx.sh
