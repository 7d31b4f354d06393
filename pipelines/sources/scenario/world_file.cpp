// SPDX-License-Identifier: MIT
#include "pipelines/sources/scenario/world_file.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace eventops::scenario {
namespace {

Error failed(const std::string &path, const char *what)
{
    return Error{Error::Code::Io, std::string("cannot ") + what + " the world: " + std::strerror(errno), {path, 0, 0},
                 {}};
}

std::string textOf(const JsonReader &json, std::string_view name)
{
    const JsonEntry *entry = json.find(name);
    std::string scratch;
    if (entry == nullptr || jsonKind(entry->value) != JsonKind::String)
        return {};
    return std::string(jsonText(entry->value, scratch));
}

bool numberOf(const JsonReader &json, std::string_view name, std::int64_t &out)
{
    const JsonEntry *entry = json.find(name);
    if (entry == nullptr)
        return false;
    const std::string_view text = entry->value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

} // namespace

Status WorldFile::look()
{
    if (m_path.empty() || m_read >= BytesMax)
        return Ok{};
    const int fd = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? Status(Ok{}) : Status(failed(m_path, "open"));
    char piece[16 * 1024];
    for (;;) {
        const ssize_t got = ::pread(fd, piece, std::min(sizeof piece, BytesMax - m_read), static_cast<off_t>(m_read));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            const Status status = got < 0 ? Status(failed(m_path, "read")) : Status(Ok{});
            ::close(fd);
            return status;
        }
        m_read += static_cast<std::size_t>(got);
        std::size_t from = 0, looked = m_rest.size(); // up to there is no line end
        m_rest.append(piece, static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = m_rest.find('\n', looked)) != std::string::npos; looked = from = end + 1)
            readLine(std::string_view(m_rest).substr(from, end - from));
        m_rest.erase(0, from);
    }
}

void WorldFile::readLine(std::string_view line)
{
    JsonReader json;
    if (json.read(line) || json.kind() != JsonKind::Object)
        return;
    std::int64_t number = 0, atMs = 0;
    if (numberOf(json, "applied", number) && numberOf(json, "at_ms", atMs)) {
        if (static_cast<std::size_t>(number) < m_commands.size() && atMs <= DurationNsMax / NsPerMs)
            m_commands[static_cast<std::size_t>(number)].atNs = atMs * NsPerMs;
        while (m_next < m_commands.size() && m_commands[m_next].atNs >= 0)
            ++m_next;
        return;
    }
    Remedy remedy{textOf(json, "command"), textOf(json, "entity_id")};
    if (!remedy.command.empty() && m_commands.size() < CommandsMax)
        m_commands.push_back({std::move(remedy), -1});
}

std::vector<Applied> WorldFile::applied() const
{
    std::vector<Applied> out;
    for (const Command &command : m_commands) {
        if (command.atNs >= 0)
            out.push_back({command.remedy, command.atNs});
    }
    std::stable_sort(out.begin(), out.end(), [](const Applied &a, const Applied &b) { return a.atNs < b.atNs; });
    return out;
}

Result<bool> WorldFile::take(std::int64_t atNs, Remedy &remedy)
{
    while (m_next < m_commands.size() && m_commands[m_next].atNs >= 0)
        ++m_next;
    if (m_next == m_commands.size())
        return false;
    Command &command = m_commands[m_next];
    command.atNs = atNs / NsPerMs * NsPerMs;
    std::string line;
    JsonWriter json(line);
    json.beginObject().key("applied").unsignedInteger(m_next).key("at_ms").integer(atNs / NsPerMs).endObject();
    line += '\n';
    const int fd = ::open(m_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return failed(m_path, "open");
    const ssize_t wrote = ::write(fd, line.data(), line.size()); // one write: lines of others never mix with it
    ::close(fd);
    if (wrote != static_cast<ssize_t>(line.size()))
        return failed(m_path, "write");
    remedy = command.remedy;
    ++m_next;
    return true;
}

} // namespace eventops::scenario
