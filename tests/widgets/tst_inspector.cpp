// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"

#include "core/viewmodel/inspector_model.h"
#include "core/viewmodel/view_context.h"
#include "tests/widgets/quiet_backend.h"
#include "widgets/inspector/inspector_view.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTreeView>

using namespace eventops;
using Kind = InspectorModel::Kind;
using State = InspectorModel::State;

namespace {

constexpr const char *Hostile = "<b>bold</b>\x1b[31m\nnext\xE2\x80\xAEtxt.exe";

EventStory sampleStory()
{
    EventStory story;
    story.place = 41;
    story.sourceTitle = "orders.ndjson";
    story.rawBytes = "{\"order\":\"o-1\"}\x01\xff";
    story.rawSize = story.rawBytes.size();
    Batch &batch = story.event.batch;
    Event event;
    const auto set = [&](Field field, std::string_view text) {
        event[field] = batch.strings.intern(text);
    };
    set(Field::Tenant, "acme");
    set(Field::EntityType, "order");
    set(Field::EntityId, "o-1");
    set(Field::Step, "cancelled");
    set(Field::Message, Hostile);
    event.severity = Severity::Error;
    event.tsEvent = WallNs{1'700'000'000'000'000'000};
    batch.events.push_back(event);
    story.event.rows.push_back(0);
    story.steps = {{"decode", "read as JSON", {{"type", "", "order"}}},
                   {"enrich", "added 1 tag", {{"tags", "{}", "{\"team\":\"core\"}"}}},
                   {"rules", "left the event as it was", {}}};
    Finding finding;
    finding.message = "cancelled came instead of confirmed";
    finding.bits = 6.5;
    finding.severity = Severity::Warning;
    finding.terms = {{"transition", 6.5, "after created", "cancelled", "confirmed (94 %)", 50}};
    story.findings = {finding};
    Action action;
    action.suggestion.command = "notify_owner";
    action.suggestion.entityType = "order";
    action.suggestion.entityId = "o-1";
    action.suggestion.reason = "an order was cancelled";
    story.actions = {action};
    AuditRow row;
    row.number = 7;
    row.actor = "suggest";
    row.verb = "proposed";
    story.audit = {row};
    return story;
}

struct Fixture {
    Fixture()
    {
        auto owned = std::make_unique<test::QuietBackend>();
        backend = owned.get();
        backend->stories["e-1"] = sampleStory;
        context = test::chosenContext(std::move(owned), Caller{"ada", Role::Viewer, {}});
    }
    test::QuietBackend *backend;
    std::unique_ptr<ViewContext> context;
};

QStringList childTexts(const InspectorModel &model, const QString &section, int column)
{
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row) {
        const QModelIndex parent = model.index(row, 0);
        if (parent.data().toString() != section)
            continue;
        for (int child = 0; child < model.rowCount(parent); ++child)
            texts << model.index(child, column, parent).data().toString();
    }
    return texts;
}

} // namespace

class TestInspector : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { test::skipWhereListed(*this); }

    void bytesAreShownAsTheyAre()
    {
        QCOMPARE(hexLine("ab\n", 16, 8), QStringLiteral("000010  61 62 0a                 ab."));
        QCOMPARE(escapedText("a\tb\r\n", 100), QStringLiteral("a\\tb\\r\\n"));
        QCOMPARE(escapedText("\xE2\x80\xAEx", 100), QStringLiteral("\\u{202E}x"));
        QCOMPARE(escapedText("\xff\xC3\xA9", 100), QStringLiteral("\\xff") + QChar(0xe9));
        QCOMPARE(escapedText("\xE2\x80", 100), QStringLiteral("\\xe2\\x80"));
        QCOMPARE(escapedText(std::string(1 << 20, 'x'), 10), QStringLiteral("xxxxxxxxx") + QChar(0x2026));
        QCOMPARE(escapedText("\xF0\x9F\x98\x80", 100), QString::fromUcs4(U"\U0001F600"));
        QCOMPARE(escapedText("\xED\xA0\x80", 100), QStringLiteral("\\xed\\xa0\\x80")); // a surrogate is no UTF-8
    }

    void theModelTellsTheWholeStory()
    {
        Fixture f;
        InspectorModel model(*f.context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(model.state(), State::Empty);
        f.context->selectEvent(QStringLiteral("e-1"));
        QCOMPARE(model.state(), State::Loading);
        QTRY_COMPARE(model.state(), State::Ready);
        QCOMPARE(model.title(), QStringLiteral("order o-1 · cancelled"));
        QStringList sections;
        for (int row = 0; row < model.rowCount(); ++row)
            sections << model.index(row, 0).data().toString();
        QCOMPARE(sections,
                 (QStringList{QStringLiteral("Raw bytes"), QStringLiteral("decode"), QStringLiteral("enrich"),
                              QStringLiteral("rules"), QStringLiteral("Stored event"), QStringLiteral("Findings"),
                              QStringLiteral("Actions"), QStringLiteral("Audit")}));
        QCOMPARE(childTexts(model, QStringLiteral("enrich"), 1), QStringList{QStringLiteral("{}")});
        QCOMPARE(childTexts(model, QStringLiteral("enrich"), 2), QStringList{QStringLiteral("{\"team\":\"core\"}")});
        QVERIFY(childTexts(model, QStringLiteral("Raw bytes"), 0)
                    .contains(QStringLiteral("000008  3a 22 6f 2d 31 22 7d 01  :\"o-1\"}.")));
        QCOMPARE(childTexts(model, QStringLiteral("Audit"), 1), QStringList{QStringLiteral("proposed by suggest")});
        const QModelIndex finding = model.index(0, 0, model.index(5, 0));
        QCOMPARE(finding.data(InspectorModel::BitsRole).toDouble(), 6.5);
        QCOMPARE(model.index(0, 2, finding).data().toString(), QStringLiteral("cancelled · 6.5 bits"));
        model.setBytesPerLine(16);
        QVERIFY(childTexts(model, QStringLiteral("Raw bytes"), 0)
                    .contains(QStringLiteral("000010  ff") + QString(47, QLatin1Char(' ')) + QLatin1Char('.')));
    }

    void nothingIsHidden()
    {
        Fixture f;
        InspectorModel model(*f.context);
        f.context->selectEvent(QStringLiteral("e-1"));
        QTRY_COMPARE(model.state(), State::Ready);
        QVERIFY(childTexts(model, QStringLiteral("Stored event"), 2)
                    .contains(QStringLiteral("<b>bold</b>\\e[31m\\nnext\\u{202E}txt.exe")));
    }

    void aMissingEventIsSaid()
    {
        Fixture f;
        InspectorModel model(*f.context);
        f.context->selectEvent(QStringLiteral("gone"));
        QTRY_COMPARE(model.state(), State::Failed);
        QVERIFY(model.error().contains(QStringLiteral("there is no event gone")));
        QCOMPARE(model.rowCount(), 0);
        f.context->selectEvent(QStringLiteral("e-1"));
        QTRY_COMPARE(model.state(), State::Ready);
        f.context->selectEvent({});
        QCOMPARE(model.state(), State::Empty);
        QCOMPARE(model.rowCount(), 0);
    }

    void aLateAnswerOfAnotherEventIsDropped()
    {
        Fixture f;
        f.backend->holdStories = true;
        InspectorModel model(*f.context);
        f.context->selectEvent(QStringLiteral("gone"));
        const auto late = f.backend->heldStory;
        f.context->selectEvent(QStringLiteral("e-1"));
        f.backend->heldStory();
        late();
        QTRY_COMPARE(model.state(), State::Ready);
        QCOMPARE(model.title(), QStringLiteral("order o-1 · cancelled"));
    }

    void whatComesOfItLaterIsAdded()
    {
        Fixture f;
        f.backend->stories["e-1"] = [] {
            EventStory early = sampleStory();
            early.findings.clear();
            return early;
        };
        InspectorModel model(*f.context);
        f.context->selectEvent(QStringLiteral("e-1"));
        QTRY_COMPARE(model.state(), State::Ready);
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        f.backend->changed(Change{2, 50, 0, 0, NoTime, true, {}});
        QTest::qWait(700);
        QCOMPARE(resets.count(), 0); // the same story: what is open stays open
        f.backend->stories["e-1"] = sampleStory;
        f.backend->changed(Change{3, 50, 1, 1, NoTime, true, {}});
        QTRY_COMPARE(resets.count(), 1);
    }

    void theViewIsWalkedByKeys()
    {
        Fixture f;
        const std::unique_ptr<QWidget> view(makeInspectorView(*f.context, nullptr));
        view->resize(400, 600);
        view->show();
        QVERIFY(QTest::qWaitForWindowActive(view.get()));
        auto *notice = view->findChild<QLabel *>();
        QVERIFY(notice->text().contains(QStringLiteral("No event is selected")));
        f.context->selectEvent(QStringLiteral("e-1"));
        auto *tree = view->findChild<QTreeView *>();
        QTRY_VERIFY(tree->isVisible());
        view->setFocus();
        QVERIFY(tree->hasFocus());
        QCOMPARE(tree->currentIndex().data().toString(), QStringLiteral("Raw bytes"));
        QVERIFY(!tree->isExpanded(tree->currentIndex()));
        QTest::keyClick(tree, Qt::Key_Right);
        QVERIFY(tree->isExpanded(tree->currentIndex()));
        QTest::keyClick(tree, Qt::Key_Down);
        QCOMPARE(tree->currentIndex().data().toString(), QStringLiteral("as text"));
        auto *detail = view->findChild<QPlainTextEdit *>();
        QCOMPARE(detail->toPlainText(), QStringLiteral("{\"order\":\"o-1\"}\\u{1}\\xff"));
        QTest::keyClick(tree, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), detail->toPlainText());
        QSet<QString> walked;
        for (int i = 0; i < 60; ++i) {
            walked << tree->currentIndex().data().toString();
            QTest::keyClick(tree, Qt::Key_Down);
        }
        for (const char *row : {"enrich", "tags", "Stored event", "cancelled came instead of confirmed", "transition",
                                "notify_owner on order o-1", "Audit"})
            QVERIFY2(walked.contains(QLatin1String(row)), row);
        f.context->selectEvent(QStringLiteral("gone"));
        QTRY_VERIFY(notice->isVisible() && notice->text().contains(QStringLiteral("cannot be shown")));
    }

    void aMegabyteIsBounded()
    {
        Fixture f;
        f.backend->stories["big"] = [] {
            EventStory story = sampleStory();
            story.rawBytes.assign(StoryBytesMax, 'x');
            story.rawSize = 1u << 20;
            story.steps.front().changes.front().after.assign(1u << 20, 'y');
            return story;
        };
        InspectorModel model(*f.context);
        f.context->selectEvent(QStringLiteral("big"));
        QTRY_COMPARE(model.state(), State::Ready);
        QCOMPARE(model.rowCount(model.index(0, 0)), static_cast<int>(StoryBytesMax / 8) + 1);
        QVERIFY(model.index(0, 1).data().toString().isEmpty() || model.index(0, 1).data().toString().size() < 400);
        const QModelIndex change = model.index(0, 2, model.index(1, 0));
        QCOMPARE(change.data().toString().size(), InspectorModel::CellMax);
        QCOMPARE(change.data(InspectorModel::FullTextRole).toString().size(), InspectorModel::FullTextMax);
    }
};

EVENTOPS_TEST(TestInspector)
#include "tst_inspector.moc"
