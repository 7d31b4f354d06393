// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/event_table_model.h"
#include "core/viewmodel/visible_text.h"
#include "tests/support/synthetic_backend.h"

#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QSignalSpy>

using namespace eventops;
using namespace eventops::test;

namespace {

/// The tester looks at every cell after every signal: larger models are tested without it.
constexpr std::uint64_t TestedRowsMax = 5'000;

struct Table {
    explicit Table(SyntheticOptions options)
    {
        auto owned = std::make_unique<SyntheticBackend>(options);
        backend = owned.get();
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"tester", Role::Admin, {}});
        model = std::make_unique<EventTableModel>(*context);
        if (options.events <= TestedRowsMax)
            tester = std::make_unique<QAbstractItemModelTester>(
                model.get(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    }
    QString text(int row, int column) const { return model->index(row, column).data().toString(); }
    QString id(int row) const { return model->index(row, 0).data(EventTableModel::EventIdRole).toString(); }
    bool arrived(int row) const { return model->rowAt(row) != nullptr; }
    bool settled() const { return !model->isSearching(); }

    SyntheticBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<EventTableModel> model;
    std::unique_ptr<QAbstractItemModelTester> tester;
};

QString idOf(std::uint64_t place) { return QString::fromStdString(SyntheticBackend::eventId(place)); }

} // namespace

class TestEventTableModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rowsArriveWhereOneLooks()
    {
        Table table({.events = 10'000'000});
        QTRY_COMPARE(table.model->rowCount(), 10'000'000);
        QVERIFY(!table.arrived(5'000'000));
        QCOMPARE(table.model->index(5'000'000, 0).data(EventTableModel::ArrivedRole).toBool(), false);
        table.model->showRows(5'000'000, 5'000'030);
        QTRY_VERIFY(table.arrived(5'000'000) && table.arrived(5'000'030));
        QCOMPARE(table.id(5'000'007), idOf(5'000'007));
        QCOMPARE(table.model->index(5'000'007, 0).data(EventTableModel::PlaceRole).toULongLong(), 5'000'007ULL);
        QTRY_VERIFY(table.arrived(5'000'000 + 256)); // beside what is in view
        QVERIFY(!table.arrived(0));
    }

    void theCacheIsBounded()
    {
        Table table({.events = 1'000'000});
        QTRY_COMPARE(table.model->rowCount(), 1'000'000);
        for (int row = 0; row < 100'000; row += 1'000) {
            table.model->showRows(row, row + 30);
            QTRY_VERIFY(table.arrived(row) && table.arrived(row + 30));
        }
        int held = 0;
        for (int row = 0; row < 1'000'000; row += static_cast<int>(EventTableModel::PageRows))
            held += table.arrived(row) ? 1 : 0;
        QVERIFY(held > 0 && held <= EventTableModel::PagesMax);
        QVERIFY(!table.arrived(0));
        QVERIFY(table.arrived(99'000));
    }

    void jumpsGiveUpWhatIsNoLongerWanted()
    {
        Table table({.events = 10'000'000});
        QTRY_COMPARE(table.model->rowCount(), 10'000'000);
        table.backend->hold(true);
        for (int row = 0; row < 9'000'000; row += 10'000)
            table.model->showRows(row, row + 30);
        table.model->showRows(9'500'000, 9'500'030);
        table.backend->hold(false);
        QTRY_VERIFY(table.arrived(9'500'000));
        QVERIFY(!table.arrived(10'000));
    }

    void theTailGrows()
    {
        Table table({.events = 100});
        QTRY_COMPARE(table.model->rowCount(), 100);
        table.model->showRows(70, 99);
        QTRY_VERIFY(table.arrived(99));
        QSignalSpy inserted(table.model.get(), &QAbstractItemModel::rowsInserted);
        table.backend->setEvents(700);
        QTRY_COMPARE(table.model->rowCount(), 700);
        QCOMPARE(inserted.first().at(1).toInt(), 100);
        QTRY_VERIFY(table.arrived(100)); // the page that held the tail
        table.model->showRows(670, 699);
        QTRY_COMPARE(table.id(699), idOf(699));
    }

    void aFilterKeepsItsMatches()
    {
        Table table({.events = 20'000});
        QTRY_COMPARE(table.model->rowCount(), 20'000);
        table.context->setFilter(QStringLiteral("entity.type = Host and severity >= error"));
        QVERIFY(table.model->isFiltered());
        QTRY_VERIFY(table.settled());
        QVERIFY(table.model->rowCount() > 0 && table.model->rowCount() < 2'000);
        for (int row = 0; row < table.model->rowCount(); ++row) {
            QVERIFY(table.text(row, EventTableModel::Entity).startsWith(QLatin1String("Host ")));
            QVERIFY(table.model->index(row, 0).data(EventTableModel::SeverityRole).toInt() >= 17);
        }
        const int matches = table.model->rowCount();
        table.backend->setEvents(40'000); // a filtered table follows, at its own pace
        QTRY_VERIFY_WITH_TIMEOUT(table.model->rowCount() > matches, 6'000);
        table.context->setFilter({});
        QTRY_COMPARE(table.model->rowCount(), 40'000);
    }

    void aWrongFilterSaysWhere()
    {
        Table table({.events = 1'000});
        QTRY_COMPARE(table.model->rowCount(), 1'000);
        table.context->setFilter(QStringLiteral("severity >= warning and ="));
        QTRY_COMPARE(table.model->filterProblemColumn(), 25);
        QVERIFY(table.model->filterProblem().startsWith(QLatin1String("expected")));
        QCOMPARE(table.model->rowCount(), 0);
        // With a span beside it, columns are still those of what was typed, and it stays inside its parentheses.
        table.context->selectTimeSpan({1'761'040'800'000'000'000, 1'761'040'801'000'000'000});
        table.context->setFilter(QStringLiteral("type = a) or (type = b"));
        QTRY_COMPARE(table.model->filterProblemColumn(), 9);
        QCOMPARE(table.model->state(), EventTableModel::NoMatch);
    }

    void aTimeSpanFilters()
    {
        constexpr std::int64_t Start = 1'761'040'800'000'000'000;
        Table table({.events = 5'000});
        QTRY_COMPARE(table.model->rowCount(), 5'000);
        table.context->selectTimeSpan({Start + 1'000'000'000, Start + 2'000'000'000});
        QTRY_VERIFY(table.settled() && table.model->rowCount() > 0);
        QVERIFY2(std::abs(table.model->rowCount() - 1'000) < 60, qPrintable(QString::number(table.model->rowCount())));
        for (int row = 0; row < table.model->rowCount(); ++row)
            QVERIFY(table.text(row, EventTableModel::Time).startsWith(QLatin1String("2025-10-21 10:00:01.")));
        table.context->setFilter(QStringLiteral("type = nothing"));
        QTRY_COMPARE(table.model->state(), EventTableModel::NoMatch);
    }

    void matchesAreCapped()
    {
        Table table({.events = 150'000});
        QTRY_COMPARE(table.model->rowCount(), 150'000);
        table.context->setFilter(QStringLiteral("severity >= info"));
        QTRY_VERIFY_WITH_TIMEOUT(table.settled(), 30'000);
        QCOMPARE(table.model->rowCount(), static_cast<int>(EventTableModel::FilterRowsMax));
        QVERIFY(table.model->hasMore());
    }

    void rowsAreCopiedWhole()
    {
        Table table({.events = 2'000, .hostile = true});
        QTRY_COMPARE(table.model->rowCount(), 2'000);
        QSignalSpy copied(table.model.get(), &EventTableModel::rowsCopied);
        table.model->copyRows({300, 17, 18, 16});
        QTRY_COMPARE(copied.size(), 1);
        const QStringList lines = copied.first().at(0).toString().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 4);
        QCOMPARE(copied.first().at(2).toBool(), true);
        QJsonParseError error;
        const QJsonObject first = QJsonDocument::fromJson(lines.front().toUtf8(), &error).object();
        QCOMPARE(error.error, QJsonParseError::NoError);
        QCOMPARE(first.value(QLatin1String("id")).toString(), idOf(16));
        table.context->setFilter(QStringLiteral("severity >= error"));
        QTRY_VERIFY(table.settled() && table.model->rowCount() > 1);
        const QString id = table.id(1);
        copied.clear();
        table.model->copyRows({1});
        QTRY_COMPARE(copied.size(), 1);
        QVERIFY(copied.first().at(0).toString().contains(id));
        QCOMPARE(copied.first().at(1).toInt(), 1);
    }

    void anEventElsewhereIsFound()
    {
        Table table({.events = 1'000'000});
        QTRY_COMPARE(table.model->rowCount(), 1'000'000);
        QCOMPARE(table.model->rowOfEvent(idOf(700'000)), -1);
        QSignalSpy located(table.model.get(), &EventTableModel::eventLocated);
        table.model->locateEvent(idOf(700'000));
        QTRY_COMPARE(located.size(), 1);
        QCOMPARE(located.first().at(1).toInt(), 700'000);
        table.model->showRows(700'000, 700'010);
        QTRY_COMPARE(table.model->rowOfEvent(idOf(700'000)), 700'000);
    }

    void aFailureIsTold()
    {
        Table table({.events = 1'000});
        QTRY_COMPARE(table.model->rowCount(), 1'000);
        table.backend->failWith(Error{Error::Code::Io, "the disk is gone", {}, "Put it back"});
        table.model->showRows(0, 20);
        QTRY_COMPARE(table.model->state(), EventTableModel::Failed);
        QCOMPARE(table.model->problem(), QStringLiteral("the disk is gone"));
        QCOMPARE(table.model->remedy(), QStringLiteral("Put it back"));
        table.backend->failWith({});
        table.model->refresh();
        table.model->showRows(0, 20);
        QTRY_COMPARE(table.model->state(), EventTableModel::Ready);
        QTRY_VERIFY(table.arrived(0));
    }

    void hostileTextsAreShownAsTheyAre()
    {
        Table table({.events = 512, .hostile = true});
        QTRY_COMPARE(table.model->rowCount(), 512);
        table.model->showRows(240, 260);
        QTRY_VERIFY(table.arrived(256));
        for (const int column : {EventTableModel::Message, EventTableModel::Type, EventTableModel::Entity}) {
            const QString text = table.text(256, column);
            QVERIFY(text.contains(QLatin1String("<b>bold</b>"))); // as text, not as markup
            QVERIFY(text.contains(QLatin1String("\\x1b[31m")) && text.contains(QLatin1String("\\u202e")));
            QVERIFY(text.contains(QLatin1String("\\nline two\\ttab")));
            QVERIFY(text.size() <= 2 * VisibleTextMax); // of 1 MB
            for (const QChar c : text)
                QVERIFY(c.isPrint());
        }
    }

    void visibleTextWritesWhatCannotBeSeen_data()
    {
        QTest::addColumn<QByteArray>("given");
        QTest::addColumn<QString>("shown");
        QTest::newRow("plain") << QByteArray("cpu 97 %") << QStringLiteral("cpu 97 %");
        QTest::newRow("nul") << QByteArray("a\0b", 3) << QStringLiteral("a\\x00b");
        QTest::newRow("right to left override") << QByteArray("a\xe2\x80\xae" "b") << QStringLiteral("a\\u202eb");
        QTest::newRow("zero width") << QByteArray("a\xe2\x80\x8b" "b") << QStringLiteral("a\\u200bb");
        QTest::newRow("line separator") << QByteArray("a\xe2\x80\xa8" "b") << QStringLiteral("a\\u2028b");
        QTest::newRow("not UTF-8") << QByteArray("a\xff" "b") << QStringLiteral("a\uFFFDb");
        QTest::newRow("umlaut") << QByteArray("\xc3\xa4") << QStringLiteral("ä");
        QTest::newRow("emoji") << QByteArray("\xf0\x9f\x99\x82") << QStringLiteral("🙂");
    }

    void visibleTextWritesWhatCannotBeSeen()
    {
        QFETCH(QByteArray, given);
        QFETCH(QString, shown);
        QCOMPARE(visibleText(std::string_view(given.constData(), static_cast<std::size_t>(given.size()))), shown);
    }

    void visibleTextIsCut()
    {
        const std::string big(1u << 20, 'x');
        QCOMPARE(visibleText(std::string_view(big), 10), QStringLiteral("xxxxxxxxxx…"));
    }
};

EVENTOPS_TEST(TestEventTableModel)
#include "tst_event_table_model.moc"
