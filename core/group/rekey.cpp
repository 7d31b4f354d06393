// SPDX-License-Identifier: MIT
#include "core/group/rekey.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view ForMember = R"({"for":)";

constexpr LossReason Losses[] = {
    {"of_another_key", LossSeverity::Info,
     "The message gave this event to another partition as well, where it counts."},
};

class KeepKey final : public MapStage
{
public:
    void process(Batch &batch, MapContext &context) override
    {
        for (std::size_t i = 0; i < batch.events.size(); ++i) {
            const Event &event = batch.events[i];
            const std::string_view line = batch.raw(batch.records[event.record]);
            if (!line.starts_with(ForMember))
                continue;
            const auto key = jsonFind(line, "for");
            if (key && !jsonStringEquals(key->text, entityKeyText(batch, event)))
                context.skip(static_cast<std::uint32_t>(i), Losses[0]);
        }
    }
};

Result<std::unique_ptr<MapStage>> makeKeepKey(const Value &)
{
    return std::unique_ptr<MapStage>(std::make_unique<KeepKey>());
}

} // namespace

const StageSpec KeepKeyStage = {
    .name = "keep_key",
    .summary = "Leaves out events of a message that count in another partition.",
    .fields = {},
    .losses = Losses,
    .makeMap = makeKeepKey,
};

std::string entityKeyText(const Batch &batch, const Event &event)
{
    std::string key(batch.text(event, Field::Tenant));
    key.append("|").append(batch.text(event, Field::EntityId));
    return key;
}

std::vector<RekeyedMessage> rekeyed(const Batch &batch, const RawRecord &record, std::size_t eventBegin,
                                    std::size_t eventEnd)
{
    std::vector<RekeyedMessage> out;
    for (std::size_t i = eventBegin; i < eventEnd; ++i) {
        std::string key = entityKeyText(batch, batch.events[i]);
        if (std::none_of(out.begin(), out.end(), [&](const RekeyedMessage &one) { return one.key == key; }))
            out.push_back({std::move(key), {}});
    }
    const std::string_view line = batch.raw(record);
    for (RekeyedMessage &one : out) {
        if (out.size() > 1) {
            one.line = ForMember;
            appendJsonString(one.line, one.key);
            one.line.append(",").append(line.substr(1));
        } else {
            one.line = line;
        }
    }
    return out;
}

} // namespace eventops
