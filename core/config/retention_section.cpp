// SPDX-License-Identifier: MIT
#include "core/config/retention_section.h"

#include "core/pipeline/settings.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t TenantBytesMax = 256;

constexpr FieldSpec RetentionFields[] = {
    {"raw", "duration", "3d", "How long the raw bytes of a stream's records are kept: raw: 3d"},
    {"signals", "duration", "14d", "How long events of signals are kept: signals: 14d"},
    {"alerts", "duration", "30d", "How long events of alerts are kept: alerts: 30d"},
    {"sources", "enum:own|capture|signals|alerts", "own", "What the pipeline's sources count as; own: each says so."},
    {"tenants", "map", "{}", "Times of single tenants: tenants: {acme: {signals: 7d}}"},
};
constexpr FieldSpec TenantFields[] = {
    {"raw", "duration", "", "How long the raw bytes of this tenant's records are kept: raw: 1d"},
    {"signals", "duration", "", "How long this tenant's signals are kept: signals: 7d"},
    {"alerts", "duration", "", "How long this tenant's alerts are kept: alerts: 30d"},
};

/// The time that @p section gives, @p fallback where it gives none.
Result<std::int64_t> timeOf(const Value &section, const char *name, std::int64_t fallback)
{
    const Value *given = section.find(name);
    if (given == nullptr || given->isNull())
        return fallback;
    const std::int64_t ns = EVENTOPS_TRY(given->durationNs());
    if (ns < RetentionNsMin || ns > RetentionNsMax)
        return given->error("field \"" + std::string(name) + "\": " + canonicalDuration(ns) + " is out of range",
                            "use 1s to 36500d");
    return ns;
}

Result<RetentionTimes> timesOf(const Value &section, const RetentionTimes &fallback)
{
    RetentionTimes times;
    times.rawNs = EVENTOPS_TRY(timeOf(section, "raw", fallback.rawNs));
    times.signalsNs = EVENTOPS_TRY(timeOf(section, "signals", fallback.signalsNs));
    times.alertsNs = EVENTOPS_TRY(timeOf(section, "alerts", fallback.alertsNs));
    return times;
}

void appendTimes(JsonWriter &json, const RetentionTimes &times)
{
    json.field("raw", canonicalDuration(times.rawNs)).field("signals", canonicalDuration(times.signalsNs));
    json.field("alerts", canonicalDuration(times.alertsNs));
}

} // namespace

Result<RetentionPolicy> readRetention(const Value &section)
{
    const Value fields = EVENTOPS_TRY(checkSettings(section, RetentionFields, "\"retention\""));
    RetentionPolicy policy;
    policy.times = EVENTOPS_TRY(timesOf(fields, policy.times));
    policy.sources = retentionByName(EVENTOPS_TRY(fields.at("sources").text()));
    const Value &tenants = fields.at("tenants");
    if (tenants.members().size() > RetentionTenantsMax)
        return Error{Error::Code::LimitExceeded, "more than " + std::to_string(RetentionTenantsMax) + " tenants",
                     tenants.keyWhere(), "give most of them the common times"};
    for (const auto &[name, given] : tenants.members()) {
        if (name.empty() || name.size() > TenantBytesMax)
            return given.error("a tenant's name has 1 to " + std::to_string(TenantBytesMax) + " bytes");
        if (!given.isMap())
            return given.error("tenant \"" + name + "\" of \"retention\": expected a map of times",
                               "write `" + name + ": {signals: 7d}`");
        const std::string what = "tenant \"" + name + "\" of \"retention\"";
        const Value times = EVENTOPS_TRY(checkSettings(given, TenantFields, what));
        policy.tenants.emplace_back(name, EVENTOPS_TRY(timesOf(times, policy.times)));
    }
    std::sort(policy.tenants.begin(), policy.tenants.end(),
              [](const auto &a, const auto &b) { return a.first < b.first; });
    return policy;
}

void appendRetention(JsonWriter &json, const RetentionPolicy &policy)
{
    json.beginObject();
    appendTimes(json, policy.times);
    if (policy.sources)
        json.field("sources", toString(*policy.sources));
    json.key("tenants").beginObject();
    for (const auto &[name, times] : policy.tenants) {
        json.key(name).beginObject();
        appendTimes(json, times);
        json.endObject();
    }
    json.endObject().endObject();
}

std::string retentionText(const RetentionPolicy &policy)
{
    std::string out;
    JsonWriter json(out);
    appendRetention(json, policy);
    return out;
}

} // namespace eventops
