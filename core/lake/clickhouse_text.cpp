// SPDX-License-Identifier: MIT
//
// ClickHouse's texts: exceptions, literals, TabSeparated; and what its environment says.
#include "core/lake/clickhouse_client.h"

#include <charconv>
#include <cstdlib>
#include <fstream>

namespace eventops::lake {
namespace {

constexpr std::size_t MessageBytesMax = 600;
constexpr std::size_t SecretBytesMax = 1'024;

} // namespace

int clickHouseException(std::string_view text, std::string &message)
{
    constexpr std::string_view Head = "Code: ";
    constexpr std::string_view Exception = "DB::Exception: ";
    if (text.substr(0, Head.size()) != Head)
        return 0;
    int code = 0;
    const std::string_view rest = text.substr(Head.size());
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), code);
    if (failed != std::errc() || code <= 0)
        return 0;
    std::string_view words = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (const std::size_t at = words.find(Exception); at != std::string_view::npos)
        words.remove_prefix(at + Exception.size());
    for (const std::string_view tail : {", e.what() = ", ", Stack trace", " (version "})
        words = words.substr(0, words.find(tail));
    message.clear();
    for (const char c : words.substr(0, MessageBytesMax))
        message += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    while (!message.empty() && (message.back() == ' ' || message.back() == '.'))
        message.pop_back();
    return code;
}

std::string clickHouseLiteral(std::string_view text)
{
    constexpr char Digits[] = "0123456789abcdef";
    std::string out = "'";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\'' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\x";
            out += Digits[byte >> 4];
            out += Digits[byte & 15];
        } else {
            out += c;
        }
    }
    return out += '\'';
}

void splitTabSeparated(std::string_view line, std::vector<ClickHouseField> &fields)
{
    fields.clear();
    for (;;) {
        const std::size_t end = line.find('\t');
        const std::string_view written = line.substr(0, end);
        ClickHouseField field;
        field.null = written == "\\N";
        for (std::size_t i = 0; i < written.size() && !field.null; ++i) {
            if (written[i] != '\\' || i + 1 == written.size()) {
                field.text += written[i];
                continue;
            }
            switch (const char c = written[++i]) {
            case 'b': field.text += '\b'; break;
            case 'f': field.text += '\f'; break;
            case 'n': field.text += '\n'; break;
            case 'r': field.text += '\r'; break;
            case 't': field.text += '\t'; break;
            case '0': field.text += '\0'; break;
            default: field.text += c; break;
            }
        }
        fields.push_back(std::move(field));
        if (end == std::string_view::npos)
            return;
        line.remove_prefix(end + 1);
    }
}

Result<ClickHouseAddress> withClickHouseEnvironment(ClickHouseAddress address)
{
    const auto take = [](const char *name, std::string &value) {
        const char *text = std::getenv(name);
        if (text != nullptr && *text != '\0')
            value = text;
    };
    take("CLICKHOUSE_URL", address.url);
    take("CLICKHOUSE_USER", address.user);
    take("CLICKHOUSE_DATABASE", address.database);
    std::string file;
    take("CLICKHOUSE_PASSWORD_FILE", file);
    if (!file.empty()) {
        std::ifstream in(file, std::ios::binary);
        std::string line;
        if (!std::getline(in, line) || line.empty() || line.size() > SecretBytesMax)
            return Error{Error::Code::InvalidConfig, "no password stands in the first line", {file, 1, 0},
                         "CLICKHOUSE_PASSWORD_FILE names it"};
        address.password = line;
    }
    take("CLICKHOUSE_PASSWORD", address.password);
    return address;
}

} // namespace eventops::lake
