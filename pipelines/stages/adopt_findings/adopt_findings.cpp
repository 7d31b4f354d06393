// SPDX-License-Identifier: MIT
#include "core/codec/finding_document.h"
#include "core/pipeline/spec.h"

namespace eventops {
namespace {

class AdoptFindings final : public KeyedOperator
{
public:
    std::unique_ptr<KeyedStage> makePartition(unsigned) override { return std::make_unique<Partition>(); }

private:
    class Partition final : public KeyedStage
    {
    public:
        void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &,
                     Emitter &emitter) override
        {
            for (const std::uint32_t event : events) {
                if (auto finding = findingOf(batch, batch.events[event]))
                    emitter.emit(event, std::move(*finding));
            }
        }
        void save(StateWriter &) const override {}
        Status load(StateReader &) override { return Ok{}; }
    };
};

Result<std::unique_ptr<KeyedOperator>> make(const Value &)
{
    return std::unique_ptr<KeyedOperator>(std::make_unique<AdoptFindings>());
}

} // namespace

extern const StageSpec AdoptFindingsStage;
const StageSpec AdoptFindingsStage = {
    .name = "adopt_findings",
    .summary = "Takes alerts and deviations that another engine published as the findings that they tell of.",
    .fields = {},
    .losses = {},
    .makeKeyed = make,
};

} // namespace eventops
