UNWIND $rows AS row
MERGE (e:Event {key: row.key})
ON CREATE SET e.id = row.id, e.json = row.json, e.ts = datetime(row.ts), e.tenant = row.tenant, e.type = row.type,
  e.severity = row.severity, e.message = row.message
WITH e, row
UNWIND row.entities AS entity
MERGE (n:Entity {tenant: row.tenant, type: entity.type, id: entity.id})
MERGE (e)-[:ABOUT]->(n)
