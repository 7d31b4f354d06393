// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/feedback.h"
#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace eventops::test {

/// The entropy stage in an engine of its own, fed by hand. Source 0 is a capture, source 1 the input log.
class EntropyWorld
{
public:
    explicit EntropyWorld(std::initializer_list<std::pair<std::string_view, Value>> settings = {})
    {
        const Registry registry{builtinStages(), {}};
        const StageSpec &spec = *registry.stage("entropy");
        m_stages.push_back({&spec, stageSettings(spec, settings)});
        restart();
    }

    /// Events to be run next.
    HandBatch next()
    {
        HandBatch hand;
        hand.nextSeq = m_seq;
        return hand;
    }

    std::vector<Finding> run(const HandBatch &hand)
    {
        m_seq = hand.nextSeq;
        return runAgain(hand);
    }
    /// As run, of a stretch that may be run once more after a restart.
    std::vector<Finding> runAgain(const HandBatch &hand)
    {
        StageEngine::Output out;
        m_engine->process(hand.batch, m_keys, nullptr, out);
        return std::move(out.findings);
    }

    /// What a person says, after everything so far. @p source: 1, or 0 for one who is not to be heeded.
    std::vector<Finding> tell(const Feedback &feedback, std::int64_t second, std::uint32_t source = 1)
    {
        HandBatch hand = next();
        Event &event = hand.add("finding", "finding:" + feedback.findingId, second);
        event[Field::Type] = hand.batch.strings.intern(eventTypeOf(feedback.kind));
        event[Field::Attrs] = hand.batch.strings.intern(feedbackToJson(feedback));
        hand.batch.records.back().source = source;
        return run(hand);
    }
    std::vector<Finding> dismiss(const Finding &finding, std::int64_t second)
    {
        return tell(feedbackOn(finding, FeedbackKind::Dismissed, "ann", "planned work"), second);
    }
    std::vector<Finding> confirm(const Finding &finding, std::int64_t second)
    {
        return tell(feedbackOn(finding, FeedbackKind::Confirmed, "ann", "it broke"), second);
    }

    StageView view() const { return m_engine->view(); }

    std::string state() const
    {
        StateWriter out;
        m_engine->save(out);
        return out.take();
    }
    /// Ends and begins again from what was saved; false: it could not be read.
    bool restart(const std::string &state = {})
    {
        m_engine = StageEngine::make(m_stages, 0).value();
        StateReader in(state);
        return state.empty() || m_engine->load(in);
    }

private:
    std::vector<Configured<StageSpec>> m_stages;
    const std::vector<std::string> m_keys = {"capture", std::string(InputLogKey)};
    std::unique_ptr<StageEngine> m_engine;
    Seq m_seq = 1;
};

/// Findings that are not the end of one.
inline std::vector<Finding> firing(std::vector<Finding> findings)
{
    std::erase_if(findings, [](const Finding &finding) { return finding.state != FindingState::Firing; });
    return findings;
}

} // namespace eventops::test
