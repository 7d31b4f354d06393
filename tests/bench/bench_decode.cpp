// SPDX-License-Identifier: MIT
//
// bench_decode [ROUNDS] [CODEC]: what it costs to turn agents' lines into validated events, against simdjson On-Demand
// extracting the same seven fields and nothing else (no validation of what it skips, nothing kept). And what it costs
// to validate the whole lines, by our reader and by simdjson's DOM. Interleaved rounds in one run; CPU time; the best
// round of each counts. Counts are compared before a time counts.
#include "tests/bench/workload.h"

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/time.h"
#include "core/codec/codec.h"
#include "core/codec/json_reader.h"
#include "core/model/batch.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <simdjson.h>

namespace {

using namespace eventops;

double cpuSeconds()
{
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Extracted {
    std::uint64_t good = 0, bad = 0, sum = 0;
};

/// The seven fields of one line by simdjson.
bool extract(simdjson::ondemand::parser &parser, const char *line, std::size_t size, std::uint64_t &sum)
{
    using namespace simdjson;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(line, size, size + SIMDJSON_PADDING).get(document) || document.get_object().get(object))
        return false;
    unsigned seen = 0;
    for (auto field : object) {
        ondemand::raw_json_string key;
        ondemand::value value;
        std::string_view text;
        double number = 0;
        if (field.key().get(key) || field.value().get(value))
            return false;
        const char *name = key.raw();
        bool ok = true;
        if (name[0] == 't' && name[1] == 'a') {
            ondemand::object tags;
            if (value.get_object().get(tags))
                return false;
            for (auto tag : tags) {
                std::string_view tagName;
                if (tag.unescaped_key().get(tagName) || tag.value().get_string().get(text))
                    return false;
                sum += tagName.size() + text.size();
            }
        } else if (name[0] == 'v') {
            ondemand::json_type type;
            ok = !value.type().get(type)
              && !(type == ondemand::json_type::string ? value.get_double_in_string().get(number)
                                                       : value.get_double().get(number));
            seen |= 1;
        } else if (name[0] == 't' && name[1] == 's') {
            ondemand::json_type type;
            std::int64_t epoch = 0;
            ok = !value.type().get(type)
              && (type == ondemand::json_type::string ? !value.get_string().get(text) : !value.get_int64().get(epoch));
            if (ok && type == ondemand::json_type::string)
                sum += static_cast<std::uint64_t>(raw(parseTimestamp(text).value_or(NoTime)));
            seen |= 2;
        } else if (name[0] == 't' || name[0] == 'h' || name[0] == 'm' || name[0] == 'u') {
            ok = !value.get_string().get(text);
            seen |= name[0] == 't' ? 4u : name[0] == 'h' ? 8u : name[0] == 'm' ? 16u : 0u;
        }
        if (!ok)
            return false;
        sum += text.size() + static_cast<std::uint64_t>(number);
    }
    return seen == 31;
}

/// Counts the lines that @p isGood takes, and those that it does not.
template <typename IsGood>
Extracted forEachLine(const std::string &text, const IsGood &isGood)
{
    Extracted out;
    const char *end = text.data() + text.size();
    for (const char *line = text.data(); line < end;) {
        const char *stop = static_cast<const char *>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)));
        (isGood(line, static_cast<std::size_t>(stop - line), out.sum) ? out.good : out.bad)++;
        line = stop + 1;
    }
    return out;
}

Extracted runSimdjson(const std::string &text)
{
    static simdjson::ondemand::parser parser;
    return forEachLine(text, [](const char *line, std::size_t size, std::uint64_t &sum) {
        return extract(parser, line, size, sum);
    });
}

/// Every byte validated, nothing extracted.
Extracted validateByReader(const std::string &text)
{
    static JsonReader reader;
    return forEachLine(text, [](const char *line, std::size_t size, std::uint64_t &) {
        return !reader.read({line, size});
    });
}

Extracted validateByDom(const std::string &text)
{
    static simdjson::dom::parser parser;
    return forEachLine(text, [](const char *line, std::size_t size, std::uint64_t &) {
        return parser.parse(line, size, false).error() == simdjson::SUCCESS;
    });
}

/// The chunks as a reader would hand them over, made beforehand: framing is the reader's work.
std::vector<std::shared_ptr<const RawChunk>> makeChunks(const std::string &text)
{
    std::vector<std::shared_ptr<const RawChunk>> chunks;
    std::shared_ptr<RawChunk> chunk;
    for (std::size_t at = 0; at < text.size();) {
        if (!chunk || chunk->bytes.size() >= ChunkBytesMax || chunk->records.size() == ChunkRecordsMax) {
            chunk = std::make_shared<RawChunk>();
            chunk->bytes.reserve(ChunkBytesMax + 4096);
            chunk->position = at;
            chunks.push_back(chunk);
        }
        const std::size_t end = text.find('\n', at);
        if (end > at)
            chunk->records.push_back({static_cast<std::uint32_t>(chunk->bytes.size()),
                                      static_cast<std::uint32_t>(end - at)});
        chunk->bytes.append(text, at, end + 1 - at);
        at = end + 1;
    }
    return chunks;
}

Extracted runCodec(CodecDecoder &decoder, const std::vector<std::shared_ptr<const RawChunk>> &chunks, Batch &batch)
{
    Extracted out;
    for (const auto &chunk : chunks) {
        batch.clear();
        batch.chunks.push_back(chunk);
        batch.records.resize(chunk->records.size());
        for (std::uint32_t i = 0; i < batch.records.size(); ++i) {
            RawRecord &record = batch.records[i];
            record = RawRecord{};
            record.offset = chunk->records[i].offset;
            record.size = chunk->records[i].size;
            record.position = chunk->position + record.offset;
            record.hash = hash64(batch.raw(record));
            if (decoder.decode(batch, i))
                ++out.bad;
        }
        out.good += batch.events.size();
        for (const Event &event : batch.events)
            out.sum += static_cast<std::uint64_t>(event.value);
    }
    return out;
}

} // namespace

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    const Codec *codec = codecByName(argc > 2 ? argv[2] : "auto");
    if (rounds < 1 || codec == nullptr) {
        std::fputs("usage: bench_decode [ROUNDS] [CODEC]\n", stderr);
        return 2;
    }
    const bench::WorkloadCounts expected;
    const std::string text = bench::agentWorkload(expected.lines);
    std::string padded = text;
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
    padded.resize(text.size());
    const auto chunks = makeChunks(text);
    std::uint64_t records = 0;
    for (const auto &chunk : chunks)
        records += chunk->records.size();
    const std::uint64_t blank = expected.lines - records;
    const auto decoder = codec->makeDecoder();
    Batch batch;
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    bool right = true;
    for (int round = 0; round <= rounds; ++round) { // the first one warms up
        const double start = cpuSeconds();
        const Extracted theirs = runSimdjson(padded);
        const double middle = cpuSeconds();
        const Extracted ours = runCodec(*decoder, chunks, batch);
        const double end = cpuSeconds();
        const Extracted read = validateByReader(padded);
        const double reader = cpuSeconds();
        const Extracted parsed = validateByDom(padded);
        const double dom = cpuSeconds();
        right = right && read.good == parsed.good;
        right = right && theirs.good == expected.events && ours.good == expected.events
             && ours.bad + blank == expected.refused && theirs.bad == expected.refused;
        if (round == 0)
            std::printf("%llu lines, %llu blank; simdjson: %llu good, %llu bad; %s: %llu events, %llu refused%s\n",
                        static_cast<unsigned long long>(expected.lines), static_cast<unsigned long long>(blank),
                        static_cast<unsigned long long>(theirs.good), static_cast<unsigned long long>(theirs.bad),
                        std::string(codec->name()).c_str(), static_cast<unsigned long long>(ours.good),
                        static_cast<unsigned long long>(ours.bad), right ? "" : "  <- WRONG");
        if (round == 0)
            continue;
        best[0] = std::min(best[0], middle - start);
        best[1] = std::min(best[1], end - middle);
        best[2] = std::min(best[2], reader - end);
        best[3] = std::min(best[3], dom - reader);
    }
    std::printf("simdjson, 7 fields only   %.3f CPU-s per million lines\n", best[0]);
    std::printf("decode to events          %.3f CPU-s per million lines, %.0f %% of simdjson's speed\n", best[1],
                100.0 * best[0] / best[1]);
    std::printf("validate: our reader      %.3f CPU-s per million lines\n", best[2]);
    std::printf("validate: simdjson's DOM  %.3f CPU-s per million lines\n", best[3]);
    return right ? 0 : 1;
}
