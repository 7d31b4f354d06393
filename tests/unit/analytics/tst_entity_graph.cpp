// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/graph/entity_graph.h"

#include <algorithm>

using namespace eventops;

namespace {

Link link(const char *source, const char *type, const char *target)
{
    Link made;
    made.tenant = "acme";
    made.sourceType = made.targetType = "service";
    made.sourceId = source;
    made.targetId = target;
    made.type = type;
    made.events = 1;
    return made;
}

EntityKey service(const char *id)
{
    return {"service", id};
}

/// web depends on api depends on db; deploy causes a fault of api; report is derived from db.
std::vector<Link> shop()
{
    return {link("web", "depends_on", "api"), link("api", "depends_on", "db"), link("deploy", "causes", "api"),
            link("report", "derived_from", "db")};
}

EntityGraph graphOf(const std::vector<Link> &links)
{
    EntityGraph graph;
    for (const Link &each : links)
        graph.add(each);
    return graph;
}

std::string idsOf(const GraphView &view)
{
    std::string ids;
    for (const ReachedEntity &reached : view.entities)
        ids += (ids.empty() ? "" : " ") + reached.entity.id + std::to_string(reached.depth);
    return ids;
}

} // namespace

class TestEntityGraph : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void neighbourhoodByDepth()
    {
        const EntityGraph graph = graphOf(shop());
        QCOMPARE(idsOf(graph.neighbourhood(service("api"), 0)), std::string("api0"));
        QCOMPARE(idsOf(graph.neighbourhood(service("api"), 1)), std::string("api0 db1 deploy1 web1"));
        const GraphView all = graph.neighbourhood(service("api"), 9);
        QCOMPARE(idsOf(all), std::string("api0 db1 deploy1 web1 report2"));
        QCOMPARE(all.links.size(), std::size_t{4});
        QVERIFY(graph.neighbourhood(service("nobody"), 3).entities.empty());
    }

    void dependenciesAndImpactFollowTheSense()
    {
        const EntityGraph graph = graphOf(shop());
        QCOMPARE(idsOf(graph.dependencies(service("web"), 9)), std::string("web0 api1 db2 deploy2"));
        QCOMPARE(idsOf(graph.impact(service("db"), 9)), std::string("db0 api1 report1 web2"));
        QCOMPARE(idsOf(graph.impact(service("deploy"), 9)), std::string("deploy0 api1 web2"));
        QCOMPARE(idsOf(graph.impact(service("web"), 9)), std::string("web0"));
    }

    void shortestPaths()
    {
        const EntityGraph graph = graphOf(shop());
        const auto path = graph.shortestPath(service("web"), service("report"));
        QCOMPARE(path.size(), std::size_t{4});
        QVERIFY(path[1] == service("api") && path[2] == service("db"));
        QCOMPARE(graph.shortestPath(service("web"), service("web")).size(), std::size_t{1});
        QVERIFY(graph.shortestPath(service("web"), service("nobody")).empty());
    }

    void orderOfInsertionNeverShows()
    {
        std::vector<Link> links = shop();
        const EntityGraph forward = graphOf(links);
        std::reverse(links.begin(), links.end());
        const EntityGraph backward = graphOf(links);
        QCOMPARE(idsOf(backward.neighbourhood(service("db"), 5)), idsOf(forward.neighbourhood(service("db"), 5)));
    }

    void addingAgainMerges()
    {
        EntityGraph graph = graphOf(shop());
        QVERIFY(!graph.add(link("api", "depends_on", "api")));
        Link again = link("web", "depends_on", "api");
        again.firstSeen = again.lastSeen = WallNs{7};
        QVERIFY(graph.add(again));
        QCOMPARE(graph.linkCount(), std::size_t{4});
        QCOMPARE(graph.entityCount(), std::size_t{5});
        const GraphView view = graph.dependencies(service("web"), 1);
        QCOMPARE(view.links.size(), std::size_t{1});
        QCOMPARE(view.links.front().events, std::uint64_t{2});
        QVERIFY(view.links.front().lastSeen == WallNs{7});
        Entity entity;
        entity.type = "service";
        entity.id = "web";
        entity.events = 3;
        entity.lastStep = "started";
        graph.add(entity);
        graph.add(entity);
        QCOMPARE(graph.find(service("web"))->events, std::uint64_t{6});
        QCOMPARE(graph.find(service("web"))->lastStep, std::string("started"));
    }

    void walksAreBounded()
    {
        EntityGraph graph;
        for (int i = 0; i < 50; ++i)
            graph.add(link("hub", "causes", ("n" + std::to_string(i)).c_str()));
        const GraphView view = graph.impact(service("hub"), 3, 10);
        QCOMPARE(view.entities.size(), std::size_t{10});
        QVERIFY(view.truncated);
        QVERIFY(!graph.impact(service("hub"), 3).truncated);
    }
};

EVENTOPS_TEST(TestEntityGraph)
#include "tst_entity_graph.moc"
