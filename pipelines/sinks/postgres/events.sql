CREATE TABLE IF NOT EXISTS @table@ (
    key         text PRIMARY KEY,
    id          text NOT NULL,
    ts          timestamptz,
    tenant      text NOT NULL,
    type        text NOT NULL,
    entity_type text,
    entity_id   text,
    severity    text,
    metric      text,
    message     text,
    document    json NOT NULL
);
CREATE INDEX IF NOT EXISTS @index@_ts ON @table@ (ts);
CREATE INDEX IF NOT EXISTS @index@_entity ON @table@ (tenant, entity_type, entity_id, ts);
