// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/wire/wire_io.h"

namespace eventops::wire {

/// A page of events: the texts of its rows once each, then the rows. What a page does not show of a batch (events that
/// are no row, chunks but for the records' bytes, dead letters) does not travel; rows come out as 0, 1, 2, …
/// Rows @p begin to @p end of @p page. O(rows + bytes).
void writeEventPage(Writer &out, const EventPage &page, std::size_t begin, std::size_t end);
void readEventPage(Reader &in, EventPage &page);

/// So many of the rows of @p page from @p begin on fit into about @p bytes; at least one.
std::size_t rowsOfAbout(const EventPage &page, std::size_t begin, std::size_t bytes);

inline void describe(Writer &io, const EventPage &page)
{
    writeEventPage(io, page, 0, page.rows.size());
}
inline void describe(Reader &io, EventPage &page)
{
    readEventPage(io, page);
}

} // namespace eventops::wire
