CREATE CONSTRAINT eventops_event IF NOT EXISTS FOR (e:Event) REQUIRE e.key IS UNIQUE
CREATE CONSTRAINT eventops_entity IF NOT EXISTS FOR (n:Entity) REQUIRE (n.tenant, n.type, n.id) IS UNIQUE
