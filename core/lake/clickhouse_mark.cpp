// SPDX-License-Identifier: MIT
//
// How far the projection into ClickHouse got.
#include "core/lake/clickhouse_writer.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/lake/files.h"

#include <charconv>
#include <filesystem>
#include <fstream>

namespace eventops::lake {
namespace {

constexpr std::size_t MarkBytesMax = 16u << 10;
constexpr std::array<std::string_view, ClickHouseStreamCount> StreamNames{"events", "findings", "history",
                                                                          "features"};

} // namespace

ClickHouseMark ClickHouseMark::fresh(const ClickHouseClient &client)
{
    ClickHouseMark mark;
    mark.url = client.address().url;
    mark.database = client.address().database.empty() ? std::string(ClickHouseDatabase) : client.address().database;
    return mark;
}

Result<ClickHouseMark> ClickHouseMark::read(const std::string &path)
{
    std::error_code failed;
    if (!std::filesystem::exists(path, failed))
        return Error{Error::Code::NotFound, "there is no mark", {path, 0, 0}};
    std::ifstream in(path, std::ios::binary);
    std::string text(MarkBytesMax, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    bool whole = jsonIsValid(text);
    const auto number = [&](const std::string &name) {
        std::uint64_t value = 0;
        const auto found = jsonFind(text, name);
        const bool isNumber = found && found->kind == JsonSlice::Kind::Number;
        const char *const end = isNumber ? found->text.data() + found->text.size() : nullptr;
        whole = whole && isNumber && std::from_chars(found->text.data(), end, value).ptr == end;
        return value;
    };
    const auto string = [&](const std::string &name) {
        std::string value;
        const auto found = jsonFind(text, name);
        whole = whole && found && found->kind == JsonSlice::Kind::String;
        if (whole)
            appendJsonUnescaped(value, found->text);
        return value;
    };
    ClickHouseMark mark;
    mark.url = string("url");
    mark.database = string("database");
    for (std::size_t i = 0; i < ClickHouseStreamCount; ++i) {
        if (i == static_cast<std::size_t>(ClickHouseStream::Features) && !jsonFind(text, std::string(StreamNames[i])))
            continue; // a mark from before there were any: nothing was sent
        mark.streams[i].done = number(std::string(StreamNames[i]) + ".done");
        mark.streams[i].sent = number(std::string(StreamNames[i]) + ".sent");
        whole = whole && mark.streams[i].done <= mark.streams[i].sent;
    }
    mark.deadline = number("deadline");
    mark.rows = number("rows");
    mark.found = number("found");
    if (!whole)
        return Error{Error::Code::Corrupt, "this is no mark of a projection", {path, 0, 0}};
    return mark;
}

Status ClickHouseMark::write(const std::string &path) const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("url", url).field("database", database);
    json.key("deadline").unsignedInteger(deadline);
    for (std::size_t i = 0; i < ClickHouseStreamCount; ++i) {
        json.key(StreamNames[i]).beginObject().key("done").unsignedInteger(streams[i].done);
        json.key("sent").unsignedInteger(streams[i].sent).endObject();
    }
    json.key("rows").unsignedInteger(rows).key("found").unsignedInteger(found).endObject();
    return replaceFile(path, text + "\n");
}

} // namespace eventops::lake
