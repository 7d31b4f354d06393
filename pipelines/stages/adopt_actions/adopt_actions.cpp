// SPDX-License-Identifier: MIT
#include "core/codec/action_state.h"
#include "core/pipeline/spec.h"

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"from", "enum:steps|requests", "steps",
     "steps: what the engine says of each action, from its proposal on (topic actions.state). requests: what was "
     "requested, and what executors report."},
};

class AdoptActions final : public GlobalStage
{
public:
    explicit AdoptActions(bool fromRequests) : m_fromRequests(fromRequests) {}

    void process(const Batch &batch, std::size_t eventBegin, std::size_t eventEnd, std::span<const Finding>,
                 GlobalOutput &out) override
    {
        for (std::size_t i = eventBegin; i < eventEnd; ++i) {
            const Event &event = batch.events[i];
            auto step = m_fromRequests ? reportedStepOf(batch, event) : actionStepOf(batch, event);
            if (!step || !step.value() || step.value()->action.version != 1
                || step.value()->action.suggestion.command.empty())
                continue; // what cannot be read stays an event, for a person to look at
            Suggestion suggestion = std::move(step.value()->action.suggestion);
            suggestion.seq = batch.records[event.record].seq;
            out.suggestions.push_back(std::move(suggestion)); // the ledger takes each once
        }
    }

private:
    const bool m_fromRequests;
};

Result<std::unique_ptr<GlobalStage>> make(const Value &settings)
{
    const auto from = settings.at("from").text(); // one of the two: checked with the settings
    return std::unique_ptr<GlobalStage>(std::make_unique<AdoptActions>(from && from.value() == "requests"));
}

} // namespace

extern const StageSpec AdoptActionsStage;
const StageSpec AdoptActionsStage = {
    .name = "adopt_actions",
    .summary = "Takes the actions that another engine published; their states follow what it says, nothing else.",
    .fields = Fields,
    .losses = {},
    .makeGlobal = make,
};

} // namespace eventops
