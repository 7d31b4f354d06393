// SPDX-License-Identifier: MIT
//
// Any bytes as lines of text: CSV, syslog, a block of headers, documents of YAML, Kafka messages as kcat prints them,
// text whose format is found by looking. Views lie in the bytes, JSON that comes out is JSON, refusals have words.
#include "core/codec/codec.h"
#include "core/codec/csv.h"
#include "core/codec/header_block.h"
#include "core/codec/json_reader.h"
#include "core/codec/syslog.h"
#include "core/codec/yaml_document.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;
using namespace eventops::fuzz;

namespace {

void csv(std::string_view bytes)
{
    CsvLineEnd end;
    const auto at = end.find(bytes, 0);
    require(!at || (*at < bytes.size() && bytes[*at] == '\n'));
    std::vector<CsvCell> cells;
    if (!readCsvRecord(bytes.substr(0, at.value_or(bytes.size())), cells))
        return;
    std::string again; // all of them quoted, it is the same record
    for (const CsvCell &cell : cells) {
        again += again.empty() ? "\"" : ",\"";
        for (const char c : cell.text)
            again += c == '"' ? std::string("\"\"") : std::string(1, c);
        again += '"';
    }
    std::vector<CsvCell> same;
    require(readCsvRecord(again, same) && same.size() == cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
        require(same[i].text == cells[i].text);
}

void syslog(std::string_view bytes)
{
    SyslogLine line;
    JsonReader reader;
    if (isValidUtf8(bytes) && line.read(bytes))
        require(!reader.read(line.fields()) && reader.kind() == JsonKind::Object);
}

void headers(std::string_view bytes)
{
    HeaderBlock block;
    const DecodeFailure failure = block.read(bytes);
    JsonReader reader;
    if (failure)
        return require(!failure.detail.empty());
    require(!reader.read(block.json) && reader.kind() == JsonKind::Object);
    require(block.body.empty() || bytes.ends_with(block.body));
}

void yaml(std::string_view bytes)
{
    looksLikeYaml(bytes);
    for (const std::string_view document : yamlDocuments(bytes))
        require(document.empty() || (document.data() >= bytes.data() && document.end() <= bytes.end()));
}

void decoded(std::string_view codec, std::string_view bytes)
{
    const auto made = makeCodec(codec, Value::map({}));
    require(bool(made));
    Batch batch = batchOf(bytes);
    const DecodeFailure failure = made.value()->makeDecoder()->decode(batch, 0);
    require(!failure || (batch.events.empty() && !failure.detail.empty()));
}

} // namespace

EVENTOPS_FUZZ(text)
{
    switch (takeChoice(bytes, 6)) {
    case 0: return csv(bytes);
    case 1: return syslog(bytes);
    case 2: return headers(bytes);
    case 3: return yaml(bytes);
    case 4: return decoded("kcat", bytes);
    default: return decoded("log", bytes);
    }
}
