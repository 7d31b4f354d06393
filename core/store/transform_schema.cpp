// SPDX-License-Identifier: MIT
//
// Transformers: what they are configured with, what came in for them, what they made (contract C20). The views of the
// same contract show it under the names that people know.
#include "core/store/schema.h"

namespace eventops {

const char *const Version6Sql = R"sql(
CREATE TABLE IF NOT EXISTS transform_source(
    id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL,
    description TEXT NOT NULL, UNIQUE(tenant, name, content_type));
CREATE TABLE IF NOT EXISTS transformer(
    id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, tenant TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, description TEXT NOT NULL, process TEXT NOT NULL, active INTEGER NOT NULL,
    settings TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS transformer_source ON transformer(source, id);
CREATE TABLE IF NOT EXISTS raw_event(
    id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, source TEXT NOT NULL, content_type TEXT NOT NULL,
    body BLOB NOT NULL, ts INTEGER NOT NULL, ts_ingest INTEGER NOT NULL, waits INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS raw_event_waiting ON raw_event(id) WHERE waits = 1;
CREATE TABLE IF NOT EXISTS processed_event(
    id INTEGER PRIMARY KEY AUTOINCREMENT, raw_event INTEGER NOT NULL, source INTEGER NOT NULL,
    transformer INTEGER NOT NULL, tenant TEXT NOT NULL, type TEXT NOT NULL, entity_id TEXT, data TEXT NOT NULL,
    severity TEXT, message TEXT, ts_processed INTEGER NOT NULL, ts INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS processed_event_entity ON processed_event(entity_id, id);
CREATE INDEX IF NOT EXISTS processed_event_type ON processed_event(type, severity);
CREATE INDEX IF NOT EXISTS processed_event_time ON processed_event(ts_processed, id);
CREATE TABLE IF NOT EXISTS transform_entity(
    tenant TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY(id, tenant)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transform_link(
    id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    bidirectional INTEGER NOT NULL, created INTEGER NOT NULL, UNIQUE(source, target, tenant));
CREATE INDEX IF NOT EXISTS transform_link_target ON transform_link(target);
CREATE TABLE IF NOT EXISTS transform_outgoing(id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
DROP VIEW IF EXISTS sources;
CREATE VIEW sources AS
    SELECT id AS SourceID, name AS SourceName, description AS Description, content_type AS EventFormatType
    FROM transform_source
    UNION ALL SELECT -id, title, key, 'application/json' FROM source;
DROP VIEW IF EXISTS transformers;
CREATE VIEW transformers AS
    SELECT id AS TransformerID, name AS TransformerName, type AS TransformerType, description AS Description,
           source AS SourceID, process AS ProcessType FROM transformer;
DROP VIEW IF EXISTS python_transformers;
CREATE VIEW python_transformers AS
    SELECT id AS TransformerID, name AS TransformerName, type AS TransformerType, description AS Description,
           source AS SourceID, process AS ProcessType, json_extract(settings, '$.ScriptPath') AS ScriptPath,
           json_extract(settings, '$.ClassName') AS ClassName
    FROM transformer WHERE type = 'PythonTransformer';
DROP VIEW IF EXISTS json_transformers;
CREATE VIEW json_transformers AS
    SELECT id AS TransformerID, name AS TransformerName, type AS TransformerType, description AS Description,
           source AS SourceID, process AS ProcessType, json_extract(settings, '$.MatchingEntity') AS MatchingEntity,
           json_extract(settings, '$.MatchingPath') AS MatchingPath,
           json_extract(settings, '$.MatchingValue') AS MatchingValue,
           json_extract(settings, '$.EventMappings') AS EventMappings,
           json_extract(settings, '$.EntityPath') AS EntityPath, json_extract(settings, '$.EntityType') AS EntityType,
           coalesce(json_extract(settings, '$.EventType'), json_extract(settings, '$.TransformerScript.eventType'))
               AS EventType,
           json_extract(settings, '$.Message') AS Message,
           coalesce(json_extract(settings, '$.Severity'), json_extract(settings, '$.TransformerScript.severity'))
               AS Severity,
           json_extract(settings, '$.Relations') AS Relations
    FROM transformer WHERE type = 'JSONTransformer';
)sql";

const char *const Version7Sql = R"sql(
CREATE TABLE IF NOT EXISTS raw_event_announced(
    raw_event INTEGER PRIMARY KEY, queue TEXT NOT NULL, times INTEGER NOT NULL, due INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS raw_event_announced_due ON raw_event_announced(due);
CREATE INDEX IF NOT EXISTS raw_event_done ON raw_event(ts_ingest, tenant) WHERE waits = 0;
CREATE TABLE IF NOT EXISTS raw_event_place(place TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
)sql";

} // namespace eventops
