// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/findings_model.h"
#include "tests/support/fake_backend.h"
#include "tests/support/local_workspace.h"

#include <QAbstractItemModelTester>

using namespace eventops;
using namespace eventops::test;

namespace {

struct FakeFindings {
    FakeFindings()
        : backend(new FakeBackend), context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}})
    {
    }

    void add(const std::string &id, FindingState state, int minutes, Severity severity = Severity::Critical,
             FindingOrigin origin = FindingOrigin::Rule)
    {
        Finding finding = someFinding(id, severity);
        finding.state = state;
        finding.origin = origin;
        finding.ts = finding.ts + minutes * 60 * NsPerSecond;
        backend->with([&](FakeBackend::Answers &answers) { answers.findings.push_back(finding); });
    }
    void tell()
    {
        Change change;
        change.findings = backend->with([](FakeBackend::Answers &answers) { return answers.findings.size(); });
        change.events = 1'000;
        backend->change(change);
    }

    FakeBackend *backend;
    ViewContext context;
};

} // namespace

class TestFindingsModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void showsARealWorkspace()
    {
        LocalWorkspace workspace;
        auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        ViewContext context(std::move(backend), {"alice", Role::Viewer, {}});
        FindingsModel model(context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE(model.state(), FindingsModel::Ready);
        bool surprising = false, suggested = false;
        for (int i = 0; i < model.count(); ++i) {
            const QModelIndex index = model.index(i);
            const QVariantList terms = index.data(FindingsModel::TermsRole).toList();
            double sum = 0.0;
            for (const QVariant &term : terms)
                sum += term.toMap().value(QStringLiteral("bits")).toDouble();
            QVERIFY(qAbs(sum - index.data(FindingsModel::BitsRole).toDouble()) < 1e-9);
            surprising = surprising || (!terms.isEmpty() && sum > 5.0);
            suggested = suggested || index.data(FindingsModel::SuggestionWaitsRole).toBool();
            QVERIFY(!index.data(FindingsModel::HeadlineRole).toString().isEmpty());
            QVERIFY(index.data(FindingsModel::EvidenceCountRole).toInt() > 0);
        }
        QVERIFY(surprising);
        QVERIFY(suggested);
        model.select(0);
        QCOMPARE(model.currentRow(), 0);
        QCOMPARE(context.findingId(), model.rowAt(0).key);
        QCOMPARE(context.eventId(), model.rowAt(0).evidence.front());
        QCOMPARE(context.entity(), model.rowAt(0).entity);
    }

    void filtersLeaveOutCards()
    {
        FakeFindings fake;
        fake.add("a", FindingState::Firing, 0, Severity::Warning);
        fake.add("b", FindingState::Firing, 100, Severity::Critical);
        fake.add("c", FindingState::Firing, 200, Severity::Error);
        fake.tell();
        FindingsModel model(fake.context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE(model.count(), 3);
        model.setFilter(QStringLiteral(" severity >= error "));
        QTRY_COMPARE(model.count(), 2);
        QCOMPARE(model.filter(), QStringLiteral("severity >= error"));
        QVERIFY(model.filterProblem().isEmpty());
        fake.add("d", FindingState::Firing, 300, Severity::Critical);
        fake.add("e", FindingState::Firing, 400, Severity::Warning);
        fake.tell();
        QTRY_COMPARE(model.count(), 3);
        QCOMPARE(model.index(0).data(FindingsModel::FindingIdRole).toString(), QStringLiteral("d"));

        model.setFilter(QStringLiteral("severity >"));
        QTRY_VERIFY(!model.filterProblem().isEmpty());
        QCOMPARE(model.state(), FindingsModel::Ready); // what was shown stays
        QCOMPARE(model.count(), 3);
        model.setFilter(QStringLiteral("severity > critical"));
        QTRY_COMPARE(model.count(), 0);
        QVERIFY(model.filterProblem().isEmpty());
        model.setFilter(QString());
        QTRY_COMPARE(model.count(), 5);
    }

    void ranksEntitiesByBitsInTheSelection()
    {
        FakeFindings fake;
        const auto add = [&](const char *id, const char *entity, int minutes, double bits, FindingState state) {
            Finding finding = someFinding(id);
            finding.origin = FindingOrigin::Entropy;
            finding.state = state;
            finding.entityId = entity;
            finding.ts = finding.ts + minutes * 60 * NsPerSecond;
            finding.bits = bits;
            fake.backend->with([&](FakeBackend::Answers &answers) { answers.findings.push_back(finding); });
        };
        add("a1", "host-a", 0, 30.0, FindingState::Firing);
        add("b1", "host-b", 10, 12.0, FindingState::Firing);
        add("a2", "host-a", 11, 11.0, FindingState::Firing);
        add("b2", "host-b", 12, 12.5, FindingState::Firing);
        add("b3", "host-b", 13, 12.0, FindingState::Resolved); // told twice, it surprised once
        add("c1", "host-c", 20, 99.0, FindingState::Firing);
        add("r1", "host-r", 12, 0.0, FindingState::Firing); // a rule has no bits
        fake.tell();
        FindingsModel model(fake.context);
        QTRY_VERIFY(model.count() > 0);
        QVERIFY(model.ranking().isEmpty()); // nothing is selected
        const qint64 start = raw(someFinding("x").ts);
        constexpr qint64 Minute = 60 * NsPerSecond;
        fake.context.selectTimeSpan({start + 10 * Minute, start + 20 * Minute});
        QCOMPARE(model.ranking().size(), 2);
        const QVariantMap first = model.ranking().at(0).toMap();
        QCOMPARE(first.value(QStringLiteral("target")).toString(), QStringLiteral("Host host-b"));
        QCOMPARE(first.value(QStringLiteral("bitsText")).toString(), QStringLiteral("24.5"));
        QCOMPARE(first.value(QStringLiteral("findings")).toInt(), 2);
        QVERIFY(qAbs(model.ranking().at(1).toMap().value(QStringLiteral("share")).toDouble() - 11.0 / 24.5) < 1e-9);
        model.selectRanked(1);
        QCOMPARE(fake.context.entity().id, QStringLiteral("host-a"));
        model.selectRanked(7);
        QCOMPARE(fake.context.entity().id, QStringLiteral("host-a"));
        fake.context.selectTimeSpan({start, start + 60 * Minute});
        QCOMPARE(model.ranking().size(), 3);
        QCOMPARE(model.ranking().at(0).toMap().value(QStringLiteral("target")).toString(),
                 QStringLiteral("Host host-c"));
        fake.context.selectTimeSpan({});
        QVERIFY(model.ranking().isEmpty());
    }

    void resolvedOnesCanBeLeftOut()
    {
        FakeFindings fake;
        fake.add("a", FindingState::Firing, 0);
        fake.add("a2", FindingState::Resolved, 10);
        fake.add("b", FindingState::Firing, 100);
        fake.tell();
        FindingsModel model(fake.context);
        QTRY_COMPARE(model.count(), 2);
        model.setOpenOnly(true);
        QTRY_COMPARE(model.count(), 1);
        QCOMPARE(model.index(0).data(FindingsModel::FindingIdRole).toString(), QStringLiteral("b"));
        // A finding of the resolved card matches; its card is still resolved.
        model.setFilter(QStringLiteral("state = firing"));
        QTest::qWait(2 * Refresher::IntervalMs);
        QCOMPARE(model.count(), 1);
        model.setOpenOnly(false);
        QTRY_COMPARE(model.count(), 2);
    }

    void statesOfOneConditionBecomeOneCard()
    {
        FakeFindings fake;
        fake.add("p", FindingState::Pending, 0);
        FindingsModel model(fake.context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE(model.count(), 1);
        QVERIFY(model.rowAt(0).state == FindingState::Pending);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        fake.add("f", FindingState::Firing, 1);
        fake.tell();
        QTRY_VERIFY(model.rowAt(0).state == FindingState::Firing);
        QCOMPARE(model.count(), 1);
        QCOMPARE(model.openCount(), 1);
        fake.add("r", FindingState::Resolved, 5);
        fake.tell();
        QTRY_VERIFY(model.rowAt(0).state == FindingState::Resolved);
        QCOMPARE(model.count(), 1);
        QCOMPARE(model.openCount(), 0);
        QCOMPARE(model.rowAt(0).resolvedBy, QStringLiteral("r"));
        QCOMPARE(model.index(0).data(FindingsModel::LastedRole).toString(), QStringLiteral("5 min"));
        QCOMPARE(reset.size(), qsizetype(0));
        fake.add("again", FindingState::Firing, 6);
        fake.tell();
        QTRY_COMPARE(model.count(), 2);
        QCOMPARE(model.rowAt(0).key, QStringLiteral("again"));
    }

    void repeatsOfARuleAreCountedNotListed()
    {
        FakeFindings fake;
        for (int minute = 0; minute < 10; ++minute)
            fake.add("c" + std::to_string(minute), FindingState::Firing, minute);
        fake.add("w", FindingState::Firing, 10, Severity::Warning); // another severity: a card of its own
        fake.add("late", FindingState::Firing, 60);                 // long after: too
        fake.add("e1", FindingState::Firing, 61, Severity::Critical, FindingOrigin::Entropy);
        fake.add("e2", FindingState::Firing, 62, Severity::Critical, FindingOrigin::Entropy); // each explains itself
        FindingsModel model(fake.context);
        QTRY_COMPARE(model.count(), 5);
        QCOMPARE(model.rowAt(4).repeats, 10);
        QCOMPARE(model.rowAt(4).key, QStringLiteral("c0"));
        QCOMPARE(model.rowAt(4).ids.size(), qsizetype(10));
        fake.context.selectFinding(QStringLiteral("c7"));
        QCOMPARE(model.currentRow(), 4);
    }

    void readsOnlyWhatIsNew()
    {
        FakeFindings fake;
        for (int i = 0; i < 1'000; ++i)
            fake.add("i" + std::to_string(i), FindingState::Firing, i * 60, Severity::Critical,
                     FindingOrigin::External);
        FindingsModel model(fake.context);
        QTRY_COMPARE(model.count(), 1'000);
        fake.tell();
        const auto given = [&] { return fake.backend->with([](auto &answers) { return answers.findingRowsGiven; }); };
        QTRY_VERIFY(given() > 1'000); // the count became known
        const auto before = given();
        QTest::qWait(2 * Refresher::IntervalMs);
        fake.add("new", FindingState::Firing, 70'000, Severity::Critical, FindingOrigin::External);
        fake.tell();
        QTRY_COMPARE(model.count(), 1'001);
        QCOMPARE(model.rowAt(0).key, QStringLiteral("new"));
        QVERIFY2(given() - before < 100, qPrintable(QString::number(given() - before)));
    }

    void isCapped()
    {
        FakeFindings fake;
        const int more = static_cast<int>(FindingsModel::FindingsMax) + 100;
        for (int i = 0; i < more; ++i)
            fake.add("i" + std::to_string(i), FindingState::Firing, i * 60, Severity::Critical,
                     FindingOrigin::External);
        FindingsModel model(fake.context);
        QTRY_COMPARE(model.count(), static_cast<int>(FindingsModel::FindingsMax));
        QCOMPARE(model.rowAt(0).key, QStringLiteral("i%1").arg(more - 1));
        for (int i = 0; i < 10; ++i)
            fake.add("n" + std::to_string(i), FindingState::Firing, 400'000 + i * 60, Severity::Critical,
                     FindingOrigin::External);
        fake.tell();
        QTRY_COMPARE(model.rowAt(0).key, QStringLiteral("n9"));
        QCOMPARE(model.count(), static_cast<int>(FindingsModel::FindingsMax));
    }

    void leadsToItsSuggestion()
    {
        FakeFindings fake;
        fake.add("c0", FindingState::Firing, 0);
        fake.add("c1", FindingState::Firing, 1);
        fake.backend->with([](FakeBackend::Answers &answers) { answers.actions = {someAction("a", "c1")}; });
        FindingsModel model(fake.context);
        QTRY_COMPARE(model.count(), 1);
        QVERIFY(model.index(0).data(FindingsModel::SuggestionWaitsRole).toBool());
        QCOMPARE(model.index(0).data(FindingsModel::SuggestedCommandRole).toString(),
                 QStringLiteral("restart_service"));
        QSignalSpy wanted(&fake.context, &ViewContext::viewRequested);
        model.showSuggestion(0);
        QCOMPARE(wanted.size(), qsizetype(1));
        QCOMPARE(fake.context.findingId(), QStringLiteral("c1"));
    }

    void emptinessLearningAndErrors()
    {
        FakeFindings fake;
        FindingsModel model(fake.context);
        QCOMPARE(model.state(), FindingsModel::Loading);
        QTRY_COMPARE(model.state(), FindingsModel::Empty);
        Change change;
        change.running = true;
        change.events = 5;
        fake.backend->change(change);
        QTRY_COMPARE(model.state(), FindingsModel::Learning);
        QCOMPARE(model.eventsRead(), QStringLiteral("5"));
        fake.backend->with([](FakeBackend::Answers &answers) {
            answers.failure = Error{Error::Code::Corrupt, "a row of the ledger fails its check"};
        });
        fake.backend->change(change);
        QTRY_COMPARE(model.state(), FindingsModel::Failed);
        QVERIFY(!model.problem().isEmpty());
    }
};

EVENTOPS_TEST(TestFindingsModel)
#include "tst_findings_model.moc"
