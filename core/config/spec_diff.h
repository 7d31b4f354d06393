// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// The first part of a pipeline whose result a change can alter; everything before it stays as it was.
enum class PipelinePart : std::uint8_t {
    Records, ///< Sources, decoding and map stages: raw records must be read again.
    Events,  ///< Keyed stages: stored events are enough.
    Findings,///< Global stages: stored findings are enough.
    Nothing, ///< Ledger, executors, lateness, texts: no stage sees it.
};
std::string_view toString(PipelinePart part);

/// One place where two pipelines differ.
struct SettingChange {
    enum class Kind : std::uint8_t { Added, Removed, Changed };
    Kind kind = Kind::Changed;
    PipelinePart part = PipelinePart::Nothing;
    std::string path;                ///< "stages.rules.files[0].rules.cpu_load_threshold.for".
    std::vector<std::string> names; ///< Of the named things it lies in, outermost first: "rules", "cpu_load_threshold".
    std::string before, after;       ///< JSON, at most ShownBytesMax; empty: absent.
    Location where;                  ///< In the edited pipeline; of what encloses it when it was taken out.
};
constexpr std::size_t ShownBytesMax = 240;
constexpr std::size_t SettingChangesMax = 10'000; ///< More are one: "changed as a whole".

std::string_view toString(SettingChange::Kind kind);

/// Where @p after differs from @p before, in the order of the file. Things with a name are matched by it, so a rule
/// that moved is no change; all else is matched by its place. Thread: any. Complexity: O(settings × depth).
std::vector<SettingChange> changesBetween(const PipelineSpec &before, const PipelineSpec &after);

/// The first part that any of @p changes alters.
PipelinePart firstPart(const std::vector<SettingChange> &changes);

/// @p before with those changes of changesBetween(before, after) for which @p taken says true. Sources and stages only,
/// fit for running; text and hash are those of @p after.
PipelineSpec withChanges(const PipelineSpec &before, const PipelineSpec &after, const std::vector<bool> &taken);

} // namespace eventops
