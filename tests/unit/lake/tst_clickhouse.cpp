// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/json_scan.h"
#include "tests/support/fake_clickhouse.h"
#include "tests/unit/lake/clickhouse_fixture.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>

using namespace eventops;
using namespace eventops::lake;
using eventops::test::FakeClickHouse;
using eventops::test::LoopbackServer;
using eventops::test::ScratchProjection;
using Fault = FakeClickHouse::Fault;

namespace {

std::unique_ptr<ClickHouseClient> clientOf(const std::string &url, std::int64_t requestMsMax = 5'000)
{
    ClickHouseAddress address;
    address.url = url;
    address.requestMsMax = requestMsMax;
    auto client = ClickHouseClient::open(address);
    if (!client)
        qFatal("%s", client.error().text().c_str());
    return std::move(client).value();
}

/// Each of the events 1 … @p count is there once.
std::string onceEach(const FakeClickHouse &server, std::size_t count)
{
    std::multiset<std::string> keys;
    for (const std::string &row : server.rows("events_raw")) {
        const auto key = jsonFind(row, "idempotency_key");
        keys.insert(key ? std::string(key->text) : row);
    }
    for (std::size_t i = 1; i <= count; ++i) {
        if (keys.count("k" + std::to_string(i)) != 1)
            return "k" + std::to_string(i) + " is there " + std::to_string(keys.count("k" + std::to_string(i)))
                   + " times";
    }
    return keys.size() == count ? "" : std::to_string(keys.size()) + " rows";
}

} // namespace

class TestClickHouse final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusesUnfitAddresses()
    {
        const auto why = [](ClickHouseAddress address) {
            return test::errorText(ClickHouseClient::open(std::move(address)));
        };
        QVERIFY(why({"no url at all", "", "", ""}).find("is no URL") != std::string::npos);
        QVERIFY(why({"ftp://localhost/", "", "", ""}).find("HTTP interface") != std::string::npos);
        QVERIFY(why({"http://a:b@localhost/", "", "", ""}).find("CLICKHOUSE_PASSWORD") != std::string::npos);
        QVERIFY(why({"http://localhost/?x=1", "", "", ""}).find("query") != std::string::npos);
        QVERIFY(why({"http://example.com/", "", "u", "p"}).find("in the clear") != std::string::npos);
        QVERIFY(why({"http://localhost/", "", "u\nX: y", "p"}).find("header") != std::string::npos);
        QCOMPARE(why({"http://example.com:8123", "", "u", "p", true}), std::string());
        QCOMPARE(why({"https://example.com:8443", "", "u", "p"}), std::string());
    }

    void environmentNamesTheServer()
    {
        qputenv("CLICKHOUSE_URL", "http://clickhouse:8123");
        qputenv("CLICKHOUSE_USER", "me");
        const QTemporaryDir directory;
        QFile file(directory.filePath(QStringLiteral("secret")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("from a file\n");
        file.close();
        qputenv("CLICKHOUSE_PASSWORD_FILE", file.fileName().toUtf8());
        const auto address = withClickHouseEnvironment({});
        qputenv("CLICKHOUSE_PASSWORD_FILE", "/nonexistent");
        const auto missing = withClickHouseEnvironment({});
        for (const char *name : {"CLICKHOUSE_URL", "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD_FILE"})
            qunsetenv(name);
        EVENTOPS_OK(address);
        QCOMPARE(address.value().url, std::string("http://clickhouse:8123"));
        QCOMPARE(address.value().user, std::string("me"));
        QCOMPARE(address.value().password, std::string("from a file"));
        QVERIFY(!missing);
    }

    void readsExceptionsAndFields()
    {
        std::string message;
        QCOMPARE(clickHouseException("Code: 60, e.displayText() = DB::Exception: No table\nx, e.what() = DB::Exception",
                                     message), 60);
        QCOMPARE(message, std::string("No table x"));
        QCOMPARE(clickHouseException("Code: 497. DB::Exception: reader: Not enough (ACCESS_DENIED) (version 25.3)",
                                     message), 497);
        QCOMPARE(message, std::string("reader: Not enough (ACCESS_DENIED)"));
        QCOMPARE(clickHouseException("<html>", message), 0);
        QCOMPARE(clickHouseException("Code: -", message), 0);
        std::vector<ClickHouseField> fields;
        splitTabSeparated("a\\tb\\\\\\n\t\\N\t\\\\N\t", fields);
        QCOMPARE(fields.size(), std::size_t{4});
        QCOMPARE(fields[0].text, std::string("a\tb\\\n"));
        QVERIFY(fields[1].null);
        QCOMPARE(fields[2].text, std::string("\\N"));
        QVERIFY(!fields[2].null);
        QCOMPARE(clickHouseLiteral("it's \\ a\n"), std::string("'it\\'s \\\\ a\\x0a'"));
    }

    void speaksEachServersSql_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("has");
        QTest::addColumn<QString>("hasNot");
        QTest::newRow("debian") << "18.16.1\n" << "tags             String" << "LowCardinality";
        QTest::newRow("23") << "23.8.1.94" << "event_type       LowCardinality(String)" << "JSON";
        QTest::newRow("24") << "24.8.4.13" << "tags             JSON" << "LIMIT 1 BY entity_id";
        QTest::newRow("26") << "26.7.2.1" << "TTL ts + INTERVAL 90 DAY DELETE" << "visitParam";
    }
    void speaksEachServersSql()
    {
        QFETCH(QString, version);
        QFETCH(QString, has);
        QFETCH(QString, hasNot);
        const auto dialect = clickHouseDialect(version.toStdString());
        EVENTOPS_OK(dialect);
        std::string all;
        for (const std::string &sql : clickHouseStatements(dialect.value(), {90}))
            all += sql + ";\n";
        QVERIFY2(all.find(has.toStdString()) != std::string::npos, all.c_str());
        QVERIFY2(all.find(hasNot.toStdString()) == std::string::npos, all.c_str());
        QCOMPARE(dialect.value().notice().empty(), dialect.value().jsonType);
        for (const char *junk : {"", "abc", "24", "24.", "<html>24.8</html>", "24.8 and a blank"})
            QVERIFY2(!clickHouseDialect(junk), junk);
    }

    void rowsAreTheEnvelope()
    {
        const ClickHouseRow json = test::eventRows(1, 1, true).front();
        QCOMPARE(json.json,
                 std::string("{\"ts\":1761040801,\"event_type\":\"order.created\",\"entity_id\":\"order:1\","
                             "\"correlation_id\":\"\",\"tags\":{\"env\":\"prod\",\"quote\":\"it's \\\"so\\\"\\\\\","
                             "\"tenant\":\"acme\"},\"attrs\":{\"a\":1},\"idempotency_key\":\"k1\",\"source\":{}}"));
        QCOMPARE(json.more, std::string("order:1\torder.created"));
        const ClickHouseRow text = test::eventRows(1, 1, false).front();
        QVERIFY(text.json.find("\"attrs\":\"{\\\"a\\\":1}\"") != std::string::npos);
        const auto wrapped = wrapClickHouseDocuments(json.json);
        QVERIFY(wrapped.has_value());
        QVERIFY(wrapped->find("\"attrs\":{\"_json\":\"{\\\"a\\\":1}\"}") != std::string::npos);
        QVERIFY(!wrapClickHouseDocuments(text.json));
        QCOMPARE(clickHouseSeconds(NoTime), 0u);
        QCOMPARE(clickHouseSeconds(WallNs{-5}), 0u);
        QCOMPARE(clickHouseSeconds(WallNs{1'999'999'999}), 1u);
        QCOMPARE(clickHouseSeconds(WallNs{INT64_MAX}), 4'294'967'295u);
    }

    void eachFaultOnce_data()
    {
        QTest::addColumn<int>("fault");
        QTest::newRow("cut before") << static_cast<int>(Fault::CutBefore);
        QTest::newRow("cut after") << static_cast<int>(Fault::CutAfter);
        QTest::newRow("cut half") << static_cast<int>(Fault::CutHalf);
        QTest::newRow("cut in the head") << static_cast<int>(Fault::CutHead);
        QTest::newRow("busy") << static_cast<int>(Fault::Busy);
        QTest::newRow("proxy") << static_cast<int>(Fault::Proxy);
        QTest::newRow("late") << static_cast<int>(Fault::Late);
        QTest::newRow("garbage") << static_cast<int>(Fault::Garbage);
    }
    void eachFaultOnce()
    {
        QFETCH(int, fault);
        FakeClickHouse server;
        const auto met = static_cast<Fault>(fault);
        server.plan({Fault::None, met, Fault::None, Fault::None});
        const ScratchProjection projection(server.url(), 0);
        const auto writer = projection.open();
        for (std::size_t first = 1; first <= 50; first += 10)
            EVENTOPS_OK(test::pushEvents(*writer, first, 10));
        QCOMPARE(onceEach(server, 50), std::string());
        QCOMPARE(server.lateRefused(), fault == static_cast<int>(Fault::Late) ? std::size_t{1} : std::size_t{0});
        QCOMPARE(writer->mark()[ClickHouseStream::Events].done, std::uint64_t{50});
        QCOMPARE(writer->mark().rows, std::uint64_t{50});
    }

    void givesUpAndGoesOnLater()
    {
        FakeClickHouse server;
        const ScratchProjection projection(server.url(), 0);
        {
            const auto writer = projection.open();
            EVENTOPS_OK(test::pushEvents(*writer, 1, 10));
            server.plan(std::vector<Fault>(100, Fault::CutAfter));
            server.answerTo("AS key, toUInt32(ts)", {});
            const Status failed = test::pushEvents(*writer, 11, 10);
            QVERIFY(!failed);
            QCOMPARE(failed.error().code, Error::Code::Unavailable);
        }
        // Another process: the mark says that these were sent, so the server is asked first.
        server.plan({});
        server.answerNormally();
        const auto writer = projection.open();
        QCOMPARE(writer->notice(), std::string());
        QCOMPARE(writer->mark()[ClickHouseStream::Events].done, std::uint64_t{10});
        QCOMPARE(writer->mark()[ClickHouseStream::Events].sent, std::uint64_t{20});
        EVENTOPS_OK(test::pushEvents(*writer, 11, 15));
        QCOMPARE(onceEach(server, 25), std::string());
        QCOMPARE(writer->mark().found, std::uint64_t{10});
    }

    void aLostMarkIsTheServersRows_data()
    {
        QTest::addColumn<QByteArray>("mark");
        QTest::newRow("gone") << QByteArray();
        QTest::newRow("damaged") << QByteArray("{\"url\":");
        QTest::newRow("of another") << QByteArray(
            R"({"url":"http://x/","database":"karma","events":{"done":9,"sent":9},)"
            R"("findings":{"done":9,"sent":9},"history":{"done":9,"sent":9},"rows":1,"found":0})");
    }
    void aLostMarkIsTheServersRows()
    {
        QFETCH(QByteArray, mark);
        FakeClickHouse server;
        const ScratchProjection projection(server.url(), 0);
        {
            const auto writer = projection.open(30);
            EVENTOPS_OK(test::pushEvents(*writer, 1, 30));
            EVENTOPS_OK(writer->save());
        }
        QFile file(QString::fromStdString(projection.markPath()));
        QVERIFY(mark.isEmpty() ? file.remove() : file.open(QIODevice::WriteOnly) && file.write(mark) == mark.size());
        file.close();
        const auto writer = projection.open(40);
        EVENTOPS_OK(test::pushEvents(*writer, 1, 40));
        QCOMPARE(onceEach(server, 40), std::string());
        QCOMPARE(writer->mark().found, std::uint64_t{30});
        EVENTOPS_OK(writer->save());
        // A table that was dropped, or a shorter ledger: from the beginning.
        server.dropRows();
        const auto again = projection.open(40);
        QVERIFY(again->notice().find("lost its table") != std::string::npos);
        EVENTOPS_OK(test::pushEvents(*again, 1, 40));
        QCOMPARE(onceEach(server, 40), std::string());
        EVENTOPS_OK(again->save());
        const auto shorter = projection.open(5);
        QVERIFY(shorter->notice().find("another ledger") != std::string::npos);
    }

    void oneBadRowDoesNotHoldUpTheOthers()
    {
        FakeClickHouse server;
        const ScratchProjection projection(server.url());
        const auto writer = projection.open();
        ClickHouseWriter::Rows part{ClickHouseTable::Events, test::eventRows(1, 20, true)};
        part.rows[7] = test::eventRows(8, 1, true, R"({"same":1,"same":2})").front();
        server.poison(R"({"same":1)");
        EVENTOPS_OK(writer->push(ClickHouseStream::Events, 20, {&part, 1}));
        QCOMPARE(onceEach(server, 20), std::string());
        std::size_t wrapped = 0;
        for (const std::string &row : server.rows("events_raw"))
            wrapped += row.find("_json") != std::string::npos ? 1 : 0;
        QCOMPARE(wrapped, std::size_t{1});
        // What cannot be helped is an error, and nothing is counted as done.
        server.poison("order.created");
        const Status failed = test::pushEvents(*writer, 21, 4);
        QVERIFY(!failed);
        QVERIFY2(failed.error().text().find("117") != std::string::npos, failed.error().text().c_str());
        QCOMPARE(writer->mark()[ClickHouseStream::Events].done, std::uint64_t{20});
    }

    void insertionsAreBounded()
    {
        FakeClickHouse server;
        const ScratchProjection projection(server.url());
        const auto writer = projection.open();
        ClickHouseWriter::Rows part{ClickHouseTable::Events, {}};
        ClickHouseRow row = test::eventRows(1, 1, true).front();
        for (std::uint32_t i = 0; i < 150; ++i) { // as many months
            row.key = "m" + std::to_string(i);
            row.ts = i * 31 * 86'400;
            part.rows.push_back(row);
        }
        const auto insertions = [&] {
            const auto all = server.requests();
            return std::count_if(all.begin(), all.end(), [](const std::string &request) {
                return request.find("query=INSERT") != std::string::npos;
            });
        };
        EVENTOPS_OK(writer->push(ClickHouseStream::Events, 150, {&part, 1}));
        QCOMPARE(insertions(), std::ptrdiff_t{3});
        part.rows.assign(ClickHouseWriter::BatchRowsMax + 1, row);
        EVENTOPS_OK(writer->push(ClickHouseStream::Events, 151, {&part, 1}));
        QCOMPARE(insertions(), std::ptrdiff_t{5});
        row.json.insert(row.json.size() - 1, ClickHouseWriter::BatchBytesMax, ' ');
        part.rows.assign(3, row);
        EVENTOPS_OK(writer->push(ClickHouseStream::Events, 152, {&part, 1}));
        QCOMPARE(insertions(), std::ptrdiff_t{8});
        for (const std::string &request : server.requests())
            QVERIFY(request.size() < ClickHouseWriter::BatchBytesMax + 100'000);
    }

    void slowAndStrangeServersAreErrors()
    {
        LoopbackServer holding([](const std::string &) { return LoopbackServer::Answer{"", true}; });
        QElapsedTimer clock;
        clock.start();
        const ClickHouseAnswer slow = clientOf(holding.url(), 200)->send("SELECT 1");
        QCOMPARE(slow.kind, ClickHouseAnswer::Kind::Cut);
        QCOMPARE(slow.text, std::string("no answer in time"));
        QVERIFY(clock.elapsed() < 4'000);
        LoopbackServer web([](const std::string &) { return LoopbackServer::Answer{test::httpAnswer("<html>hi")}; });
        const auto wrong = askClickHouseVersion(*clientOf(web.url()));
        QVERIFY(!wrong);
        QVERIFY(wrong.error().text().find("no ClickHouse") != std::string::npos);
        const ClickHouseAnswer nobody = clientOf("http://127.0.0.1:1/")->send("SELECT 1");
        QCOMPARE(nobody.kind, ClickHouseAnswer::Kind::NotSent);
        LoopbackServer huge([](const std::string &) {
            return LoopbackServer::Answer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x'), false, true};
        });
        const ClickHouseAnswer endless = clientOf(huge.url(), 60'000)->send("SELECT 1");
        QCOMPARE(endless.kind, ClickHouseAnswer::Kind::TooLong);
        ClickHouseAddress address;
        address.url = holding.url();
        const auto stopped = ClickHouseClient::open(address, [] { return true; });
        QVERIFY(bool(stopped));
        QCOMPARE(stopped.value()->send("SELECT 1").kind, ClickHouseAnswer::Kind::Stopped);
        LoopbackServer locked([](const std::string &) {
            return LoopbackServer::Answer{
                test::httpAnswer("Code: 516. DB::Exception: default: Authentication failed", 403)};
        });
        const auto refused = clientOf(locked.url())->ask("SELECT 1");
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, Error::Code::Refused);
        QVERIFY(refused.error().remedy.find("CLICKHOUSE_PASSWORD") != std::string::npos);
    }
};

EVENTOPS_TEST(TestClickHouse)
#include "tst_clickhouse.moc"
