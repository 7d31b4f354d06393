// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/transformer.h"
#include "core/session/source_tools.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// A transformer that can be tried on an event.
struct TransformChoice {
    std::int64_t id = 0;             ///< Of a registered one; 0: it is a shipped one.
    std::string name, summary;       ///< The summary of a registered one is how it was described.
    std::string source, contentType; ///< Of a registered one: of which events.
    bool active = true;
    TransformerSetup setup;
};

/// Those that are registered in the workspace and that @p tenants own (none named: all), then the shipped ones.
/// Nothing is changed. Errors: Busy, Io, Corrupt. Thread: any, one at a time.
Result<std::vector<TransformChoice>> transformChoices(const SourceTools &tools,
                                                      const std::vector<std::string> &tenants);

/// What @p choice makes of an event of @p body that the source @p source sent: as /event/test answers, nothing is
/// stored. Errors: those of the transformer; InvalidInput when what it made could not be stored. Thread: any. May take
/// as long as the limits of scripts allow.
Result<TransformerOutput> tryTransformer(const SourceTools &tools, const TransformChoice &choice,
                                         const std::string &source, const std::string &body);

} // namespace eventops
