// SPDX-License-Identifier: MIT
//
// What comes back of an event that a codec wrote: of its own all of it, of another's all that the report does not name.
// One or two documents a codec and target; all of them with EVENTOPS_PAIR_DOCUMENTS=1000.
#include "tests/support/test_main.h"

#include "core/base/json.h"
#include "core/codec/document_format.h"
#include "tests/unit/codec/codec_fixture.h"
#include "tests/unit/codec/lost_parts.h"

#include <filesystem>
#include <map>
#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

/// An event by itself: its texts, and the record that it came from where that is kept.
struct Sample {
    Batch batch;
    const Event &event() const { return batch.events.front(); }
};

/// Without the record: what is written is made from the event alone.
Sample alone(const Batch &batch, const Event &event)
{
    Sample out;
    Event &copy = out.batch.events.emplace_back(event);
    copy.record = 0;
    copy.emission = 0;
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        if (event[field] != NoStr)
            copy[field] = out.batch.strings.append(batch.text(event, field));
    }
    return out;
}

std::size_t documentsPerCodec()
{
    bool given = false;
    const int count = qEnvironmentVariableIntValue("EVENTOPS_PAIR_DOCUMENTS", &given);
    return given ? static_cast<std::size_t>(count) : 2;
}

/// Records of the golden cases and, where they are, the real documents; by the codec that auto takes them for.
std::map<std::string, std::vector<std::string>> documents()
{
    std::map<std::string, std::vector<std::string>> out;
    const auto add = [&](const std::string &record) {
        if (record.empty() || record.size() > 64'000)
            return;
        const Decoded in = decodeOne("auto", record);
        if (in.batch.events.empty())
            return;
        std::vector<std::string> &kept = out[in.text(Field::Codec)];
        if (kept.size() < documentsPerCodec())
            kept.push_back(record);
    };
    const std::filesystem::path golden = EVENTOPS_SOURCE_DIR "/tests/golden/formats";
    std::vector<std::filesystem::path> files;
    for (const auto &folder : std::filesystem::directory_iterator(golden))
        files.push_back(folder.path() / "input.log");
    const std::filesystem::path inputs = outsidePath("EVENTOPS_INPUTS");
    std::error_code none;
    std::vector<std::filesystem::path> real;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(inputs, none)) {
        if (entry.is_regular_file() && entry.path().extension() == ".json")
            real.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::sort(real.begin(), real.end());
    for (const std::filesystem::path &file : files) {
        std::istringstream lines(readFile(file.string()));
        for (std::string line; std::getline(lines, line);)
            add(line);
    }
    for (const std::filesystem::path &file : real)
        add(readFile(file.string()));
    for (const char *const own :
         {"{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"action.requested\",\"entity_id\":\"job:abc123\",\"tags\":{"
          "\"tenant\":\"foo\"},\"attrs\":{\"n\":18446744073709551615},\"idempotency_key\":\"act:1\"}",
          "{\"type\":\"metric\",\"timestamp\":\"2025-08-10T16:42:00Z\",\"metadata\":{\"a\":1}}",
          "{\"tenant_id\":\"acme\",\"host\":\"h1\",\"metric\":\"cpu\",\"value\":92.5,\"ts_event\":"
          "\"2025-08-10T16:42:00Z\",\"unit\":\"percent\"}"})
        add(own);
    return out;
}

const std::map<std::string, std::vector<std::string>> &theDocuments()
{
    static const auto all = documents();
    return all;
}

std::set<std::string> saidOf(const LossReport &loss)
{
    std::set<std::string> out;
    for (const LossReport::Item &item : loss.items)
        out.insert(item.field);
    return out;
}

std::string listed(const std::set<std::string> &names)
{
    std::string out;
    for (const std::string &name : names)
        out += name + ' ';
    return out;
}

/// Any text that a field may hold: words, quotes, what templates and paths are made of, beyond ASCII.
std::string randomText(std::mt19937 &random)
{
    constexpr const char *Parts[] = {"disk", " full", "\"",  "\\",   "{x}", ":", "/",
                                     "é",    "🙂",  "%20", "1.50", ".",   " "};
    std::string out;
    for (std::size_t i = 1 + random() % 6; i > 0; --i)
        out += Parts[random() % std::size(Parts)];
    return out;
}

/// Some parts of an event become others, as stages change them.
void change(Batch &batch, std::mt19937 &random)
{
    Event &event = batch.events.front();
    constexpr Field Texts[] = {Field::Message,       Field::EntityId, Field::Type,    Field::Step,
                               Field::CorrelationId, Field::SourceId, Field::EventId, Field::Tenant};
    for (int i = 0; i < 3; ++i)
        event[Texts[random() % std::size(Texts)]] = batch.strings.append(randomText(random));
    if (random() % 2 != 0) {
        event.tsEvent = WallNs{1'700'000'000'000'000'000 + static_cast<std::int64_t>(random()) * 1000};
        event[Field::TsText] = NoStr;
    }
    if (random() % 2 != 0)
        event.severity = Severity::Error;
    if (random() % 2 != 0) {
        std::string tags;
        JsonWriter(tags).beginObject().field(randomText(random), randomText(random)).field("n", "1").endObject();
        event[Field::Tags] = batch.strings.append(tags);
    }
}

} // namespace

class TestCodecPairs : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void ownDocumentsComeBack_data()
    {
        QTest::addColumn<QByteArray>("document");
        for (const auto &[codec, records] : theDocuments()) {
            for (std::size_t i = 0; i < records.size(); ++i)
                QTest::newRow((codec + ' ' + std::to_string(i)).c_str()) << QByteArray::fromStdString(records[i]);
        }
    }
    /// decode∘encode is the identity: with the record at hand and without it.
    void ownDocumentsComeBack()
    {
        QFETCH(QByteArray, document);
        const Decoded in = decodeOne("auto", document.toStdString());
        for (const Event &event : in.batch.events) {
            const Codec &codec = *codecByName(in.batch.text(event, Field::Codec));
            const Sample copy = alone(in.batch, event);
            for (const bool withRecord : {true, false}) {
                const Batch &batch = withRecord ? in.batch : copy.batch;
                const Event &from = withRecord ? event : copy.event();
                LossReport loss;
                const auto written = codec.encode(batch, from, loss);
                if (!written && !withRecord && written.error().code == Error::Code::Unavailable)
                    continue; // lines of text
                QVERIFY2(bool(written), written ? "" : written.error().text().c_str());
                const Decoded again = decodeAll(codec, {written.value()});
                QVERIFY2(again.details[0].empty(), (again.details[0] + ": " + written.value()).c_str());
                QCOMPARE(again.batch.events.size(), std::size_t{1});
                std::set<std::string> differs = lost(batch, from, again.batch, &again.event());
                if (withRecord)
                    differs.merge(lost(again.batch, again.event(), batch, &from));
                QVERIFY2(differs.empty(), (listed(differs) + ": " + written.value()).c_str());
                QVERIFY2(loss.items.empty(), listed(saidOf(loss)).c_str());
            }
        }
    }

    void changedEventsComeBack_data() { ownDocumentsComeBack_data(); }
    /// An event that a stage changed, written in its own form: as it is now, but for what the report names; and
    /// nothing of the document that it once was comes back by the record, which is still there.
    void changedEventsComeBack()
    {
        QFETCH(QByteArray, document);
        std::mt19937 random(static_cast<std::uint32_t>(qHash(document, 7))); // the same in every run
        for (int round = 0; round < 3; ++round) {
            Decoded in = decodeOne("auto", document.toStdString());
            change(in.batch, random);
            const Codec &codec = *codecByName(in.text(Field::Codec));
            LossReport loss;
            const auto written = codec.encode(in.batch, in.event(), loss);
            if (!written) {
                QVERIFY(!written.error().message.empty() && !written.error().remedy.empty());
                continue;
            }
            const Decoded again = decodeAll(codec, {written.value()});
            const Event *const back = again.batch.events.size() == 1 ? &again.batch.events[0] : nullptr;
            const auto differs = lost(in.batch, in.event(), again.batch, back);
            QVERIFY2(differs == saidOf(loss),
                     (listed(differs) + "| " + listed(saidOf(loss)) + written.value()).c_str());
        }
    }

    void whatAStageTookOutStaysOut()
    {
        Decoded in = decodeOne("auto", "{\"host\":\"h\",\"short_message\":\"m\",\"version\":\"1.1\",\"_password\":"
                                       "\"s3cret\",\"level\":3}");
        QCOMPARE(in.text(Field::Codec), std::string("gelf"));
        const Codec &codec = *codecByName("gelf");
        LossReport loss;
        QVERIFY(codec.encode(in.batch, in.event(), loss).value().find("s3cret") != std::string::npos);
        in.batch.events[0][Field::Attrs] =
            in.batch.strings.append("{\"host\":\"h\",\"short_message\":\"m\",\"version\":\"1.1\",\"level\":3}");
        const auto without = codec.encode(in.batch, in.event(), loss);
        QVERIFY(without.value().find("s3cret") == std::string::npos);
        QVERIFY(without.value().find("\"level\":3") != std::string::npos);
        QVERIFY(loss.items.empty());
    }

    void pairs_data()
    {
        QTest::addColumn<QString>("from");
        for (const auto &[codec, records] : theDocuments())
            QTest::newRow(codec.c_str()) << QString::fromStdString(codec);
    }
    /// The paths lost on the way from one codec to another, found here by comparing, are those that the report names.
    void pairs()
    {
        QFETCH(QString, from);
        std::size_t written = 0;
        for (const std::string &record : theDocuments().at(from.toStdString())) {
            const Decoded in = decodeOne("auto", record);
            const Sample sample = alone(in.batch, in.event());
            for (const Codec *codec : builtinCodecs()) {
                LossReport loss;
                const auto text = codec->encode(sample.batch, sample.event(), loss);
                if (!text) { // it is only read, or has no form for such an event: told, and why
                    QVERIFY2(!text.error().message.empty(), std::string(codec->name()).c_str());
                    QVERIFY(loss.items.empty());
                    continue;
                }
                const Decoded again = decodeAll(*codec, {text.value()});
                const Event *const back = again.batch.events.size() == 1 ? &again.batch.events[0] : nullptr;
                const auto differs = lost(sample.batch, sample.event(), again.batch, back);
                QVERIFY2(differs == saidOf(loss),
                         (std::string(codec->name()) + ": " + listed(differs) + "| " + listed(saidOf(loss))).c_str());
                ++written;
            }
        }
        QVERIFY(written > 20);
    }
};

EVENTOPS_TEST(TestCodecPairs)
#include "tst_codec_pairs.moc"
