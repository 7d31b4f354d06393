// SPDX-License-Identifier: MIT
#include "core/store/event_merge.h"

#include "core/base/hash.h"
#include "core/store/block_writer.h"
#include "core/store/membership.h"

#include <algorithm>
#include <numeric>

namespace eventops {
namespace {

bool mayMatch(const BlockBounds &bounds, const sqlite::Statement &row)
{
    // 3 ts_min, 4 ts_max, 5 severity_max, 6 unnamed, 7 tenant, 8 filter
    if (bounds.tsMin && row.integer(4) < raw(*bounds.tsMin))
        return false;
    if (bounds.tsMax && (row.integer(3) == raw(NoTime) || row.integer(3) > raw(*bounds.tsMax)))
        return false;
    if (row.integer(5) < bounds.severityMin)
        return false;
    for (const auto &[field, texts] : bounds.required) {
        const auto found = std::any_of(texts.begin(), texts.end(), [&, f = field](const std::string &text) {
            if (f == Field::Tenant)
                return row.text(7) == text;
            if (!isFilterable(f) || (f == Field::EventId && row.integer(6) != 0))
                return true;
            return Membership::mayContain(row.text(8), filterKey(f, hash64(text)));
        });
        if (!found)
            return false;
    }
    return true;
}

} // namespace

BlockBounds BlockBounds::of(const Filter &filter)
{
    BlockBounds bounds;
    if (filter.matchesAll())
        return bounds;
    bounds.tsMin = filter.tsEventMin();
    bounds.tsMax = filter.tsEventMax();
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const auto field = static_cast<Field>(f);
        if (!isFilterable(field) && field != Field::Tenant)
            continue;
        std::vector<std::string> texts = filter.requiredTexts(field);
        if (!texts.empty())
            bounds.required.emplace_back(field, std::move(texts));
    }
    return bounds;
}

Result<std::vector<BlockHead>> listBlocks(sqlite::Database &database, const std::string &schema,
                                          const BlockBounds &bounds, bool newestFirst)
{
    const bool filters = !bounds.required.empty();
    sqlite::Statement rows =
        EVENTOPS_TRY(database.prepare("SELECT id, seq_min, seq_max, ts_min, ts_max, severity_max, unnamed, tenant, "
                                      + std::string(filters ? "filter" : "NULL") + ", ts_ingest FROM \"" + schema
                                      + "\".event_block WHERE seq_max >= ?1 AND seq_min <= ?2 AND format > 0"));
    rows.bindUnsigned(1, std::min<Seq>(bounds.seqMin, INT64_MAX))
        .bindUnsigned(2, std::min<Seq>(bounds.seqMax, INT64_MAX));
    std::vector<BlockHead> heads;
    while (EVENTOPS_TRY(rows.step())) {
        if (mayMatch(bounds, rows))
            heads.push_back(
                {rows.integer(0), rows.unsignedInteger(1), rows.unsignedInteger(2), WallNs{rows.integer(9)}});
    }
    std::sort(heads.begin(), heads.end(), [&](const BlockHead &a, const BlockHead &b) {
        return newestFirst ? std::pair(b.seqMax, b.id) < std::pair(a.seqMax, a.id)
                           : std::pair(a.seqMin, a.id) < std::pair(b.seqMin, b.id);
    });
    return heads;
}

EventMerge::EventMerge(sqlite::Database &database, std::string schema, std::vector<BlockHead> heads, bool newestFirst,
                       Select select)
    : m_database(database),
      m_schema(std::move(schema)),
      m_heads(std::move(heads)),
      m_newestFirst(newestFirst),
      m_select(std::move(select))
{
}

EventMerge::Key EventMerge::keyOf(const LoadedBlock &block, std::size_t row) const
{
    const Event &event = block.batch.events[block.rows[row]];
    const Key key{block.batch.records[event.record].seq, event.emission};
    return m_newestFirst ? Key{~key.first, ~key.second} : key;
}

bool EventMerge::after(const LoadedBlock *a, const LoadedBlock *b) const
{
    return keyOf(*b, b->next) < keyOf(*a, a->next);
}

Status EventMerge::load(const BlockHead &head)
{
    if (!m_read)
        m_read = EVENTOPS_TRY(
            m_database.prepare("SELECT data, format FROM \"" + m_schema + "\".event_block WHERE id = ?"));
    std::unique_ptr<LoadedBlock> block = m_free.empty() ? std::make_unique<LoadedBlock>() : std::move(m_free.back());
    if (!m_free.empty())
        m_free.pop_back();
    block->head = head;
    block->next = 0;
    block->rawLoaded = false;
    const std::string name = "event block " + std::to_string(head.id);
    if (!EVENTOPS_TRY(m_read.bind(1, head.id).step()))
        return Error{Error::Code::Corrupt, name + ": missing", {}, {}};
    const Status decoded = m_reader.decode(m_read.text(0), name, m_mask, block->batch);
    block->dropped = m_read.integer(1) == TombstoneFormat; // perhaps since the blocks were listed
    m_read.reset();
    EVENTOPS_TRY(decoded);
    block->batch.tsIngest = head.tsIngest;
    block->rows.resize(block->batch.events.size());
    std::iota(block->rows.begin(), block->rows.end(), 0U);
    if (block->dropped && !m_withDropped)
        block->rows.clear();
    else if (m_select)
        EVENTOPS_TRY(m_select(*block));
    if (block->rows.empty()) {
        m_free.push_back(std::move(block));
        return Ok{};
    }
    if (m_newestFirst)
        std::reverse(block->rows.begin(), block->rows.end());
    m_active.push_back(std::move(block));
    std::push_heap(m_active.begin(), m_active.end(),
                   [&](const auto &a, const auto &b) { return after(a.get(), b.get()); });
    return Ok{};
}

Result<bool> EventMerge::next(Run &run)
{
    const auto order = [&](const auto &a, const auto &b) {
        return after(a.get(), b.get());
    };
    if (m_current != nullptr) {
        if (m_current->next < m_current->rows.size()) {
            m_active.push_back(std::move(m_current));
            std::push_heap(m_active.begin(), m_active.end(), order);
        } else
            m_free.push_back(std::move(m_current));
    }
    while (
        m_nextHead < m_heads.size()
        && (m_active.empty() || keyOf(m_heads[m_nextHead]) <= keyOf(*m_active.front(), m_active.front()->next).first))
        EVENTOPS_TRY(load(m_heads[m_nextHead++]));
    if (m_active.empty())
        return false;
    std::pop_heap(m_active.begin(), m_active.end(), order);
    m_current = std::move(m_active.back());
    m_active.pop_back();
    Key limit{UINT64_MAX, UINT64_MAX};
    if (!m_active.empty())
        limit = keyOf(*m_active.front(), m_active.front()->next);
    if (m_nextHead < m_heads.size())
        limit = std::min(limit, Key{keyOf(m_heads[m_nextHead]), 0});
    run.block = m_current.get();
    run.begin = m_current->next;
    run.end = run.begin + 1;
    const std::size_t size = m_current->rows.size();
    // Most often nothing overlaps and the rest of the block is one run.
    if (keyOf(*m_current, size - 1) < limit)
        run.end = size;
    while (run.end < size && keyOf(*m_current, run.end) < limit)
        ++run.end;
    m_current->next = run.end;
    return true;
}

Status EventMerge::loadRaw(LoadedBlock &block)
{
    if (block.rawLoaded)
        return Ok{};
    block.rawLoaded = true;
    if (!m_readRaw)
        m_readRaw = EVENTOPS_TRY(m_database.prepare("SELECT data FROM \"" + m_schema + "\".raw_block WHERE id = ?"));
    Status status = Ok{};
    const bool kept = EVENTOPS_TRY(m_readRaw.bind(1, block.head.id).step());
    block.batch.rawDropped = kept && m_readRaw.text(0).empty();
    if (kept && !block.batch.rawDropped)
        status = m_reader.decodeRaw(m_readRaw.text(0), "raw block " + std::to_string(block.head.id), block.batch);
    m_readRaw.reset();
    return status;
}

} // namespace eventops
