// SPDX-License-Identifier: MIT
#include "core/actions/suggester.h"
#include "core/pipeline/spec.h"

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"files", "yaml_files", "[]", "Files with policies."},
    {"policies", "list", "[]", "Policies written here: `- {name: x, when: severity >= critical, command: y}`."},
    {"keys_max", "int", "65536",
     "Cooldowns remembered at once, one a policy and entity; beyond it the oldest are forgotten."},
};
constexpr std::int64_t KeysMax = 16'777'216;

class Suggest final : public GlobalStage
{
public:
    Suggest(std::vector<Policy> policies, std::size_t keysMax) : m_suggester(std::move(policies), keysMax) {}

    void process(const Batch &batch, std::size_t eventBegin, std::size_t eventEnd, std::span<const Finding> findings,
                 GlobalOutput &out) override
    {
        // Findings without a time of their own take that of the newest event up to them, wherever a batch ends.
        std::size_t event = eventBegin;
        for (const Finding &finding : findings) {
            while (event < eventEnd && seqOf(batch, event) <= finding.seq)
                m_suggester.observe(batch.events[event++].tsEvent);
            const std::size_t before = out.suggestions.size();
            m_suggester.consider(finding, out.suggestions);
            if (out.suggestions.size() > before)
                correlate(batch, eventBegin, event, finding, out, before);
        }
        for (; event < eventEnd; ++event)
            m_suggester.observe(batch.events[event].tsEvent);
    }

    void save(StateWriter &out) const override { m_suggester.save(out); }
    Status load(StateReader &in) override { return m_suggester.load(in); }

private:
    static Seq seqOf(const Batch &batch, std::size_t event) { return batch.records[batch.events[event].record].seq; }

    /// The correlation of the event behind the finding: of its record, about its entity if there is one.
    static void correlate(const Batch &batch, std::size_t begin, std::size_t end, const Finding &finding,
                          GlobalOutput &out, std::size_t from)
    {
        std::string_view correlation;
        bool exact = false;
        for (std::size_t i = end; i > begin && !exact && seqOf(batch, i - 1) == finding.seq; --i) {
            const Event &event = batch.events[i - 1];
            const std::string_view id = batch.text(event, Field::CorrelationId);
            exact = batch.text(event, Field::EntityId) == finding.entityId
                    && batch.text(event, Field::EntityType) == finding.entityType;
            if (!id.empty() && (exact || correlation.empty()))
                correlation = id;
        }
        for (std::size_t i = from; i < out.suggestions.size(); ++i)
            out.suggestions[i].correlationId = correlation;
    }

    Suggester m_suggester;
};

Result<std::unique_ptr<GlobalStage>> make(const Value &settings)
{
    std::vector<Policy> policies;
    for (const Value &file : settings.at("files").items())
        EVENTOPS_TRY(readPolicies(file, policies));
    EVENTOPS_TRY(readPolicies(settings.at("policies"), policies));
    const std::int64_t keysMax = EVENTOPS_TRY(settings.at("keys_max").integer());
    if (keysMax < 1 || keysMax > KeysMax)
        return settings.at("keys_max").error("keys_max must lie between 1 and " + std::to_string(KeysMax));
    return std::unique_ptr<GlobalStage>(std::make_unique<Suggest>(std::move(policies),
                                                                  static_cast<std::size_t>(keysMax)));
}

} // namespace

extern const StageSpec SuggestStage;
const StageSpec SuggestStage = {
    .name = "suggest",
    .summary = "Proposes an action for a finding by policy; a person decides.",
    .fields = Fields,
    .losses = {},
    .makeGlobal = make,
};

} // namespace eventops
