// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/envelopes.h"

#include <memory>

namespace eventops {

/// Reads the agent's line {tenant_id, host | source_id, metric, value, unit, ts_event, tags} (contracts 3.2).
/// Thread: one.
class AgentEnvelope final : public JsonEnvelope
{
public:
    explicit AgentEnvelope(AgentRules rules);
    ~AgentEnvelope() override;
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override;
    /// Appends the event when the line has exactly the usual shape and every text in it was validated before.
    /// False: nothing happened, read it as JSON.
    bool decodeUsualShape(Batch &batch, std::uint32_t record);

private:
    DecodeFailure identity(Batch &batch, Event &event, const JsonReader &json);
    DecodeFailure measurement(Batch &batch, Event &event, const JsonReader &json);
    DecodeFailure rest(Batch &batch, Event &event, const JsonReader &json);

    const AgentRules m_rules;
    std::string m_scratch, m_text;
};

} // namespace eventops
