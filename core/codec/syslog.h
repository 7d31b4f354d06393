// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/model/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// What a syslog line of RFC 3164 leaves out.
struct SyslogSettings {
    /// The first instant that a line can be of: a time without a year is the first of its month and day at or after
    /// this. Nothing: such a time is no time, and the event gets the one of its place in the stream, or of its arrival.
    /// A clock is never asked: the same bytes give the same events in any year.
    std::optional<WallNs> since;
    std::int64_t zoneSeconds = 0; ///< East of UTC, of times without a zone.

    /// From `since` (a date or RFC 3339) and `zone`. InvalidConfig with the place.
    static Result<SyslogSettings> parse(const Value &settings);
};

/// Takes lines of syslog apart: RFC 5424 with its structured data, RFC 3164 as daemons, rsyslog's and journald's files
/// and network devices write it, with or without <PRI>, each with or without the count of octets of RFC 6587 before it.
/// Thread: one. O(length).
class SyslogLine
{
public:
    explicit SyslogLine(SyslogSettings settings = {}) : m_settings(settings) {}
    /// False: this is no syslog. @p line is UTF-8.
    bool read(std::string_view line);
    /// A JSON object: facility, severity (a word), time (RFC 3339), local_time (as written, when it has no year), host,
    /// app, procid, msgid, sequence, data ({id: {name: value}}), message. Absent: not said.
    const std::string &fields() const { return m_fields; }

private:
    bool readModern(std::string_view rest);
    bool readTraditional(std::string_view rest, bool hasPriority);
    void writeTraditional(std::string_view rest, std::string_view sequence, std::string_view time,
                          std::string_view localTime);
    bool readData(std::string_view &rest);

    const SyslogSettings m_settings;
    std::string m_fields, m_data;
    int m_priority = -1;
};

} // namespace eventops
