// SPDX-License-Identifier: MIT
//
// The made-up world as a source: the same bytes from the same seed, whatever the pace, and the truth about its faults.
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/config/pipeline_file.h"
#include "pipelines/components.h"
#include "pipelines/sources/scenario/scenario.h"
#include "tests/support/test_main.h"

#include <QtCore/QTemporaryDir>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

using namespace eventops;

namespace {

const std::string Pipelines = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";

/// A world of ten minutes: one host whose load goes to 85 and 97, things that are made, a line that is broken.
const std::string Small = "      scenario: small\n"
                          "      tenant: acme\n"
                          "      start: 2025-11-03T08:00:00Z\n"
                          "      duration: 10m\n"
                          "      warmup: 2m\n"
                          "      seed: 3\n"
                          "      arrival: {late_percent: 20, late_by: 9s, again_percent: 10}\n"
                          "      services:\n"
                          "        - name: web\n"
                          "          hosts: [web-1, web-2]\n"
                          "          metrics:\n"
                          "            - {name: cpu_load, unit: percent, level: 30, spread: 2, wave: 3, max: 100}\n"
                          "      lives:\n"
                          "        - type: order\n"
                          "          id: 'A-{n}'\n"
                          "          every: 7s\n"
                          "          steps:\n"
                          "            - {name: made}\n"
                          "            - {name: sold, after: 20s, retry: {name: refused, percent: 30}}\n"
                          "        - type: job\n"
                          "          id: 'of-{parent}'\n"
                          "          started_by: {life: order, steps: [sold]}\n"
                          "          part_of: true\n"
                          "          steps: [{name: begun}, {name: checked, after: 5s}, {name: done, after: 5s}]\n"
                          "      lines: [{at: 90s, text: '{\"broken'}]\n"
                          "      faults:\n"
                          "        - id: hot\n"
                          "          kind: metric\n"
                          "          target: {type: Host, id: 'host:web-1'}\n"
                          "          start: 3m\n"
                          "          end: 9m\n"
                          "          effects: [{metric: cpu_load, value: 85}, {metric: cpu_load, at: 1m, value: 97}]\n"
                          "          expects: {metrics: [cpu_load]}\n"
                          "          remedy: restart_service\n"
                          "        - id: lost\n"
                          "          kind: lost_step\n"
                          "          target: {type: job, id: 'job:L-1'}\n"
                          "          start: 4m\n"
                          "          end: 6m\n"
                          "          step: checked\n"
                          "        - id: late\n"
                          "          kind: late_step\n"
                          "          target: {type: job, id: 'job:L-2'}\n"
                          "          start: 4m\n"
                          "          end: 9m\n"
                          "          step: done\n"
                          "          delay: 4m\n"
                          "          remedy: hurry\n"
                          "        - id: again\n"
                          "          kind: retries\n"
                          "          target: {type: order, id: 'order:L-3'}\n"
                          "          start: 4m\n"
                          "          end: 9m\n"
                          "          step: sold\n"
                          "          attempts: 5\n"
                          "        - id: backup\n"
                          "          kind: metric\n"
                          "          harmless: true\n"
                          "          target: {type: Host, id: 'host:web-2'}\n"
                          "          start: 5m\n"
                          "          end: 6m\n"
                          "          effects: [{metric: cpu_load, value: 70}]\n";

Result<PipelineSpec> pipelineOf(const std::string &scenario, const std::string &settings)
{
    const std::string text = "pipeline: test\nsources:\n  - scenario:\n      file:\n"
                             + scenario + settings + "stages: []\n";
    return parsePipeline(text, "test.yaml", {builtinStages(), builtinSources()}, Pipelines);
}

/// The content stands in the setting itself, two deeper than `file`.
std::string indented(const std::string &text)
{
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        out += "  " + line + '\n';
    return out;
}

Result<std::unique_ptr<Source>> makeSmall(const std::string &settings = {}, std::string scenario = Small)
{
    auto spec = pipelineOf(indented(scenario), settings);
    if (!spec)
        return spec.error();
    const auto &source = spec.value().sources.front();
    return source.spec->make(source.settings, {});
}

struct Read {
    std::string bytes;
    std::vector<std::string> records;
    std::vector<std::uint64_t> positions;
    std::size_t chunks = 0;
};

/// Reads up to @p chunksMax chunks and calls @p after with what there is after each.
void readAll(Source &source, Read &out, const std::function<void(const Read &)> &after = {},
             std::size_t chunksMax = SIZE_MAX)
{
    for (; out.chunks < chunksMax; ++out.chunks) {
        RawChunk chunk;
        std::vector<OversizePart> oversize;
        const auto more = source.read(chunk, oversize);
        QVERIFY(bool(more));
        if (!more.value())
            return;
        QCOMPARE(chunk.positionEnd - chunk.position, chunk.bytes.size());
        QVERIFY(chunk.records.size() <= ChunkRecordsMax);
        for (const RawChunk::Record &record : chunk.records) {
            out.records.push_back(chunk.bytes.substr(record.offset, record.size));
            out.positions.push_back(chunk.position + record.offset);
        }
        out.bytes += chunk.bytes;
        QCOMPARE(chunk.prefixHash, hash64(out.bytes));
        if (after)
            after(out);
    }
}

std::string bytesOf(const std::string &settings = {}, const std::string &scenario = Small)
{
    auto source = makeSmall(settings, scenario);
    if (!source || !source.value()->open(0))
        return "no source";
    Read read;
    readAll(*source.value(), read);
    return read.bytes;
}

bool holds(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

std::size_t count(const std::string &text, const std::string &part)
{
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
        ++n;
    return n;
}

/// Samples of @p host with a load of @p tens tens.
std::size_t samples(const Read &read, const std::string &host, char tens)
{
    std::size_t n = 0;
    for (const std::string &record : read.records) {
        const std::size_t at = record.find("\"value\":");
        n += holds(record, "\"host\":\"" + host + '"') && at != std::string::npos && record[at + 8] == tens ? 1U : 0U;
    }
    return n;
}

std::string errorOf(const std::string &from, const std::string &to)
{
    std::string changed = Small;
    changed.replace(changed.find(from), from.size(), to);
    const auto source = makeSmall({}, changed);
    return source ? std::string() : source.error().text();
}

} // namespace

class TestScenario : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string world(const char *name) const { return m_folder.filePath(QLatin1String(name)).toStdString(); }
    static std::string paced(double pace, const std::string &file = {})
    {
        return "      pace: " + std::to_string(pace) + "\n      world: '" + file + "'\n";
    }

private Q_SLOTS:
    void theSameSeedGivesTheSameBytes()
    {
        const std::string bytes = bytesOf();
        QVERIFY(bytes.size() > 10'000);
        QVERIFY(bytes == bytesOf());
        QVERIFY(bytes != bytesOf("      seed: 4\n"));
        QVERIFY(bytes == bytesOf("      seed: 3\n"));
    }

    void paceNeverShowsInTheBytes()
    {
        const std::string bytes = bytesOf();
        QVERIFY(bytes == bytesOf(paced(10'000)));
        QVERIFY(bytes == bytesOf("      pace: 1000000\n      warmup: 9m\n"));
    }

    void aShorterWorldIsTheBeginningOfALongerOne()
    {
        const std::string whole = bytesOf();
        const std::string half = bytesOf("      duration: 5m\n");
        QVERIFY(!half.empty() && half.size() < whole.size());
        QVERIFY(whole.starts_with(half));
    }

    void theKeyIsOfTheContent()
    {
        const auto key = [](const std::string &settings, const std::string &scenario = Small) {
            return makeSmall(settings, scenario).value()->key();
        };
        QCOMPARE(key("").size(), std::size_t{64});
        QCOMPARE(key(paced(60, "/somewhere")), key(""));
        QCOMPARE(key("      warmup: 5m\n"), key(""));
        QCOMPARE(key("      seed: 3\n"), key(""));
        QVERIFY(key("      seed: 4\n") != key(""));
        QVERIFY(key("      duration: 9m\n") != key(""));
        QVERIFY(key("      start: '2025-11-03T09:00:00Z'\n") != key(""));
        std::string other = Small;
        other.replace(other.find("level: 30"), 9, "level: 31");
        QVERIFY(key("", other) != key(""));
        // The pipeline's canonical text holds the whole scenario; it is the same one.
        const auto spec = pipelineOf(indented(Small), {});
        const auto again =
            parsePipeline(spec.value().text, "pipeline.json", {builtinStages(), builtinSources()}, Pipelines);
        QVERIFY(bool(again));
        QCOMPARE(again.value().hash, spec.value().hash);
        const auto &source = again.value().sources.front();
        QCOMPARE(source.spec->make(source.settings, {}).value()->key(), key(""));
    }

    void readingGoesOnAtAnyRecord()
    {
        Read whole;
        auto first = makeSmall();
        QVERIFY(bool(first.value()->open(0)));
        readAll(*first.value(), whole);
        for (const std::size_t record : {std::size_t{1}, whole.records.size() / 2, whole.records.size() - 1}) {
            const std::uint64_t position = whole.positions[record];
            auto source = makeSmall();
            const std::uint64_t hash = hash64(std::string_view(whole.bytes).substr(0, position));
            QVERIFY(source.value()->hasPrefix(position, hash).value());
            QVERIFY(!source.value()->hasPrefix(position, hash + 1).value());
            QVERIFY(bool(source.value()->open(position)));
            RawChunk chunk;
            std::vector<OversizePart> oversize;
            QVERIFY(source.value()->read(chunk, oversize).value());
            QCOMPARE(chunk.position, position);
            QCOMPARE(chunk.bytes, whole.bytes.substr(position));
        }
        QVERIFY(!makeSmall().value()->hasPrefix(whole.bytes.size() + 1, 0).value());
    }

    void theWarmupComesAtOnce()
    {
        auto source = makeSmall(paced(0.001));
        QVERIFY(bool(source.value()->open(0)));
        Read read;
        readAll(*source.value(), read, {}, 3); // the world then stands nearly still: reads end with nothing
        QCOMPARE(read.chunks, std::size_t{3});
        QVERIFY(read.records.size() > 40);
        QVERIFY(holds(read.bytes, "08:01:5"));
        QVERIFY(!holds(read.bytes, "08:02:1"));
    }

    void whatTheFaultsDo()
    {
        Read read;
        auto source = makeSmall();
        QVERIFY(bool(source.value()->open(0)));
        readAll(*source.value(), read);
        QVERIFY(samples(read, "web-1", '8') >= 10);
        QVERIFY(samples(read, "web-1", '9') >= 50);
        QCOMPARE(samples(read, "web-2", '9'), std::size_t{0});
        QVERIFY(samples(read, "web-2", '6') + samples(read, "web-2", '7') >= 10);
        const auto events = [&](const char *type, const char *entity) {
            return count(read.bytes, std::string("\"event_type\":\"") + type + "\",\"entity_id\":\"" + entity + '"');
        };
        QVERIFY(events("job.begun", "job:L-1") >= 1);
        QCOMPARE(events("job.checked", "job:L-1"), std::size_t{0});
        QVERIFY(events("job.done", "job:L-1") >= 1);
        QVERIFY(events("order.refused", "order:L-3") >= 5);
        QVERIFY(events("order.sold", "order:L-3") >= 1);
        QVERIFY(holds(read.bytes, "\n{\"broken\n"));
        QVERIFY(holds(read.bytes, "\"attrs\":{\"order_id\":\"order:A-"));
        QVERIFY(holds(read.bytes, "\"causation_id\":\"order:A-"));
    }

    void recordsComeLateAndTwice()
    {
        const std::string bytes = bytesOf();
        std::map<std::string, int> seen;
        std::istringstream lines(bytes);
        std::size_t twice = 0, disordered = 0;
        std::string last;
        for (std::string line; std::getline(lines, line);) {
            twice += ++seen[line] == 2 ? 1U : 0U;
            const std::size_t at = line.find("\"ts_event\":\"");
            if (at == std::string::npos)
                continue;
            const std::string time = line.substr(at + 12, 19);
            disordered += time < last ? 1U : 0U;
            last = std::max(last, time);
        }
        QVERIFY(twice > 0);
        QVERIFY(disordered > 0);
    }

    void aRemedyEndsTheFaultAndIsRemembered()
    {
        const std::string file = world("remedy");
        auto source = makeSmall(paced(600, file));
        QVERIFY(bool(source.value()->open(0)));
        Read read;
        bool done = false;
        readAll(*source.value(), read, [&](const Read &so) {
            if (done || samples(so, "web-1", '9') == 0)
                return;
            done = true;
            std::ofstream(file, std::ios::app)
                << "no JSON at all\n"
                << R"({"command":"restart_service","args":{},"entity_type":"Host","entity_id":"host:web-2"})" << '\n'
                << R"({"command":"restart_service","args":{},"entity_type":"Host","entity_id":"host:web-1"})" << '\n';
        });
        QVERIFY(done);
        QVERIFY(samples(read, "web-1", '9') < 60);
        QVERIFY(samples(read, "web-1", '3') + samples(read, "web-1", '2') > 60); // healthy before and after
        const std::string unharmed = bytesOf();
        QVERIFY(read.bytes != unharmed);
        // With the file the same world can be played again, at any pace; what it did is in there.
        std::ifstream in(file);
        const std::string noted((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        QVERIFY(holds(noted, "{\"applied\":0,\"at_ms\":"));
        QVERIFY(holds(noted, "{\"applied\":1,\"at_ms\":"));
        QVERIFY(read.bytes == bytesOf("      world: '" + file + "'\n"));
        QVERIFY(read.bytes == bytesOf(paced(50'000, file)));
    }

    void aRemedyHurriesWhatIsLate()
    {
        const std::string file = world("hurry");
        std::ofstream(file) << R"({"command":"hurry","entity_id":"job:L-2"})" << "\n{\"applied\":0,\"at_ms\":300000}\n";
        const std::string late = "\"event_type\":\"job.done\",\"entity_id\":\"job:L-2\"";
        const auto time = [&](const std::string &bytes) {
            const std::size_t at = bytes.find(late);
            return at == std::string::npos ? std::string() : bytes.substr(bytes.rfind("{\"ts\":\"", at) + 7, 19);
        };
        QVERIFY(time(bytesOf()) >= std::string("2025-11-03T08:08:00"));
        QCOMPARE(time(bytesOf("      world: '" + file + "'\n")), std::string("2025-11-03T08:05:05"));
    }

    void theTruthIsToldWithoutWhatIsHarmless()
    {
        const auto spec = pipelineOf(indented(Small), {});
        const auto truth = scenario::readGroundTruth(spec.value());
        QVERIFY(bool(truth));
        QCOMPARE(truth.value().durationNs, 600 * NsPerSecond);
        QCOMPARE(truth.value().warmupNs, 120 * NsPerSecond);
        QCOMPARE(truth.value().faults.size(), std::size_t{4});
        const GroundTruthFault &hot = truth.value().faults.front();
        QCOMPARE(hot.start - truth.value().start, 180 * NsPerSecond);
        QCOMPARE(hot.id, std::string("hot"));
        QCOMPARE(hot.kind, std::string("metric"));
        QCOMPARE(hot.tenant, std::string("acme"));
        QCOMPARE(hot.entityType, std::string("Host"));
        QCOMPARE(hot.entityId, std::string("host:web-1"));
        QCOMPARE(hot.end - hot.start, 360 * NsPerSecond);
        QCOMPARE(hot.graceNs, 300 * NsPerSecond);
        QCOMPARE(hot.metrics, std::vector<std::string>{"cpu_load"});
        QCOMPARE(hot.remedy, std::string("restart_service"));
        QVERIFY(!scenario::readGroundTruth(PipelineSpec()));
    }

    void mistakesAreNamedWithTheirPlace()
    {
        QVERIFY(holds(errorOf("host:web-1", "host:web-9"), "there is no host \"web-9\""));
        QVERIFY(holds(errorOf("host:web-1", "host:web-9"), "test.yaml:"));
        QVERIFY(holds(errorOf("step: checked", "step: chekced"), "there is no step \"chekced\" of job"));
        QVERIFY(holds(errorOf("life: order", "life: job"), "there is no kind \"job\" above")); // nothing starts itself
        QVERIFY(holds(errorOf("id: late\n", "id: lost\n"), "two faults \"lost\""));
        QVERIFY(holds(errorOf("late_percent: 20", "late_percent: 120"), "between 0 and 100"));
        QVERIFY(holds(errorOf("percent: 30", "percent: 100"), "between 0 and 90"));
        QVERIFY(holds(errorOf("end: 9m", "end: 2m"), "ends after its start"));
        QVERIFY(holds(errorOf("duration: 10m", "duration: 40d"), "31d"));
        QVERIFY(holds(errorOf("start: 2025-11-03T08:00:00Z", "start: monday"), "is no time"));
        QVERIFY(holds(errorOf("metric: cpu_load, value: 85", "metric: cpu, value: 85"), "there is no metric \"cpu\""));
        QVERIFY(!makeSmall("      pace: -1\n"));
        QVERIFY(!makeSmall("      seed: many\n"));
    }

    void aFileGoesBeforeTheWorld()
    {
        const std::string path = world("capture.ndjson");
        std::ofstream(path) << "{\"a\":1}\n";
        const auto spec = pipelineOf(indented(Small), {});
        const auto &source = spec.value().sources.front();
        auto capture = source.spec->make(source.settings, {path, {}});
        QVERIFY(bool(capture));
        Read read;
        readAll(*capture.value(), read);
        QCOMPARE(read.records, std::vector<std::string>{"{\"a\":1}"});
    }
};

EVENTOPS_TEST(TestScenario)
#include "tst_scenario.moc"
