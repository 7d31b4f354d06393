UNWIND $rows AS row
MERGE (a:Entity {tenant: row.tenant, type: row.source.type, id: row.source.id})
MERGE (b:Entity {tenant: row.tenant, type: row.target.type, id: row.target.id})
MERGE (a)-[r:`TYPE` {type: row.type}]->(b)
