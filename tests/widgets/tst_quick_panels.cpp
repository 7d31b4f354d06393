// SPDX-License-Identifier: MIT
//
// The QML panels as a person uses them: by keyboard and mouse, in both themes and every width, with hostile texts. With
// EVENTOPS_PICTURES=<directory> each state is written there as a picture.
#include "tests/support/test_main.h"

#include "core/viewmodel/approvals_model.h"
#include "qml/approvals/approvals_panel.h"
#include "qml/findings/findings_panel.h"
#include "qml/health/health_panel.h"
#include "qml/theme/quick_theme.h"
#include "tests/support/fake_backend.h"
#include "tests/support/gui/what_is_seen.h"
#include "tests/support/local_workspace.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"

#include <QImage>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QQmlEngine>
#include <QQuickItem>
#include <QQuickWidget>
#include <QSignalSpy>

using namespace eventops;
using namespace eventops::test;

namespace {

using Make = QWidget *(*)(ViewContext &, QWidget *);
constexpr Make makers[] = {makeApprovalsPanel, makeFindingsPanel, makeHealthPanel};

std::unique_ptr<QQuickWidget> shown(Make make, ViewContext &context, QSize size)
{
    std::unique_ptr<QQuickWidget> panel(qobject_cast<QQuickWidget *>(make(context, nullptr)));
    panel->resize(size);
    panel->show();
    panel->setFocus();
    return panel;
}

void picture(QWidget &panel, const QString &name)
{
    const QString directory = qEnvironmentVariable("EVENTOPS_PICTURES");
    QTest::qWait(50); // layouts and images settle
    const QImage image = panel.grab().toImage();
    QVERIFY(!image.isNull());
    const QRgb corner = image.pixel(1, 1);
    bool varied = false;
    for (int y = 0; y < image.height() && !varied; y += 3) {
        for (int x = 0; x < image.width() && !varied; x += 3)
            varied = image.pixel(x, y) != corner;
    }
    QVERIFY2(varied, qPrintable(name + QStringLiteral(" is blank")));
    if (!directory.isEmpty())
        QVERIFY(image.save(directory + QLatin1Char('/') + name + QStringLiteral(".png")));
}

std::unique_ptr<ViewContext> contextOf(FakeBackend *backend, Role role = Role::Approver)
{
    return test::chosenContext(std::unique_ptr<Backend>(backend), Caller{"alice", role, {}});
}

std::unique_ptr<ViewContext> realContext(const LocalWorkspace &workspace)
{
    auto backend = workspace.backend();
    const std::string trouble = LocalWorkspace::replay(*backend, "agents.ndjson");
    if (!trouble.empty())
        qCritical("%s", trouble.c_str());
    return test::chosenContext(std::move(backend), Caller{"alice", Role::Approver, {}});
}

/// Something for every corner of a card.
void fill(FakeBackend &backend)
{
    backend.with([](FakeBackend::Answers &answers) {
        Finding surprise = someFinding("f1");
        surprise.origin = FindingOrigin::Entropy;
        surprise.name = "value_surprise";
        surprise.message = "cpu_load of host-a is 97 percent; expected 34.1 ± 2.2 (29.8 bits, 58 samples)";
        surprise.terms = {{"value", 29.84, "Host:host-a cpu_load", "97", "34.1 ± 2.2", 58},
                          {"transition", 6.21, "after config_changed", "restarted (0 of 12)",
                           "ready (92 %, 11 of 12)", 12},
                          {"timing", 3.4, "config_changed to restarted", "13 min 20 s", "p50 2 s, p95 9 s", 12}};
        surprise.bits = 39.45;
        Finding warning = someFinding("f2", Severity::Warning);
        warning.message = "cpu_load=85 exceeds the warning threshold of 80";
        warning.ts = warning.ts + -300 * NsPerSecond;
        Finding resolved = someFinding("f0", Severity::Error);
        resolved.metric = "queue_depth";
        resolved.message = "queue_depth=1200 exceeds the error threshold of 1000";
        resolved.ts = resolved.ts + -900 * NsPerSecond;
        Finding back = resolved;
        back.id = "f0r";
        back.state = FindingState::Resolved;
        back.ts = back.ts + 420 * NsPerSecond;
        answers.findings = {resolved, back, warning, surprise};
        Action done = someAction("a0", "f0");
        done.state = ActionState::Succeeded;
        done.approver = "bob";
        done.decisionReason = "known from last week";
        done.output = "service restarted in 4.1 s\nqueue drained";
        Action failed = someAction("a00", "f2");
        failed.state = ActionState::Failed;
        failed.approver = "alice";
        failed.decisionReason = "evidence reviewed";
        failed.output = "the host did not answer";
        Action second = someAction("a2", "f2");
        second.suggestion.command = "collect_diagnostics";
        answers.actions = {done, failed, second, someAction("a1", "f1")};
        Health &health = answers.health;
        health.pipelineName = "default";
        health.stages = {"enrich", "rules", "entropy", "entities", "suggest"};
        health.ledgerBytes = 1'843'200;
        for (const char *title : {"agents.ndjson", "kafka_server.log"}) {
            SourceRow source;
            source.progress.key = source.progress.title = title;
            source.progress.finished = true;
            source.progress.added = {12'042, 11'998, 12, 20, 12, 0, 12'004};
            health.summary.counters += source.progress.added;
            health.summary.sources.push_back(source);
        }
        health.summary.findings = 4;
        health.summary.suggestions = 4;
        health.summary.clock = WallNs{1'761'041'400 * NsPerSecond};
        health.deadLetters = {{"invalid_json", 20}, {"invalid_utf8", 4}};
        DeadLetterRow letter;
        letter.id = 1;
        letter.sourceTitle = "agents.ndjson";
        letter.position = 10'240;
        letter.size = 88;
        letter.reason = "invalid_json";
        letter.detail = "column 34: a string has no end";
        letter.state = "waiting";
        letter.bytes = "{\"host\":\"host-a\",\"metric\":\"cpu_lo";
        answers.letters = {letter};
    });
    Change change;
    change.events = 24'008;
    change.findings = 4;
    change.clock = WallNs{1'761'041'400 * NsPerSecond};
    backend.change(change);
}

} // namespace

class TestQuickPanels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void cleanup() { QVERIFY(QuickTheme::instance().load(QStringLiteral("dark"))); }

    void anActionIsApprovedWithTwoKeystrokes()
    {
        const LocalWorkspace workspace;
        const auto context = realContext(workspace);
        const auto panel = shown(makeApprovalsPanel, *context, {420, 620});
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("What will be sent")));
        picture(*panel, QStringLiteral("approvals-real-waiting"));
        QTest::keyClick(panel.get(), Qt::Key_A);
        QTRY_VERIFY(named(*panel, "reasonField")->hasActiveFocus());
        picture(*panel, QStringLiteral("approvals-real-deciding"));
        QTest::keyClick(panel.get(), Qt::Key_Return);
        const QString decided = QStringLiteral("Decided by alice: evidence reviewed");
        QTRY_VERIFY_WITH_TIMEOUT(textOf(*panel).contains(decided), 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(textOf(*panel).contains(QStringLiteral("succeeded")), 30'000);
        QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        picture(*panel, QStringLiteral("approvals-real-done"));
        QTest::keyClick(panel.get(), Qt::Key_K); // the keyboard is the list's again
        QTRY_VERIFY(!context->findingId().isEmpty());
    }

    void aReasonOfOnesOwnAndEscape()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        fill(*backend);
        const auto panel = shown(makeApprovalsPanel, *context, {420, 620});
        QTRY_VERIFY(named(*panel, "approveButton") != nullptr && isSeen(named(*panel, "approveButton")));
        QTest::keyClick(panel.get(), Qt::Key_R);
        QTRY_VERIFY(named(*panel, "reasonField")->hasActiveFocus());
        QTest::keyClick(panel.get(), Qt::Key_Escape);
        QTRY_VERIFY(isSeen(named(*panel, "approveButton")));
        QTest::keyClick(panel.get(), Qt::Key_R);
        QTRY_VERIFY(named(*panel, "reasonField")->hasActiveFocus());
        QTest::keyClicks(panel.get(), QStringLiteral("a jr")); // letters, not commands
        QTest::keyClick(panel.get(), Qt::Key_Return);
        QTRY_COMPARE(backend->with([](auto &answers) { return answers.decisions.size(); }), std::size_t(1));
        const Decision decision = backend->with([](auto &answers) { return answers.decisions.front(); });
        QCOMPARE(decision.reason, std::string("a jr"));
        QVERIFY(decision.kind == DecisionKind::Reject);
    }

    void theMouseDecides()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        fill(*backend);
        const auto panel = shown(makeApprovalsPanel, *context, {420, 620});
        QTRY_VERIFY(named(*panel, "approveButton") != nullptr && isSeen(named(*panel, "approveButton")));
        QVERIFY(clicked(*panel, "approveButton"));
        QTRY_VERIFY(named(*panel, "reasonField")->hasActiveFocus());
    }

    void aViewerSeesNoButtons()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend, Role::Viewer);
        fill(*backend);
        const auto panel = shown(makeApprovalsPanel, *context, {420, 620});
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("need the role of an approver")));
        QVERIFY(!isSeen(named(*panel, "approveButton")));
        QTest::keyClick(panel.get(), Qt::Key_A);
        QVERIFY(!named(*panel, "reasonField")->hasActiveFocus());
        picture(*panel, QStringLiteral("approvals-viewer"));
    }

    void aFindingIsSelectedByKeyboard()
    {
        const LocalWorkspace workspace;
        const auto context = realContext(workspace);
        const auto panel = shown(makeFindingsPanel, *context, {420, 620});
        QTRY_VERIFY(named(*panel, "findingsList")->property("count").toInt() > 0);
        QTest::keyClick(panel.get(), Qt::Key_J);
        QTRY_VERIFY(!context->findingId().isEmpty());
        QVERIFY(!context->eventId().isEmpty());
        QVERIFY(!context->entity().isEmpty());
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("as evidence")));
        QSignalSpy wanted(context.get(), &ViewContext::viewRequested);
        QTest::keyClick(panel.get(), Qt::Key_A);
        QTRY_COMPARE(wanted.size(), qsizetype(1));
        QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        picture(*panel, QStringLiteral("findings-real"));
    }

    void aFindingIsTaughtByKeyboard()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend, Role::Operator);
        fill(*backend);
        backend->with([](FakeBackend::Answers &answers) {
            for (Finding &finding : answers.findings)
                finding.pattern = finding.origin == FindingOrigin::Entropy ? "step=1" : "";
            answers.judgement.falsePerDay = 48.0;
            answers.judgement.kinds = {{"values", 900, 24, 10, 86'400.0, 13.1}, {"steps", 0, 7, 2, 0.0, 10.0}};
            answers.judgement.heldBack = {{"waits", WallNs{0}, "acme", "order", "order:7", "paid", 9.5, 12.3}};
        });
        const auto panel = shown(makeFindingsPanel, *context, {420, 620});
        QTRY_VERIFY(named(*panel, "findingsList")->property("count").toInt() > 0);
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("48 false findings a day")));
        QVERIFY(textOf(*panel).contains(QStringLiteral("12 held back: values 10, steps 2")));
        const auto taught = [&] { return backend->with([](auto &answers) { return answers.feedback; }); };
        // One that a rule made cannot be taught.
        const auto bySurprise = [&] { return isSeen(named(*panel, "dismissButton")); };
        for (int i = 0; i < 8 && !(!context->findingId().isEmpty() && bySurprise()); ++i) {
            QTest::keyClick(panel.get(), Qt::Key_J);
            QTest::qWait(30); // the card grows
        }
        QVERIFY(bySurprise());
        const QString id = context->findingId();
        QTest::keyClick(panel.get(), Qt::Key_D);
        QTRY_VERIFY(named(*panel, "feedbackReason")->hasActiveFocus());
        QTest::keyClick(panel.get(), Qt::Key_Escape);
        QTRY_VERIFY(bySurprise());
        QVERIFY(taught().empty());
        QTest::keyClick(panel.get(), Qt::Key_C);
        QTRY_VERIFY(named(*panel, "feedbackReason")->hasActiveFocus());
        picture(*panel, QStringLiteral("findings-confirm"));
        QTest::keyClick(panel.get(), Qt::Key_Return);
        QTRY_COMPARE(taught().size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(taught().front().findingId), id);
        QVERIFY(taught().front().kind == FeedbackKind::Confirmed);
        QCOMPARE(taught().front().reason, std::string("it was a fault"));
        // The budget goes by rungs, and is told back.
        QTRY_VERIFY(bySurprise() && named(*panel, "dismissButton")->isEnabled());
        QTest::keyClick(panel.get(), Qt::Key_Plus);
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("50 false findings a day")));
        QTRY_COMPARE(taught().size(), std::size_t{2});
        QCOMPARE(taught().back().falsePerDay, 50.0);
        QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        // What was held back is a list; a click on a line selects its entity.
        QVERIFY(!isSeen(named(*panel, "heldBackList")));
        QVERIFY(clicked(*panel, "budgetText"));
        QTRY_VERIFY(isSeen(named(*panel, "heldBackList")));
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("waits: order:7 paid, 9.5 of 12.3 bits")));
        picture(*panel, QStringLiteral("findings-held-back"));
        QVERIFY(clicked(*panel, "heldBackList"));
        QTRY_COMPARE(context->entity().id, QStringLiteral("order:7"));
        QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        QVERIFY(clicked(*panel, "budgetText"));
        // What is refused is said.
        backend->with([](auto &answers) { answers.refusal = Error{Error::Code::Refused, "not today"}; });
        QTRY_VERIFY(named(*panel, "dismissButton")->isEnabled()); // the word before is through
        QTest::keyClick(panel.get(), Qt::Key_D);
        QTRY_VERIFY(named(*panel, "feedbackReason")->hasActiveFocus());
        QTest::keyClick(panel.get(), Qt::Key_Return);
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("not today")));
    }

    void findingsAreFilteredByKeyboard()
    {
        const LocalWorkspace workspace;
        const auto context = realContext(workspace);
        const auto panel = shown(makeFindingsPanel, *context, {420, 620});
        const auto count = [&] { return named(*panel, "findingsList")->property("count").toInt(); };
        QTRY_VERIFY(count() > 1);
        const int all = count();
        QVERIFY(!isSeen(named(*panel, "findingsFilter")));
        QTest::keyClick(panel.get(), Qt::Key_Slash);
        QTRY_VERIFY(named(*panel, "findingsFilter")->hasActiveFocus());
        QTest::keyClicks(panel.get(), QStringLiteral("severity >= critical"));
        QTest::keyClick(panel.get(), Qt::Key_Return);
        QTRY_VERIFY(count() > 0 && count() < all);
        QVERIFY(!named(*panel, "findingsFilter")->hasActiveFocus()); // back in the list
        picture(*panel, QStringLiteral("findings-filtered"));
        QTest::keyClick(panel.get(), Qt::Key_F, Qt::ControlModifier);
        QTRY_VERIFY(named(*panel, "findingsFilter")->hasActiveFocus());
        QTest::keyClicks(panel.get(), QStringLiteral(" and"));
        QTest::keyClick(panel.get(), Qt::Key_Return);
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("filter")));
        QVERIFY(count() > 0); // an unfinished filter takes nothing away
        QTest::keyClick(panel.get(), Qt::Key_Slash);
        QTRY_VERIFY(named(*panel, "findingsFilter")->hasActiveFocus());
        QTest::keyClick(panel.get(), Qt::Key_Escape);
        QTRY_COMPARE(count(), all);
        QVERIFY(!isSeen(named(*panel, "findingsFilter")));
    }

    void everyPanelInEveryWidthAndTheme_data()
    {
        QTest::addColumn<QString>("theme");
        QTest::addColumn<int>("width");
        for (const char *theme : {"dark", "light"}) {
            for (const int width : {340, 420, 1280})
                QTest::addRow("%s-%d", theme, width) << QString::fromLatin1(theme) << width;
        }
    }

    void everyPanelInEveryWidthAndTheme()
    {
        QFETCH(QString, theme);
        QFETCH(int, width);
        QVERIFY(QuickTheme::instance().load(theme));
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        fill(*backend);
        const QString tail = QStringLiteral("-%1-%2").arg(theme).arg(width);
        const auto approvals = shown(makeApprovalsPanel, *context, {width, 760});
        const auto findings = shown(makeFindingsPanel, *context, {width, 760});
        const auto health = shown(makeHealthPanel, *context, {width, 760});
        QTRY_VERIFY(textOf(*approvals).contains(QStringLiteral("What will be sent")));
        QTRY_VERIFY(textOf(*findings).contains(QStringLiteral("39.5 bits")));
        QTRY_VERIFY(textOf(*health).contains(QStringLiteral("Every record is accounted for")));
        picture(*findings, QStringLiteral("findings-list") + tail);
        context->selectFinding(QStringLiteral("f1"));
        QTRY_VERIFY(textOf(*findings).contains(QStringLiteral("Why this is surprising")));
        for (const auto &[panel, name] :
             {std::pair{approvals.get(), "approvals"}, std::pair{findings.get(), "findings"},
              std::pair{health.get(), "health"}}) {
            picture(*panel, QLatin1String(name) + tail);
            QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        }
    }

    void theThemeChangesLive()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        const auto panel = shown(makeHealthPanel, *context, {420, 400});
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("Nothing has run")));
        QTRY_COMPARE(panel->grab().toImage().pixelColor(2, 2),
                     QuickTheme::instance().color()->value(QStringLiteral("window")).value<QColor>());
        const QColor dark = panel->grab().toImage().pixelColor(2, 2);
        QVERIFY(QuickTheme::instance().load(QStringLiteral("light")));
        QTRY_COMPARE(panel->grab().toImage().pixelColor(2, 2),
                     QuickTheme::instance().color()->value(QStringLiteral("window")).value<QColor>());
        QVERIFY(panel->grab().toImage().pixelColor(2, 2) != dark);
        QVERIFY(!QuickTheme::instance().load(QStringLiteral("../dark")));
        QCOMPARE(QuickTheme::instance().name(), QStringLiteral("light"));
    }

    void emptyLearningAndErrorNameTheNextStep()
    {
        for (int place = 0; place < 3; ++place) {
            auto *backend = new FakeBackend;
            const auto context = contextOf(backend);
            const auto panel = shown(makers[place], *context, {340, 500});
            QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("Open a capture or start the demo")));
            const QString name = QString::number(place);
            picture(*panel, QStringLiteral("empty-") + name);
            Change change;
            change.running = true;
            change.events = 12;
            backend->with([](FakeBackend::Answers &answers) { answers.health.running = true; });
            backend->change(change);
            QTRY_VERIFY(!textOf(*panel).contains(QStringLiteral("Open a capture or start the demo")));
            picture(*panel, QStringLiteral("learning-") + name);
            backend->with([](FakeBackend::Answers &answers) {
                answers.failure =
                    Error{Error::Code::Io, "the ledger cannot be read", {}, "free some space and ask again"};
            });
            backend->change(change);
            QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("free some space")));
            QVERIFY(textOf(*panel).contains(QStringLiteral("Ask again")));
            QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
            picture(*panel, QStringLiteral("error-") + name);
        }
    }

    void hostileTextsAreText()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        fill(*backend);
        const std::string markup = "<img src='http://192.0.2.1/x.png'><b>bold</b> \xE2\x80\xAE gnp.exe ";
        const std::string big = markup + std::string(1'000'000, 'W');
        backend->with([&](FakeBackend::Answers &answers) {
            Finding &finding = answers.findings.back();
            finding.message = finding.entityId = finding.name = finding.terms[0].observed = finding.terms[0].expected =
                finding.terms[0].context = finding.terms[0].name = finding.tenant = big;
            Suggestion &suggestion = answers.actions.back().suggestion;
            suggestion.command = suggestion.entityId = suggestion.reason = suggestion.policy = suggestion.tenant = big;
            suggestion.args = "{\"" + markup + "\":\"" + std::string(100'000, 'W') + "\"}";
            answers.actions.back().idempotencyKey = big;
            answers.health.summary.sources[0].progress.title = big;
            answers.health.deadLetters[0].reason = big;
            answers.health.pipelineName = big;
            answers.letters[0].bytes = answers.letters[0].detail = answers.letters[0].sourceTitle = big;
        });
        for (int place = 0; place < 3; ++place) {
            const Make make = makers[place];
            const auto panel = shown(make, *context, {340, 700});
            if (make == makeFindingsPanel)
                context->selectFinding(QStringLiteral("f1"));
            if (make == makeHealthPanel) {
                QTRY_VERIFY(named(*panel, "lettersButton") != nullptr && isSeen(named(*panel, "lettersButton")));
                QTest::keyClick(panel.get(), Qt::Key_D);
            }
            QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("<b>bold</b>")));
            QVERIFY(!textOf(*panel).contains(QChar(0x202e)));
            picture(*panel, QStringLiteral("hostile-%1").arg(place));
            QTRY_COMPARE(breachesOf(*panel).join(QLatin1Char('\n')), QString());
        }
    }

    void aLetterIsReadAsAnotherFormat()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        fill(*backend);
        backend->with([](FakeBackend::Answers &answers) {
            answers.refusal = Error{Error::Code::InvalidInput, "it is still no JSON"};
        });
        const auto panel = shown(makeHealthPanel, *context, {900, 1'400});
        QTRY_VERIFY(named(*panel, "lettersButton") != nullptr && isSeen(named(*panel, "lettersButton")));
        QTest::keyClick(panel.get(), Qt::Key_D);
        QTRY_VERIFY(clicked(*panel, "readAgain"));
        QTRY_VERIFY(textOf(*panel).contains(QStringLiteral("it is still no JSON")));
        backend->with([](FakeBackend::Answers &answers) { answers.refusal.reset(); });
        QTest::qWait(50); // the card grows
        QTRY_VERIFY(clicked(*panel, "readAs-text"));
        QTRY_VERIFY(backend->with([](FakeBackend::Answers &answers) {
            return answers.redriveFormats == std::vector<std::string>{"", "text"};
        }));
        picture(*panel, QStringLiteral("letter-read-as"));
    }

    void theEngineRefusesTheNetwork()
    {
        auto *backend = new FakeBackend;
        const auto context = contextOf(backend);
        const auto panel = shown(makeHealthPanel, *context, {340, 300});
        QNetworkAccessManager *manager = panel->engine()->networkAccessManager();
        const std::unique_ptr<QNetworkReply> reply(
            manager->get(QNetworkRequest(QUrl(QStringLiteral("http://192.0.2.1/x.png")))));
        QSignalSpy finished(reply.get(), &QNetworkReply::finished);
        QTRY_COMPARE(finished.size(), qsizetype(1));
        QCOMPARE(reply->error(), QNetworkReply::ContentAccessDenied);
    }
};

EVENTOPS_TEST(TestQuickPanels)
#include "tst_quick_panels.moc"
