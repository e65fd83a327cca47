# Shorthands; everything here is one command that can be typed without `just`.

# What there is
default:
    @"{{ just_executable() }}" --list

# Run the server
run *arguments:
    cargo run --package server --bin rollcall -- {{ arguments }}

# What CI runs: format, lints, licences and bans, tests, conformance; or only the stages named
check *stages:
    .ci/run {{ stages }}

# Run tests: all of them, or what `cargo nextest run` selects by these arguments
test *arguments:
    cargo verify {{ arguments }}

# The SCIM test suites of others against the server, on both databases
conformance *arguments:
    cargo build --package server --locked
    .ci/conformance {{ arguments }}

# The chart with real Helm, two versions of Kubernetes and linters
helm-verify:
    .ci/helm

# The image and deploy/compose.yaml, without a container engine
image-verify:
    cargo build --package server --locked
    .ci/image

# Write the chart's README, schema and golden files anew
chart:
    cargo run --quiet --package chart -- write

# Run a PostgreSQL and a Redis until Ctrl-C, and print where they are
db:
    cargo verify --serve

# Format the code
fmt:
    cargo fmt --all

# Build the API documentation of our own crates
docs *arguments:
    cargo doc --workspace --no-deps {{ arguments }}

# How fast Rollcall provisions, beside what PostgreSQL can do at most
bench *arguments:
    .ci/bench {{ arguments }}

# Rollcall against the yardstick server of ../shared/bench, in one run
yardstick *arguments:
    .ci/yardstick {{ arguments }}

# What goes wrong under load, one thing after another, and what comes of it
faults *arguments:
    .ci/faults {{ arguments }}

# Whether a noisy tenant slows down a quiet one
fairness *arguments:
    .ci/fairness {{ arguments }}
