// SPDX-License-Identifier: MIT
//
// Contract X16: the table names of the systems that people come from, so that their SQL runs here as it is. Views only;
// where nothing feeds them yet they are empty with the exact columns.
#include "core/store/schema.h"

namespace eventops {

const char *const SeedViewsSql = R"sql(
CREATE VIEW events_raw AS
    SELECT strftime('%Y-%m-%d %H:%M:%S', ts_event_ns / 1000000000, 'unixepoch') AS ts, type AS event_type,
           coalesce(entity_id, '') AS entity_id, coalesce(correlation_id, '') AS correlation_id,
           coalesce(tags, '{}') AS tags, coalesce(attrs, '{}') AS attrs,
           coalesce(idempotency_key, id) AS idempotency_key,
           json_object('system', source_type, 'id', source_id, 'ns', source_namespace) AS source,
           strftime('%Y-%m-%d %H:%M:%S', ts_ingest_ns / 1000000000, 'unixepoch') AS _ingested_at
    FROM event;
CREATE VIEW v_event_counts_5m AS
    SELECT strftime('%Y-%m-%d %H:%M:%S', ts_event_ns / 300000000000 * 300, 'unixepoch') AS ts, type AS event_type,
           count(*) AS events
    FROM event WHERE ts_event_ns IS NOT NULL GROUP BY ts_event_ns / 300000000000, type;
CREATE VIEW v_latest_by_entity AS
    SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY entity_id ORDER BY ts DESC)
           AS rn FROM events_raw) WHERE rn = 1;
CREATE VIEW metrics AS
    SELECT ts_event AS ts, tenant, source_id, metric, value, unit, coalesce(tags, '{}') AS tags
    FROM event WHERE metric IS NOT NULL;
CREATE VIEW alerts AS
    SELECT ts_text AS ts, tenant, source_id, metric,
           CASE WHEN severity >= 21 THEN 'critical' WHEN severity >= 17 THEN 'error' WHEN severity >= 13 THEN 'warning'
                WHEN severity >= 10 THEN 'notice' WHEN severity >= 9 THEN 'info' ELSE 'debug' END AS severity,
           name AS rule, value, message, tags
    FROM finding WHERE origin = 'rule';
CREATE VIEW raw_events AS
    SELECT seq AS RawEventID, source_key AS Source, raw AS EventData, ts_event AS EventTimestamp,
           strftime('%Y-%m-%d %H:%M:%S', ts_ingest_ns / 1000000000, 'unixepoch') AS IngestionTimestamp,
           coalesce(content_type, 'application/json') AS ContentType
    FROM event WHERE emission = 0;
CREATE VIEW processed_events_v2 AS
    SELECT id AS ProcessedEventID, seq AS RawEventID, type AS EventType, coalesce(attrs, '{}') AS EventData,
           entity_id AS EntityID, source_id AS SourceID, NULL AS TransformerID, severity_name AS Severity,
           message AS Message,
           strftime('%Y-%m-%d %H:%M:%S', ts_ingest_ns / 1000000000, 'unixepoch') AS IngestionTime,
           strftime('%Y-%m-%d %H:%M:%S', ts_ingest_ns / 1000000000, 'unixepoch') AS ProcessedTime,
           ts_event AS Timestamp
    FROM event;
CREATE VIEW processed_events AS SELECT * FROM processed_events_v2;
CREATE VIEW sources AS
    SELECT id AS SourceID, title AS SourceName, key AS Description, 'application/json' AS EventFormatType FROM source;
CREATE VIEW transformers AS
    SELECT NULL AS TransformerID, NULL AS TransformerName, NULL AS TransformerType, NULL AS Description,
           NULL AS SourceID,
           NULL AS ProcessType WHERE 0;
CREATE VIEW python_transformers AS
    SELECT NULL AS TransformerID, NULL AS TransformerName, NULL AS TransformerType, NULL AS Description,
           NULL AS SourceID,
           NULL AS ProcessType, NULL AS ScriptPath, NULL AS ClassName WHERE 0;
CREATE VIEW json_transformers AS
    SELECT NULL AS TransformerID, NULL AS TransformerName, NULL AS TransformerType, NULL AS Description,
           NULL AS SourceID,
           NULL AS ProcessType, NULL AS MatchingEntity, NULL AS MatchingPath, NULL AS MatchingValue,
           NULL AS EventMappings,
           NULL AS EntityPath, NULL AS EntityType, NULL AS EventType, NULL AS Message, NULL AS Severity,
           NULL AS Relations
    WHERE 0;
CREATE VIEW entities AS SELECT id AS EntityID, type AS EntityType FROM entity;
CREATE VIEW links AS
    SELECT row_number() OVER (ORDER BY first_seq, tenant, source_type, source_id, target_type, target_id,
           type) AS LinkID,
           source_id AS SourceEntityID, target_id AS DestinationEntityID,
           strftime('%Y-%m-%d %H:%M:%S', nullif(first_seen, -9223372036854775807 - 1) / 1000000000,
           'unixepoch') AS CreatedAt
    FROM link;
CREATE VIEW features_windowed AS
    SELECT NULL AS ts, NULL AS entity_id, NULL AS step, NULL AS count, NULL AS p50, NULL AS p95, NULL AS avg,
           NULL AS stddev,
           NULL AS day_of_week, NULL AS hour WHERE 0;
CREATE VIEW entropy_scores AS
    SELECT strftime('%Y-%m-%d %H:%M:%S', nullif(ts, -9223372036854775807 - 1) / 1000000000, 'unixepoch') AS ts,
           entity_id,
           step, 'deviation' AS kind, bits AS score, NULL AS eta, terms AS details
    FROM finding WHERE origin IN ('entropy', 'absence');
CREATE VIEW action_state_current AS
    SELECT id || '.' || version AS action_id, state, command, args, tenant, entity_type, entity_id, correlation_id,
           strftime('%Y-%m-%d %H:%M:%S', nullif(proposed_at, -9223372036854775807 - 1) / 1000000000,
           'unixepoch') AS ts,
           strftime('%Y-%m-%d %H:%M:%S', nullif(expires_at, -9223372036854775807 - 1) / 1000000000,
           'unixepoch') AS expires_at,
           approver, attempts, output, idempotency_key
    FROM action AS a WHERE version = (SELECT max(version) FROM action AS b WHERE b.id = a.id);
)sql";

// alerts_current: what a compacted topic of alerts would hold, the newest of each key. retained: events by tenant and
// retention, with what was dropped.
const char *const Version2ViewsSql = R"sql(
CREATE VIEW alerts_current AS
    SELECT tenant || '|' || source_id || '|' || name AS alert_key, ts_text AS ts, tenant, source_id, metric,
           CASE WHEN severity >= 21 THEN 'critical' WHEN severity >= 17 THEN 'error' WHEN severity >= 13 THEN 'warning'
                WHEN severity >= 10 THEN 'notice' WHEN severity >= 9 THEN 'info' ELSE 'debug' END AS severity,
           name AS rule, value, message, tags, state
    FROM finding WHERE number IN
        (SELECT max(number) FROM finding WHERE origin = 'rule' GROUP BY tenant, source_id, name);
CREATE VIEW retained AS
    SELECT b.tenant, b.retention, sum(iif(b.format > 0, b.events, 0)) AS events,
           sum(iif(b.format = 0, b.events, 0)) AS dropped_events,
           sum(iif(length(r.data) > 0, b.records, 0)) AS raw_records,
           sum(iif(b.format > 0 AND length(r.data) = 0, b.records, 0)) AS dropped_raw_records,
           strftime('%Y-%m-%d %H:%M:%S', min(iif(b.format > 0, b.ts_ingest, NULL)) / 1000000000,
           'unixepoch') AS oldest_ingest
    FROM event_block AS b LEFT JOIN raw_block AS r ON r.id = b.id GROUP BY b.tenant, b.retention;
)sql";

// Days count from Monday, 1, as ClickHouse's toDayOfWeek does.
const char *const Version3Sql = R"sql(
CREATE TABLE feature_window(
    seq INTEGER NOT NULL, emission INTEGER NOT NULL, ts_start INTEGER NOT NULL, ts_end INTEGER NOT NULL,
    tenant TEXT NOT NULL, entity_type TEXT NOT NULL, entity_id TEXT NOT NULL, source_id TEXT NOT NULL,
    rule TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL, step TEXT NOT NULL, count INTEGER NOT NULL,
    late INTEGER NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL, avg REAL NOT NULL, stddev REAL NOT NULL,
    PRIMARY KEY(seq, emission)) WITHOUT ROWID;
DROP VIEW features_windowed;
CREATE VIEW features_windowed AS
    SELECT strftime('%Y-%m-%d %H:%M:%S', ts_start / 1000000000, 'unixepoch') AS ts, entity_id,
           CASE WHEN step <> '' THEN step WHEN metric <> '' THEN metric ELSE rule END AS step,
           count, p50, p95, avg, stddev,
           (strftime('%w', ts_start / 1000000000, 'unixepoch') + 6) % 7 + 1 AS day_of_week,
           CAST(strftime('%H', ts_start / 1000000000, 'unixepoch') AS INTEGER) AS hour
    FROM feature_window;
)sql";

const char *const Version5Sql = R"sql(
CREATE TABLE stage_view(name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
)sql";

} // namespace eventops
