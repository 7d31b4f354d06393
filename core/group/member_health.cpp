// SPDX-License-Identifier: MIT
//
// How a member is, for programs and for Prometheus.
#include "core/base/json.h"
#include "core/base/metrics_text.h"
#include "core/group/group_member.h"

namespace eventops {
namespace {

void appendCounts(JsonWriter &json, const SinkCounts &counts)
{
    json.key("transactions").unsignedInteger(counts.transactions).key("records").unsignedInteger(counts.records);
    json.key("findings").unsignedInteger(counts.findings).key("events").unsignedInteger(counts.events);
    json.key("dead_letters").unsignedInteger(counts.deadLetters).key("rekeyed").unsignedInteger(counts.rekeyed);
    json.key("messages").unsignedInteger(counts.messages).key("states").unsignedInteger(counts.states);
    json.key("state_bytes").unsignedInteger(counts.stateBytes);
    json.key("read_again").unsignedInteger(counts.discarded);
}

void appendPartition(JsonWriter &json, const TaskHealth &task)
{
    json.beginObject().field("topic", task.place.topic).key("partition").unsignedInteger(task.place.partition);
    json.field("work", task.rekeys ? "repartition" : "find").key("running").boolean(task.running);
    json.key("lag");
    if (task.source.lag)
        json.unsignedInteger(*task.source.lag);
    else
        json.null();
    json.key("offset").unsignedInteger(task.counts.offset);
    json.key("restored_from").unsignedInteger(task.restoredFrom).key("failures").unsignedInteger(task.failures);
    appendCounts(json, task.counts);
    json.key("missed").unsignedInteger(task.source.missed).key("errors").unsignedInteger(task.source.errors);
    json.field("last_error", task.lastError.empty() ? task.source.lastError : task.lastError);
    json.field("trouble", task.trouble.empty() ? task.source.trouble : task.trouble);
    json.field("notice", task.counts.notice.empty() ? task.source.notice : task.counts.notice).endObject();
}

} // namespace

std::string memberJson(const MemberHealth &health)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("status", health.trouble.empty() ? "ok" : "waiting");
    json.field("application", health.application).field("pipeline", health.pipeline);
    json.field("brokers", health.brokers).field("cluster", health.cluster).field("member", health.member);
    json.key("rebalances").unsignedInteger(health.rebalances).key("lag").unsignedInteger(health.lag);
    json.key("errors").unsignedInteger(health.errors).field("last_error", health.lastError);
    json.field("trouble", health.trouble);
    appendCounts(json.key("total").beginObject(), health.counts);
    json.endObject().key("partitions").beginArray();
    for (const TaskHealth &task : health.partitions)
        appendPartition(json, task);
    json.endArray().key("notices").beginArray();
    for (const std::string &notice : health.notices)
        json.string(notice);
    json.endArray().endObject();
    return out;
}

std::string memberMetrics(const MemberHealth &health)
{
    MetricsText text;
    text.family("eventops_group_partitions", "gauge", "Partitions that this member owns.");
    text.sample(health.partitions.size());
    text.family("eventops_group_rebalances_total", "counter", "Times that partitions came to this member or went.");
    text.sample(health.rebalances);
    text.family("eventops_group_errors_total", "counter", "Errors of the connection and of the work on partitions.");
    text.sample(health.errors);
    text.family("eventops_group_trouble", "gauge", "1 while some partition does not get on.");
    text.sample(health.trouble.empty() ? 0 : 1);
    text.family("eventops_group_transactions_total", "counter", "Transactions committed.");
    text.sample(health.counts.transactions);
    text.family("eventops_group_records_total", "counter", "Records of the input in committed transactions.");
    text.sample(health.counts.records);
    text.family("eventops_group_findings_total", "counter", "Findings published.").sample(health.counts.findings);
    text.family("eventops_group_dead_letters_total", "counter", "Records that could not become events.");
    text.sample(health.counts.deadLetters);
    text.family("eventops_group_read_again_total", "counter", "Records read again after a restore.");
    text.sample(health.counts.discarded);
    text.family("eventops_group_lag_records", "gauge", "Records that wait in a partition; absent while unknown.");
    for (const TaskHealth &task : health.partitions) {
        if (task.source.lag)
            text.sample(*task.source.lag, "partition", task.place.text());
    }
    return text.take();
}

} // namespace eventops
