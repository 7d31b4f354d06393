// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/spec.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace eventops {

// A pipeline file names its sources, stages and settings:
//
//     pipeline: host-metrics
//     lateness: 0s
//     sources:
//       - capture: {format: auto}
//     stages:                                    # map stages, then keyed, then global ones
//       - enrich: {cmdb: ../cmdb/hosts.yaml}     # a file is read and stands in place of its name
//       - rules: {files: [../rules/cpu_load.yaml]}
//     ledger: {keep_raw: true}
//     retention: {raw: 3d, signals: 14d, alerts: 30d, tenants: {acme: {signals: 7d}}}
//     executors: {demo: {}}
//     sinks:                                     # what is stored goes there besides; see core/pipeline/sink.h
//       - opensearch: {url: http://localhost:9200, index: events, filter: severity >= warning}
//
// A file named in a setting is looked for beside the pipeline file, then in the data directory (without leading "../"),
// so a shipped pipeline works wherever it is copied to. Files cannot name files themselves. The content may also stand
// in the setting itself: PipelineSpec::text is such a pipeline, complete in one document, and loads to the same hash.

constexpr std::size_t PipelineFileBytesMax = 1u << 20;
constexpr std::size_t PipelineTextBytesMax = 16u << 20; ///< With the content of all files in it.
constexpr std::size_t PipelineFilesMax = 256;           ///< Named in settings.
constexpr std::size_t PipelineStagesMax = 64;
constexpr std::size_t PipelineSourcesMax = 64;
constexpr std::size_t PipelineSinksMax = 16;

/// The pipeline as one JSON document, the same bytes for the same meaning; PipelineSpec::text.
std::string canonicalText(const PipelineSpec &spec);

/// Reads and checks a pipeline file. @p registry must outlive the result. @p dataDirectory: the shipped `pipelines`
/// folder; empty: none. Every stage is made once, so that what is wrong inside a rule or mapping shows here as well.
/// Errors: InvalidConfig, LimitExceeded, NotFound, Io, all with file, line and column where there is one. Thread: any.
Result<PipelineSpec> loadPipeline(const std::string &path, const Registry &registry,
                                  const std::string &dataDirectory = {});

/// The same for a text; @p name stands for the file in messages, and files are looked for beside it.
Result<PipelineSpec> parsePipeline(std::string_view text, const std::string &name, const Registry &registry,
                                   const std::string &dataDirectory = {});

} // namespace eventops
