// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/store/ledger.h"
#include "core/store/page_vfs.h"

#include <sqlite3.h>

#include <QtCore/QTemporaryDir>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace eventops::test {

/// A workspace in a temporary directory, with a clock that stands still.
struct Workspace {
    QTemporaryDir directory;
    SimClock clock{WallNs{1'700'000'000'000'000'000}};

    std::string path() const { return directory.path().toStdString(); }
    std::unique_ptr<Ledger> open(LedgerMode mode = LedgerMode::Engine, bool keepRaw = true)
    {
        auto ledger = Ledger::open(path(), mode, {keepRaw, &clock});
        if (!ledger)
            qFatal("%s", ledger.error().text().c_str());
        return std::move(ledger).value();
    }
};

/// SQLite's own call, over our VFS: what it writes has the checksums of pages.
inline int openAsWe(const std::string &path, sqlite3 **out)
{
    return sqlite3_open_v2(path.c_str(), out, SQLITE_OPEN_READWRITE, sqlite::pageVfs());
}

using Texts = std::initializer_list<std::pair<Field, std::string_view>>;

/// Builds batches record by record, as a runner would leave them.
class BatchMaker
{
public:
    explicit BatchMaker(Seq firstSeq = 1, std::uint64_t position = 0)
        : m_batch(std::make_unique<Batch>()),
          m_chunk(std::make_shared<RawChunk>()),
          m_seq(firstSeq),
          m_position(position)
    {
    }

    RawRecord &record(std::string_view bytes, Outcome outcome = Outcome::Stored)
    {
        RawRecord record;
        record.seq = m_seq++;
        record.position = m_position;
        record.hash = hash64(bytes);
        record.offset = static_cast<std::uint32_t>(m_chunk->bytes.size());
        record.size = static_cast<std::uint32_t>(bytes.size());
        record.outcome = outcome;
        m_position += bytes.size() + 1;
        m_chunk->bytes += bytes;
        m_chunk->bytes += '\n';
        m_batch->records.push_back(record);
        return m_batch->records.back();
    }

    /// An event of the last record.
    Event &event(std::string_view tenant, Texts texts, WallNs ts = WallNs{1'600'000'000'000'000'000})
    {
        Event event;
        event.record = static_cast<std::uint32_t>(m_batch->records.size() - 1);
        if (!m_batch->events.empty() && m_batch->events.back().record == event.record)
            event.emission = static_cast<std::uint16_t>(m_batch->events.back().emission + 1);
        event.tsEvent = ts;
        event[Field::Tenant] = m_batch->strings.intern(tenant);
        for (const auto &[field, text] : texts)
            event[field] = m_batch->strings.intern(text);
        m_batch->events.push_back(event);
        return m_batch->events.back();
    }

    void deadLetter(std::string_view bytes, std::string_view reason, std::string_view detail)
    {
        record(bytes, Outcome::DeadLettered);
        m_batch->deadLetters.push_back({static_cast<std::uint32_t>(m_batch->records.size() - 1),
                                        m_batch->strings.intern(reason), m_batch->strings.intern(detail)});
    }

    Batch &batch() { return *m_batch; }
    Seq lastSeq() const { return m_seq - 1; }
    std::uint64_t position() const { return m_position; }

    std::unique_ptr<Batch> take()
    {
        m_batch->chunks.assign(1, m_chunk);
        return std::move(m_batch);
    }

private:
    std::unique_ptr<Batch> m_batch;
    std::shared_ptr<RawChunk> m_chunk;
    Seq m_seq;
    std::uint64_t m_position;
};

/// A commit of one batch of the source "capture"; its counters follow from the outcomes.
inline CommitGroup groupOf(std::unique_ptr<Batch> batch, std::string key = "capture")
{
    CommitGroup group;
    SourceProgress progress;
    progress.key = std::move(key);
    progress.title = "capture.ndjson";
    for (const RawRecord &record : batch->records) {
        ++progress.added.received;
        progress.added.stored += record.outcome == Outcome::Stored ? 1 : 0;
        progress.added.deadLettered += record.outcome == Outcome::DeadLettered ? 1 : 0;
        progress.cursor = record.position + record.size + 1;
        group.lastSeq = record.seq;
    }
    progress.added.events = batch->events.size();
    group.sources.push_back(std::move(progress));
    group.batches.push_back(std::move(batch));
    return group;
}

template <typename T>
std::string errorText(const Result<T> &result)
{
    return result ? std::string() : result.error().text();
}

/// Fails the test with the error's text.
#define EVENTOPS_OK(expression)                                                                                        \
    do {                                                                                                               \
        const auto okResult_ = (expression);                                                                           \
        QVERIFY2(bool(okResult_), eventops::test::errorText(okResult_).c_str());                                       \
    } while (false)

} // namespace eventops::test
