// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transformer.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace eventops {

/// What a transformer made, on its way into the pipeline: a document that `auto` knows as chronos.processed.
struct ProcessedDocument {
    const RawEvent *raw = nullptr;
    std::int64_t id = 0, sourceId = 0, transformerId = 0;
    WallNs processed = NoTime;
    const TransformerOutput::Processed *event = nullptr;
    std::string entityType;                                      ///< Of its entity; empty: not known.
    std::span<const TransformerOutput::EntityRef> entities = {}; ///< With the types that they are known by.
    std::span<const TransformerOutput::LinkRef> links = {};
};
std::string encodeProcessed(const ProcessedDocument &document);

/// A raw event that no transformer made an event of, as an event itself; with entities and links, if any were told.
std::string encodeUntransformed(const RawEvent &raw, std::span<const TransformerOutput::EntityRef> entities = {},
                                std::span<const TransformerOutput::LinkRef> links = {});

/// That a transformer failed on a raw event: reading it gives the dead letter `transformer_failed`, which keeps the raw
/// event whole.
std::string encodeTransformFailure(const RawEvent &raw, std::int64_t transformerId, std::string_view transformer,
                                   std::string_view why);

} // namespace eventops
