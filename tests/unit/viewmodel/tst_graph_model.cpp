// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/graph_model.h"
#include "tests/support/graph_backend.h"

#include <algorithm>
#include <cmath>

using namespace eventops;
using test::GraphBackend;
using test::GraphRows;

namespace {

GraphRows smallRows()
{
    return GraphRows::jobsOfAnOrder("file-1");
}

struct Fixture {
    explicit Fixture(GraphRows rows, bool held = false)
    {
        auto owned = std::make_unique<GraphBackend>(std::move(rows));
        backend = owned.get();
        backend->hold(held);
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"ann", Role::Admin, {}});
        model = std::make_unique<GraphModel>(*context);
    }
    GraphBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<GraphModel> model;

    bool isReady() const { return model->state() == GraphModel::State::Ready; }
    int node(const char *type, const char *id) const { return model->graph().find("acme", type, id); }
};

} // namespace

class TestGraphModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void showsEntitiesAndLinksWithPlaces()
    {
        Fixture f(smallRows());
        QCOMPARE(f.model->state(), GraphModel::State::Loading);
        QTRY_VERIFY(f.isReady());
        const GraphSnapshot &graph = f.model->graph();
        QCOMPARE(graph.nodes.size(), std::size_t(5));
        QCOMPARE(graph.links.size(), std::size_t(3));
        QCOMPARE(f.model->positions().size(), std::size_t(5));
        for (const LayoutPoint p : f.model->positions())
            QVERIFY(std::isfinite(p.x) && std::isfinite(p.y));
        QCOMPARE(graph.linkTypes.front(), std::string("part_of")); // the most frequent first
        const int order = f.node("order", "order-1");
        QCOMPARE(graph.nodes[std::size_t(order)].degree, 2U);
        const auto neighbours = graph.neighboursOf(static_cast<std::uint32_t>(order));
        QVERIFY(std::none_of(neighbours.begin(), neighbours.end(), [](const auto &n) { return n.outgoing; }));
        QCOMPARE(f.node("order", "nothing"), -1);
    }

    void anEmptyWorkspaceIsEmpty()
    {
        Fixture f({});
        QTRY_COMPARE(f.model->state(), GraphModel::State::Empty);
    }

    void errorsAreToldAndRetried()
    {
        Fixture f(smallRows(), true);
        f.backend->failWith(Error{Error::Code::Corrupt, "the ledger\nfails its check"});
        f.backend->hold(false);
        QTRY_COMPARE(f.model->state(), GraphModel::State::Failed);
        QCOMPARE(f.model->errorText(), QStringLiteral("the ledger fails its check"));
        f.backend->failWith({});
        f.model->reload();
        QCOMPARE(f.model->state(), GraphModel::State::Loading);
        QTRY_VERIFY(f.isReady());
    }

    void changesComeInTogether()
    {
        Fixture f(smallRows());
        QTRY_VERIFY(f.isReady());
        const LayoutPoint before = f.model->positions()[std::size_t(f.node("host", "host-1"))];
        const int queries = f.backend->entityQueries();
        for (int i = 0; i < 50; ++i)
            f.backend->change([i](GraphRows &rows) { rows.entity("host", "late-" + std::to_string(i)); });
        QTRY_COMPARE(f.model->graph().nodes.size(), std::size_t(55));
        QVERIFY(f.backend->entityQueries() - queries <= 4);
        const LayoutPoint after = f.model->positions()[std::size_t(f.node("host", "host-1"))];
        QVERIFY(std::hypot(after.x - before.x, after.y - before.y) < 0.5F);
    }

    void theWorstOpenFindingCounts()
    {
        GraphRows rows = smallRows();
        rows.finding(0, Severity::Critical);
        rows.finding(0, Severity::Warning); // takes the place of the first: the same rule and entity
        rows.finding(3, Severity::Error);
        rows.finding(3, Severity::Error, FindingState::Resolved);
        Fixture f(std::move(rows));
        QTRY_VERIFY(f.isReady());
        const auto severityOf = [&](const char *type, const char *id) {
            return f.model->graph().nodes[std::size_t(f.node(type, id))].severity;
        };
        QCOMPARE(severityOf("order", "order-1"), Severity::Warning);
        QCOMPARE(severityOf("host", "host-1"), Severity::Unset);
        QCOMPARE(f.model->graph().nodesWithFindings, 1U);
        QSignalSpy moved(f.model.get(), &GraphModel::graphChanged);
        f.backend->change([](GraphRows &r) { r.finding(3, Severity::Critical); });
        QTRY_COMPARE(severityOf("host", "host-1"), Severity::Critical);
        QCOMPARE(moved.count(), 0); // nothing moved, so nothing is laid out again
    }

    void theSelectionIsShared()
    {
        Fixture f(smallRows());
        QTRY_VERIFY(f.isReady());
        QSignalSpy selected(f.model.get(), &GraphModel::selectedChanged);
        f.model->select(f.node("job", "job-2"));
        QCOMPARE(f.context->entity().id, QStringLiteral("job-2"));
        QCOMPARE(f.context->entity().tenant, QStringLiteral("acme"));
        f.context->selectEntity({QStringLiteral("acme"), QStringLiteral("host"), QStringLiteral("host-1")});
        QCOMPARE(f.model->selected(), f.node("host", "host-1"));
        f.context->selectEntity({QStringLiteral("acme"), QStringLiteral("host"), QStringLiteral("unknown")});
        QCOMPARE(f.model->selected(), -1);
        QCOMPARE(selected.count(), 3);
        f.model->select(99);
        QVERIFY(f.context->entity().isEmpty());
    }

    void aSelectionMadeBeforeTheGraphCameIsFollowed()
    {
        Fixture f(smallRows(), true);
        f.context->selectEntity({QStringLiteral("acme"), QStringLiteral("host"), QStringLiteral("host-1")});
        QCOMPARE(f.model->selected(), -1);
        f.backend->hold(false);
        QTRY_VERIFY(f.isReady());
        QCOMPARE(f.model->selected(), f.node("host", "host-1"));
    }

    void neighbourhoodsReachAsFarAsAsked()
    {
        Fixture f(smallRows());
        QTRY_VERIFY(f.isReady());
        const auto hops = f.model->graph().hopsFrom(static_cast<std::uint32_t>(f.node("host", "host-1")), 2);
        QCOMPARE(int(hops[std::size_t(f.node("host", "host-1"))]), 0);
        QCOMPARE(int(hops[std::size_t(f.node("job", "job-1"))]), 1);
        QCOMPARE(int(hops[std::size_t(f.node("order", "order-1"))]), 2);
        QCOMPARE(hops[std::size_t(f.node("job", "job-2"))], NotReached);
        QCOMPARE(hops[std::size_t(f.node("file", "file-1"))], NotReached);
    }

    void searchFindsTheBestFirst()
    {
        Fixture f(smallRows());
        QTRY_VERIFY(f.isReady());
        QCOMPARE(f.model->find(QStringLiteral("JOB-2")), std::vector<int>{f.node("job", "job-2")});
        QCOMPARE(f.model->find(QStringLiteral("job")).size(), std::size_t(2));
        QCOMPARE(f.model->find(QStringLiteral("1")).size(), std::size_t(4));
        QCOMPARE(f.model->find(QStringLiteral("1"), 3).size(), std::size_t(3));
        QVERIFY(f.model->find(QStringLiteral("  ")).empty());
        QVERIFY(f.model->find(QStringLiteral("nothing such")).empty());
    }

    void whatIsTooMuchIsCounted()
    {
        GraphRows rows;
        for (std::size_t i = 0; i < GraphNodesMax + 300; ++i)
            rows.entity("host", "host-" + std::to_string(i), i < 300 ? 1 : 2);
        rows.link(0, 1, "causes"); // between two that are too idle to be drawn
        rows.link(500, 501, "causes");
        GraphBuilder builder;
        builder.addEntities(rows.entities);
        builder.addLinks(rows.links);
        const auto graph = builder.build();
        QCOMPARE(graph->nodes.size(), GraphNodesMax);
        QCOMPARE(graph->entitiesLeftOut, std::uint64_t(300));
        QCOMPARE(graph->links.size(), std::size_t(1));
        QCOMPARE(graph->linksLeftOut, std::uint64_t(1));
        QCOMPARE(graph->find("acme", "host", "host-0"), -1);
    }

    void linksNameEntitiesThatHaveNoEvents()
    {
        GraphRows rows = smallRows();
        rows.links.push_back({.tenant = "acme",
                              .sourceType = "job",
                              .sourceId = "job-1",
                              .targetType = "service",
                              .targetId = "billing",
                              .type = "depends_on"});
        rows.link(0, 0, "part_of"); // on itself: not drawn, not counted
        Fixture f(std::move(rows));
        QTRY_VERIFY(f.isReady());
        QVERIFY(f.node("service", "billing") >= 0);
        QCOMPARE(f.model->graph().links.size(), std::size_t(4));
        QCOMPARE(f.model->graph().linksLeftOut, std::uint64_t(0));
    }

    void hostileNamesAreHarmless()
    {
        GraphRows rows;
        rows.entity("host", "<img src='http://x/'>\u202Egnp\n" + std::string(1'000'000, 'a'));
        rows.entity("", "");
        rows.entity("h", std::string("\xff\xfe\0b", 4));
        Fixture f(std::move(rows));
        QTRY_VERIFY(f.isReady());
        const int node = f.model->find(QStringLiteral("<img")).front();
        const QString title = f.model->titleOf(node);
        QVERIFY(title.size() <= 120);
        QVERIFY(!title.contains(QChar(0x202e)));
        QVERIFY(!title.contains(QLatin1Char('\n')));
        for (int i = 0; i < 3; ++i)
            QVERIFY(f.model->descriptionOf(i).size() < 1'000);
    }

    void itMayGoWhileCallsAreUnderWay()
    {
        Fixture f(GraphRows::large(2'000, 4'000), true);
        f.model.reset();
        f.backend->hold(false);
        Fixture laying(GraphRows::large(2'000, 4'000));
        QTRY_COMPARE(laying.model->state(), GraphModel::State::Placing);
        laying.model.reset();
        QCOMPARE(laying.model, nullptr);
    }
};

EVENTOPS_TEST(TestGraphModel)
#include "tst_graph_model.moc"
