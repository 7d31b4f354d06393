// SPDX-License-Identifier: MIT
//
// An engine, an Apache Kafka, and a console that sees the topics alone.
#include "tests/support/real_kafka.h" // before Qt's macros
#include "tests/support/test_main.h"
#include "tests/unit/remote/topics_fixture.h"

#include <QtCore/QJsonArray>

using namespace eventops;
using namespace eventops::remote;
using namespace eventops::test;

namespace {

constexpr int Records = 3'000, More = 400, LongMs = 90'000;

/// The ids of what the engine's own commands list.
std::set<std::string> idsOf(const Scratch &scratch, const char *table)
{
    std::set<std::string> ids;
    for (const QJsonObject &row : scratch.query(QString::fromUtf8(table)))
        ids.insert(row.value(QLatin1String("id")).toString().toStdString());
    return ids;
}

template <typename Row>
std::set<std::string> idsOf(const std::map<std::string, Row> &rows)
{
    std::set<std::string> ids;
    for (const auto &[id, row] : rows)
        ids.insert(id);
    return ids;
}

QJsonObject actionOf(const Scratch &scratch, const std::string &id)
{
    const Ran listed = run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--all"),
                            QStringLiteral("--workspace"), scratch.workspace(), QStringLiteral("--json")});
    for (const QJsonObject &action : listed.rows()) {
        if (action.value(QLatin1String("id")).toString().toStdString() == id)
            return action;
    }
    return {};
}

} // namespace

class TestTopicsEndToEnd : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aConsoleOnTopicsSeesDecidesAndComesBack()
    {
        EVENTOPS_NEEDS_KAFKA();
        RealKafka broker;
        QVERIFY2(broker.isUp(), broker.output());
        const Scratch scratch;
        const Ran made =
            kafka(scratch, "init", broker,
                  {QStringLiteral("--publish"), QStringLiteral("consoles"), QStringLiteral("--take-decisions"),
                   QStringLiteral("--partitions"), QStringLiteral("1")});
        QVERIFY2(made.exitCode == 0, made.err);
        const Ran decider = run({QStringLiteral("kafka"), QStringLiteral("decider"), QStringLiteral("alice"),
                                 QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(decider.exitCode == 0, decider.err);
        const QString key = scratch.file(QStringLiteral("key"), decider.out);
        QVERIFY(!readDecisionKey(key.toStdString())); // others may read it
        QFile::setPermissions(key, QFile::ReadOwner | QFile::WriteOwner);

        QVERIFY(broker.peer().produce("ingest.raw.agent", 0, freshRecords(0, Records)));
        LiveRun live(scratch, pipelineFile(scratch, broker, "[ingest.raw.agent]", "follow: true"));
        QVERIFY2(live.waitForStored(Records), live.err());

        KafkaAttachOptions options = topicsOf(broker.brokers());
        const auto signedBy = readDecisionKey(key.toStdString());
        QCOMPARE(errorOf(signedBy), std::string());
        QCOMPARE(signedBy.value().user, std::string("alice"));
        options.secret = signedBy.value().secret;
        const auto attached = KafkaBackend::attach(std::move(options));
        QVERIFY2(errorOf(attached).empty(), errorOf(attached).c_str());
        KafkaBackend &topics = *attached.value();
        const auto findings = idsOf(scratch, "findings");
        QVERIFY(findings.size() > 10);
        QTRY_COMPARE_WITH_TIMEOUT(idsOf(findingsOf(topics)), findings, LongMs);
        QTRY_COMPARE_WITH_TIMEOUT(eventsOf(topics, NotOfTopics).size(), std::size_t{Records}, LongMs);
        QTRY_COMPARE_WITH_TIMEOUT(idsOf(actionsOf(topics)), idsOf(scratch, "actions"), LongMs);

        // Approved there, done here.
        const std::string id = actionsOf(topics).begin()->first;
        const auto approved = waitFor<DecisionOutcome>([&](Done<DecisionOutcome> done) {
            topics.decide(lookingOn(), {id, DecisionKind::Approve, "alice", "from the topics"}, false, std::move(done));
        });
        QVERIFY2(errorOf(approved).empty(), errorOf(approved).c_str());
        const QJsonObject action = actionOf(scratch, id);
        QCOMPARE(action.value(QLatin1String("approver")).toString(), QStringLiteral("alice"));
        QCOMPARE(action.value(QLatin1String("decision_reason")).toString(), QStringLiteral("from the topics"));
        const Ran audit = run({QStringLiteral("audit"), QStringLiteral("list"), QStringLiteral("--workspace"),
                               scratch.workspace(), QStringLiteral("--json")});
        QVERIFY2(audit.out.contains("\"via\":\"Kafka\""), audit.out);
        QTRY_VERIFY_WITH_TIMEOUT(!broker.peer().readAll("actions.requested").empty(), LongMs);

        // The broker dies and comes back: what was seen stays, what is new comes.
        const auto before = findingsOf(topics).size();
        broker.kill();
        QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(topics.state().phase),
                                  static_cast<int>(ConnectionState::Phase::Waiting), LongMs);
        QCOMPARE(findingsOf(topics).size(), before);
        QVERIFY2(broker.start(), broker.output());
        QTRY_COMPARE_WITH_TIMEOUT(static_cast<int>(topics.state().phase),
                                  static_cast<int>(ConnectionState::Phase::Attached), LongMs);
        QVERIFY(broker.peer().produce("ingest.raw.agent", 0, freshRecords(Records, More)));
        QVERIFY2(live.waitForStored(Records + More), live.err());
        QTRY_COMPARE_WITH_TIMEOUT(idsOf(findingsOf(topics)), idsOf(scratch, "findings"), LongMs);
        QVERIFY(findingsOf(topics).size() > before);
    }
};

EVENTOPS_TEST(TestTopicsEndToEnd)
#include "tst_topics_end_to_end.moc"
