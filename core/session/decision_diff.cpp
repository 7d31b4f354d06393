// SPDX-License-Identifier: MIT
#include "core/session/decision_diff.h"

#include "core/base/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

namespace eventops {
namespace {

constexpr char Separator = '\x1f';

std::string joined(std::initializer_list<std::string_view> parts)
{
    std::string out;
    for (const std::string_view part : parts) {
        out += part;
        out += Separator;
    }
    return out;
}

std::string numberText(double value)
{
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end};
}

// What a decision is about, when it was taken, and what it says: the same for both kinds.

std::string identity(const Finding &f)
{
    return joined({toString(f.origin), f.name, f.tenant, f.entityType, f.entityId, f.metric, toString(f.state)});
}
std::string identity(const Suggestion &s)
{
    return joined({s.policy, s.tenant, s.entityType, s.entityId, s.command});
}
WallNs timeOf(const Finding &f) { return f.ts; }
WallNs timeOf(const Suggestion &s) { return s.proposedAt; }

/// Ids are left out: they follow from the place among a record's findings.
std::vector<std::pair<const char *, std::string>> contentOf(const Finding &f)
{
    return {{"severity", std::string(severityName(static_cast<std::uint8_t>(f.severity)))},
            {"value", f.hasValue ? numberText(f.value) + (f.unit.empty() ? "" : ' ' + f.unit) : std::string()},
            {"step", f.step},
            {"message", f.message},
            {"bits", numberText(f.bits)},
            {"terms", termsToJson(f.terms)},
            {"tags", f.tags}};
}
std::vector<std::pair<const char *, std::string>> contentOf(const Suggestion &s)
{
    return {{"args", s.args},
            {"reason", s.reason},
            {"expires", s.expiresAt == NoTime
                            ? std::string()
                            : numberText(static_cast<double>(s.expiresAt - s.proposedAt) / 1e9) + " s"},
            {"ttl", numberText(s.ttlSeconds) + " s"},
            {"approvals required", std::to_string(s.approvalsRequired)}};
}

template <typename Row>
std::vector<std::string> differences(const Row &before, const Row &after)
{
    std::vector<std::string> out;
    if (timeOf(before) != timeOf(after))
        out.push_back("time: " + formatTimestamp(timeOf(before)) + " → " + formatTimestamp(timeOf(after)));
    const auto was = contentOf(before), now = contentOf(after);
    for (std::size_t i = 0; i < was.size(); ++i) {
        if (was[i].second != now[i].second)
            out.push_back(std::string(was[i].first) + ": " + was[i].second + " → " + now[i].second);
    }
    return out;
}

template <typename Row>
Seq placeOf(const DecisionChange<Row> &change)
{
    return change.before ? change.before->seq : change.after->seq;
}

/// Matches decisions about the same thing: those of one record first, then the nearest in time.
template <typename Row>
class Matcher
{
public:
    std::vector<DecisionChange<Row>> match(const std::vector<Row> &before, const std::vector<Row> &after)
    {
        std::map<std::string, std::pair<std::vector<const Row *>, std::vector<const Row *>>> things;
        for (const Row &row : before)
            things[identity(row)].first.push_back(&row);
        for (const Row &row : after)
            things[identity(row)].second.push_back(&row);
        for (auto &[key, rows] : things)
            matchThing(rows.first, rows.second);
        std::stable_sort(m_out.begin(), m_out.end(),
                         [](const auto &a, const auto &b) { return placeOf(a) < placeOf(b); });
        return std::move(m_out);
    }

private:
    /// Both by (seq, emission).
    void matchThing(const std::vector<const Row *> &before, const std::vector<const Row *> &after)
    {
        std::vector<const Row *> left, right;
        std::size_t a = 0, b = 0;
        while (a < before.size() || b < after.size()) {
            if (b == after.size() || (a < before.size() && before[a]->seq < after[b]->seq)) {
                left.push_back(before[a++]);
            } else if (a == before.size() || after[b]->seq < before[a]->seq) {
                right.push_back(after[b++]);
            } else {
                auto fields = differences(*before[a], *after[b]);
                const bool moved = timeOf(*before[a]) != timeOf(*after[b]);
                if (!fields.empty())
                    add(moved ? DecisionDifference::Moved : DecisionDifference::Changed, before[a], after[b],
                        std::move(fields));
                ++a;
                ++b;
            }
        }
        matchMoved(left, right);
    }

    void matchMoved(const std::vector<const Row *> &left, const std::vector<const Row *> &right)
    {
        std::size_t a = 0, b = 0;
        while (a < left.size() || b < right.size()) {
            if (a < left.size() && b < right.size()) {
                const std::int64_t gap = timeOf(*right[b]) - timeOf(*left[a]);
                if (gap >= -DecisionMovedMaxNs && gap <= DecisionMovedMaxNs) {
                    add(DecisionDifference::Moved, left[a], right[b], differences(*left[a], *right[b]));
                    ++a;
                    ++b;
                    continue;
                }
            }
            if (b == right.size() || (a < left.size() && timeOf(*left[a]) <= timeOf(*right[b])))
                add(DecisionDifference::Removed, left[a++], nullptr, {});
            else
                add(DecisionDifference::Added, nullptr, right[b++], {});
        }
    }

    void add(DecisionDifference difference, const Row *before, const Row *after, std::vector<std::string> fields)
    {
        DecisionChange<Row> change;
        change.difference = difference;
        if (before != nullptr)
            change.before = *before;
        if (after != nullptr)
            change.after = *after;
        change.fields = std::move(fields);
        m_out.push_back(std::move(change));
    }

    std::vector<DecisionChange<Row>> m_out;
};

/// Tells whether two diffs hold the same change.
template <typename Row>
std::string signature(const DecisionChange<Row> &change)
{
    std::string out = joined({toString(change.difference), identity(change.before ? *change.before : *change.after)});
    out += std::to_string(change.before ? change.before->seq : 0) + Separator;
    out += std::to_string(change.after ? change.after->seq : 0) + Separator;
    for (const std::string &field : change.fields)
        out += field + Separator;
    return out;
}

template <typename Row>
void noteCause(std::vector<DecisionChange<Row>> &changes, const std::vector<Row> &before,
               const std::vector<Row> &without, std::size_t edit)
{
    std::set<std::string> still;
    for (const DecisionChange<Row> &change : Matcher<Row>().match(before, without))
        still.insert(signature(change));
    for (DecisionChange<Row> &change : changes) {
        if (!still.contains(signature(change)))
            change.causes.push_back(edit);
    }
}

bool names(const SettingChange &edit, std::initializer_list<std::string_view> wanted)
{
    return std::any_of(edit.names.begin(), edit.names.end(), [&](const std::string &name) {
        return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    });
}

bool touches(const SettingChange &edit, const Finding &f)
{
    return names(edit, {f.name, f.entityId});
}
bool touches(const SettingChange &edit, const Suggestion &s)
{
    return names(edit, {s.policy, s.command, s.entityId});
}

/// Where no single edit is to blame (two together, or too many to try): those that carry a name of the decision, else
/// all that decide.
template <typename Row>
void blameByName(std::vector<DecisionChange<Row>> &changes, const std::vector<SettingChange> &edits)
{
    for (DecisionChange<Row> &change : changes) {
        if (!change.causes.empty())
            continue;
        const Row &row = change.before ? *change.before : *change.after;
        for (const bool all : {false, true}) {
            for (std::size_t i = 0; i < edits.size() && i < SettingChangesMax; ++i) {
                if (edits[i].part != PipelinePart::Nothing && (all || touches(edits[i], row)))
                    change.causes.push_back(i);
            }
            if (!change.causes.empty())
                break;
        }
    }
}

struct Decisions {
    std::vector<Finding> findings;
    std::vector<Suggestion> suggestions;
};

Result<Decisions> decisionsBefore(Ledger &ledger, const Registry &registry, const PipelineSpec &before,
                                  const RerunRequest &request, DecisionDiff &diff)
{
    diff.recorded = EVENTOPS_TRY(ledger.configurations()).size() <= 1;
    Decisions out;
    if (diff.recorded) {
        out.findings = EVENTOPS_TRY(recordedFindings(ledger, request.cancelled));
        out.suggestions = EVENTOPS_TRY(recordedSuggestions(ledger, request.cancelled));
        return out;
    }
    RerunOutcome again = EVENTOPS_TRY(rerun(ledger, registry, before, request));
    out.findings = std::move(again.findings);
    out.suggestions = std::move(again.suggestions);
    return out;
}

} // namespace

std::string_view toString(DecisionDifference difference)
{
    switch (difference) {
    case DecisionDifference::Added: return "added";
    case DecisionDifference::Removed: return "removed";
    case DecisionDifference::Moved: return "moved";
    case DecisionDifference::Changed: return "changed";
    }
    return "";
}

Result<DecisionDiff> diffDecisions(Ledger &ledger, const Registry &registry, const PipelineSpec &before,
                                   const PipelineSpec &after, const RerunRequest &request)
{
    DecisionDiff diff;
    diff.edits = changesBetween(before, after);
    diff.from = firstPart(diff.edits);
    RerunRequest again = request;
    again.from = diff.from;
    const Decisions was = EVENTOPS_TRY(decisionsBefore(ledger, registry, before, again, diff));
    RerunOutcome now = EVENTOPS_TRY(rerun(ledger, registry, after, again));
    diff.events = now.events;
    diff.stages = std::move(now.stages);
    diff.findingsBefore = was.findings.size();
    diff.findingsAfter = now.findings.size();
    diff.suggestionsBefore = was.suggestions.size();
    diff.suggestionsAfter = now.suggestions.size();
    diff.findings = Matcher<Finding>().match(was.findings, now.findings);
    diff.suggestions = Matcher<Suggestion>().match(was.suggestions, now.suggestions);
    if (diff.empty())
        return diff;
    const auto deciding = std::count_if(diff.edits.begin(), diff.edits.end(), [](const SettingChange &edit) {
        return edit.part != PipelinePart::Nothing;
    });
    for (std::size_t i = 0; i < diff.edits.size() && deciding > 1
                            && deciding <= static_cast<std::ptrdiff_t>(AttributionChangesMax); ++i) {
        if (diff.edits[i].part == PipelinePart::Nothing)
            continue;
        std::vector<bool> taken(diff.edits.size(), true);
        taken[i] = false;
        const RerunOutcome without =
            EVENTOPS_TRY(rerun(ledger, registry, withChanges(before, after, taken), again));
        noteCause(diff.findings, was.findings, without.findings, i);
        noteCause(diff.suggestions, was.suggestions, without.suggestions, i);
    }
    blameByName(diff.findings, diff.edits);
    blameByName(diff.suggestions, diff.edits);
    return diff;
}

bool RerunCheck::equal() const
{
    return std::equal(recorded.begin(), recorded.end(), rerun.begin(), rerun.end(),
                      [](const StageDigest &a, const StageDigest &b) {
                          return a.stage == b.stage && a.outputs == b.outputs && a.digest == b.digest;
                      });
}

Result<RerunCheck> checkRerun(Ledger &ledger, const Registry &registry, const PipelineSpec &spec, bool fromRecords,
                              const RerunRequest &request)
{
    RerunRequest again = request;
    again.from = fromRecords ? PipelinePart::Records : PipelinePart::Events;
    RerunCheck check;
    check.from = again.from;
    RerunOutcome outcome = EVENTOPS_TRY(rerun(ledger, registry, spec, again));
    check.rerun = std::move(outcome.kinds);
    check.stages = std::move(outcome.stages);
    check.recorded = EVENTOPS_TRY(recordedDigests(ledger));
    return check;
}

} // namespace eventops
