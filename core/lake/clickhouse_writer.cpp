// SPDX-License-Identifier: MIT
#include "core/lake/clickhouse_writer.h"

#include "core/base/encode.h"
#include "core/base/hash.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

namespace eventops::lake {
namespace {

constexpr std::int64_t QuietPauseMs = 50;
constexpr std::int64_t DeadlinePauseMs = 100;

/// Year and month as one number.
std::uint32_t monthOf(std::uint32_t ts)
{
    // civil_from_days, Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; the servers' zone may differ from
    // UTC by a day at most, which is one more month in a batch.
    const std::uint32_t day = ts / 86'400 + 719'468;
    const std::uint32_t era = day / 146'097;
    const std::uint32_t doe = day - era * 146'097;
    const std::uint32_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
    const std::uint32_t mp = (5 * (doe - (365 * yoe + yoe / 4 - yoe / 100)) + 2) / 153;
    return (yoe + era * 400) * 12 + mp;
}

std::string identityOf(const ClickHouseRow &row)
{
    return row.key + '\t' + std::to_string(row.ts) + (row.more.empty() ? "" : '\t' + row.more);
}

} // namespace

ClickHouseWriter::ClickHouseWriter(std::unique_ptr<ClickHouseClient> client, std::string markPath,
                                   const Options &options)
    : m_client(std::move(client)),
      m_markPath(std::move(markPath)),
      m_queryName("eventops-" + hexOf(hash64(m_markPath)) + "-"),
      m_options(options)
{
}

Result<std::unique_ptr<ClickHouseWriter>> ClickHouseWriter::open(std::unique_ptr<ClickHouseClient> client,
                                                                 std::string markPath, const ClickHouseEnds &ends,
                                                                 const Options &options)
{
    std::unique_ptr<ClickHouseWriter> writer(new ClickHouseWriter(std::move(client), std::move(markPath), options));
    writer->m_server = EVENTOPS_TRY(prepareClickHouse(*writer->m_client, options.schema));
    writer->m_notice = writer->m_server.dialect.notice();
    EVENTOPS_TRY(writer->readMark(ends));
    return writer;
}

std::string ClickHouseWriter::database() const
{
    const std::string &named = m_client->address().database;
    return named.empty() ? std::string(ClickHouseDatabase) : named;
}

/// @p isEmpty: the tables are new, so nothing can be there.
void ClickHouseWriter::beginAnew(const std::string &why, const ClickHouseEnds &ends, bool isEmpty)
{
    m_mark = ClickHouseMark::fresh(*m_client);
    for (std::size_t i = 0; i < ClickHouseStreamCount && !isEmpty; ++i)
        m_mark.streams[i].sent = ends[i];
    if (!isEmpty) // whoever sent what is there may have sent more a moment ago
        m_mark.deadline = m_openedAt + m_options.lateSeconds;
    if (!why.empty())
        m_notice += (m_notice.empty() ? "" : "; ") + ("the projection began anew: " + why);
}

Status ClickHouseWriter::readMark(const ClickHouseEnds &ends)
{
    m_openedAt = EVENTOPS_TRY(serverSeconds());
    const Result<ClickHouseMark> mark = ClickHouseMark::read(m_markPath);
    if (!mark && mark.error().code == Error::Code::NotFound) {
        beginAnew("", ends, !m_server.hadEvents);
    } else if (!mark) {
        beginAnew("its mark was damaged", ends, !m_server.hadEvents);
    } else if (mark.value().url != m_client->address().url || mark.value().database != database()) {
        beginAnew("its mark was of another server", ends, !m_server.hadEvents);
    } else if (!m_server.hadEvents) {
        beginAnew("the server had lost its table", ends, true);
    } else if (m_options.forget) {
        beginAnew("as asked", ends, false);
    } else {
        m_mark = mark.value();
        for (std::size_t i = 0; i < ClickHouseStreamCount; ++i) {
            if (m_mark.streams[i].done > ends[i]) {
                beginAnew("its mark was of another ledger", ends, false);
                break;
            }
        }
    }
    m_deadlineBefore = m_mark.deadline;
    return save();
}

Status ClickHouseWriter::save()
{
    return m_mark.write(m_markPath);
}

Status ClickHouseWriter::push(ClickHouseStream stream, std::uint64_t upTo, std::span<const Rows> parts)
{
    ClickHouseMark::Stream &at = m_mark[stream];
    const Doubt doubt = at.done < at.sent ? Doubt::Late : Doubt::None;
    const bool any = std::any_of(parts.begin(), parts.end(), [](const Rows &part) { return !part.rows.empty(); });
    if (any)
        at.sent = std::max(at.sent, upTo); // on the disk before anything is sent, see `insert`
    for (const Rows &part : parts)
        EVENTOPS_TRY(pushBounded(part.table, part.rows, doubt));
    at.done = std::max(at.done, upTo);
    at.sent = std::max(at.sent, upTo);
    return Ok{};
}

/// Cuts at what one INSERT may hold.
Status ClickHouseWriter::pushBounded(ClickHouseTable table, std::span<const ClickHouseRow> rows, Doubt doubt)
{
    Picked picked;
    std::size_t bytes = 0;
    std::set<std::uint32_t> months;
    for (const ClickHouseRow &row : rows) {
        const std::uint32_t month = monthOf(row.ts);
        const bool isFull = picked.size() == BatchRowsMax || bytes + row.json.size() > BatchBytesMax
                            || (months.size() == BatchMonthsMax && months.count(month) == 0);
        if (isFull && !picked.empty()) {
            EVENTOPS_TRY(pushOnce(table, std::exchange(picked, {}), doubt));
            bytes = 0;
            months.clear();
        }
        picked.push_back(&row);
        bytes += row.json.size() + 1;
        months.insert(month);
    }
    return picked.empty() ? Status(Ok{}) : pushOnce(table, std::move(picked), doubt);
}

Status ClickHouseWriter::pushOnce(ClickHouseTable table, Picked rows, Doubt doubt)
{
    const std::size_t count = rows.size();
    std::uint64_t deadline = m_deadlineBefore;
    for (unsigned attempt = 1;; ++attempt) {
        if (doubt != Doubt::None)
            EVENTOPS_TRY(settle(table, rows, doubt, deadline));
        if (rows.empty())
            return Ok{};
        const ClickHouseAnswer answer = EVENTOPS_TRY(insert(table, rows, attempt));
        if (answer.kind == ClickHouseAnswer::Kind::Done) {
            m_mark.rows += rows.size();
            return Ok{};
        }
        // An exception of the server is the end of a request; all else may be followed by its deeds.
        const bool isOver = answer.kind == ClickHouseAnswer::Kind::Refused && answer.exception != 0;
        if (answer.kind != ClickHouseAnswer::Kind::NotSent && !isOver)
            deadline = m_mark.deadline;
        if (answer.kind != ClickHouseAnswer::Kind::NotSent)
            doubt = isOver ? std::max(doubt, Doubt::There) : Doubt::Late;
        if (answer.kind == ClickHouseAnswer::Kind::Refused && !answer.mayPass())
            return pushHalves(table, rows, answer.error());
        if (!answer.mayPass() || attempt >= m_options.attemptsMax) {
            Error error = answer.error();
            error.message += "; " + std::to_string(count) + " rows for " + std::string(toString(table)) + " wait";
            return error;
        }
        const std::int64_t pause = m_options.pauseMs << std::min(attempt - 1, 6u);
        if (!m_client->pause(std::min(pause, PauseMsMax)))
            return Error{Error::Code::Cancelled, "stopped"};
    }
}

/// Leaves only those rows that are not there and never will be by themselves.
Status ClickHouseWriter::settle(ClickHouseTable table, Picked &rows, Doubt doubt, std::uint64_t deadline)
{
    const std::size_t before = rows.size();
    EVENTOPS_TRY(dropKnown(table, rows));
    if (!rows.empty() && doubt == Doubt::Late) {
        EVENTOPS_TRY(waitUntilPast(deadline));
        EVENTOPS_TRY(waitUntilQuiet());
        EVENTOPS_TRY(dropKnown(table, rows));
    }
    m_mark.found += before - rows.size();
    m_mark.rows += before - rows.size();
    return Ok{};
}

/// Something in these rows is not to the server's liking: finds what, by halving, and sends that as text.
Status ClickHouseWriter::pushHalves(ClickHouseTable table, const Picked &rows, const Error &refusal)
{
    if (rows.size() > 1) {
        const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
        EVENTOPS_TRY(pushOnce(table, Picked(rows.begin(), middle), Doubt::There));
        return pushOnce(table, Picked(middle, rows.end()), Doubt::There);
    }
    const bool mayWrap = takesJson(table) && !rows.front()->wrapped;
    const std::optional<std::string> wrapped =
        mayWrap ? wrapClickHouseDocuments(rows.front()->json) : std::nullopt;
    if (!wrapped)
        return refusal;
    ClickHouseRow row = *rows.front();
    row.json = *wrapped;
    row.wrapped = true;
    return pushOnce(table, {&row}, Doubt::There);
}

Result<ClickHouseAnswer> ClickHouseWriter::insert(ClickHouseTable table, const Picked &rows, unsigned attempt)
{
    const std::uint64_t now = EVENTOPS_TRY(serverSeconds());
    m_mark.deadline = std::max(m_mark.deadline, now + m_options.lateSeconds);
    EVENTOPS_TRY(save());
    std::string body;
    std::size_t bytes = 0;
    for (const ClickHouseRow *row : rows)
        bytes += row->json.size() + 1;
    body.reserve(bytes);
    for (const ClickHouseRow *row : rows) {
        body += row->json;
        body += '\n';
    }
    const std::string sql = clickHouseInsertion(table, takesJson(table), m_mark.deadline);
    ClickHouseParameters parameters = m_server.dialect.createSettings();
    for (auto &setting : m_server.dialect.insertSettings())
        parameters.push_back(std::move(setting));
    parameters.emplace_back("database", database());
    const std::uint64_t name = hashCombine(hash64(rows.front()->key), hash64(rows.back()->key));
    parameters.emplace_back("query_id", m_queryName + hexOf(hashCombine(name, now)) + "-" + std::to_string(attempt));
    return m_client->insert(sql, clickHouseIdentity(table, takesJson(table)).structure, body, std::move(parameters));
}

Result<std::uint64_t> ClickHouseWriter::serverSeconds()
{
    const std::string text = EVENTOPS_TRY(m_client->ask("SELECT toUInt32(now()) FORMAT TabSeparated"));
    std::uint64_t seconds = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc())
        return Error{Error::Code::InvalidInput, "ClickHouse does not tell its time"};
    return seconds;
}

/// Until the server refuses to begin whatever of ours is still on its way.
Status ClickHouseWriter::waitUntilPast(std::uint64_t deadline)
{
    for (;;) {
        const std::uint64_t now = EVENTOPS_TRY(serverSeconds());
        if (now > deadline)
            return Ok{};
        // A clock that was set back would make us wait for ever.
        deadline = std::min(deadline, now + 2 * m_options.lateSeconds + 1);
        if (!m_client->pause(deadline - now > 1 ? 1'000 : DeadlinePauseMs))
            return Error{Error::Code::Cancelled, "stopped"};
    }
}

/// What was begun in time may take its time: waits until the server knows of none of ours.
Status ClickHouseWriter::waitUntilQuiet()
{
    const std::string sql = "SELECT count() FROM system.processes WHERE query_id LIKE "
                            + clickHouseLiteral(m_queryName + "%") + " FORMAT TabSeparated";
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(QuietMsMax);
    for (;;) {
        const std::string running = EVENTOPS_TRY(m_client->ask(sql));
        if (running == "0\n")
            return Ok{};
        if (std::chrono::steady_clock::now() >= end)
            return Error{Error::Code::Unavailable, "ClickHouse is still at an insertion that was cut off"};
        if (!m_client->pause(QuietPauseMs))
            return Error{Error::Code::Cancelled, "stopped"};
    }
}

/// Takes out the rows that the server has.
Status ClickHouseWriter::dropKnown(ClickHouseTable table, Picked &rows)
{
    std::set<std::string> known;
    std::vector<ClickHouseField> fields;
    for (std::size_t begin = 0; begin < rows.size();) {
        std::string keys;
        std::uint32_t first = rows[begin]->ts, last = first;
        std::size_t end = begin;
        for (; end < rows.size() && (keys.empty() || keys.size() + rows[end]->key.size() < AskBytesMax); ++end) {
            keys += (keys.empty() ? "" : ",") + clickHouseLiteral(rows[end]->key);
            first = std::min(first, rows[end]->ts);
            last = std::max(last, rows[end]->ts);
        }
        const std::string sql = clickHouseLookup(table, takesJson(table), keys, first, last);
        const std::string answer = EVENTOPS_TRY(m_client->ask(sql, {{"database", database()}}));
        for (std::string_view rest = answer; !rest.empty();) {
            const std::size_t lineEnd = std::min(rest.find('\n'), rest.size());
            splitTabSeparated(rest.substr(0, lineEnd), fields);
            std::string one;
            for (std::size_t i = 0; i < fields.size(); ++i)
                one += (i == 0 ? "" : "\t") + fields[i].text;
            known.insert(std::move(one));
            rest.remove_prefix(std::min(lineEnd + 1, rest.size()));
        }
        begin = end;
    }
    std::erase_if(rows, [&](const ClickHouseRow *row) { return known.count(identityOf(*row)) != 0; });
    return Ok{};
}

bool ClickHouseWriter::takesJson(ClickHouseTable table) const
{
    switch (table) {
    case ClickHouseTable::Events: return m_server.jsonEvents;
    case ClickHouseTable::Scores: return m_server.jsonScores;
    case ClickHouseTable::Alerts: return m_server.jsonAlerts;
    case ClickHouseTable::Features:
    case ClickHouseTable::History: break;
    }
    return false;
}

} // namespace eventops::lake
