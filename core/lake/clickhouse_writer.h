// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/clickhouse_client.h"
#include "core/lake/clickhouse_rows.h"
#include "core/lake/clickhouse_schema.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace eventops::lake {

/// What is projected, each with a place of its own in the ledger.
enum class ClickHouseStream : std::uint8_t { Events, Findings, History, Features };
constexpr std::size_t ClickHouseStreamCount = 4;

/// How far the projection got, kept in the workspace. Written before anything is sent: what lies between `done` and
/// `sent` may be there or not, and the server is asked before it is sent again.
struct ClickHouseMark {
    struct Stream {
        std::uint64_t done = 0; ///< All up to this number of the ledger is there.
        std::uint64_t sent = 0; ///< What lies after this one was never sent.
    };
    std::string url, database;
    /// The server's clock after which nothing that was sent is begun any more; 0: nothing was sent.
    std::uint64_t deadline = 0;
    std::array<Stream, ClickHouseStreamCount> streams;
    std::uint64_t rows = 0;     ///< Sent and confirmed since the mark was begun.
    std::uint64_t found = 0;    ///< Found there instead of sent again.

    Stream &operator[](ClickHouseStream stream) { return streams[static_cast<std::size_t>(stream)]; }
    const Stream &operator[](ClickHouseStream stream) const { return streams[static_cast<std::size_t>(stream)]; }
    /// Nothing was sent there yet.
    static ClickHouseMark fresh(const ClickHouseClient &client);
    /// NotFound; Corrupt: what is there is no mark.
    static Result<ClickHouseMark> read(const std::string &path);
    Status write(const std::string &path) const; ///< Whole or not at all, and on the disk.
};

/// The ends of the ledger's streams.
using ClickHouseEnds = std::array<std::uint64_t, ClickHouseStreamCount>;

/// Puts rows into ClickHouse so that each is there once, though its tables are plain MergeTree and connections break.
///
/// A request whose fate is unknown is never just sent again. The server is asked which of its rows are there, by
/// idempotency key, time and entity; only the others are sent. A request may also arrive after we asked: each carries a
/// deadline by the server's own clock, after which the server refuses to begin it. So before rows that are not there
/// are sent again, that deadline is let pass, what is still running is let end, and the server is asked once more.
/// The same is done for what a process that died had begun, and, when the mark is lost, for everything: the server's
/// rows are the mark then. It needs one server, or several whose clocks agree.
/// A row that the server will not have as it is (its JSON type refuses duplicate keys, for example) is found by halving
/// and sent with its documents as text.
/// Thread: one; the caller holds the workspace's "clickhouse" lock. Memory: one request's body, twice.
class ClickHouseWriter
{
public:
    static constexpr std::size_t BatchRowsMax = 16'384;     ///< Of one INSERT.
    static constexpr std::size_t BatchBytesMax = 8u << 20;  ///< Or one row, when it is longer.
    static constexpr std::size_t BatchMonthsMax = 64;       ///< Partitions; servers refuse more than 100.
    static constexpr std::size_t AskBytesMax = 192u << 10;  ///< Keys in one question; servers parse 256 KiB.
    static constexpr std::int64_t PauseMsMax = 5'000;
    static constexpr std::int64_t QuietMsMax = 120'000;     ///< For the end of a request whose connection broke.

    struct Options {
        ClickHouseSchemaOptions schema;
        unsigned attemptsMax = 8;     ///< Of one INSERT.
        bool forget = false;          ///< The mark counts for nothing: ask the server about everything.
        std::int64_t pauseMs = 100;   ///< Before the second attempt; doubled for each further one.
        std::uint64_t lateSeconds = 20; ///< A request is begun within as long of its sending, or not at all.
    };
    /// Makes the tables, reads the mark at @p markPath and fits it to what is there: a lost mark, another server, a
    /// table that we had to make, a ledger that ends before it (@p ends) each make it begin anew, see `notice`.
    static Result<std::unique_ptr<ClickHouseWriter>> open(std::unique_ptr<ClickHouseClient> client,
                                                          std::string markPath, const ClickHouseEnds &ends,
                                                          const Options &options);

    const ClickHouseMark &mark() const { return m_mark; }
    const ClickHouseServer &server() const { return m_server; }
    ClickHouseClient &client() { return *m_client; }
    /// Why the mark began anew, and what the server's version cannot; empty: nothing.
    const std::string &notice() const { return m_notice; }

    /// Rows of one table in the order of the ledger.
    struct Rows {
        ClickHouseTable table = ClickHouseTable::Events;
        std::vector<ClickHouseRow> rows;
    };
    /// All of @p stream from its mark up to number @p upTo, which the rows are. Afterwards they are there, each once.
    /// After an error some may be; the next call with the same ones, in this process or another, makes up for it.
    Status push(ClickHouseStream stream, std::uint64_t upTo, std::span<const Rows> parts);
    /// Notes how far it got; `push` notes it before it sends, not after.
    Status save();

private:
    using Picked = std::vector<const ClickHouseRow *>;
    /// What is not known of rows before they are sent.
    enum class Doubt : std::uint8_t {
        None,
        There, ///< They may be there.
        Late,  ///< Something may still be on its way.
    };
    ClickHouseWriter(std::unique_ptr<ClickHouseClient> client, std::string markPath, const Options &options);
    void beginAnew(const std::string &why, const ClickHouseEnds &ends, bool isEmpty);
    Status readMark(const ClickHouseEnds &ends);
    Status pushBounded(ClickHouseTable table, std::span<const ClickHouseRow> rows, Doubt doubt);
    Status pushOnce(ClickHouseTable table, Picked rows, Doubt doubt);
    Status settle(ClickHouseTable table, Picked &rows, Doubt doubt, std::uint64_t deadline);
    Status pushHalves(ClickHouseTable table, const Picked &rows, const Error &refusal);
    Result<ClickHouseAnswer> insert(ClickHouseTable table, const Picked &rows, unsigned attempt);
    Result<std::uint64_t> serverSeconds();
    Status waitUntilPast(std::uint64_t deadline);
    Status waitUntilQuiet();
    Status dropKnown(ClickHouseTable table, Picked &rows);
    bool takesJson(ClickHouseTable table) const;
    std::string database() const;

    const std::unique_ptr<ClickHouseClient> m_client;
    const std::string m_markPath;
    const std::string m_queryName; ///< What the ids of our requests begin with.
    const Options m_options;
    ClickHouseServer m_server;
    ClickHouseMark m_mark;
    std::uint64_t m_openedAt = 0;      ///< By the server's clock.
    std::uint64_t m_deadlineBefore = 0; ///< Of what was sent before this writer was opened.
    std::string m_notice;
};

} // namespace eventops::lake
