// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/viewmodel/view_context.h"

#include <QString>

#include <vector>

namespace eventops {

/// One event as a table shows it: plain text of one line each, cut to what a cell can show, and the exact names of
/// event and entity for the selection. A few hundred bytes whatever the event's size.
struct EventRow {
    enum class Kind : std::uint8_t {
        Missing, ///< Has not arrived.
        Present,
        Hidden,  ///< Exists, but the caller may not see it.
    };
    Kind kind = Kind::Missing;
    std::uint64_t place = 0; ///< 0 where the back end does not tell it.
    int severityNumber = 0;
    QString eventId;
    EntityRef entity;        ///< Empty when its name is longer than EntityNameMax.
    QString time, severity, tenant, type, entityText, step, metric, value, message;
};
constexpr std::size_t EntityNameMax = 1'024;

/// Makes rows of a page. Texts that repeat within the page share their memory. Thread: any; meant for the back end's.
std::vector<EventRow> eventRows(const EventPage &page);

} // namespace eventops
