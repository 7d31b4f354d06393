// SPDX-License-Identifier: MIT
//
// Capture files, packed streams, CSV and kcat lines: what goes in comes out, and damage is said and survived.
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/codec/capture_file.h"
#include "core/codec/json_reader.h"
#include "core/codec/kcat.h"
#include "core/codec/packed_sink.h"
#include "core/model/row_csv.h"

#include <QtCore/QTemporaryDir>

#include <chrono>

using namespace eventops;
using namespace eventops::test;

namespace {

/// A capture of two sources; records long enough for several frames.
struct Sample {
    std::string bytes;
    std::vector<std::string> records[2];
};

Sample makeSample(int count, std::size_t pad, std::size_t longBytes = 0)
{
    Sample sample;
    auto writer = CaptureFileWriter::make([&](std::string_view piece) {
                      sample.bytes += piece;
                      return Status(Ok{});
                  }).value();
    const std::uint32_t first = writer->addSource({"key-a", "a.ndjson", 900000000, 77}).value();
    const std::uint32_t second = writer->addSource({"key-b", "b.ndjson", 0, 0}).value();
    for (int i = 0; i < count; ++i) {
        std::string text = "{\"n\":" + std::to_string(i) + ",\"pad\":\"";
        for (std::size_t p = 0; p < pad; ++p)
            text += static_cast<char>('a' + hash64(std::to_string(i * 1000) + std::to_string(p)) % 26);
        text += i == 3 && longBytes > 0 ? std::string(longBytes, 'x') + "\"}" : "\"}";
        CaptureRecord record;
        record.source = i % 3 == 0 ? first : second;
        record.seq = static_cast<Seq>(i) * 2 + 1;
        record.position = static_cast<std::uint64_t>(i) * 1000;
        record.ts = i % 5 == 0 ? NoTime : WallNs{i * NsPerSecond};
        record.codec = "json";
        record.headers = "{\"h\":1}";
        record.bytes = text;
        if (!writer->add(record))
            qFatal("the record was refused");
        sample.records[record.source].push_back(text);
    }
    if (!writer->finish())
        qFatal("the capture was not finished");
    return sample;
}

/// All lanes of a capture read to their end.
struct Lanes {
    std::vector<std::string> records[2];
    std::vector<Seq> seqs[2];
    std::uint64_t oversizeBytes = 0;
    std::string problem; ///< What the lanes say to be missing.
};

void readLane(Source &source, std::size_t index, Lanes &out, std::uint64_t cursor = 0)
{
    QVERIFY(source.open(cursor));
    for (;;) {
        RawChunk chunk;
        std::vector<OversizePart> parts;
        const Result<bool> more = source.read(chunk, parts);
        QVERIFY(more);
        if (!more.value())
            break;
        for (const OversizePart &part : parts)
            out.oversizeBytes += part.bytes.size();
        QCOMPARE(chunk.origins.size(), chunk.records.size());
        for (std::size_t i = 0; i < chunk.records.size(); ++i) {
            out.records[index].push_back(chunk.bytes.substr(chunk.records[i].offset, chunk.records[i].size));
            out.seqs[index].push_back(chunk.origins[i].seq);
        }
    }
    if (const Status complete = source.complete(); !complete)
        out.problem += complete.error().text() + '\n';
}

Lanes readCapture(const std::string &path, const Value &settings = Value::map({}))
{
    Lanes out;
    auto source = makeSource(path, {}, settings);
    if (!source) {
        out.problem = source.error().text();
        return out;
    }
    auto others = source.value()->takeOthers();
    readLane(*source.value(), 0, out);
    for (const auto &other : others)
        readLane(*other, 1, out);
    return out;
}

/// JSON with ` for its quotes.
std::string text(std::string json)
{
    std::replace(json.begin(), json.end(), '`', '"');
    return json;
}

std::string packed(const std::string &bytes)
{
    std::string out;
    PackedSink sink([&](std::string_view piece) {
        out += piece;
        return Status(Ok{});
    });
    if (!sink.write(bytes) || !sink.finish())
        qFatal("packing failed");
    return out;
}

} // namespace

class TestCaptureFile : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string write(const std::string &name, const std::string &bytes)
    {
        const std::string path = m_folder.path().toStdString() + '/' + name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

private Q_SLOTS:
    void everyRecordComesBackWithItsPlace()
    {
        const Sample sample = makeSample(3000, 1500);
        const std::string path = write("whole.evcap", sample.bytes);
        const Lanes lanes = readCapture(path);
        QCOMPARE(lanes.problem, std::string());
        for (const std::size_t lane : {0u, 1u})
            QCOMPARE(lanes.records[lane], sample.records[lane]);
        QCOMPARE(lanes.seqs[0].at(2), Seq{13});
        auto source = makeSource(path);
        QCOMPARE(source.value()->key(), std::string("key-a"));
        QCOMPARE(source.value()->title(), std::string("a.ndjson"));
        QVERIFY(source.value()->hasPrefix(900000000, 77).value());
        QVERIFY(!source.value()->hasPrefix(900000000, 78).value());
        const auto reader = CaptureFileReader::open(path).value();
        QVERIFY(reader->indexed());
        QVERIFY(reader->frames().size() > 2);
        QCOMPARE(reader->frames().front().tsMin, WallNs{NsPerSecond});
    }

    void resumesBehindEveryRecord()
    {
        const Sample sample = makeSample(600, 4000);
        const std::string path = write("resume.evcap", sample.bytes);
        for (const std::size_t skip : {0u, 1u, 99u, 150u, 199u}) {
            auto source = makeSource(path);
            Lanes rest;
            readLane(*source.value(), 0, rest, skip * 3 * 1000);
            const auto &all = sample.records[0];
            QCOMPARE(rest.records[0],
                     std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(skip), all.end()));
        }
    }

    void longRecordsComeInPiecesAndTooLongOnesAsParts()
    {
        const std::size_t longBytes = (3u << 20) + 17;
        const Sample sample = makeSample(30, 100, longBytes);
        const std::string path = write("long.evcap", sample.bytes);
        QCOMPARE(readCapture(path).records[0], sample.records[0]);
        const Lanes parts = readCapture(path, Value::map({{"record_bytes_max", scalar("100000")}}));
        QCOMPARE(parts.oversizeBytes, std::uint64_t{sample.records[0].at(1).size()});
        QCOMPARE(parts.records[0].size(), sample.records[0].size());
        QCOMPARE(parts.records[0].at(2), sample.records[0].at(2));
    }

    void aTruncatedFileGivesWhatIsWholeAndSaysSo()
    {
        const Sample sample = makeSample(400, 8000);
        const auto whole = CaptureFileReader::open(write("t0.evcap", sample.bytes)).value();
        std::vector<std::uint64_t> cuts{20, sample.bytes.size() - 1, sample.bytes.size() - 40};
        for (const CaptureFrame &frame : whole->frames())
            cuts.insert(cuts.end(), {frame.offset, frame.offset + 40, frame.offset + 72 + frame.packed / 2});
        for (const std::uint64_t cut : cuts) {
            const std::string path = write("cut.evcap", sample.bytes.substr(0, cut));
            const Lanes lanes = readCapture(path);
            QVERIFY2(!lanes.problem.empty(), std::to_string(cut).c_str());
            std::size_t expected[2] = {0, 0};
            for (const CaptureFrame &frame : whole->frames())
                expected[frame.source] += frame.offset + 72 + frame.packed <= cut ? frame.records : 0;
            for (const std::size_t lane : {0u, 1u}) {
                QCOMPARE(lanes.records[lane].size(), expected[lane]);
                QVERIFY(
                    std::equal(lanes.records[lane].begin(), lanes.records[lane].end(), sample.records[lane].begin()));
            }
        }
    }

    void aFlippedBitNeverGivesAWrongRecord()
    {
        const Sample sample = makeSample(60, 2000);
        for (std::size_t at = 0; at < sample.bytes.size(); at += 1 + at % 997) {
            std::string damaged = sample.bytes;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
            const Lanes lanes = readCapture(write("flip.evcap", damaged));
            for (const std::size_t lane : {0u, 1u}) {
                for (const std::string &record : lanes.records[lane]) {
                    const auto &all = sample.records[lane];
                    QVERIFY2(std::find(all.begin(), all.end(), record) != all.end(), std::to_string(at).c_str());
                }
                QVERIFY(lanes.records[lane].size() == sample.records[lane].size() || !lanes.problem.empty());
            }
        }
    }

    void aFrameThatClaimsTooMuchIsRefusedUnread()
    {
        Sample sample = makeSample(10, 50);
        const auto reader = CaptureFileReader::open(write("claim0.evcap", sample.bytes)).value();
        const std::size_t at = reader->frames().front().offset;
        const std::uint32_t claim = 0xfffffff0;
        std::memcpy(sample.bytes.data() + at + 16, &claim, 4);
        const std::uint64_t checksum = hash64(std::string_view(sample.bytes).substr(at, 64));
        std::memcpy(sample.bytes.data() + at + 64, &checksum, 8);
        const Lanes lanes = readCapture(write("claim.evcap", sample.bytes));
        QVERIFY2(lanes.problem.find("more than the 8388608 allowed") != std::string::npos, lanes.problem.c_str());
    }

    void packedCapturesAreTheirContents()
    {
        std::string bytes;
        for (int i = 0; i < 50000; ++i)
            bytes += "{\"n\":" + std::to_string(i) + "}\n";
        const std::string plain = write("p.ndjson", bytes), zst = write("p.ndjson.zst", packed(bytes));
        const auto one = makeSource(plain), two = makeSource(zst);
        QCOMPARE(two.value()->key(), one.value()->key());
        QVERIFY(two.value()->hasPrefix(400000, hash64(bytes.substr(0, 400000))).value());
        QVERIFY(!two.value()->hasPrefix(400000, 1).value());
        const Ingested in = ingestFile(zst);
        QCOMPARE(in.stored, std::uint64_t{50000});
        QCOMPARE(in.cursors.back(), std::uint64_t{bytes.size()});
        auto resumed = makeSource(zst);
        QCOMPARE(ingest(*resumed.value(), in.cursors[3]).records + 4 * 2048, std::uint64_t{50000});
    }

    void aCutOffOrDamagedStreamSaysSoAndKeepsTheRest()
    {
        std::string bytes;
        for (int i = 0; i < 20000; ++i)
            bytes += "{\"n\":" + std::to_string(hash64(std::to_string(i))) + "}\n";
        const std::string whole = packed(bytes);
        auto cut = makeSource(write("cut.zst", whole.substr(0, whole.size() / 2)));
        const Ingested in = ingest(*cut.value());
        QVERIFY(in.stored > 1000 && in.stored < 20000);
        QCOMPARE(cut.value()->complete().error().code, Error::Code::Corrupt);
        std::string flipped = whole;
        flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x10);
        auto bad = makeSource(write("bad.zst", flipped));
        ingest(*bad.value());
        QVERIFY(!bad.value()->complete());
    }

    void aSizeBombIsStoppedEarlyWithItsReason()
    {
        std::string bomb;
        PackedSink sink([&](std::string_view piece) {
            bomb += piece;
            return Status(Ok{});
        });
        const std::string zeros(1u << 20, ' ');
        for (int i = 0; i < 256; ++i)
            QVERIFY(sink.write(zeros));
        QVERIFY(sink.finish());
        QVERIFY(bomb.size() < 256u << 10);
        const auto start = std::chrono::steady_clock::now();
        auto source = makeSource(write("bomb.zst", bomb));
        QVERIFY(source.value()->open(0));
        std::uint64_t bytes = 0;
        for (;;) {
            RawChunk chunk;
            std::vector<OversizePart> parts;
            if (!source.value()->read(chunk, parts).value())
                break;
            for (const OversizePart &part : parts)
                bytes += part.bytes.size();
        }
        QVERIFY2(bytes < 100u << 20, std::to_string(bytes).c_str());
        const Error error = source.value()->complete().error();
        QCOMPARE(error.code, Error::Code::LimitExceeded);
        QVERIFY(error.text().find("zstd bomb") != std::string::npos);
        QVERIFY(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    }

    void aWindowBombIsRefused()
    {
        // RFC 8878: magic, descriptor without content size, window descriptor of 2^31 bytes, one empty last block.
        const std::string frame("\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", 9);
        auto source = makeSource(write("window.zst", frame));
        QVERIFY(source);
        QCOMPARE(source.value()->complete().error().code, Error::Code::LimitExceeded);
        QVERIFY(source.value()->complete().error().text().find("128 MiB") != std::string::npos);
    }

    void csvGivesTheEventsBack()
    {
        const std::vector<std::string> values = {
            "9007199254740993", "9007199254740991", "18446744073709551615", "-0.0", "1e-400", "0.1", "-5", "85"};
        std::string lines;
        for (std::size_t i = 0; i < values.size(); ++i)
            lines += text("{`tenant_id`:`acme`,`host`:`=cmd|' /C calc'!A") + std::to_string(i)
                     + text("`,`metric`:`-1`,`value`:") + values[i]
                     + text(",`ts_event`:`2025-10-21T10:00:00.123456789Z`,`unit`:``,")
                     + text("`tags`:{`a`:1e400,`a`:2,`b`:`\\ud800`}}\n");
        lines += text("{`message`:`'+x, \\u0022quoted\\u0022\\r\\nand a line`,")
                 + text("`level`:`warn`,`ts`:`2025-10-21T10:00:01Z`}\n");
        const Ingested first = ingestFile(write("v.ndjson", lines));
        QCOMPARE(first.deadLettered, std::uint64_t{0});
        const Batch &from = first.batches.front();
        std::string csv;
        appendCsvHeader(csv);
        for (const Event &event : from.events)
            appendEventCsv(csv, from, event);
        QVERIFY(csv.find(",'=cmd|") != std::string::npos);
        QVERIFY(csv.find(",-1,") != std::string::npos);
        for (const char *number : {",9007199254740993,", ",18446744073709551615,", ",-5,"})
            QVERIFY2(csv.find(number) != std::string::npos, number);
        const Ingested second = ingestFile(write("v.csv", csv));
        QCOMPARE(second.reasons, std::vector<std::string>{});
        QCOMPARE(second.skipped, std::uint64_t{1}); // the header
        const Batch &to = second.batches.front();
        QCOMPARE(to.events.size(), from.events.size());
        for (std::size_t i = 0; i < from.events.size(); ++i) {
            const Event &a = from.events[i], &b = to.events[i];
            QCOMPARE(b.tsEvent, a.tsEvent);
            QCOMPARE(b.severity, a.severity);
            QCOMPARE(b.hasValue, a.hasValue);
            QCOMPARE(std::signbit(b.value), std::signbit(a.value));
            QVERIFY(b.value == a.value);
            for (std::size_t f = 0; f < FieldCount; ++f) {
                QCOMPARE(b.text[f] == NoStr, a.text[f] == NoStr);
                QCOMPARE(to.text(b.text[f]), from.text(a.text[f]));
            }
        }
    }

    void csvCellsAreNeutralisedAndComeBack()
    {
        const std::vector<std::pair<std::string, std::string>> cells = {
            {"=1+1", "'=1+1"},      {"+x", "'+x"},   {"-x", "'-x"},        {"@x", "'@x"}, {"\tx", "'\tx"},
            {"\rx", "\"'\rx\""},    {"-5", "-5"},    {"+1.5e3", "+1.5e3"}, {"-", "'-"},   {"-5x", "'-5x"},
            {"'=x", "''=x"},        {"'x", "'x"},    {"'-5", "''-5"},      {"", "\"\""},  {"a,b", "\"a,b\""},
            {"a\"b", "\"a\"\"b\""}, {"-1.", "'-1."},
        };
        for (const auto &[text, cell] : cells) {
            std::string out;
            appendCsvText(out, text);
            QCOMPARE(out, cell);
            std::string inside = out.starts_with('"') ? out.substr(1, out.size() - 2) : out;
            if (text != "a\"b")
                QCOMPARE(std::string(csvOriginal(inside)), text);
        }
    }

    void damagedCsvIsRefusedByReason()
    {
        std::string csv;
        appendCsvHeader(csv);
        const std::string commas(FieldCount, ',');
        csv += "x,0,," + commas.substr(1) + "\n";
        csv += ",99,," + commas.substr(1) + "\n";
        csv += ",0,1e400," + commas.substr(1) + "\n";
        csv += ",0,NaN," + commas.substr(1) + "\n";
        csv += "one cell\n";
        csv += ",0,,\"\xff\"" + commas.substr(1) + "\n";
        csv += ",0,,\"open";
        const Ingested in = ingestFile(write("bad.csv", csv));
        QCOMPARE(in.reasons, (std::vector<std::string>{"bad_timestamp", "bad_field", "bad_value", "bad_value",
                                                       "bad_field", "invalid_utf8", "bad_field"}));
    }

    void kcatLinesKeepWhatStandsBesideThePayload()
    {
        const std::string line =
            R"({"topic":"orders","partition":3,"offset":18446744073709551615,"tstype":"create","ts":1700000000123,)"
            R"("broker":1,"headers":["trace","abc","n",null],"key":"k1",)"
            R"("payload":"{\u0022message\u0022:\u0022hi\u0022,\u0022level\u0022:\u0022warn\u0022}"})";
        const Decoded out = decodeOne("auto", line);
        QCOMPARE(out.reasons, std::vector<std::string>{""});
        const Event &event = out.batch.events.front();
        QCOMPARE(out.batch.text(event, Field::Message), std::string_view("hi"));
        QCOMPARE(event.tsEvent, WallNs{1700000000123 * NsPerMs});
        QCOMPARE(out.batch.text(event, Field::Headers),
                 std::string_view(R"({"kafka.topic":"orders","kafka.partition":3,"kafka.offset":18446744073709551615,)"
                                  R"("kafka.key":"k1","kafka.ts":1700000000123,"trace":"abc","n":null})"));
        const std::string id(out.batch.text(event, Field::EventId));
        QCOMPARE(id.size(), std::size_t{36});
        // The same message in another file is the same event.
        const Decoded again = decodeOne("auto", ' ' + line);
        QCOMPARE(std::string(again.batch.text(again.batch.events.front(), Field::EventId)), id);
        const Decoded words = decodeOne("auto", R"({"topic":"t","partition":0,"offset":1,"payload":"plain words"})");
        QCOMPARE(words.batch.text(words.batch.events.front(), Field::Message), std::string_view("plain words"));
        const Decoded hurt = decodeOne("auto", text("{`topic`:`t`,`partition`:0,`offset`:1,`payload`:`{ no`}"));
        QCOMPARE(hurt.reasons, std::vector<std::string>{"invalid_json"});
        const Decoded tomb = decodeOne("auto", R"({"topic":"t","partition":0,"offset":1,"key":"k","payload":null})");
        QVERIFY(tomb.batch.events.empty());
        QCOMPARE(tomb.reasons, std::vector<std::string>{""});
    }

    void bytesThatAreNoTextComeThroughKcatLines()
    {
        std::string line;
        const std::string bytes("\xff\x00\xfe{", 4);
        appendKcat(line, {"t", 0, 9, NoTime, {}, bytes});
        JsonReader json;
        QVERIFY(!json.read(line));
        QVERIFY(looksLikeKcat(json));
        KcatMessage message;
        QVERIFY(!message.read(json));
        QCOMPARE(message.payload, bytes);
        for (std::size_t size = 0; size < 6; ++size) {
            std::string again;
            appendKcat(again, {"t", 0, 9, NoTime, "k", std::string(size, '\xfe')});
            QVERIFY(!json.read(again));
            QVERIFY(!message.read(json));
            QCOMPARE(message.payload, std::string(size, '\xfe'));
        }
    }
};

EVENTOPS_TEST(TestCaptureFile)
#include "tst_capture_file.moc"
