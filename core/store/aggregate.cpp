// SPDX-License-Identifier: MIT
#include "core/store/aggregator.h"
#include "core/store/sqlite_ledger.h"

namespace eventops {
namespace {

constexpr std::int64_t BlocksAtOnce = 64; ///< Read under one snapshot.

Error stopped()
{
    return Error{Error::Code::Cancelled, "the call was cancelled"};
}

} // namespace

Result<std::vector<AggregateRow>> SqliteLedger::aggregate(const Filter &filter, const AggregateQuery &query,
                                                          const std::function<bool()> &mustStop)
{
    Aggregator sum = EVENTOPS_TRY(Aggregator::make(query));
    BlockColumns columns;
    if (!filter.matchesAll()) {
        Status added = Ok{};
        EVENTOPS_TRY(events(filter, {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
            BlockColumnReader::read(batch, rows, sum.wanted(), columns);
            added = mustStop && mustStop() ? Status(stopped()) : sum.add(columns);
            return bool(added);
        }));
        EVENTOPS_TRY(added);
        return sum.finish();
    }
    BlockColumnReader reader;
    sqlite::Statement blocks = EVENTOPS_TRY(
        m_database.prepare("SELECT id, format, data FROM event_block WHERE id > ? ORDER BY id LIMIT ?"));
    std::int64_t last = 0;
    for (bool more = true; more;) {
        if (mustStop && mustStop())
            return stopped();
        more = false;
        blocks.reset();
        blocks.bind(1, last).bind(2, BlocksAtOnce);
        while (EVENTOPS_TRY(blocks.step())) {
            more = true;
            last = blocks.integer(0);
            if (blocks.integer(1) == TombstoneFormat)
                continue; // retention has dropped its events
            const std::string_view bytes = blocks.text(2);
            EVENTOPS_TRY(reader.read(bytes, "event block " + std::to_string(last), sum.wanted(), columns));
            EVENTOPS_TRY(sum.add(columns));
        }
    }
    return sum.finish();
}

} // namespace eventops
