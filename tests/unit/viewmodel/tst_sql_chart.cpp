// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/dashboard_model.h"
#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/sql_library.h"
#include "core/viewmodel/sql_model.h"
#include "tests/support/local_workspace.h"

#include <QAbstractItemModelTester>
#include <QFile>
#include <QSignalSpy>

using namespace eventops;
using eventops::test::LocalWorkspace;

namespace {

constexpr int AnswerMs = 20'000;
using Kind = SqlCell::Kind;

std::unique_ptr<ViewContext> contextOf(const LocalWorkspace &workspace)
{
    auto context = std::make_unique<ViewContext>(workspace.backend(), Caller{"tester", Role::Admin, {}});
    context->setQueryFolders({EVENTOPS_SOURCE_DIR "/pipelines", workspace.directory()});
    return context;
}

} // namespace

class TestSqlChart final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesByTime()
    {
        const std::vector<SqlColumn> columns = {{"at", ""}, {"who", ""}, {"n", ""}};
        std::vector<SqlRow> rows;
        for (int i = 10'000; i-- > 0;) {
            const std::string minute = std::to_string(10 + i % 50);
            rows.push_back({{Kind::Text, "2025-10-21 10:" + minute + ":00"}, {Kind::Text, i % 2 == 0 ? "a" : "b"},
                            {Kind::Number, std::to_string(i)}});
        }
        rows.push_back({{Kind::Text, "2025-10-21"}, {Kind::Text, "a"}, {}});
        const ChartData data = chartData({SqlChart::Kind::Line, "at", "n", "who", ""}, columns, rows);
        QVERIFY2(data.problem.isEmpty(), qPrintable(data.problem));
        QVERIFY(data.isTime);
        QCOMPARE(data.lines.size(), std::size_t{2});
        for (const MetricSeries &line : data.lines) {
            QVERIFY(line.points.size() <= ChartPointsMax);
            QVERIFY(std::is_sorted(line.points.begin(), line.points.end(),
                                   [](const auto &a, const auto &b) { return a.ms < b.ms; }));
        }
    }

    void barsAndNumbers()
    {
        const std::vector<SqlColumn> columns = {{"name", ""}, {"n", ""}};
        std::vector<SqlRow> rows(100, {{Kind::Text, "x"}, {Kind::Number, "2.5"}});
        const ChartData bars = chartData({SqlChart::Kind::Bar, "name", "n", "", ""}, columns, rows);
        QCOMPARE(bars.bars.size(), ChartBarsMax);
        QVERIFY(!bars.note.isEmpty());
        const auto number = [&](SqlCell cell) {
            return chartData({SqlChart::Kind::Number, "", "n", "", "s"}, columns, {{{}, std::move(cell)}}).number;
        };
        QCOMPARE(number({Kind::Number, "1234567"}), shownCount(1'234'567) + QChar(0x202F) + QLatin1Char('s'));
        QCOMPARE(number({Kind::Number, "0.123456"}), QStringLiteral("0.1235") + QChar(0x202F) + QLatin1Char('s'));
        QCOMPARE(number({}), QString(QChar(0x2013)));
        QVERIFY(!chartData({SqlChart::Kind::Bar, "none", "n", "", ""}, columns, rows).problem.isEmpty());
        QVERIFY(!chartData({SqlChart::Kind::Line, "", "", "", ""}, columns, {}).problem.isEmpty());
        QVERIFY(!chartData({SqlChart::Kind::Number, "", "", "", ""}, {}, {}).problem.isEmpty());
    }

    void asksAndExports()
    {
        const LocalWorkspace workspace;
        const auto context = contextOf(workspace);
        QCOMPARE(LocalWorkspace::replay(context->backend(), "agents.ndjson"), std::string());
        SqlModel model(*context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.run(QStringLiteral("SELECT metric, value, NULL AS absent FROM karma.metrics WHERE value >= 85"),
                  SqlPlace::Ledger);
        QTRY_COMPARE_WITH_TIMEOUT(model.state(), SqlModel::State::Done, AnswerMs);
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.headerData(1, Qt::Horizontal, Qt::DisplayRole).toString().section(QLatin1Char('\n'), 0, 0),
                 QStringLiteral("value"));
        QCOMPARE(model.index(0, 1).data().toString(), QStringLiteral("85"));
        QVERIFY(model.index(0, 2).data(Qt::UserRole).toBool());
        QSignalSpy exported(&model, &SqlModel::exported);
        const QString path = QString::fromStdString(workspace.directory()) + QStringLiteral("/rows.csv");
        model.exportRows(path);
        QTRY_COMPARE_WITH_TIMEOUT(exported.size(), 1, AnswerMs);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), QByteArray("metric,value,absent\r\ncpu_load,85,\r\ncpu_load,97,\r\n"));
        model.run(QStringLiteral("DELETE FROM karma.finding"), SqlPlace::Ledger);
        QTRY_COMPARE_WITH_TIMEOUT(model.state(), SqlModel::State::Failed, AnswerMs);
        QVERIFY(!model.statusText().isEmpty());
    }

    void listsSavesAndDraws()
    {
        const LocalWorkspace workspace;
        const auto context = contextOf(workspace);
        QCOMPARE(LocalWorkspace::replay(context->backend(), "agents.ndjson"), std::string());
        SqlLibrary library(*context);
        library.reload();
        QTRY_VERIFY_WITH_TIMEOUT(!library.tables(SqlPlace::Ledger).empty() && !library.queries().empty(), AnswerMs);
        QTRY_VERIFY_WITH_TIMEOUT(!library.missing(SqlPlace::Lake).isEmpty(), AnswerMs); // greyed, and why
        QVERIFY(library.fileErrors().isEmpty());
        const std::size_t shipped = library.queries().size();
        SavedQuery query;
        query.title = "mine";
        query.text = "SELECT 1";
        library.save(query);
        QTRY_COMPARE_WITH_TIMEOUT(library.queries().size(), shipped + 1, AnswerMs);
        QVERIFY(!library.queries().back().shipped);

        DashboardModel dashboards(*context);
        dashboards.setWatched(true);
        dashboards.reload();
        QTRY_COMPARE_WITH_TIMEOUT(dashboards.dashboards().size(), std::size_t{2}, AnswerMs);
        QCOMPARE(dashboards.dashboards().front().title, std::string("KPIs"));
        dashboards.choose(0);
        const auto answered = [&] {
            return std::all_of(dashboards.panels().begin(), dashboards.panels().end(),
                               [](const DashboardModel::Panel &panel) { return panel.answered; });
        };
        QTRY_VERIFY_WITH_TIMEOUT(answered(), AnswerMs);
        for (const DashboardModel::Panel &panel : dashboards.panels())
            QVERIFY2(panel.error.isEmpty(), qPrintable(panel.error));
    }
};

EVENTOPS_TEST(TestSqlChart)
#include "tst_sql_chart.moc"
