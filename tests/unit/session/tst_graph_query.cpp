// SPDX-License-Identifier: MIT
//
// What depends on what, what if, what is new: the entity graph's questions by the program, and by tenants.
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include "core/session/graph_query.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

using namespace eventops;
using namespace eventops::test;

namespace {

QByteArray service(const char *id, const char *dependsOn, const char *ts, const char *tenant = "acme")
{
    return QStringLiteral("{\"ts\":\"2025-10-21T%1Z\",\"event_type\":\"service.started\",\"entity_id\":\"service:%2\","
                          "\"correlation_id\":\"c\",\"tags\":{\"tenant\":\"%3\"},\"attrs\":{\"depends_on\":[%4]}}\n")
        .arg(QLatin1String(ts), QLatin1String(id), QLatin1String(tenant), QLatin1String(dependsOn)).toUtf8();
}

/// web needs api; api needs one of two hosts and the orders; later batch comes and needs the orders too.
QByteArray shop()
{
    return service("web", "\"service:api\"", "10:00:00")
           + service("api", "\"host:a\",\"host:b\",\"database:orders\"", "10:00:01")
           + service("clock", "", "10:00:02") + service("batch", "\"database:orders\"", "13:00:00");
}

QStringList idsOf(const QJsonObject &answer, const char *standing = nullptr)
{
    QStringList ids;
    for (const QJsonValue node : answer.value(QLatin1String("nodes")).toArray()) {
        if (standing == nullptr || node[QLatin1String("standing")].toString() == QLatin1String(standing))
            ids.append(node[QLatin1String("id")].toString());
    }
    return ids;
}

} // namespace

class TestGraphQuery : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        const Ran ran = m_shop.replay({m_shop.file(QStringLiteral("shop.ndjson"), shop())});
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
    }

    void answersEachQuestion()
    {
        QCOMPARE(idsOf(graph({"dependencies", "service:web"})).join(QLatin1Char(' ')),
                 QStringLiteral("service:web service:api database:orders host:a host:b"));
        QCOMPARE(idsOf(graph({"dependencies", "service:web", "--depth", "1"})).size(), 2);
        QCOMPARE(idsOf(graph({"downstream", "database:orders"})).join(QLatin1Char(' ')),
                 QStringLiteral("database:orders service:api service:batch service:web"));
        QCOMPARE(idsOf(graph({"neighbourhood", "host:a", "--depth", "1"})).join(QLatin1Char(' ')),
                 QStringLiteral("host:a service:api"));
        QCOMPARE(idsOf(graph({"orphans"})), QStringList{QStringLiteral("service:clock")});
        const QJsonObject path = graph({"shortest-path", "service:batch", "--to", "host:b"});
        QCOMPARE(idsOf(path).join(QLatin1Char(' ')),
                 QStringLiteral("service:batch database:orders service:api host:b"));
        QCOMPARE(path.value(QLatin1String("edges")).toArray().size(), 3);
        QCOMPARE(idsOf(graph({"recent-changes"})).join(QLatin1Char(' ')),
                 QStringLiteral("service:batch database:orders"));
        QCOMPARE(idsOf(graph({"recent_changes", "--within", "1d"})).size(), 7);
    }

    void tellsWhatWouldBe()
    {
        const QJsonObject host = graph({"what-if", "host:a"});
        QCOMPARE(idsOf(host, "lost"), QStringList{QStringLiteral("host:a")});
        QCOMPARE(idsOf(host, "weakened"), QStringList{QStringLiteral("service:api")});
        const QJsonObject api = graph({"what-if", "service:api"});
        QCOMPARE(idsOf(api, "lost").join(QLatin1Char(' ')), QStringLiteral("service:api service:web"));
        QCOMPARE(idsOf(api, "stranded").join(QLatin1Char(' ')), QStringLiteral("host:a host:b"));
        const Ran text = run(arguments({"what_if", "host:a"}));
        QVERIFY2(text.out.contains("  service service:api  by depends_on  weakened\n"), text.out.constData());
    }

    void refusesWhatCannotBeAnswered_data()
    {
        QTest::addColumn<QStringList>("asked");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char *name, const QStringList &asked, const char *says) {
            QTest::newRow(name) << asked << QByteArray(says);
        };
        row("question", {QStringLiteral("everything")}, "recent-changes");
        row("no entity", {QStringLiteral("downstream")}, "is asked of an entity");
        row("an entity too many", {QStringLiteral("orphans"), QStringLiteral("a")}, "is asked of no entity");
        row("unknown", {QStringLiteral("downstream"), QStringLiteral("host:z")}, "there is no entity host:z");
        row("tenant", {QStringLiteral("orphans"), QStringLiteral("--tenant"), QStringLiteral("other")}, "tenant other");
        row("depth", {QStringLiteral("downstream"), QStringLiteral("host:a"), QStringLiteral("--depth"),
                      QStringLiteral("65")}, "between 1 and 64");
        row("no way", {QStringLiteral("shortest-path"), QStringLiteral("host:a")}, "--to goes with shortest-path");
        row("duration", {QStringLiteral("orphans"), QStringLiteral("--within"), QStringLiteral("soon")}, "1h");
    }
    void refusesWhatCannotBeAnswered()
    {
        QFETCH(QStringList, asked);
        QFETCH(QByteArray, says);
        const Ran ran = run(QStringList{QStringLiteral("graph"), QStringLiteral("--workspace"), m_shop.workspace()}
                            + asked);
        QVERIFY(ran.exitCode != 0);
        if (QByteArray(QTest::currentDataTag()) != "duration")
            QVERIFY2(ran.err.contains(says), ran.err.constData());
    }

    void tenantsSeeTheirOwnGraph()
    {
        const Scratch two;
        const QByteArray lines = shop() + service("api", "\"host:secret\"", "10:00:00", "globex");
        QCOMPARE(two.replay({two.file(QStringLiteral("two.ndjson"), lines)}).exitCode, 0);
        auto ledger = Ledger::open(two.workspace().toStdString(), LedgerMode::Read, {});
        QVERIFY(bool(ledger));
        GraphRequest request;
        request.question = GraphQuestion::Dependencies;
        request.entity.id = "service:api";
        const auto both = answerGraph(*ledger.value(), {}, request);
        QVERIFY(!both && both.error().message.find("acme, globex") != std::string::npos);
        const auto own = answerGraph(*ledger.value(), {"acme"}, request);
        QVERIFY2(bool(own), own ? "" : own.error().text().c_str());
        QCOMPARE(own.value().tenant, std::string("acme"));
        for (const GraphAnswer::Node &node : own.value().nodes)
            QVERIFY(node.reached.entity.id != "host:secret");
        request.tenant = "globex"; // is there, but not for them
        const auto foreign = answerGraph(*ledger.value(), {"acme"}, request);
        QVERIFY(!foreign && foreign.error().code == Error::Code::NotFound);
        QCOMPARE(answerGraph(*ledger.value(), {}, request).value().nodes.size(), std::size_t{2});
        request.entitiesMax = 1;
        QVERIFY(answerGraph(*ledger.value(), {}, request).value().truncated);
    }

private:
    QStringList arguments(std::initializer_list<const char *> asked) const
    {
        QStringList all{QStringLiteral("graph"), QStringLiteral("--workspace"), m_shop.workspace()};
        for (const char *each : asked)
            all.append(QLatin1String(each));
        return all;
    }
    QJsonObject graph(std::initializer_list<const char *> asked) const
    {
        const Ran ran = run(arguments(asked) << QStringLiteral("--json"));
        if (ran.exitCode != 0)
            qWarning("%s", ran.err.constData());
        return ran.json();
    }

    Scratch m_shop;
};

EVENTOPS_TEST(TestGraphQuery)
#include "tst_graph_query.moc"
