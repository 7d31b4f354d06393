// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/loopback_server.h"

#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventops::test {

/// "%41" → "A" of a request's URL.
inline std::string percentDecoded(const std::string &text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

inline std::string httpAnswer(const std::string &body, int status = 200)
{
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n"
           + body;
}

/// As much of ClickHouse's HTTP interface as the projection uses, kept in memory, with faults on demand.
class FakeClickHouse
{
public:
    /// What happens to an insertion.
    enum class Fault {
        None,
        CutBefore, ///< Not done, no answer.
        CutAfter,  ///< Done, no answer.
        CutHalf,   ///< The first half of the rows done, no answer.
        CutHead,   ///< Done, and half a status line.
        Busy,      ///< 500 with an exception that passes.
        Proxy,     ///< Done, but 502 in HTML.
        Garbage,   ///< Done, and no HTTP.
        Refused,   ///< 400 with an exception that does not pass.
        Late,      ///< No answer; it arrives as the next insertion does, before that.
    };

    explicit FakeClickHouse(std::string version = "24.8.4.13")
        : m_version(std::move(version)),
          m_server([this](const std::string &request) { return answer(request); })
    {
    }

    std::string url() const { return m_server.url("/"); }
    std::vector<std::string> requests() const { return m_server.requests(); }
    /// The n-th insertion from now on meets the n-th of them.
    void plan(std::vector<Fault> faults)
    {
        const std::lock_guard lock(m_mutex);
        m_faults = std::move(faults);
        m_insertions = 0;
    }
    /// Rows that hold this text are refused.
    void poison(std::string text)
    {
        const std::lock_guard lock(m_mutex);
        m_poison = std::move(text);
    }
    /// Answers in place of what a question gets that holds @p part.
    void answerTo(std::string part, LoopbackServer::Answer bytes)
    {
        const std::lock_guard lock(m_mutex);
        m_answers[std::move(part)] = std::move(bytes);
    }
    void answerNormally()
    {
        const std::lock_guard lock(m_mutex);
        m_answers.clear();
    }
    std::vector<std::string> rows(const std::string &table) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_rows.find(table);
        return found == m_rows.end() ? std::vector<std::string>() : found->second;
    }
    /// Insertions that came too late and were not done.
    std::size_t lateRefused() const
    {
        const std::lock_guard lock(m_mutex);
        return m_lateRefused;
    }
    void dropRows()
    {
        const std::lock_guard lock(m_mutex);
        m_rows.clear();
        m_created.clear();
    }

private:
    using Answer = LoopbackServer::Answer;

    Answer answer(const std::string &request)
    {
        const std::lock_guard lock(m_mutex);
        const std::size_t head = request.find("\r\n\r\n");
        if (head == std::string::npos)
            return {};
        const std::string target = percentDecoded(request.substr(0, request.find("\r\n")));
        const std::string body = request.substr(head + 4);
        for (const auto &[part, bytes] : m_answers) {
            if (body.find(part) != std::string::npos)
                return bytes;
        }
        if (target.find("INSERT INTO ") != std::string::npos)
            return insertion(target, body);
        if (body.find("SELECT version()") == 0)
            return {httpAnswer(m_version + "\n")};
        if (body.find("SELECT timezone()") == 0)
            return {httpAnswer("UTC\n")};
        if (body.find("SELECT toUInt32(now())") == 0)
            return {httpAnswer(std::to_string(std::time(nullptr)) + "\n")};
        if (body.find("FROM system.processes") != std::string::npos)
            return {httpAnswer("0\n")};
        if (body.find("FROM system.columns") != std::string::npos)
            return {httpAnswer(columns(body))};
        if (body.find("CREATE TABLE IF NOT EXISTS ") == 0)
            m_created.push_back(body.substr(27, body.find('\n') - 27));
        if (body.find("CREATE ") == 0)
            return {httpAnswer("")};
        if (body.find("AS key, toUInt32(ts)") != std::string::npos)
            return {httpAnswer(known(body))};
        return {httpAnswer("Code: 62. DB::Exception: Syntax error: " + body, 400)};
    }

    std::string columns(const std::string &sql) const
    {
        const std::string document = m_version < "24" ? "String" : "JSON";
        std::string out;
        for (const std::string &table : m_created) {
            if (sql.find("'" + table + "'") == std::string::npos)
                continue;
            for (const char *name : {"tags", "attrs", "source", "details"})
                out += std::string(name) + "\t" + document + "\n";
        }
        return out;
    }

    static std::string valueOf(const std::string &row, const std::string &name)
    {
        const std::size_t at = row.find("\"" + name + "\":");
        if (at == std::string::npos)
            return {};
        std::size_t begin = at + name.size() + 3;
        const bool isText = row[begin] == '"';
        begin += isText ? 1 : 0;
        return row.substr(begin, row.find_first_of(isText ? "\"" : ",}", begin) - begin);
    }

    /// More than what was asked for, which must not matter.
    std::string known(const std::string &sql) const
    {
        std::string out;
        for (const auto &[table, rows] : m_rows) {
            if (sql.find(" FROM " + table + " ") == std::string::npos)
                continue;
            for (const std::string &row : rows) {
                if (table == "events_raw")
                    out += valueOf(row, "idempotency_key") + "\t" + valueOf(row, "ts") + "\t"
                           + valueOf(row, "entity_id") + "\t" + valueOf(row, "event_type") + "\n";
                else
                    out += valueOf(row, table == "action_history" ? "hash" : "finding_id") + "\t" + valueOf(row, "ts")
                           + "\n";
            }
        }
        return out;
    }

    static bool inTime(const std::string &target)
    {
        const std::size_t at = target.find("throwIf(now() > toDateTime(");
        return at != std::string::npos && std::time(nullptr) <= std::stol(target.substr(at + 27));
    }

    Answer insertion(const std::string &target, const std::string &request)
    {
        if (!m_late.first.empty()) {
            const auto late = std::exchange(m_late, {});
            m_lateRefused += inTime(late.first) ? 0 : 1;
            if (inTime(late.first))
                insertion(late.first, late.second);
        }
        if (!inTime(target))
            return {httpAnswer("Code: 395. DB::Exception: Value passed to 'throwIf' function is non-zero", 500)};
        const std::size_t begins = request.find("\r\n\r\n") + 4;
        const std::string body = request.substr(begins, request.rfind("\r\n--") - begins);
        const std::size_t name = target.find("INSERT INTO ") + 12;
        std::vector<std::string> &table = m_rows[target.substr(name, target.find(' ', name) - name)];
        const Fault fault = m_insertions < m_faults.size() ? m_faults[m_insertions] : Fault::None;
        ++m_insertions;
        if (fault == Fault::Late) {
            m_late = {target, request};
            return {};
        }
        std::vector<std::string> lines;
        for (std::size_t begin = 0; begin < body.size();) {
            const std::size_t end = body.find('\n', begin);
            lines.push_back(body.substr(begin, end - begin));
            begin = end == std::string::npos ? body.size() : end + 1;
        }
        if (!m_poison.empty() && body.find(m_poison) != std::string::npos)
            return {httpAnswer("Code: 117. DB::Exception: Cannot parse JSON (INCORRECT_DATA) (version 24)", 400)};
        switch (fault) {
        case Fault::CutBefore: return {};
        case Fault::Busy: return {httpAnswer("Code: 202. DB::Exception: Too many simultaneous queries", 500)};
        case Fault::Refused: return {httpAnswer("Code: 60. DB::Exception: Table does not exist", 404)};
        case Fault::CutHalf: lines.resize(lines.size() / 2); break;
        default: break;
        }
        table.insert(table.end(), lines.begin(), lines.end());
        switch (fault) {
        case Fault::CutAfter:
        case Fault::CutHalf: return {};
        case Fault::CutHead: return {"HTTP/1.1 2"};
        case Fault::Proxy: return {httpAnswer("<html>Bad Gateway</html>", 502)};
        case Fault::Garbage: return {"\x01\x02 no HTTP at all\r\n\r\n"};
        default: return {httpAnswer("")};
        }
    }

    const std::string m_version;
    mutable std::mutex m_mutex;
    std::vector<Fault> m_faults;
    std::size_t m_insertions = 0;
    std::pair<std::string, std::string> m_late;
    std::size_t m_lateRefused = 0;
    std::string m_poison;
    std::map<std::string, LoopbackServer::Answer> m_answers;
    std::map<std::string, std::vector<std::string>> m_rows;
    std::vector<std::string> m_created;
    LoopbackServer m_server; ///< Last: its thread uses all of the above.
};

} // namespace eventops::test
