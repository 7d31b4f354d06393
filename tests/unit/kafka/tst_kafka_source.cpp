// SPDX-License-Identifier: MIT
//
// The source `kafka` in pipelines of the real program: the ledger is the truth, whatever happens on the way.
#include "core/base/hash.h"
#include "core/codec/kcat.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QProcess>

#include <csignal>
#include <sys/types.h>

using namespace eventops;
using namespace eventops::test;

namespace {

qint64 number(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toInteger(-1);
}

/// The messages of a partition as a file of lines.
QByteArray linesOf(const std::string &cluster, const char *topic, const std::vector<MockCluster::Record> &records)
{
    std::string out;
    std::uint64_t offset = 0;
    for (const MockCluster::Record &record : records) {
        std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
        for (const auto &[name, value] : record.headers)
            headers.emplace_back(name, value ? std::optional<std::string_view>(*value) : std::nullopt);
        KcatLine line;
        line.cluster = cluster;
        line.topic = topic;
        line.offset = offset++;
        line.ts = WallNs{record.tsMs * NsPerMs};
        line.key = record.key ? std::string_view(*record.key) : std::string_view();
        line.emptyKey = record.key && record.key->empty();
        line.headers = headers;
        line.payload = record.value;
        line.tombstone = record.tombstone;
        appendKcat(out, line);
        out += '\n';
    }
    return QByteArray::fromStdString(out);
}

/// With EVENTOPS_FAULT_ROUNDS a hundred times as many as that says: 10 are a thousand.
int killRounds()
{
    const int given = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS");
    return given > 0 ? given * 100 : 12;
}

} // namespace

class TestKafkaSource : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// The same records give the same ledger, from a broker or from a file of messages.
    void aTopicIsAFile()
    {
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 1);
        std::vector<MockCluster::Record> records = agentRecords(0, 3'000);
        records[10] = {"{\"tenant_id\":\"acme\",", "host-1", {}, 1'720'000'000'010}; // a dead letter
        records[20] = {"", "host-2", {}, 1'720'000'000'020, true};                   // a tombstone
        records[30] = {"plain words", std::nullopt, {}, 1'720'000'000'030};          // a text
        records[40] = {std::string("\xff\x00\x01", 3),
                       std::string("\xfe", 1),
                       {{"b", std::string("\xfd", 1)}},
                       1'720'000'000'040};                               // bytes everywhere
        records[50].headers.emplace_back("eventops-writer", "eventops"); // our own
        records[60] = records[59];                                       // the same twice, which are two facts
        records[60].tsMs += 1;
        QVERIFY(mock.produce("ingest.raw.agent", 0, records));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, mock, "[ingest.raw.agent]");
        const Ran live = runPipeline(scratch, pipeline);
        QVERIFY2(live.exitCode == 0, live.err);
        const QJsonObject counts = live.json();
        QCOMPARE(number(counts, "received"), 3'000);
        QCOMPARE(number(counts, "skipped"), 2);
        QCOMPARE(number(counts, "dead_lettered"), 1);
        QCOMPARE(number(counts, "stored"), 2'997);
        QVERIFY(number(counts, "findings") > 0);

        const Scratch other;
        const QString file =
            other.file(QStringLiteral("messages.ndjson"), linesOf(clusterOf(mock), "ingest.raw.agent", records));
        const Ran replayed = other.replay({file}, {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(replayed.exitCode == 0, replayed.err);
        QCOMPARE(number(replayed.json(), "stored"), number(counts, "stored"));
        QCOMPARE(number(replayed.json(), "findings"), number(counts, "findings"));
        const auto ids = [](const Scratch &from, const char *table) {
            QStringList all;
            for (const QJsonObject &row : from.query(QString::fromUtf8(table)))
                all << row.value(QLatin1String(row.contains(QLatin1String("event_id")) ? "event_id" : "id")).toString();
            return all;
        };
        QCOMPARE(ids(scratch, "events"), ids(other, "events"));
        QCOMPARE(scratch.query(QStringLiteral("findings")), other.query(QStringLiteral("findings")));

        // Read again nothing is new; decoded again from what was kept everything is the same.
        const Ran again = runPipeline(scratch, pipeline);
        QCOMPARE(number(again.json(), "received"), 3'000);
        QCOMPARE(again.json().value(QLatin1String("digest")), counts.value(QLatin1String("digest")));
        const Ran rerun = run({QStringLiteral("rerun"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(rerun.exitCode == 0, rerun.out + rerun.err);
    }

    /// Where a record stood is part of the digest. A file of messages has other places; an exported capture keeps them.
    void aTopicHasTheDigestOfItsCapture()
    {
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 1);
        const std::vector<MockCluster::Record> records = agentRecords(0, 2'000);
        QVERIFY(mock.produce("ingest.raw.agent", 0, records));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, mock, "[ingest.raw.agent]");
        const Ran live = runPipeline(scratch, pipeline);
        QVERIFY2(live.exitCode == 0, live.err);
        const QString capture = scratch.path(QStringLiteral("all.evcap"));
        const Ran exported = run({QStringLiteral("export"), QStringLiteral("--out"), capture,
                                  QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(exported.exitCode == 0, exported.err);
        const Scratch other;
        const Ran opened = other.replay({capture}, {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(opened.exitCode == 0, opened.err);
        QCOMPARE(opened.json().value(QLatin1String("digest")), live.json().value(QLatin1String("digest")));
    }

    void keyHeadersAndPlaceStayWithTheEvent()
    {
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 1);
        std::vector<MockCluster::Record> records = agentRecords(0, 1);
        records[0].headers = {{"traceparent", "00-abc-def-01"}, {"none", std::nullopt}};
        QVERIFY(mock.produce("ingest.raw.agent", 0, records));
        const Scratch scratch;
        QCOMPARE(runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]")).exitCode, 0);
        const Ran shown = scratch.sql("SELECT headers, codec FROM event");
        QVERIFY2(shown.exitCode == 0, shown.err);
        const QJsonObject row = shown.rows().value(0);
        QJsonObject headers = row.value(QLatin1String("headers")).toObject();
        if (headers.isEmpty())
            headers = QJsonDocument::fromJson(row.value(QLatin1String("headers")).toString().toUtf8()).object();
        QCOMPARE(headers.value(QLatin1String("kafka.topic")).toString(), QStringLiteral("ingest.raw.agent"));
        QCOMPARE(headers.value(QLatin1String("kafka.key")).toString(), QStringLiteral("host-0"));
        QCOMPARE(headers.value(QLatin1String("kafka.offset")).toInt(-1), 0);
        QCOMPARE(headers.value(QLatin1String("traceparent")).toString(), QStringLiteral("00-abc-def-01"));
        QVERIFY(headers.value(QLatin1String("none")).isNull());
        QCOMPARE(row.value(QLatin1String("codec")).toString(), QStringLiteral("eventops.agent"));
    }

    /// Killed again and again while the stream runs, a workspace ends as one that was left in peace.
    void killedRunsGoOnAtTheCursor()
    {
        constexpr int Batches = 8;
        const int rounds = killRounds();
        const int batchRecords = rounds > 100 ? 3 : 100; // the mock cluster forgets what is more than 5 MB
        const int all = rounds * Batches * batchRecords;
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 1);
        const Scratch scratch;
        const QString stream = pipelineFile(scratch, mock, "[ingest.raw.agent]", "follow: true", "stream.yaml");
        int produced = 0, partly = 0;
        for (int round = 0; round < rounds; ++round) {
            QProcess process;
            process.start(program(),
                          {QStringLiteral("run"), stream, QStringLiteral("--workspace"), scratch.workspace()});
            QVERIFY(process.waitForStarted());
            for (int batch = 0; batch < Batches; ++batch, produced += batchRecords) {
                QVERIFY(mock.produce("ingest.raw.agent", 0, agentRecords(produced, batchRecords)));
                (void)process.waitForFinished(20 + 6 * (round % 16));
            }
            QCOMPARE(process.state(), QProcess::Running);
            ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
            QVERIFY(process.waitForFinished());
            const Ran counted = scratch.sql("SELECT count(*) AS n FROM event");
            const qint64 stored = counted.exitCode == 0 ? number(counted.rows().value(0), "n") : 0;
            partly += stored > 0 && stored < produced ? 1 : 0;
        }
        QVERIFY2(partly > 0, "every kill came when all was stored or nothing");
        const QString pipeline = pipelineFile(scratch, mock, "[ingest.raw.agent]");
        const Ran last = runPipeline(scratch, pipeline);
        QVERIFY2(last.exitCode == 0, last.err);
        QCOMPARE(number(last.json(), "stored"), all);
        QCOMPARE(number(last.json(), "duplicate"), 0);
        QCOMPARE(number(last.json(), "received"), all);
        const Ran whole = runPipeline(scratch, pipeline, scratch.path(QStringLiteral("whole")));
        QVERIFY2(whole.exitCode == 0, whole.err);
        QCOMPARE(number(whole.json(), "stored"), all);
        QCOMPARE(last.json().value(QLatin1String("digest")), whole.json().value(QLatin1String("digest")));
        qInfo("%d kills, %d of them amid what was there; %d messages, 0 lost, 0 twice", rounds, partly, all);
    }

    void aStreamIsFollowedUntilItIsStopped()
    {
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 3);
        for (int partition = 0; partition < 3; ++partition)
            QVERIFY(mock.produce("ingest.raw.agent", partition, agentRecords(partition * 100, 100)));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, mock, "[ingest.raw.agent]", "follow: true");
        QProcess process;
        process.start(program(), {QStringLiteral("run"), pipeline, QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY(process.waitForStarted());
        const auto stored = [&] {
            return scratch.query(QStringLiteral("events")).size();
        };
        QTRY_COMPARE_WITH_TIMEOUT(stored(), 300, 20'000);
        mock.failNext(MockCluster::FetchApi,
                      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                       RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE});
        QVERIFY(mock.produce("ingest.raw.agent", 1, agentRecords(1'000, 50)));
        QTRY_COMPARE_WITH_TIMEOUT(stored(), 350, 20'000);
        process.terminate();
        QVERIFY(process.waitForFinished(30'000));
        // What came meanwhile is read by the next run, and nothing else.
        QVERIFY(mock.produce("ingest.raw.agent", 2, agentRecords(2'000, 25)));
        const Ran next =
            runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]", "follow: false", "2.yaml"));
        QVERIFY2(next.exitCode == 0, next.err);
        QCOMPARE(number(next.json(), "received"), 375);
        QCOMPARE(number(next.json(), "duplicate"), 0);
    }

    void aBrokerThatGoesIsSaidAndWaitedFor()
    {
        auto mock = std::make_unique<MockCluster>();
        mock->makeTopic("ingest.raw.agent", 1);
        QVERIFY(mock->produce("ingest.raw.agent", 0, agentRecords(0, 100)));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, *mock, "[ingest.raw.agent]", "follow: true");
        QProcess process;
        process.start(program(), {QStringLiteral("run"), pipeline, QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY(process.waitForStarted());
        QTRY_COMPARE_WITH_TIMEOUT(scratch.query(QStringLiteral("events")).size(), 100, 30'000);
        mock.reset();
        QByteArray said;
        QTRY_VERIFY_WITH_TIMEOUT((said += process.readAllStandardError()).contains("no Kafka answers at"), 20'000);
        QCOMPARE(process.state(), QProcess::Running); // it waits
        process.terminate();
        QVERIFY(process.waitForFinished(30'000));
        QCOMPARE(scratch.query(QStringLiteral("events")).size(), 100);
    }

    void errorsOfTheBrokerLoseNothing()
    {
        MockCluster mock(3);
        mock.makeTopic("ingest.raw.agent", 2);
        QVERIFY(mock.produce("ingest.raw.agent", 0, agentRecords(0, 2'000)));
        QVERIFY(mock.produce("ingest.raw.agent", 1, agentRecords(2'000, 2'000)));
        mock.failNext(MockCluster::FetchApi,
                      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                       RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
                       RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
        const Scratch scratch;
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "stored"), 4'000);
        QCOMPARE(number(ran.json(), "duplicate"), 0);
    }

    void presetsSayWhereReadingBegins()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"one", {}, {}, 1'000}, {"two", {}, {}, 2'000}}));
        const auto begins = [&](std::vector<std::pair<std::string, std::string>> more) {
            auto source = makeKafkaSource(kafkaMembers(mock, {"t"}, std::move(more)));
            return source && source.value()->open(0)
                       ? readSource(*source.value(), std::chrono::milliseconds(1'500), 2).positions
                       : std::vector<std::uint64_t>{99};
        };
        using Places = std::vector<std::uint64_t>;
        QCOMPARE(begins({}), (Places{0, 1}));
        QCOMPARE(begins({{"preset", "karma"}}), (Places{0, 1}));
        QCOMPARE(begins({{"preset", "chronos"}}), Places{});
        QCOMPARE(begins({{"preset", "chronos"}, {"start", "earliest"}}), (Places{0, 1}));
        QCOMPARE(begins({{"start", "latest"}}), Places{});
        // The place is told before the first record, so that a crash does not move it.
        auto source = makeKafkaSource(kafkaMembers(mock, {"t"}, {{"preset", "chronos"}}));
        QVERIFY(source.value()->open(0));
        RawChunk chunk;
        std::vector<OversizePart> parts;
        QVERIFY(source.value()->read(chunk, parts).value());
        QVERIFY(chunk.records.empty());
        QCOMPARE(chunk.positionEnd, std::uint64_t{2});
        QVERIFY(mock.produce("t", 0, {{"three"}}));
        QCOMPARE(readSource(*source.value(), std::chrono::seconds(10), 1).positions, Places{2});
        QVERIFY(!source.value()->finite());
        QVERIFY(source.value()->grows());
    }

    void ownMessagesAndTombstonesAreCountedAndLeftOut()
    {
        MockCluster mock;
        mock.makeTopic("events.normalized", 1);
        QVERIFY(mock.produce("events.normalized", 0,
                             {{R"({"a":1})", {}, {{"eventops-writer", "eventops"}}},
                              {R"({"a":2})", {}, {{"eventops-writer", "somebody"}}},
                              {"", "k", {}, 0, true},
                              {R"({"a":3})"}}));
        const auto outcomes = [&](const char *writer) {
            auto source = makeKafkaSource(
                kafkaMembers(mock, {"events.normalized"}, {{"skip_writer", writer}, {"follow", "false"}}));
            Batch batch;
            std::vector<int> out;
            if (!source || !source.value()->open(0))
                return out;
            const auto chunk = std::make_shared<RawChunk>();
            std::vector<OversizePart> parts;
            while (chunk->records.empty() && source.value()->read(*chunk, parts)) {}
            batch.chunks.push_back(chunk);
            for (const RawChunk::Record &record : chunk->records) {
                batch.records.emplace_back();
                batch.records.back().offset = record.offset;
                batch.records.back().size = record.size;
            }
            source.value()->makeDecoder()->decode(batch);
            for (const RawRecord &record : batch.records)
                out.push_back(static_cast<int>(record.outcome));
            const SourceHealth health = source.value()->health();
            out.push_back(static_cast<int>(health.ownRecords));
            out.push_back(static_cast<int>(health.tombstones));
            return out;
        };
        constexpr int Stored = static_cast<int>(Outcome::Stored), Skipped = static_cast<int>(Outcome::Skipped);
        QCOMPARE(outcomes("eventops"), (std::vector<int>{Skipped, Stored, Skipped, Stored, 1, 1}));
        QCOMPARE(outcomes("somebody"), (std::vector<int>{Stored, Skipped, Skipped, Stored, 1, 1}));
        QCOMPARE(outcomes(""), (std::vector<int>{Stored, Stored, Skipped, Stored, 0, 1}));
    }

    /// X1: topics of either form.
    void theOtherNameOfATopicIsReadToo()
    {
        MockCluster mock;
        mock.makeTopic("action.requested", 1);
        mock.makeTopic("actions.requested", 1);
        mock.makeTopic("action.result", 2);
        const auto titles = [&](std::vector<std::string> topics, const char *aliases) {
            auto source = makeKafkaSource(kafkaMembers(mock, std::move(topics), {{"aliases", aliases}}));
            std::vector<std::string> all;
            if (!source)
                return std::vector<std::string>{source.error().text()};
            all.push_back(source.value()->title());
            for (const auto &other : source.value()->takeOthers())
                all.push_back(other->title());
            return all;
        };
        using Titles = std::vector<std::string>;
        QCOMPARE(titles({"actions.requested"}, "true"), (Titles{"actions.requested/0", "action.requested/0"}));
        QCOMPARE(titles({"actions.requested", "action.requested"}, "true"),
                 (Titles{"actions.requested/0", "action.requested/0"}));
        QCOMPARE(titles({"actions.requested"}, "false"), (Titles{"actions.requested/0"}));
        QCOMPARE(titles({"actions.result"}, "true"), (Titles{"action.result/0", "action.result/1"}));
        QVERIFY(titles({"actions.result"}, "false").front().find("has no topic \"actions.result\"")
                != std::string::npos);
    }

    void whatRetentionTookIsMissedAndSaid()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        // The mock keeps five megabytes of a partition.
        const std::string filler(100'000, 'x');
        for (int i = 0; i < 120; ++i)
            QVERIFY(mock.produce("t", 0, {{filler}}));
        auto source = makeKafkaSource(kafkaMembers(mock, {"t"}));
        QVERIFY(source);
        QVERIFY(source.value()->open(1));
        const AllRead read = readSource(*source.value(), std::chrono::seconds(15), 1);
        QVERIFY(!read.error);
        QVERIFY(!read.positions.empty());
        QVERIFY(read.positions.front() > 1);
        const SourceHealth health = source.value()->health();
        QCOMPARE(health.missed, read.positions.front() - 1);
        QVERIFY2(health.notice.find("were deleted by the broker's retention") != std::string::npos,
                 health.notice.c_str());
        QVERIFY(health.trouble.empty());
    }

    void aRunSaysWhatIsMissing()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"one"}, {"two"}, {"three"}}));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, mock, "[t]");
        QCOMPARE(number(runPipeline(scratch, pipeline).json(), "stored"), 3);
        const std::string filler(100'000, 'x');
        for (int i = 0; i < 120; ++i)
            QVERIFY(mock.produce("t", 0, {{filler}}));
        const Ran ran = runPipeline(scratch, pipeline);
        QVERIFY2(ran.exitCode == 0, ran.err);
        QVERIFY2(ran.err.contains("records of topic t/0 were deleted by the broker's retention"), ran.err);
        QVERIFY(number(ran.json(), "received") > 3 && number(ran.json(), "received") < 123);
        QCOMPARE(number(ran.json(), "duplicate"), 0);
    }

    void aTopicThatWasMadeAnewIsAnotherSource()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"one", {}, {}, 1}, {"two", {}, {}, 2}, {"three", {}, {}, 3}}));
        AllRead read;
        {
            auto source = makeKafkaSource(kafkaMembers(mock, {"t"}, {{"follow", "false"}}));
            QVERIFY(source.value()->open(0));
            read = readSource(*source.value());
            QCOMPARE(read.positionEnd, std::uint64_t{3});
        }
        auto source = makeKafkaSource(kafkaMembers(mock, {"t"}, {{"follow", "false"}, {"start", "latest"}}));
        QVERIFY(source.value()->hasPrefix(3, read.prefixHash).value());
        QVERIFY(source.value()->hasPrefix(2, hash64(read.lines[1])).value());
        QVERIFY(source.value()->hasPrefix(2, 0).value());                    // a place that was told before any record
        QVERIFY(!source.value()->hasPrefix(4, read.prefixHash).value());     // cut
        QVERIFY(!source.value()->hasPrefix(3, read.prefixHash + 1).value()); // other bytes
        // All of it is new to who read the one before, whatever the preset says.
        QVERIFY(source.value()->open(0));
        QCOMPARE(readSource(*source.value()).positions, (std::vector<std::uint64_t>{0, 1, 2}));
        QVERIFY(source.value()->health().notice.find("was made anew or cut") != std::string::npos);
    }

    void anOffsetBehindTheEndEndsTheRun()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"one"}}));
        auto source = makeKafkaSource(kafkaMembers(mock, {"t"}));
        QVERIFY(source.value()->open(500)); // without the look at the prefix that a run takes first
        const AllRead read = readSource(*source.value(), std::chrono::seconds(20));
        QVERIFY(read.error);
        QCOMPARE(read.error->code, Error::Code::Refused);
        QVERIFY2(read.error->text().find("it ends at offset 1, and it was read up to 500") != std::string::npos,
                 read.error->text().c_str());
    }

    void longMessagesGoToTheDeadLetters()
    {
        MockCluster mock;
        mock.makeTopic("ingest.raw.agent", 1);
        std::vector<MockCluster::Record> records = agentRecords(0, 3);
        records[1].value = '"' + std::string(900'000, '\x01') + '"'; // six times as long when it is written as JSON
        records[1].value += std::string(99'000, '\x02') + std::string(500'000, '\x03').substr(0, 0);
        QVERIFY(mock.produce("ingest.raw.agent", 0, records));
        const Scratch scratch;
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "received"), 3);
        QCOMPARE(number(ran.json(), "stored") + number(ran.json(), "dead_lettered"), 3);
    }

    void codecsByTopicAndRedaction()
    {
        MockCluster mock;
        mock.makeTopic("cdc.raw", 1);
        mock.makeTopic("words", 1);
        QVERIFY(mock.produce(
            "cdc.raw", 0, {{"{\"who\":\"ann \\\"the boss\\\"\",\"what\":\"paid\",\"id\":\"7\"}", "k-7", {}, 5'000}}));
        QVERIFY(mock.produce("words", 0, {{R"({"not":"looked at"})", {}, {}, 6'000}}));
        const Scratch scratch;
        const QString file = pipelineFile(scratch, mock, "[cdc.raw, words]",
                                          "follow: false\ncodecs: {cdc.raw: mapped, words: text}\n"
                                          "map: {type: what, entity: {type: {const: order}, id: id}, "
                                          "attrs: {who: who}}");
        QFile pipeline(file);
        QVERIFY(pipeline.open(QIODevice::ReadOnly));
        QByteArray text = pipeline.readAll();
        text.replace("stages:\n", "stages:\n  - normalize: {mappings: [{match: {}, pii: [who]}]}\n");
        const Ran ran = runPipeline(scratch, scratch.file(QStringLiteral("redacting.yaml"), text));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "stored"), 2);
        const Ran codecs = scratch.sql("SELECT DISTINCT codec FROM event");
        QCOMPARE(codecs.rows().size(), 1); // whoever reads the record again begins with the line
        QCOMPARE(codecs.rows().front().value(QLatin1String("codec")).toString(), QStringLiteral("kcat"));
        // What must not be kept stands in no form of the record, and the rest of the message does.
        const QString out = scratch.path(QStringLiteral("all.kcat"));
        const Ran exported = run({QStringLiteral("export"), QStringLiteral("--out"), out, QStringLiteral("--form"),
                                  QStringLiteral("kcat"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(exported.exitCode == 0, exported.err);
        QFile lines(out);
        QVERIFY(lines.open(QIODevice::ReadOnly));
        const QByteArray kept = lines.readAll();
        QVERIFY2(!kept.contains("boss"), kept);
        QVERIFY2(kept.contains("k-7") && kept.contains("paid") && kept.contains("\"offset\":0"), kept);
    }

    void settingsAreRefusedByName_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expected");
        QTest::newRow("start") << "start"
                               << "yesterday"
                               << "start: \"yesterday\" is no place in a topic";
        QTest::newRow("preset") << "preset"
                                << "mine"
                                << "preset";
        QTest::newRow("codec") << "codec"
                               << "nonsense"
                               << "there is no format \"nonsense\"";
        QTest::newRow("kcat in kcat") << "codec"
                                      << "kcat"
                                      << "no message itself";
        QTest::newRow("unknown") << "group_id"
                                 << "g"
                                 << "group_id";
        QTest::newRow("password") << "password"
                                  << "x"
                                  << "password";
        QTest::newRow("protocol") << "security_protocol"
                                  << "x"
                                  << "unknown protocol \"x\"";
    }

    void settingsAreRefusedByName()
    {
        QFETCH(QString, name);
        QFETCH(QString, value);
        QFETCH(QString, expected);
        std::vector<Value::Member> members{{"brokers", Value::scalar("a:1")},
                                           {"topics", Value::list({Value::scalar("t")})},
                                           {name.toStdString(), Value::scalar(value.toStdString())}};
        const auto source = makeKafkaSource(std::move(members), "/dev/null");
        QVERIFY(!source);
        QVERIFY2(source.error().text().find(expected.toStdString()) != std::string::npos,
                 source.error().text().c_str());
    }

    void topicsAreCheckedBeforeAnybodyIsAsked()
    {
        const auto refused = [](std::vector<Value> topics) {
            const auto source = makeKafkaSource({{"topics", Value::list(std::move(topics))}}, "/dev/null");
            return source ? std::string() : source.error().message;
        };
        QCOMPARE(refused({}), std::string("topics: no topic is named"));
        QCOMPARE(refused({Value::scalar("a b")}), std::string("topics: \"a b\" cannot be a topic's name"));
        QCOMPARE(refused({Value::scalar("good")}), std::string()); // and no address is needed to read a file
    }

    void aKafkaThatIsNotThereIsUnavailable()
    {
        const Scratch scratch;
        const QString pipeline =
            scratch.file(QStringLiteral("p.yaml"),
                         "pipeline: p\nsources:\n  - kafka: {brokers: \"127.0.0.1:1\", topics: [t]}\nstages: []\n");
        const Ran ran = runPipeline(scratch, pipeline);
        QCOMPARE(ran.exitCode, 1);
        QVERIFY2(ran.err.contains("no Kafka answers at 127.0.0.1:1"), ran.err);
        const Ran valid = run({QStringLiteral("validate"), pipeline});
        QVERIFY2(valid.exitCode == 0, valid.err);
    }

    /// A dead letter is a whole message: what is mended reads it with key, headers and time.
    void deadLettersAreRedriven()
    {
        MockCluster mock;
        mock.makeTopic("words", 1);
        QVERIFY(mock.produce("words", 0, {{"{broken", "k", {{"trace", "t1"}}, 1'720'000'000'000}}));
        const Scratch scratch;
        QCOMPARE(runPipeline(scratch, pipelineFile(scratch, mock, "[words]")).exitCode, 0);
        const Ran listed = run({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--workspace"),
                                scratch.workspace(), QStringLiteral("--json")});
        QVERIFY2(listed.rows().size() == 1, listed.out + listed.err);
        const QString id = QString::number(listed.rows().front().value(QLatin1String("id")).toInteger());
        const Ran redriven =
            run({QStringLiteral("deadletters"), QStringLiteral("redrive"), id, QStringLiteral("--format"),
                 QStringLiteral("text"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(redriven.exitCode == 0, redriven.err);
        const QList<QJsonObject> events = scratch.query(QStringLiteral("events"));
        QCOMPARE(events.size(), 1);
        const QByteArray headers = QJsonDocument(events.front()).toJson();
        QVERIFY2(headers.contains("kafka.key") && headers.contains("t1"), headers);
    }
};

EVENTOPS_TEST(TestKafkaSource)
#include "tst_kafka_source.moc"
