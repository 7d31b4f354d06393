// SPDX-License-Identifier: MIT
#include "core/lake/clickhouse_schema.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace eventops::lake {

const char *const ClickHouseDatabase = "karma";

namespace {

// Contract K7, K8 and section 3.1: names, order and types of the columns are other people's. $json and $low become what
// the server knows of JSON and LowCardinality(String).
constexpr const char *Tables[] = {
    R"sql(CREATE TABLE IF NOT EXISTS events_raw
(
  ts               DateTime,
  event_type       $low,
  entity_id        String,
  correlation_id   String,
  tags             $json,
  attrs            $json,
  idempotency_key  String,
  source           $json,
  _ingested_at     DateTime DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (entity_id, ts)$ttl)sql",
    R"sql(CREATE TABLE IF NOT EXISTS features_windowed
(
  ts DateTime,
  entity_id String,
  step $low,
  count UInt32,
  p50 Float32, p95 Float32, avg Float32, stddev Float32,
  day_of_week UInt8, hour UInt8
)
ENGINE = MergeTree
ORDER BY (entity_id, step, ts))sql",
    R"sql(CREATE TABLE IF NOT EXISTS entropy_scores
(
  ts DateTime,
  entity_id String,
  step $low,
  kind $low,
  score Float32,
  eta DateTime,
  details $json
)
ENGINE = MergeTree
ORDER BY (entity_id, step, ts))sql",
    R"sql(CREATE TABLE IF NOT EXISTS alerts
(
  ts DateTime,
  tenant String,
  source_id String,
  metric String,
  severity $low,
  rule String,
  value Float64,
  message String,
  tags $json,
  finding_id String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, source_id, ts))sql",
    R"sql(CREATE TABLE IF NOT EXISTS action_history
(
  number UInt64,
  ts DateTime,
  actor String,
  state $low,
  suggestion_id String,
  version UInt32,
  command String,
  args String,
  tenant String,
  entity_type String,
  entity_id String,
  correlation_id String,
  proposed_at DateTime,
  expires_at DateTime,
  approver String,
  attempts UInt32,
  output String,
  idempotency_key String,
  detail String,
  hash String
)
ENGINE = MergeTree
ORDER BY (suggestion_id, version, number))sql",
    R"sql(CREATE MATERIALIZED VIEW IF NOT EXISTS mv_event_counts_5m
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toStartOfFiveMinute(ts), event_type)
AS
SELECT toStartOfFiveMinute(ts) AS ts, event_type, countState() AS cnt_state
FROM events_raw
GROUP BY ts, event_type)sql",
};

constexpr const char *CountsView = R"sql( v_event_counts_5m AS
SELECT ts, event_type, countMerge(cnt_state) AS events
FROM mv_event_counts_5m
GROUP BY ts, event_type
ORDER BY ts, event_type)sql";

constexpr const char *LatestView = R"sql( v_latest_by_entity AS
SELECT *
FROM (
  SELECT *, row_number() OVER (PARTITION BY entity_id ORDER BY ts DESC) AS rn
  FROM events_raw
)
WHERE rn = 1)sql";

constexpr const char *LatestViewByLimit = R"sql( v_latest_by_entity AS
SELECT *, 1 AS rn
FROM (SELECT * FROM events_raw ORDER BY ts DESC)
LIMIT 1 BY entity_id)sql";

// The newest row of the newest version of each action.
constexpr const char *StateView = R"sql( action_state_current AS
SELECT concat(suggestion_id, '.', toString(version)) AS action_id, state, command, args, tenant, entity_type, entity_id,
       correlation_id, proposed_at AS ts, expires_at, approver, attempts, output, idempotency_key
FROM (SELECT * FROM action_history ORDER BY version DESC, number DESC)
LIMIT 1 BY suggestion_id)sql";

void replaceAll(std::string &text, std::string_view what, std::string_view with)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

bool isJsonType(std::string_view type)
{
    return type.substr(0, 4) == "JSON" || type.substr(0, 6) == "Object";
}

bool isTextType(std::string_view type)
{
    return type == "String" || type == "LowCardinality(String)";
}

using ColumnTypes = std::map<std::string, std::string>;

Result<ColumnTypes> columnsOf(ClickHouseClient &client, std::string_view table)
{
    const std::string database =
        client.address().database.empty() ? std::string(ClickHouseDatabase) : client.address().database;
    const std::string answer = EVENTOPS_TRY(client.ask(
        "SELECT name, type FROM system.columns WHERE database = " + clickHouseLiteral(database)
        + " AND table = " + clickHouseLiteral(table) + " FORMAT TabSeparated"));
    ColumnTypes columns;
    std::vector<ClickHouseField> fields;
    for (std::string_view rest = answer; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        splitTabSeparated(rest.substr(0, end), fields);
        if (fields.size() == 2)
            columns.emplace(fields[0].text, fields[1].text);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return columns;
}

/// Whether the documents of a table are JSON columns; they must be all of one kind.
Result<bool> takesJson(ClickHouseClient &client, std::string_view table, std::initializer_list<const char *> documents)
{
    const ColumnTypes columns = EVENTOPS_TRY(columnsOf(client, table));
    std::size_t json = 0, text = 0;
    for (const char *name : documents) {
        const auto column = columns.find(name);
        const std::string type = column == columns.end() ? "" : column->second;
        json += isJsonType(type) ? 1 : 0;
        text += isTextType(type) ? 1 : 0;
        if (!isJsonType(type) && !isTextType(type))
            return Error{Error::Code::InvalidConfig,
                         "ClickHouse's table " + std::string(table) + " has "
                             + (type.empty() ? "no column " + std::string(name)
                                             : "column " + std::string(name) + " of type " + type),
                         {}, "name another database, or move that table away"};
    }
    if (json != 0 && text != 0)
        return Error{Error::Code::InvalidConfig,
                     "ClickHouse's table " + std::string(table) + " mixes JSON and String documents", {},
                     "name another database, or move that table away"};
    return json != 0;
}

} // namespace

std::string_view toString(ClickHouseTable table)
{
    switch (table) {
    case ClickHouseTable::Events: return "events_raw";
    case ClickHouseTable::Scores: return "entropy_scores";
    case ClickHouseTable::Features: return "features_windowed";
    case ClickHouseTable::Alerts: return "alerts";
    case ClickHouseTable::History: return "action_history";
    }
    return {};
}

Result<ClickHouseDialect> clickHouseDialect(std::string_view version)
{
    while (!version.empty() && (version.back() == '\n' || version.back() == '\r'))
        version.remove_suffix(1);
    ClickHouseDialect dialect;
    const char *const end = version.data() + version.size();
    const auto major = std::from_chars(version.data(), end, dialect.major);
    auto minor = major;
    if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.')
        minor = std::from_chars(major.ptr + 1, end, dialect.minor);
    const bool plain = std::all_of(version.begin(), version.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (minor.ptr == major.ptr || minor.ec != std::errc() || version.size() > 64 || !plain)
        return Error{Error::Code::InvalidInput, "what answers there is no ClickHouse: it does not tell its version", {},
                     "ClickHouse's HTTP port is 8123"};
    dialect.version = version;
    const auto since = [&](unsigned a, unsigned b) {
        return dialect.major > a || (dialect.major == a && dialect.minor >= b);
    };
    dialect.ttl = since(19, 6);
    dialect.lowCardinality = since(20, 1);
    dialect.replaceView = since(20, 1);
    dialect.windowFunctions = since(21, 9);
    dialect.jsonType = since(24, 8);
    return dialect;
}

std::string ClickHouseDialect::notice() const
{
    std::string out;
    const auto add = [&](bool known, const char *what) {
        if (!known)
            out += (out.empty() ? "ClickHouse " + version + ": " : std::string(", ")) + what;
    };
    add(jsonType, "no JSON type, so documents are String");
    add(lowCardinality, "no LowCardinality, so String");
    add(windowFunctions, "no window functions, so LIMIT BY");
    add(ttl, "no TTL");
    return out;
}

ClickHouseParameters ClickHouseDialect::createSettings() const
{
    if (jsonType && (major < 25 || (major == 25 && minor < 3)))
        return {{"allow_experimental_json_type", "1"}};
    return {};
}

ClickHouseParameters ClickHouseDialect::insertSettings() const
{
    // An insertion is answered when it is there, not when it is queued.
    if (major > 21 || (major == 21 && minor >= 11))
        return {{"async_insert", "0"}};
    return {};
}

std::vector<std::string> clickHouseStatements(const ClickHouseDialect &dialect, const ClickHouseSchemaOptions &options)
{
    std::vector<std::string> statements;
    const std::string ttl = dialect.ttl && options.ttlDays > 0
                                ? "\nTTL ts + INTERVAL " + std::to_string(options.ttlDays) + " DAY DELETE"
                                : std::string();
    for (const char *text : Tables) {
        std::string sql = text;
        replaceAll(sql, "$json", dialect.jsonType ? "JSON" : "String");
        replaceAll(sql, "$low", dialect.lowCardinality ? "LowCardinality(String)" : "String");
        replaceAll(sql, "$ttl", ttl);
        statements.push_back(std::move(sql));
    }
    const std::string create = dialect.replaceView ? "CREATE OR REPLACE VIEW" : "CREATE VIEW IF NOT EXISTS";
    statements.push_back(create + CountsView);
    statements.push_back(create + (dialect.windowFunctions ? LatestView : LatestViewByLimit));
    statements.push_back(create + StateView);
    return statements;
}

Result<ClickHouseDialect> askClickHouseVersion(ClickHouseClient &client)
{
    const std::string version = EVENTOPS_TRY(client.ask("SELECT version() FORMAT TabSeparatedRaw"));
    return clickHouseDialect(version);
}

Result<ClickHouseServer> prepareClickHouse(ClickHouseClient &client, const ClickHouseSchemaOptions &options)
{
    const std::string database =
        client.address().database.empty() ? std::string(ClickHouseDatabase) : client.address().database;
    ClickHouseServer server;
    server.dialect = EVENTOPS_TRY(askClickHouseVersion(client));
    server.timezone = EVENTOPS_TRY(client.ask("SELECT timezone() FORMAT TabSeparatedRaw"));
    const ColumnTypes events = EVENTOPS_TRY(columnsOf(client, "events_raw"));
    server.hadEvents = !events.empty();
    std::string quoted;
    for (const char c : database)
        quoted += c == '`' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    EVENTOPS_TRY(client.ask("CREATE DATABASE IF NOT EXISTS `" + quoted + "`"));
    ClickHouseParameters parameters = server.dialect.createSettings();
    parameters.emplace_back("database", database);
    for (const std::string &sql : clickHouseStatements(server.dialect, options))
        EVENTOPS_TRY(client.ask(sql, parameters));
    server.jsonEvents = EVENTOPS_TRY(takesJson(client, "events_raw", {"tags", "attrs", "source"}));
    server.jsonScores = EVENTOPS_TRY(takesJson(client, "entropy_scores", {"details"}));
    server.jsonAlerts = EVENTOPS_TRY(takesJson(client, "alerts", {"tags"}));
    return server;
}

ClickHouseIdentity clickHouseIdentity(ClickHouseTable table, bool json)
{
    ClickHouseIdentity identity;
    switch (table) {
    case ClickHouseTable::Events:
        identity = {"idempotency_key", "entity_id, event_type", "",
                    "ts DateTime, event_type String, entity_id String, correlation_id String, tags $json, "
                    "attrs $json, idempotency_key String, source $json"};
        break;
    case ClickHouseTable::Scores:
        identity = {json ? "toString(details.finding_id)" : "visitParamExtractString(details, 'finding_id')", "", "",
                    "ts DateTime, entity_id String, step String, kind String, score Float32, eta DateTime, "
                    "details $json"};
        break;
    case ClickHouseTable::Features: // rows that are alike in all of this are the same figures twice
        identity = {"entity_id", "step, toString(count)", "",
                    "ts DateTime, entity_id String, step String, count UInt32, p50 Float32, p95 Float32, avg Float32, "
                    "stddev Float32, day_of_week UInt8, hour UInt8"};
        break;
    case ClickHouseTable::Alerts:
        identity = {"finding_id", "", "",
                    "ts DateTime, tenant String, source_id String, metric String, severity String, rule String, "
                    "value Float64, message String, tags $json, finding_id String"};
        break;
    case ClickHouseTable::History:
        identity = {"hash", "", "",
                    "number UInt64, ts DateTime, actor String, state String, suggestion_id String, version UInt32, "
                    "command String, args String, tenant String, entity_type String, entity_id String, "
                    "correlation_id String, proposed_at DateTime, expires_at DateTime, approver String, "
                    "attempts UInt32, output String, idempotency_key String, detail String, hash String"};
        break;
    }
    replaceAll(identity.structure, "$json", json ? "JSON" : "String");
    for (std::string_view rest = identity.structure; !rest.empty();) {
        identity.columns += (identity.columns.empty() ? "" : ", ") + std::string(rest.substr(0, rest.find(' ')));
        const std::size_t comma = rest.find(", ");
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
    }
    return identity;
}

std::string clickHouseInsertion(ClickHouseTable table, bool json, std::uint64_t deadline)
{
    const std::string columns = clickHouseIdentity(table, json).columns;
    return "INSERT INTO " + std::string(toString(table)) + " (" + columns + ") SELECT " + columns
           + " FROM rows WHERE throwIf(now() > toDateTime(" + std::to_string(deadline) + ")) = 0";
}

std::string clickHouseLookup(ClickHouseTable table, bool json, const std::string &keys, std::uint32_t first,
                             std::uint32_t last)
{
    const ClickHouseIdentity identity = clickHouseIdentity(table, json);
    std::string sql = "SELECT " + identity.key + " AS key, toUInt32(ts)";
    if (!identity.more.empty())
        sql += ", " + identity.more;
    return sql + " FROM " + std::string(toString(table)) + " WHERE ts >= toDateTime(" + std::to_string(first)
           + ") AND ts <= toDateTime(" + std::to_string(last) + ") AND " + identity.key + " IN (" + keys
           + ") FORMAT TabSeparated";
}

} // namespace eventops::lake
