// SPDX-License-Identifier: MIT
#pragma once

#include "core/wire/event_page_form.h"
#include "core/wire/model_forms.h"

#include <cassert>

// The forms of what a Backend's calls take and give; see wire_io.h.
namespace eventops::wire {

template <>
struct LastOf<Role> {
    static constexpr auto value = Role::Admin;
};
template <>
struct LastOf<FaultScore::Outcome> {
    static constexpr auto value = FaultScore::Outcome::Open;
};
template <>
struct LastOf<DoctorCheck::Verdict> {
    static constexpr auto value = DoctorCheck::Verdict::Bad;
};
template <>
struct LastOf<GraphQuestion> {
    static constexpr auto value = GraphQuestion::RecentChanges;
};
template <>
struct LastOf<GraphAnswer::Standing> {
    static constexpr auto value = GraphAnswer::Standing::Stranded;
};
template <>
struct LastOf<DecisionDifference> {
    static constexpr auto value = DecisionDifference::Changed;
};
template <>
struct LastOf<PipelinePart> {
    static constexpr auto value = PipelinePart::Nothing;
};
template <>
struct LastOf<SettingChange::Kind> {
    static constexpr auto value = SettingChange::Kind::Changed;
};
template <>
struct LastOf<ExportForm> {
    static constexpr auto value = ExportForm::Events;
};
template <>
struct LastOf<SqlPlace> {
    static constexpr auto value = SqlPlace{SqlPlaceCount - 1};
};

template <typename Io, Is<Caller> T>
void describe(Io &io, T &caller)
{
    auto &[user, role, tenants] = caller;
    io(user, role, tenants);
}

template <typename Io, Is<Query> T>
void describe(Io &io, T &query)
{
    auto &[filter, rowsMax, oldestFirst] = query;
    io(filter, rowsMax, oldestFirst);
}

template <typename Io, Is<EventRange> T>
void describe(Io &io, T &range)
{
    auto &[first, count] = range;
    io(first, count);
}

/// The columns are parallel, and lanes have names: others do not get in.
template <typename Io, Is<EventColumns> T>
void describe(Io &io, T &columns)
{
    auto &[first, ts, severity, lane, laneNames] = columns;
    io(first, ts, severity, lane, laneNames);
    if constexpr (std::is_same_v<Io, Reader>) {
        bool fits = severity.size() == ts.size() && lane.size() == ts.size();
        for (const std::uint16_t one : lane)
            fits = fits && one < laneNames.size();
        if (!fits)
            io.fail();
    }
}

template <typename Io, Is<EventColumnsRequest> T>
void describe(Io &io, T &request)
{
    auto &[first, laneBy] = request;
    io(first, laneBy);
}

template <typename Io, Is<StoryStep::Change> T>
void describe(Io &io, T &change)
{
    auto &[field, before, after] = change;
    io(field, before, after);
}

template <typename Io, Is<StoryStep> T>
void describe(Io &io, T &step)
{
    auto &[stage, note, changes] = step;
    io(stage, note, changes);
}

/// It tells of one event: a story of none does not get in.
template <typename Io, Is<EventStory> T>
void describe(Io &io, T &story)
{
    auto &[place, event, sourceTitle, rawBytes, rawSize, redacted, steps, findings, actions, audit] = story;
    io(place, event, sourceTitle, rawBytes, rawSize, redacted, steps, findings, actions, audit);
    if constexpr (std::is_same_v<Io, Reader>) {
        if (event.rows.size() != 1)
            io.fail();
    }
}

template <typename Io, Is<WorkspaceSummary> T>
void describe(Io &io, T &summary)
{
    auto &[counters, findings, suggestions, clock, sources, digest, setAside, behind] = summary;
    io(counters, findings, suggestions, clock, sources, digest, setAside, behind);
}

template <typename Io, Is<ReasonCount> T>
void describe(Io &io, T &count)
{
    auto &[reason, records] = count;
    io(reason, records);
}

template <typename Io, Is<FaultScore> T>
void describe(Io &io, T &score)
{
    auto &[fault, outcome, leadNs, findings, first] = score;
    io(fault, outcome, leadNs, findings, first);
}

template <typename Io, Is<Scorecard> T>
void describe(Io &io, T &card)
{
    auto &[faults, detected, missed, open, falseFindings, findings, precision, recall, leadNsMedian, falseAlarmsPerHour,
           scoredNs] = card;
    io(faults, detected, missed, open, falseFindings, findings, precision, recall, leadNsMedian, falseAlarmsPerHour,
       scoredNs);
}

template <typename Io, Is<KnownFaults> T>
void describe(Io &io, T &known)
{
    auto &[truth, card] = known;
    io(truth, card);
    if constexpr (std::is_same_v<Io, Reader>) {
        for (const FaultScore &score : card.faults) {
            if (score.fault >= truth.faults.size())
                io.fail();
        }
    }
}

template <typename Io, Is<LakeHealth> T>
void describe(Io &io, T &lake)
{
    auto &[working, notice, metricRows, alertRows, parts] = lake;
    io(working, notice, metricRows, alertRows, parts);
}

template <typename Io, Is<ClickHouseHealth> T>
void describe(Io &io, T &clickHouse)
{
    auto &[working, notice, rows] = clickHouse;
    io(working, notice, rows);
}

template <typename Io, Is<Health> T>
void describe(Io &io, T &health)
{
    auto &[summary, running, progress, pipelineName, stages, deadLetters, ledgerBytes, workers, known, lake,
           clickHouse] = health;
    io(summary, running, progress, pipelineName, stages, deadLetters, ledgerBytes, workers, known, lake, clickHouse);
}

template <typename Io, Is<Change> T>
void describe(Io &io, T &change)
{
    auto &[revision, events, findings, suggestions, clock, running, progress] = change;
    io(revision, events, findings, suggestions, clock, running, progress);
}

/// A playback is a clock in the caller's hand, and stays there: who has one plays on the engine's own machine.
template <typename Io, Is<ReplayRequest> T>
void describe(Io &io, T &request)
{
    auto &[files, follow, pipelineText, pipelineName, format, workers, retention, live, lake, playback, ingest] =
        request;
    io(files, follow, pipelineText, pipelineName, format, workers, retention, live, lake, ingest);
    assert(playback == nullptr);
}

template <typename Io, Is<RawChunk::Record> T>
void describe(Io &io, T &record)
{
    auto &[offset, size] = record;
    io(offset, size);
}

template <typename Io, Is<IngestRequest> T>
void describe(Io &io, T &request)
{
    auto &[bytes, records] = request;
    io(bytes, records);
}

template <typename Io, Is<IngestOutcome::Refused> T>
void describe(Io &io, T &refused)
{
    auto &[record, reason, detail] = refused;
    io(record, reason, detail);
}

template <typename Io, Is<IngestOutcome> T>
void describe(Io &io, T &outcome)
{
    auto &[stored, skipped, duplicate, deadLettered, refused] = outcome;
    io(stored, skipped, duplicate, deadLettered, refused);
}

template <typename Io, Is<DecisionOutcome> T>
void describe(Io &io, T &outcome)
{
    auto &[action, note] = outcome;
    io(action, note);
}

template <typename Io, Is<RerunQuery> T>
void describe(Io &io, T &query)
{
    auto &[pipelineText, pipelineName, workers] = query;
    io(pipelineText, pipelineName, workers);
}

template <typename Io, Is<RerunProgress> T>
void describe(Io &io, T &progress)
{
    auto &[events, eventsTotal] = progress;
    io(events, eventsTotal);
}

template <typename Io, Is<StageDigest> T>
void describe(Io &io, T &digest)
{
    auto &[stage, outputs, sha] = digest;
    io(stage, outputs, sha);
}

template <typename Io, Is<RerunCheck> T>
void describe(Io &io, T &check)
{
    auto &[recorded, rerun, stages, from] = check;
    io(recorded, rerun, stages, from);
}

template <typename Io, Is<SettingChange> T>
void describe(Io &io, T &change)
{
    auto &[kind, part, path, names, before, after, where] = change;
    io(kind, part, path, names, before, after, where);
}

template <typename Io, typename T>
requires Is<T, DecisionChange<Finding>> || Is<T, DecisionChange<Suggestion>>
void describe(Io &io, T &change)
{
    auto &[difference, before, after, fields, causes] = change;
    io(difference, before, after, fields, causes);
    if constexpr (std::is_same_v<Io, Reader>) {
        if (!before && !after)
            io.fail();
    }
}

/// Causes are places in the edits: others do not get in.
template <typename Io, Is<DecisionDiff> T>
void describe(Io &io, T &diff)
{
    auto &[edits, from, recorded, findings, suggestions, findingsBefore, findingsAfter, suggestionsBefore,
           suggestionsAfter, events, stages] = diff;
    io(edits, from, recorded, findings, suggestions, findingsBefore, findingsAfter, suggestionsBefore, suggestionsAfter,
       events, stages);
    if constexpr (std::is_same_v<Io, Reader>) {
        const auto check = [&io, &known = edits](const std::vector<std::size_t> &causes) {
            for (const std::size_t cause : causes) {
                if (cause >= known.size())
                    io.fail();
            }
        };
        for (const auto &change : findings)
            check(change.causes);
        for (const auto &change : suggestions)
            check(change.causes);
    }
}

template <typename Io, Is<Promotion> T>
void describe(Io &io, T &promotion)
{
    auto &[folder, candidates, records, trials, minimal] = promotion;
    io(folder, candidates, records, trials, minimal);
}

template <typename Io, Is<EntityKey> T>
void describe(Io &io, T &key)
{
    auto &[type, id] = key;
    io(type, id);
}

template <typename Io, Is<ReachedEntity> T>
void describe(Io &io, T &reached)
{
    auto &[entity, depth, linkType] = reached;
    io(entity, depth, linkType);
}

template <typename Io, Is<GraphRequest> T>
void describe(Io &io, T &request)
{
    auto &[question, tenant, entity, to, depth, entitiesMax, withinNs] = request;
    io(question, tenant, entity, to, depth, entitiesMax, withinNs);
}

template <typename Io, Is<GraphAnswer::Node> T>
void describe(Io &io, T &node)
{
    auto &[reached, standing] = node;
    io(reached, standing);
}

template <typename Io, Is<GraphAnswer> T>
void describe(Io &io, T &answer)
{
    auto &[tenant, nodes, links, truncated] = answer;
    io(tenant, nodes, links, truncated);
}

template <typename Io, Is<LikelyCause> T>
void describe(Io &io, T &cause)
{
    auto &[entityType, entityId, share, bits, findingId, message] = cause;
    io(entityType, entityId, share, bits, findingId, message);
}

template <typename Io, Is<FeedbackRequest> T>
void describe(Io &io, T &request)
{
    auto &[kind, findingId, falsePerDay, reason] = request;
    io(kind, findingId, falsePerDay, reason);
}

template <typename Io, Is<ExportRequest> T>
void describe(Io &io, T &request)
{
    auto &[filter, from, to, form, path, compress, overwrite] = request;
    io(filter, from, to, form, path, compress, overwrite);
}

template <typename Io, Is<ExportProgress> T>
void describe(Io &io, T &progress)
{
    auto &[eventsSeen, eventsTotal, records, deadLetters, reshaped, bytes, dropped] = progress;
    io(eventsSeen, eventsTotal, records, deadLetters, reshaped, bytes, dropped);
}

template <typename Io, Is<RetentionReport> T>
void describe(Io &io, T &report)
{
    auto &[policy, rows, done, dropped] = report;
    io(policy, rows, done, dropped);
}

template <typename Io, Is<SqlRequest> T>
void describe(Io &io, T &request)
{
    auto &[text, place, rowsMax, timeNsMax] = request;
    io(text, place, rowsMax, timeNsMax);
}

/// Rows are as wide as their columns: others do not get in.
template <typename Io, Is<SqlPage> T>
void describe(Io &io, T &page)
{
    auto &[statement, columns, rows] = page;
    io(statement, columns, rows);
    if constexpr (std::is_same_v<Io, Reader>) {
        for (const SqlRow &row : rows) {
            if (row.size() != columns.size())
                io.fail();
        }
    }
}

template <typename Io, Is<SqlOutcome> T>
void describe(Io &io, T &outcome)
{
    auto &[rows, cut] = outcome;
    io(rows, cut);
}

template <typename Io, Is<BackupRequest> T>
void describe(Io &io, T &request)
{
    auto &[to, verify] = request;
    io(to, verify);
}

template <typename Io, Is<BackupOutcome> T>
void describe(Io &io, T &outcome)
{
    auto &[copied, events, auditRows, digest] = outcome;
    io(copied, events, auditRows, digest);
}

template <typename Io, Is<DoctorCheck> T>
void describe(Io &io, T &check)
{
    auto &[name, verdict, found, remedy] = check;
    io(name, verdict, found, remedy);
}

} // namespace eventops::wire
