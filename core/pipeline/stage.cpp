// SPDX-License-Identifier: MIT
#include "core/pipeline/stage.h"

namespace eventops {

MapContext::~MapContext() = default;
MapStage::~MapStage() = default;
Emitter::~Emitter() = default;

void Emitter::emitFeature(std::uint32_t, FeatureWindow) {}
KeyedStage::~KeyedStage() = default;
KeyedOperator::~KeyedOperator() = default;
GlobalStage::~GlobalStage() = default;

void KeyedOperator::mergeEpoch(std::span<const std::unique_ptr<KeyedStage>>) {}
void KeyedOperator::save(StateWriter &) const {}
Status KeyedOperator::load(StateReader &) { return Ok{}; }
void GlobalStage::save(StateWriter &) const {}
Status GlobalStage::load(StateReader &) { return Ok{}; }

} // namespace eventops
