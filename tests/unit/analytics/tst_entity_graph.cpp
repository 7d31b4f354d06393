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

    void whatIfItWereAway()
    {
        const auto ids = [](const std::vector<ReachedEntity> &entities) {
            std::string out;
            for (const ReachedEntity &each : entities)
                out += (out.empty() ? "" : " ") + each.entity.id + std::to_string(each.depth);
            return out;
        };
        // A shop of two hosts behind a balancer; a job with two steps; a report made of the database.
        const EntityGraph graph = graphOf({link("shop", "depends_on", "host-a"), link("shop", "depends_on", "host-b"),
                                           link("host-a", "depends_on", "power"), link("web", "depends_on", "shop"),
                                           link("load", "part_of", "job"), link("extract", "part_of", "job"),
                                           link("mail", "depends_on", "job"), link("note", "mentions", "host-a")});
        const GraphLoss one = graph.without(service("host-a"));
        QCOMPARE(ids(one.lost), std::string("host-a0 note1")); // a link of its own kind is needed
        QCOMPARE(ids(one.weakened), std::string("shop1"));
        QVERIFY(one.stranded.size() == 1 && one.stranded.front() == service("power"));
        const GraphLoss both = graph.without(service("shop"));
        QCOMPARE(ids(both.lost), std::string("shop0 web1"));
        QVERIFY(both.weakened.empty() && both.stranded.size() == 1 && both.stranded.front() == service("host-b"));
        const GraphLoss part = graph.without(service("load")); // the other part is left
        QCOMPARE(ids(part.lost), std::string("load0"));
        QCOMPARE(ids(part.weakened), std::string("job1"));
        QCOMPARE(ids(graph.without(service("job")).lost), std::string("job0 mail1"));
        QVERIFY(graph.without(service("nobody")).lost.empty());
        QVERIFY(graph.without(service("job"), 1).truncated);
        // Two choices that hang on the same thing are none.
        const EntityGraph shared =
            graphOf({link("shop", "depends_on", "host-a"), link("shop", "depends_on", "host-b"),
                     link("host-a", "depends_on", "power"), link("host-b", "depends_on", "power")});
        const GraphLoss all = shared.without(service("power"));
        QCOMPARE(ids(all.lost), std::string("power0 host-a1 host-b1 shop2"));
        QVERIFY(all.weakened.empty() && all.stranded.empty());
    }

    void orphansAndNews()
    {
        EntityGraph graph = graphOf({link("web", "depends_on", "api")});
        Entity alone;
        alone.type = "service";
        alone.id = "alone";
        alone.firstSeen = WallNs{50};
        graph.add(alone);
        QVERIFY(graph.orphans().size() == 1 && graph.orphans().front() == service("alone"));
        QVERIFY(graph.orphans(0).empty());
        Link later = link("api", "depends_on", "db");
        later.firstSeen = later.lastSeen = WallNs{70};
        graph.add(later);
        const GraphView news = graph.newSince(WallNs{50});
        QCOMPARE(idsOf(news), std::string("alone0 api1 db1"));
        QCOMPARE(news.links.size(), std::size_t{1});
        QVERIFY(graph.newSince(WallNs{71}).entities.empty());
        QVERIFY(graph.newSince(WallNs{0}, 1).truncated);
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
