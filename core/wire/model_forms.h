// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/wire/wire_io.h"

// The forms of values of core/model, core/pipeline and core/store; see wire_io.h.
namespace eventops::wire {

template <>
struct LastOf<Error::Code> {
    static constexpr auto value = Error::Code::Cancelled;
};
template <>
struct LastOf<Severity> {
    static constexpr auto value = Severity{24}; // a number of OpenTelemetry's, named or not
};
template <>
struct LastOf<Field> {
    static constexpr auto value = Field{FieldCount - 1};
};
template <>
struct LastOf<FindingOrigin> {
    static constexpr auto value = FindingOrigin::External;
};
template <>
struct LastOf<FindingState> {
    static constexpr auto value = FindingState::Resolved;
};
template <>
struct LastOf<ActionState> {
    static constexpr auto value = ActionState{ActionStateCount - 1};
};
template <>
struct LastOf<DecisionKind> {
    static constexpr auto value = DecisionKind::Reject;
};
template <>
struct LastOf<FeedbackKind> {
    static constexpr auto value = FeedbackKind{FeedbackKindCount - 1};
};
template <>
struct LastOf<MachineStep::Kind> {
    static constexpr auto value = MachineStep::Kind::End;
};
template <>
struct LastOf<Retention> {
    static constexpr auto value = Retentions.back();
};
template <>
struct LastOf<Measure::Kind> {
    static constexpr auto value = Measure::Kind::Quantile;
};
template <>
struct LastOf<SqlCell::Kind> {
    static constexpr auto value = SqlCell::Kind::Json;
};

template <typename Io, Is<Ok> T>
void describe(Io &, T &)
{
}

template <typename Io, Is<Location> T>
void describe(Io &io, T &location)
{
    auto &[file, line, column] = location;
    io(file, line, column);
}

template <typename Io, Is<Error> T>
void describe(Io &io, T &error)
{
    auto &[code, message, where, remedy] = error;
    io(code, message, where, remedy);
}

template <typename Io, Is<BitsTerm> T>
void describe(Io &io, T &term)
{
    auto &[name, bits, context, observed, expected, samples] = term;
    io(name, bits, context, observed, expected, samples);
}

template <typename Io, Is<Finding> T>
void describe(Io &io, T &finding)
{
    auto &[id, seq, emission, origin, state, severity, ts, tsText, tenant, entityType, entityId, sourceId, name, metric,
           unit, hasValue, value, step, message, tags, bits, terms, evidence, pattern, alert] = finding;
    io(id, seq, emission, origin, state, severity, ts, tsText, tenant, entityType, entityId, sourceId, name, metric,
       unit, hasValue, value, step, message, tags, bits, terms, evidence, pattern, alert);
}

template <typename Io, Is<Suggestion> T>
void describe(Io &io, T &suggestion)
{
    auto &[id, seq, emission, findingId, policy, tenant, entityType, entityId, correlationId, command, args, reason,
           proposedAt, expiresAt, ttlSeconds, approvalsRequired] = suggestion;
    io(id, seq, emission, findingId, policy, tenant, entityType, entityId, correlationId, command, args, reason,
       proposedAt, expiresAt, ttlSeconds, approvalsRequired);
}

template <typename Io, Is<Action> T>
void describe(Io &io, T &action)
{
    auto &[suggestion, version, state, digest, idempotencyKey, approver, decisionReason, attempts, output] = action;
    io(suggestion, version, state, digest, idempotencyKey, approver, decisionReason, attempts, output);
}

template <typename Io, Is<Decision> T>
void describe(Io &io, T &decision)
{
    auto &[actionId, kind, user, reason] = decision;
    io(actionId, kind, user, reason);
}

template <typename Io, Is<AuditRow> T>
void describe(Io &io, T &row)
{
    auto &[number, at, actor, verb, subject, detail, previousHash, hash] = row;
    io(number, at, actor, verb, subject, detail, previousHash, hash);
}

template <typename Io, Is<Entity> T>
void describe(Io &io, T &entity)
{
    auto &[tenant, type, id, firstSeen, lastSeen, firstSeq, events, lastStep] = entity;
    io(tenant, type, id, firstSeen, lastSeen, firstSeq, events, lastStep);
}

template <typename Io, Is<Link> T>
void describe(Io &io, T &link)
{
    auto &[tenant, sourceType, sourceId, targetType, targetId, type, firstSeen, lastSeen, firstSeq, events] = link;
    io(tenant, sourceType, sourceId, targetType, targetId, type, firstSeen, lastSeen, firstSeq, events);
}

template <typename Io, Is<ExpectedNext> T>
void describe(Io &io, T &next)
{
    auto &[step, probability, isEnd] = next;
    io(step, probability, isEnd);
}

template <typename Io, Is<CaseExpectation> T>
void describe(Io &io, T &expectation)
{
    auto &[tenant, entityType, entityId, lastStep, since, next, eta, late, overdue, missing, samples, isAbsent] =
        expectation;
    io(tenant, entityType, entityId, lastStep, since, next, eta, late, overdue, missing, samples, isAbsent);
}

template <typename Io, Is<MachineStep> T>
void describe(Io &io, T &step)
{
    auto &[name, kind, count] = step;
    io(name, kind, count);
}

template <typename Io, Is<MachineEdge> T>
void describe(Io &io, T &edge)
{
    auto &[from, to, count, probability, medianNs, q90Ns] = edge;
    io(from, to, count, probability, medianNs, q90Ns);
}

/// Whoever draws a machine follows its edges: those that lead nowhere do not get in.
template <typename Io, Is<StepMachine> T>
void describe(Io &io, T &machine)
{
    auto &[tenant, entityType, steps, edges, isCut] = machine;
    io(tenant, entityType, steps, edges, isCut);
    if constexpr (std::is_same_v<Io, Reader>) {
        for (const MachineEdge &edge : edges) {
            if (edge.from >= steps.size() || edge.to >= steps.size())
                io.fail();
        }
    }
}

template <typename Io, Is<JudgementView::Kind> T>
void describe(Io &io, T &kind)
{
    auto &[name, judged, learning, heldBack, perDay, bits] = kind;
    io(name, judged, learning, heldBack, perDay, bits);
}

template <typename Io, Is<JudgementView::HeldBack> T>
void describe(Io &io, T &alarm)
{
    auto &[kind, ts, tenant, entityType, entityId, what, bits, takes] = alarm;
    io(kind, ts, tenant, entityType, entityId, what, bits, takes);
}

template <typename Io, Is<JudgementView> T>
void describe(Io &io, T &judgement)
{
    auto &[falsePerDay, verdicts, kinds, heldBack] = judgement;
    io(falsePerDay, verdicts, kinds, heldBack);
}

template <typename Io, Is<GroundTruthFault> T>
void describe(Io &io, T &fault)
{
    auto &[id, kind, description, tenant, entityType, entityId, start, end, graceNs, metrics, steps, remedy] = fault;
    io(id, kind, description, tenant, entityType, entityId, start, end, graceNs, metrics, steps, remedy);
}

template <typename Io, Is<GroundTruth> T>
void describe(Io &io, T &truth)
{
    auto &[start, durationNs, warmupNs, faults] = truth;
    io(start, durationNs, warmupNs, faults);
}

template <typename Io, Is<SqlColumn> T>
void describe(Io &io, T &column)
{
    auto &[name, type] = column;
    io(name, type);
}

template <typename Io, Is<SqlCell> T>
void describe(Io &io, T &cell)
{
    auto &[kind, text] = cell;
    io(kind, text);
}

template <typename Io, Is<SqlTable> T>
void describe(Io &io, T &table)
{
    auto &[schema, name, kind, columns] = table;
    io(schema, name, kind, columns);
}

template <typename Io, Is<Counters> T>
void describe(Io &io, T &counters)
{
    auto &[received, stored, skipped, duplicate, deadLettered, inFlight, events] = counters;
    io(received, stored, skipped, duplicate, deadLettered, inFlight, events);
}

template <typename Io, Is<SourceProgress> T>
void describe(Io &io, T &progress)
{
    auto &[key, title, cursor, hashedTo, prefixHash, mergeTime, finished, retention, added] = progress;
    io(key, title, cursor, hashedTo, prefixHash, mergeTime, finished, retention, added);
}

template <typename Io, Is<SourceRow> T>
void describe(Io &io, T &row)
{
    auto &[progress, id] = row;
    io(progress, id);
}

template <typename Io, Is<DeadLetterRow> T>
void describe(Io &io, T &row)
{
    auto &[id, seq, sourceKey, sourceTitle, position, size, reason, detail, state, bytes] = row;
    io(id, seq, sourceKey, sourceTitle, position, size, reason, detail, state, bytes);
}

template <typename Io, Is<SourceHealth> T>
void describe(Io &io, T &health)
{
    auto &[title, trouble, notice, lag, missed, ownRecords, tombstones, errors, lastError, rebalances] = health;
    io(title, trouble, notice, lag, missed, ownRecords, tombstones, errors, lastError, rebalances);
}

template <typename Io, Is<QueueDepth> T>
void describe(Io &io, T &depth)
{
    auto &[items, itemsMax] = depth;
    io(items, itemsMax);
}

template <typename Io, Is<RunProgress> T>
void describe(Io &io, T &progress)
{
    auto &[bytesRead, bytesTotal, counters, findings, suggestions, watermark, chunks, commits, trouble, sources] =
        progress;
    io(bytesRead, bytesTotal, counters, findings, suggestions, watermark, chunks, commits, trouble, sources);
}

template <typename Io, Is<RetentionTimes> T>
void describe(Io &io, T &times)
{
    auto &[rawNs, signalsNs, alertsNs] = times;
    io(rawNs, signalsNs, alertsNs);
}

template <typename Io, Is<RetentionPolicy> T>
void describe(Io &io, T &policy)
{
    auto &[sources, times, tenants] = policy;
    io(sources, times, tenants);
}

template <typename Io, Is<RetentionRow> T>
void describe(Io &io, T &row)
{
    auto &[tenant, retention, events, rawRecords, bytes, rawBytes, droppedEvents, droppedRawRecords, dueEvents,
           dueRawRecords, oldest, nextDrop] = row;
    io(tenant, retention, events, rawRecords, bytes, rawBytes, droppedEvents, droppedRawRecords, dueEvents,
       dueRawRecords, oldest, nextDrop);
}

template <typename Io, Is<RetentionDone> T>
void describe(Io &io, T &done)
{
    auto &[events, records, rawRecords, bytes, damaged] = done;
    io(events, records, rawRecords, bytes, damaged);
}

template <typename Io, Is<DroppedHistory> T>
void describe(Io &io, T &dropped)
{
    auto &[events, records, rawRecords, beginsAfter, rawBeginsAfter] = dropped;
    io(events, records, rawRecords, beginsAfter, rawBeginsAfter);
}

template <typename Io, Is<Measure> T>
void describe(Io &io, T &measure)
{
    auto &[kind, field, quantile, name] = measure;
    io(kind, field, quantile, name);
}

template <typename Io, Is<AggregateQuery> T>
void describe(Io &io, T &query)
{
    auto &[by, everyNs, measures] = query;
    io(by, everyNs, measures);
}

template <typename Io, Is<AggregateRow> T>
void describe(Io &io, T &row)
{
    auto &[from, by, values] = row;
    io(from, by, values);
}

template <typename Io, Is<BackupProgress> T>
void describe(Io &io, T &progress)
{
    auto &[pages, pagesTotal, bytes, restarts] = progress;
    io(pages, pagesTotal, bytes, restarts);
}

} // namespace eventops::wire
