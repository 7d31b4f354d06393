// SPDX-License-Identifier: MIT
#include "core/pipeline/stage.h"

#include <algorithm>

namespace eventops {

MapContext::~MapContext() = default;
MapStage::~MapStage() = default;
Emitter::~Emitter() = default;

void Emitter::emitFeature(std::uint32_t, FeatureWindow) {}
KeyedStage::~KeyedStage() = default;

std::size_t KeyedStage::bytes() const
{
    return 0;
}

std::size_t KeyedOperator::bytes() const
{
    return 0;
}

WallNs KeyedStage::nextDue() const
{
    return NoTime;
}

std::uint32_t TimeProgress::firstAt(WallNs time) const
{
    const auto it = std::lower_bound(m_marks.begin(), m_marks.end(), time,
                                     [](WallNs mark, WallNs wanted) { return raw(mark) < raw(wanted); });
    return m_begin + static_cast<std::uint32_t>(it - m_marks.begin());
}

KeyedOperator::~KeyedOperator() = default;
GlobalStage::~GlobalStage() = default;

void KeyedOperator::mergeEpoch(std::span<const std::unique_ptr<KeyedStage>>) {}
void KeyedOperator::takeFeedback(const Feedback &, std::span<const std::unique_ptr<KeyedStage>>, std::uint32_t,
                                 Emitter &)
{
}
void KeyedOperator::view(std::span<const std::unique_ptr<KeyedStage>>, StageView &) const {}
void KeyedOperator::save(StateWriter &) const {}
Status KeyedOperator::load(StateReader &) { return Ok{}; }
void GlobalStage::save(StateWriter &) const {}
Status GlobalStage::load(StateReader &) { return Ok{}; }

} // namespace eventops
