// SPDX-License-Identifier: MIT
#include "core/store/schema.h"

#include <array>

namespace eventops {
namespace {

// Version 1. Times are nanoseconds since 1970 (NoTime as it is), unsigned numbers the same 64 bits.
// event_block: format 0 is a tombstone (version 2); untimed 1 when some events have no time. raw_block: a row without
// bytes had some until retention dropped them (version 2).
constexpr const char *Version1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE source(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, title TEXT NOT NULL, cursor INTEGER NOT NULL,
    hashed_to INTEGER NOT NULL, prefix_hash INTEGER NOT NULL, merge_time INTEGER NOT NULL, finished INTEGER NOT NULL,
    received INTEGER NOT NULL, stored INTEGER NOT NULL, skipped INTEGER NOT NULL, duplicate INTEGER NOT NULL,
    dead_lettered INTEGER NOT NULL, in_flight INTEGER NOT NULL, events INTEGER NOT NULL);
CREATE TABLE event_block(
    id INTEGER PRIMARY KEY, format INTEGER NOT NULL, tenant TEXT NOT NULL, retention TEXT NOT NULL,
    seq_min INTEGER NOT NULL, seq_max INTEGER NOT NULL, ts_min INTEGER NOT NULL, ts_max INTEGER NOT NULL,
    untimed INTEGER NOT NULL, unnamed INTEGER NOT NULL, severity_max INTEGER NOT NULL, events INTEGER NOT NULL,
    records INTEGER NOT NULL, ts_ingest INTEGER NOT NULL, filter BLOB NOT NULL, data BLOB NOT NULL);
CREATE TABLE raw_block(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE dedupe_run(id INTEGER PRIMARY KEY, keys INTEGER NOT NULL);
CREATE TABLE dedupe_page(run INTEGER NOT NULL, first INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(run,
    first)) WITHOUT ROWID;
CREATE TABLE dead_letter(
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, source INTEGER NOT NULL, position INTEGER NOT NULL,
    size INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, state TEXT NOT NULL, in_parts INTEGER NOT NULL,
    bytes BLOB NOT NULL);
CREATE UNIQUE INDEX dead_letter_in_parts ON dead_letter(source, position) WHERE in_parts = 1;
CREATE TABLE dead_letter_part(
    dead_letter INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(dead_letter,
    part)) WITHOUT ROWID;
CREATE TABLE finding(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, emission INTEGER NOT NULL,
    origin TEXT NOT NULL, state TEXT NOT NULL, severity INTEGER NOT NULL, ts INTEGER NOT NULL, ts_text TEXT NOT NULL,
    tenant TEXT NOT NULL, entity_type TEXT NOT NULL, entity_id TEXT NOT NULL, source_id TEXT NOT NULL,
    name TEXT NOT NULL,
    metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL, step TEXT NOT NULL, message TEXT NOT NULL,
    tags TEXT NOT NULL,
    bits REAL NOT NULL, terms TEXT NOT NULL, evidence TEXT NOT NULL, alert TEXT NOT NULL);
CREATE TABLE entity(
    tenant TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    first_seq INTEGER NOT NULL, events INTEGER NOT NULL, last_step TEXT NOT NULL,
    PRIMARY KEY(tenant, type, id)) WITHOUT ROWID;
CREATE TABLE link(
    tenant TEXT NOT NULL, source_type TEXT NOT NULL, source_id TEXT NOT NULL, target_type TEXT NOT NULL,
    target_id TEXT NOT NULL, type TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    first_seq INTEGER NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY(tenant, source_type, source_id, target_type, target_id, type)) WITHOUT ROWID;
CREATE TABLE action(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL,
    emission INTEGER NOT NULL,
    finding_id TEXT NOT NULL, policy TEXT NOT NULL, tenant TEXT NOT NULL, entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL, command TEXT NOT NULL, args TEXT NOT NULL, reason TEXT NOT NULL,
    proposed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ttl_seconds REAL NOT NULL,
    approvals_required INTEGER NOT NULL,
    state TEXT NOT NULL, digest TEXT NOT NULL, idempotency_key TEXT NOT NULL, approver TEXT NOT NULL,
    decision_reason TEXT NOT NULL, attempts INTEGER NOT NULL, output TEXT NOT NULL, changed_at INTEGER NOT NULL,
    UNIQUE(id, version));
CREATE INDEX action_waiting ON action(expires_at) WHERE state = 'proposed';
CREATE TABLE audit(
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX audit_subject ON audit(subject, number);
CREATE TABLE outbox(
    id INTEGER PRIMARY KEY, action_id TEXT NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL,
    state TEXT NOT NULL, attempt INTEGER NOT NULL, not_before INTEGER NOT NULL);
CREATE INDEX outbox_state ON outbox(state, id);
CREATE TABLE input_log(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, after_seq INTEGER NOT NULL, payload TEXT NOT NULL);
CREATE INDEX input_log_waiting ON input_log(number) WHERE after_seq = 0;
CREATE TABLE checkpoint(
    config_hash TEXT PRIMARY KEY, seq INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE event USING eventops_event;
)sql";

} // namespace

Status checkSchema(sqlite::Database &database)
{
    const std::int64_t version = EVENTOPS_TRY(database.integer("PRAGMA user_version"));
    const std::int64_t application = EVENTOPS_TRY(database.integer("PRAGMA application_id"));
    if (version > SchemaVersion && application == ApplicationId)
        return Error{Error::Code::Refused,
                     "the ledger has schema version " + std::to_string(version) + "; this program knows up to "
                         + std::to_string(SchemaVersion),
                     {},
                     "use a newer eventops"};
    const std::int64_t tables = EVENTOPS_TRY(database.integer("SELECT count(*) FROM sqlite_schema"));
    if (tables > 0 && application != ApplicationId)
        return Error{
            Error::Code::Refused, "ledger.db is a SQLite database but no ledger", {}, "name another workspace"};
    if (tables == 0)
        return Error{Error::Code::NotFound, "ledger.db is empty", {}, {}};
    return Ok{};
}

Status migrate(sqlite::Database &database)
{
    const Status before = checkSchema(database);
    if (!before && before.error().code != Error::Code::NotFound)
        return before;
    if (EVENTOPS_TRY(database.integer("PRAGMA user_version")) == SchemaVersion)
        return Ok{};
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(database));
    // Another process may have been quicker.
    const std::int64_t version = EVENTOPS_TRY(database.integer("PRAGMA user_version"));
    if (version < 1) {
        EVENTOPS_TRY(database.execute("PRAGMA application_id = " + std::to_string(ApplicationId)));
        EVENTOPS_TRY(database.execute(Version1));
        EVENTOPS_TRY(database.execute(SeedViewsSql));
    }
    if (version < 2)
        EVENTOPS_TRY(database.execute(Version2ViewsSql));
    if (version < 3)
        EVENTOPS_TRY(database.execute(Version3Sql));
    const std::int64_t patterns =
        EVENTOPS_TRY(database.integer("SELECT count(*) FROM pragma_table_info('finding') WHERE name = 'pattern'"));
    if (version < 4 && patterns == 0)
        EVENTOPS_TRY(database.execute("ALTER TABLE finding ADD COLUMN pattern TEXT NOT NULL DEFAULT ''"));
    if (version < 5)
        EVENTOPS_TRY(database.execute(Version5Sql));
    if (version < 6)
        EVENTOPS_TRY(database.execute(Version6Sql));
    if (version < 7)
        EVENTOPS_TRY(database.execute(Version7Sql));
    EVENTOPS_TRY(database.execute("PRAGMA user_version = " + std::to_string(SchemaVersion)));
    return transaction.commit();
}

} // namespace eventops
