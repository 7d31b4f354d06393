// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "pipelines/sources/capture/framing.h"

#include <QtCore/QTemporaryDir>

#include <filesystem>

using namespace eventops;
using namespace eventops::test;

namespace {

const std::string SuiteFolder = outsidePath("EVENTOPS_JSON_SUITE");

std::string line(int number)
{
    return "{\"n\":" + std::to_string(number) + "}";
}

} // namespace

class TestCapture : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string write(const std::string &name, const std::string &bytes)
    {
        const std::string path = m_folder.path().toStdString() + '/' + name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    static Value limit(const std::string &bytes) { return Value::map({{"record_bytes_max", scalar(bytes)}}); }

private Q_SLOTS:
    void linesBlanksAndTheLastLine()
    {
        const Ingested in = ingestFile(write("a", "\n{\"a\":1}\r\n  \n\t\r\nnope\n{\"a\":2}"));
        QCOMPARE(in.records, std::uint64_t{3});
        QCOMPARE(in.stored, std::uint64_t{2});
        QCOMPARE(in.reasons, (std::vector<std::string>{"invalid_json"}));
        QCOMPARE(in.batches[0].records[0].position, std::uint64_t{1});
        QCOMPARE(in.batches[0].raw(in.batches[0].records[0]), std::string_view("{\"a\":1}"));
        QCOMPARE(in.batches[0].records[0].hash, hash64("{\"a\":1}"));
        QVERIFY(in.batches.back().chunks[0]->last);
    }

    void keyIsOfTheContentNotThePath()
    {
        const std::string bytes(10'000, 'x');
        const auto one = makeSource(write("k1", bytes), "text");
        const auto two = makeSource(write("k2", bytes + "more"), "text");
        QCOMPARE(one.value()->key(), sha256Hex(bytes.substr(0, 4096)));
        QCOMPARE(one.value()->key(), two.value()->key());
        QCOMPARE(one.value()->title(), std::string("k1"));
        QCOMPARE(one.value()->sizeBytes(), std::uint64_t{10'000});
        QVERIFY(one.value()->finite());
        const auto missing = makeSource("/nowhere/at/all");
        QVERIFY(!missing && missing.error().code == Error::Code::NotFound);
        QVERIFY(!makeSource(m_folder.path().toStdString()));
        QVERIFY(!makeSource(""));
    }

    void resumesAtEveryCursor()
    {
        std::string bytes;
        for (int i = 0; i < 60'000; ++i)
            bytes += line(i) + (i % 7 == 0 ? "\n\n" : "\n") + (i % 1000 == 0 ? "broken {\n" : "");
        const std::string path = write("resume", bytes);
        const Ingested whole = ingestFile(path);
        QCOMPARE(whole.records, std::uint64_t{60'060});
        QVERIFY(whole.batches.size() >= 8); // the record limit of a chunk
        for (std::size_t i = 0; i < whole.cursors.size(); ++i) {
            auto source = makeSource(path);
            const Ingested rest = ingest(*source.value(), whole.cursors[i]);
            std::uint64_t before = 0;
            for (std::size_t k = 0; k <= i; ++k)
                before += whole.batches[k].records.size();
            QCOMPARE(before + rest.records, whole.records);
            if (!rest.batches.empty() && !rest.batches[0].records.empty())
                QCOMPARE(rest.batches[0].records[0].position, whole.batches[i + 1].records[0].position);
        }
        QCOMPARE(whole.cursors.back(), std::uint64_t{bytes.size()});
    }

    void formatJsonIsOneDocument()
    {
        QCOMPARE(ingestFile(write("pretty", "{\n \"a\": 1,\n \"b\": [\n ]\n}\n"), "json").stored, std::uint64_t{1});
        const Ingested empty = ingestFile(write("empty", ""), "json");
        QCOMPARE(empty.records, std::uint64_t{1});
        QCOMPARE(empty.reasons, (std::vector<std::string>{"empty_record"}));
        QCOMPARE(ingestFile(write("blank", " \n "), "json").reasons, (std::vector<std::string>{"empty_record"}));
        QCOMPARE(ingestFile(write("mark", "\xef\xbb\xbf"), "json").reasons, (std::vector<std::string>{"empty_record"}));
        QCOMPARE(ingestFile(write("marked", "\xef\xbb\xbf{}"), "json").stored, std::uint64_t{1});
        QCOMPARE(ingestFile(write("two", "{} {}"), "json").reasons, (std::vector<std::string>{"invalid_json"}));
        QCOMPARE(ingestFile(write("empty"), "ndjson").records, std::uint64_t{0});
    }

    void suiteByFormatJson()
    {
        if (!std::filesystem::is_directory(SuiteFolder))
            QSKIP("JSONTestSuite is not here");
        int files = 0;
        for (const auto &entry : std::filesystem::directory_iterator(SuiteFolder)) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("y_", 0) != 0 && name.rfind("n_", 0) != 0)
                continue;
            const Ingested in = ingestFile(entry.path().string(), "json");
            QVERIFY2(in.records == 1 && in.stored == (name[0] == 'y') && in.deadLettered == (name[0] == 'n'),
                     name.c_str());
            QVERIFY(in.events == in.stored);
            ++files;
        }
        QVERIFY(files >= 238);
    }

    void autoTellsFramings()
    {
        const auto sniff = [](const std::string &text, bool whole = true) { return sniffCapture(text, whole); };
        QVERIFY(sniff("{\"a\":1}\n{\"a\":2}\n").framing == Framing::Lines);
        QVERIFY(sniff("{\"a\":1,\n \"b\":2}\n").framing == Framing::Document);
        QVERIFY(sniff("{\"a\":1,\n \"b\":2}\n{\"a\":3}").framing == Framing::Concatenated);
        QVERIFY(sniff("{\"a\":1}{\"b\":2}").framing == Framing::Concatenated);
        QVERIFY(sniff("[\n{\"a\":1},\n{\"a\":2}\n]\n").framing == Framing::Document);
        QVERIFY(sniff("[\n{\"a\":1},\n{\"a\":2}", false).framing == Framing::Concatenated);
        QVERIFY(sniff("{\"a\":\n{\"a\":1}\n{\"a\":2}\n").framing == Framing::Lines); // a line was cut off
        QVERIFY(sniff("{\"tenant_id\":\"ac\n{\"a\":1}\n").framing == Framing::Lines);
        QVERIFY(!sniff("oops\n{\"a\":1}\n{\"a\":2}\n").text);
        QVERIFY(!sniff("oops\n").text);
        QVERIFY(sniff("one line\ntwo lines\n[three] lines\n").text);
        QVERIFY(!sniff("").text);
    }

    void autoReadsWhatItFound()
    {
        const Ingested seed = ingestFile(write("e18",
            "{\"tenant_id\":\"acme\",\"host\":\"host-a\",\"metric\":\"cpu_load\",\"value\":92,\n"
            " \"ts_event\":\"2025-10-16T09:00:00Z\",\"unit\":\"percent\",\"tags\":{\"env\":\"prod\"}}\n"));
        QCOMPARE(seed.records, std::uint64_t{1});
        QCOMPARE(seed.batches[0].text(seed.batches[0].events[0], Field::EntityId), std::string_view("host:host-a"));
        const Ingested several = ingestFile(write("several",
                "{\"a\":\n1}\n{\"b\":2} {\"c\":\"}\"}\ngarbage\n[3]\n{\"d\":\"x\n{\"e\":5}\n"));
        QCOMPARE(several.stored, std::uint64_t{5});
        QCOMPARE(several.deadLettered, std::uint64_t{2});
        const Ingested text = ingestFile(write("log", "first line\nsecond line\nERROR third\n"));
        QCOMPARE(text.stored, std::uint64_t{3});
        QCOMPARE(ingestFile(write("log", "first line\nsecond line\nERROR third\n"), "ndjson").deadLettered,
                 std::uint64_t{3});
    }

    void multilineRecords()
    {
        const Value settings = Value::map({{"format", scalar("text")}, {"start", scalar("^\\[")}});
        const Ingested in = ingestFile(write("multi", "stray\n[1] a\n  at x\n\n  at y\n[2] b\n[3] c\n tail"), {},
                                       settings);
        QCOMPARE(in.records, std::uint64_t{4});
        const Batch &batch = in.batches[0];
        QCOMPARE(batch.raw(batch.records[1]), std::string_view("[1] a\n  at x\n\n  at y"));
        QCOMPARE(batch.raw(batch.records[3]), std::string_view("[3] c\n tail"));
        const auto wrong = makeSource(write("multi", ""), {},
                                      Value::map({{"start", scalar("(")}, {"format", scalar("text")}}));
        QVERIFY(!wrong && wrong.error().code == Error::Code::InvalidConfig);
        QVERIFY(!makeSource(write("multi", ""), {}, Value::map({{"framing", scalar("multiline")}})));
    }

    void longRecordsComeInParts()
    {
        const std::string longLine(5'000'000, 'x');
        const std::string path = write("long",
                                       line(1) + '\n' + longLine + "\r\n" + line(2) + '\n' + std::string(5000, 'y'));
        const Ingested in = ingestFile(path, "ndjson", limit("4096"));
        QCOMPARE(in.records, std::uint64_t{4});
        QCOMPARE(in.stored, std::uint64_t{2});
        QCOMPARE(in.reasons, (std::vector<std::string>{"record_too_long", "record_too_long"}));
        std::string joined;
        std::size_t largest = 0;
        std::uint32_t parts = 0;
        for (const Batch &batch : in.batches) {
            for (const OversizePart &part : batch.oversize) {
                if (part.position != 8)
                    continue;
                QCOMPARE(part.part, parts++);
                joined += part.bytes;
                largest = std::max(largest, part.bytes.size());
            }
            for (const RawRecord &record : batch.records) {
                if (record.position == 8)
                    QCOMPARE(record.hash, hash64(longLine + '\r'));
            }
        }
        QVERIFY(joined == longLine + '\r');
        QVERIFY(largest <= (1u << 20));
        QVERIFY(parts >= 5);
        // The cursor waits at the record until it is complete; from there it comes again.
        for (std::size_t i = 0; i + 1 < in.batches.size(); ++i)
            QVERIFY(in.cursors[i] <= 8 || in.cursors[i] >= 8 + longLine.size());
        QCOMPARE(ingest(*makeSource(path, "ndjson", limit("4096")).value(), 8).records, std::uint64_t{3});
        QCOMPARE(ingestFile(path, "ndjson").deadLettered, std::uint64_t{2}); // short enough, and still no JSON
    }

    void longRecordsOfEveryFraming()
    {
        const std::string big(3'000'000, 'z');
        const Ingested document = ingestFile(write("doc", "{\"a\":\"" + big + "\"}"), "json", limit("1000000"));
        QCOMPARE(document.reasons, (std::vector<std::string>{"record_too_long"}));
        QCOMPARE(document.oversizeBytes, std::uint64_t{big.size() + 8});
        const Value multi = Value::map({{"format", scalar("text")}, {"start", scalar("^#")},
                                        {"record_bytes_max", scalar("100000")}});
        std::string lines = "#1 a\n" + big + '\n';
        for (int i = 0; i < 100'000; ++i)
            lines += "more of it\n";
        const Ingested log = ingestFile(write("log2", lines + "#2 b\n"), {}, multi);
        QCOMPARE(log.records, std::uint64_t{2});
        QCOMPARE(log.stored, std::uint64_t{1});
        QCOMPARE(log.oversizeBytes, std::uint64_t{lines.size()});
        const Value joined = Value::map({{"framing", scalar("concatenated")}, {"record_bytes_max", scalar("100000")}});
        const Ingested concatenated = ingestFile(write("cat", "{\"a\":1}{\"b\":\"" + big + "\"}\n{\"c\":2}"), {},
                                                 joined);
        QCOMPARE(concatenated.stored, std::uint64_t{2});
        QCOMPARE(concatenated.oversizeBytes, std::uint64_t{big.size() + 8});
    }

    void settingsAreChecked()
    {
        const std::string path = write("s", "{}\n");
        for (const Value &bad : {limit("0"), limit("2000000000"), limit("x"),
                                 Value::map({{"framing", scalar("words")}}),
                                 Value::map({{"format", scalar("xml")}}), Value::map({{"format", scalar("mapped")}})})
            QVERIFY(!makeSource(path, {}, bad));
        // The command line's FILE and format go before the settings; auto does not.
        const Value settings = Value::map({{"path", scalar("/nowhere")}, {"format", scalar("text")}});
        QCOMPARE(ingestFile(path, "auto", settings).batches[0].text(StrId{1}), std::string_view("text"));
        QCOMPARE(ingestFile(path, "json", settings).batches[0].text(StrId{1}), std::string_view("json"));
    }

    void realCaptures()
    {
        const std::string folder = outsidePath("EVENTOPS_INPUTS", "captures/");
        if (!std::filesystem::is_directory(folder))
            QSKIP("the real captures are not here");
        const Ingested nginx = ingestFile(folder + "nginxplus.ndjson");
        QCOMPARE(nginx.stored, std::uint64_t{500});
        QCOMPARE(nginx.deadLettered, std::uint64_t{0});
        QVERIFY(nginx.batches[0].events[0].tsEvent != NoTime);
        QCOMPARE(ingestFile(folder + "otel_demo_logs.ndjson").stored, std::uint64_t{617});
        const Ingested kafka = ingestFile(folder + "kafka_server.log");
        QVERIFY(kafka.stored > 300 && kafka.deadLettered == 0);
        QVERIFY(ingestFile(folder + "apache_access_10k.log").stored == 10'000);
    }

private:
    std::string write(const std::string &name) { return m_folder.path().toStdString() + '/' + name; }
};

EVENTOPS_TEST(TestCapture)
#include "tst_capture.moc"
