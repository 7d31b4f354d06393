// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/dead_letters_model.h"
#include "core/viewmodel/health_model.h"
#include "core/viewmodel/shown_text.h"
#include "tests/support/fake_backend.h"

#include <QAbstractItemModelTester>

using namespace eventops;
using namespace eventops::test;

namespace {

SourceRow sourceOf(const std::string &key, std::uint64_t stored, std::uint64_t dead)
{
    SourceRow row;
    row.progress.key = key;
    row.progress.title = key + ".ndjson";
    row.progress.added = {stored + dead, stored, 0, 0, dead, 0, stored};
    return row;
}

Health someHealth()
{
    Health health;
    health.pipelineName = "default";
    health.stages = {"enrich", "rules", "entropy", "entities", "suggest"};
    health.summary.sources = {sourceOf("a", 40, 2), sourceOf("b", 8, 0)};
    health.summary.counters = {50, 48, 0, 0, 2, 0, 48};
    health.summary.findings = 3;
    health.deadLetters = {{"invalid_json", 2}};
    health.ledgerBytes = 2'048;
    return health;
}

QStringList namesOf(const QVariantList &maps)
{
    QStringList names;
    for (const QVariant &map : maps)
        names.append(map.toMap().value(QStringLiteral("name")).toString());
    return names;
}

/// A counter of a part as it is shown; empty when the part has none of that name.
QString counterOf(const HealthModel &model, int part, const char *name)
{
    for (const QVariant &counter : model.parts().at(part).toMap().value(QStringLiteral("counters")).toList()) {
        if (counter.toMap().value(QStringLiteral("name")) == QLatin1String(name))
            return counter.toMap().value(QStringLiteral("value")).toString();
    }
    return {};
}

int stateOf(const HealthModel &model, int part)
{
    return model.parts().at(part).toMap().value(QStringLiteral("state")).toInt();
}

} // namespace

class TestHealthModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sevenPartsAndTheEquation()
    {
        auto *backend = new FakeBackend;
        backend->with([](FakeBackend::Answers &answers) { answers.health = someHealth(); });
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        const QAbstractItemModelTester tester(model.sources(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.state(), HealthModel::Loading);
        QTRY_COMPARE(model.state(), HealthModel::Ready);
        const QStringList parts{QStringLiteral("Collect"), QStringLiteral("Normalize"), QStringLiteral("Enrich"),
                                QStringLiteral("Store"), QStringLiteral("Automate"), QStringLiteral("Process"),
                                QStringLiteral("Serve")};
        QCOMPARE(namesOf(model.parts()), parts);
        QVERIFY(model.holds());
        QCOMPARE(model.sources()->count(), 3); // two and their sum
        const QModelIndex first = model.sources()->index(0);
        QCOMPARE(first.data(BalanceModel::ReceivedRole).toString(), QStringLiteral("42"));
        QCOMPARE(first.data(BalanceModel::DeadLetteredRole).toString(), QStringLiteral("2"));
        QVERIFY(first.data(BalanceModel::HoldsRole).toBool());
        QVERIFY(model.sources()->index(2).data(BalanceModel::TotalRole).toBool());
        QCOMPARE(stateOf(model, 1), int(HealthModel::Attention)); // dead letters wait
        QCOMPARE(stateOf(model, 2), int(HealthModel::Idle));
        QCOMPARE(model.reasons().size(), qsizetype(1));

        backend->with([](FakeBackend::Answers &answers) {
            answers.health.summary.sources[0].progress.added.stored -= 1;
            answers.health.stages = {"rules"};
        });
        backend->change({});
        QTRY_VERIFY(!model.holds());
        QVERIFY(!model.sources()->index(0).data(BalanceModel::HoldsRole).toBool());
        QVERIFY(model.sources()->index(1).data(BalanceModel::HoldsRole).toBool());
        QCOMPARE(stateOf(model, 2), int(HealthModel::Off));
    }

    void knownFaultsAreScored()
    {
        auto *backend = new FakeBackend;
        backend->with([](FakeBackend::Answers &answers) { answers.health = someHealth(); });
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        QTRY_COMPARE(model.state(), HealthModel::Ready);
        QVERIFY(model.score().isEmpty()); // of a real world nothing is known
        QVERIFY(model.faults().isEmpty());

        KnownFaults known;
        for (const char *id : {"cpu", "leak", "later"}) {
            GroundTruthFault &fault = known.truth.faults.emplace_back();
            fault.id = id;
            fault.entityId = "host:a";
            fault.description = "Something breaks.";
        }
        known.card.faults = {{0, FaultScore::Outcome::Detected, 54 * NsPerSecond, 1, 0},
                             {1, FaultScore::Outcome::Missed, 0, 0, 0}};
        known.card.precision = 0.5;
        known.card.recall = 0.5;
        known.card.leadNsMedian = 54 * NsPerSecond;
        backend->with([&](FakeBackend::Answers &answers) { answers.health.known = known; });
        backend->change({});
        QTRY_COMPARE(model.faults().size(), qsizetype(2)); // the third has not begun
        const QVariantMap found = model.faults().at(0).toMap();
        QCOMPARE(found.value(QStringLiteral("name")).toString(), QStringLiteral("cpu"));
        QCOMPARE(found.value(QStringLiteral("lead")).toString(), QStringLiteral("54 s"));
        QCOMPARE(model.faults().at(1).toMap().value(QStringLiteral("outcome")).toInt(), int(HealthModel::Missed));
        QCOMPARE(model.score().at(0).toMap().value(QStringLiteral("value")).toString(), QStringLiteral("0.50"));
    }

    void ratesComeFromSuccessiveChanges()
    {
        auto *backend = new FakeBackend;
        backend->with([](FakeBackend::Answers &answers) {
            answers.health = someHealth();
            answers.health.running = true;
        });
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        QTRY_COMPARE(model.state(), HealthModel::Ready);
        Change change;
        change.running = true;
        change.progress.bytesTotal = 1'000'000;
        change.progress.chunks = {3, 8};
        change.progress.commits = {1, 2};
        const auto step = [&](std::uint64_t records) {
            change.progress.counters.received = records;
            change.progress.bytesRead = records * 100;
            backend->with([&](FakeBackend::Answers &answers) { answers.health.progress = change.progress; });
            backend->change(change);
        };
        step(100);
        QTRY_VERIFY(model.progress() > 0.0);
        QTest::qWait(700);
        step(1'100);
        QTRY_VERIFY(model.recordsPerSecond() > 0.0);
        QVERIFY2(model.recordsPerSecond() < 2'000.0, qPrintable(QString::number(model.recordsPerSecond())));
        QCOMPARE(stateOf(model, 0), int(HealthModel::Working));
        QCOMPARE(counterOf(model, 0, "chunks queued"), QStringLiteral("3 of 8"));
        QCOMPARE(counterOf(model, 3, "commits queued"), QStringLiteral("1 of 2"));
        change.running = false;
        backend->with([](FakeBackend::Answers &answers) { answers.health.running = false; });
        step(1'100);
        QTRY_COMPARE(model.recordsPerSecond(), 0.0);
        QCOMPARE(model.progress(), -1.0);
        QCOMPARE(counterOf(model, 0, "chunks queued"), QString()); // there are none at rest
    }

    /// What reads topics never comes to an end, and is not for ever busy.
    void whatHasNoEndIsFollowed()
    {
        auto *backend = new FakeBackend;
        const auto progress = [&](std::uint64_t total, std::optional<std::uint64_t> lag) {
            Change change;
            change.running = true;
            change.progress.bytesRead = 2'000'000;
            change.progress.bytesTotal = total;
            change.progress.sources = {{}};
            change.progress.sources.front().lag = lag;
            backend->with([&](FakeBackend::Answers &answers) {
                answers.health = someHealth();
                answers.health.running = true;
                answers.health.progress = change.progress;
            });
            backend->change(change);
        };
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        progress(0, 1'234);
        QTRY_COMPARE(model.runText(), QStringLiteral("Reading … 1.9 MiB, 1\u202F234 records wait"));
        progress(0, 0);
        QTRY_COMPARE(model.runText(), QStringLiteral("Following: 1.9 MiB so far"));
        progress(4'000'000, {});
        QTRY_COMPARE(model.runText(), QStringLiteral("Reading … 1.9 MiB of 3.8 MiB"));
        backend->with([](FakeBackend::Answers &answers) { answers.health.running = false; });
        backend->change({});
        QTRY_COMPARE(model.runText(), QString());
    }

    void everyStreamHasALine()
    {
        auto *backend = new FakeBackend;
        backend->with([](FakeBackend::Answers &answers) {
            answers.health = someHealth();
            answers.health.running = true;
            SourceHealth away;
            away.title = "orders/0";
            away.trouble = "no Kafka answers at kafka-1:9092";
            away.errors = 7;
            SourceHealth well;
            well.title = "orders/1";
            well.lag = 1'234;
            well.missed = 5;
            answers.health.summary.behind = {"sink audit: 3 events wait"};
            answers.health.progress.sources = {away, SourceHealth(), well}; // a capture has nothing to say
        });
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        QTRY_COMPARE(model.state(), HealthModel::Ready);
        QStringList lines;
        for (const QVariant &fact : model.facts()) {
            const QString name = fact.toMap().value(QStringLiteral("name")).toString();
            if (name.startsWith(QLatin1String("orders/")))
                lines.append(name + QStringLiteral(": ") + fact.toMap().value(QStringLiteral("value")).toString());
        }
        QCOMPARE(lines.size(), qsizetype(2));
        QCOMPARE(lines[0], QStringLiteral("orders/0: not known how far behind; 7 errors"));
        QCOMPARE(lines[1], QStringLiteral("orders/1: %1 behind; 5 missed").arg(shownCount(1'234)));
        QCOMPARE(model.behind(), (QStringList{QStringLiteral("sink audit: 3 events wait"),
                                              QStringLiteral("orders/0: no Kafka answers at kafka-1:9092")}));
    }

    void nothingYetAndErrors()
    {
        auto *backend = new FakeBackend;
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}});
        HealthModel model(context);
        QTRY_COMPARE(model.state(), HealthModel::Empty);
        backend->with([](FakeBackend::Answers &answers) { answers.failure = Error{Error::Code::Io, "disk"}; });
        backend->change({});
        QTRY_COMPARE(model.state(), HealthModel::Failed);
        QCOMPARE(model.problem(), QStringLiteral("disk"));
    }

    void deadLettersAreReadAgainOneByOne()
    {
        auto *backend = new FakeBackend;
        backend->with([](FakeBackend::Answers &answers) {
            for (std::int64_t id = 1; id <= 3; ++id) {
                DeadLetterRow letter;
                letter.id = id;
                letter.reason = "invalid_json";
                letter.state = "waiting";
                letter.bytes = "{\"a\":\x01<b>";
                letter.sourceTitle = "agents.ndjson";
                answers.letters.push_back(letter);
            }
        });
        ViewContext context(std::unique_ptr<Backend>(backend), {"alice", Role::Operator, {}});
        DeadLettersModel model(context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.count(), 0);
        model.open();
        QTRY_COMPARE(model.count(), 3);
        QCOMPARE(model.index(0).data(DeadLettersModel::PreviewRole).toString(), QStringLiteral("{\"a\": <b>"));
        QSignalSpy redriven(&model, &DeadLettersModel::redriven);
        model.redrive(1);
        model.redrive(1); // once is enough
        QTRY_COMPARE(redriven.size(), qsizetype(1));
        QTRY_VERIFY(!model.rowAt(1).waiting);
        backend->with([](FakeBackend::Answers &answers) {
            answers.refusal = Error{Error::Code::InvalidInput, "it is still no JSON"};
        });
        model.redrive(0);
        QTRY_VERIFY(model.rowAt(0).trouble.contains(QStringLiteral("still no JSON")));
        QVERIFY(model.rowAt(0).waiting && !model.rowAt(0).busy);
        QCOMPARE(backend->with([](auto &answers) { return answers.redriven.size(); }), std::size_t(2));
    }
};

EVENTOPS_TEST(TestHealthModel)
#include "tst_health_model.moc"
