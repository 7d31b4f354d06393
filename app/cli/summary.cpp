// SPDX-License-Identifier: MIT
#include "app/cli/summary.h"

#include "core/base/json.h"
#include "core/base/time.h"

namespace eventops::cli {

std::string summaryJson(const WorkspaceSummary &summary)
{
    std::string out;
    const Counters &c = summary.counters;
    JsonWriter(out).beginObject()
        .key("received").unsignedInteger(c.received)
        .key("stored").unsignedInteger(c.stored)
        .key("skipped").unsignedInteger(c.skipped)
        .key("duplicate").unsignedInteger(c.duplicate)
        .key("dead_lettered").unsignedInteger(c.deadLettered)
        .key("in_flight").unsignedInteger(c.inFlight)
        .key("events").unsignedInteger(c.events)
        .key("findings").unsignedInteger(summary.findings)
        .key("suggestions").unsignedInteger(summary.suggestions)
        .field("digest", summary.digest)
        .endObject();
    if (!summary.setAside.empty()) {
        out.pop_back();
        out += ",\"set_aside\":[";
        for (const std::string &name : summary.setAside) {
            out += out.back() == '[' ? "" : ",";
            appendJsonString(out, name);
        }
        out += "]}";
    }
    out += '\n';
    return out;
}

std::string summaryText(const WorkspaceSummary &summary)
{
    const Counters &c = summary.counters;
    const auto number = [](std::uint64_t n) { return std::to_string(n); };
    std::string out;
    out += "records   " + number(c.received) + " received = " + number(c.stored) + " stored + " + number(c.skipped)
         + " skipped + " + number(c.duplicate) + " duplicate + " + number(c.deadLettered) + " dead-lettered + "
         + number(c.inFlight) + " in flight\n";
    out += "events    " + number(c.events) + "\n";
    out += "findings  " + number(summary.findings) + "\n";
    out += "suggested " + number(summary.suggestions) + "\n";
    if (summary.clock != NoTime)
        out += "clock     " + formatTimestamp(summary.clock) + "\n";
    for (const std::string &name : summary.setAside)
        out += "damaged   " + name + " is kept in the workspace\n";
    if (!summary.digest.empty())
        out += "digest    " + summary.digest + "\n";
    return out;
}

} // namespace eventops::cli
