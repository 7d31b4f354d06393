// SPDX-License-Identifier: MIT
#include "core/session/clickhouse_feed.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/lake/files.h"

#include <charconv>
#include <filesystem>
#include <fstream>

namespace eventops {
namespace {

constexpr std::size_t SettingsBytesMax = 64u << 10;
constexpr unsigned TtlDaysMax = 36'500;
constexpr std::size_t SecretBytesMax = 1'024;

} // namespace

bool hasClickHouse(const Workspace &workspace)
{
    std::error_code failed;
    return std::filesystem::exists(ClickHouseSettings::file(workspace), failed);
}

Result<ClickHouseSettings> ClickHouseSettings::read(const Workspace &workspace)
{
    const std::string path = file(workspace);
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return Error{Error::Code::NotFound, "this workspace is projected to no ClickHouse", {path, 0, 0},
                     "eventops clickhouse init --url http://localhost:8123"};
    std::string text(SettingsBytesMax, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    const auto wrong = [&](const std::string &name, const char *expected) {
        return Error{Error::Code::InvalidConfig, '"' + name + "\" is not " + expected, {path, 0, 0},
                     "make it again with: eventops clickhouse init"};
    };
    if (!jsonIsValid(text) || text.find_first_not_of(" \t\r\n") == std::string::npos)
        return wrong("clickhouse.json", "JSON");
    ClickHouseSettings settings;
    const auto string = [&](const std::string &name, std::string &value) -> Status {
        const auto found = jsonFind(text, name);
        if (found && found->kind != JsonSlice::Kind::String)
            return wrong(name, "a text");
        if (found)
            value.clear();
        if (found)
            appendJsonUnescaped(value, found->text);
        return Ok{};
    };
    EVENTOPS_TRY(string("url", settings.url));
    EVENTOPS_TRY(string("database", settings.database));
    EVENTOPS_TRY(string("user", settings.user));
    EVENTOPS_TRY(string("password_file", settings.passwordFile));
    if (const auto days = jsonFind(text, "ttl_days")) {
        const char *const end = days->text.data() + days->text.size();
        const auto read = std::from_chars(days->text.data(), end, settings.ttlDays);
        if (days->kind != JsonSlice::Kind::Number || read.ptr != end || settings.ttlDays > TtlDaysMax)
            return wrong("ttl_days", "a number of days");
    }
    if (const auto allow = jsonFind(text, "allow_http"))
        settings.allowHttp = allow->kind == JsonSlice::Kind::True;
    return settings;
}

Status ClickHouseSettings::write(const Workspace &workspace) const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("url", url).field("database", database).field("user", user);
    json.field("password_file", passwordFile).key("ttl_days").unsignedInteger(ttlDays);
    json.key("allow_http").boolean(allowHttp).endObject();
    return lake::replaceFile(file(workspace), text + "\n");
}

Result<lake::ClickHouseAddress> ClickHouseSettings::address() const
{
    lake::ClickHouseAddress address = EVENTOPS_TRY(lake::withClickHouseEnvironment({}));
    address.url = url; // what the workspace names counts more than the environment
    if (!database.empty())
        address.database = database;
    if (!user.empty())
        address.user = user;
    address.allowHttp = allowHttp;
    if (address.password.empty() && !passwordFile.empty()) {
        std::ifstream in(passwordFile, std::ios::binary);
        std::string line;
        if (!std::getline(in, line) || line.empty() || line.size() > SecretBytesMax)
            return Error{Error::Code::InvalidConfig, "no password stands in the first line", {passwordFile, 1, 0},
                         "or set CLICKHOUSE_PASSWORD"};
        address.password = line;
    }
    return address;
}

} // namespace eventops
