// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/retention.h"
#include "core/pipeline/sink.h"
#include "core/pipeline/source.h"
#include "core/pipeline/stage.h"
#include "core/model/value.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One configuration field: drives YAML validation, `eventops stages`, the docs and the editor form.
struct FieldSpec {
    std::string_view name;         ///< Unit last: "window_ms", "keys_max".
    std::string_view type; ///< int, float, bool, string, duration, list, map, any, yaml_file, yaml_files, enum:a|b
                           ///< (yaml_file: config puts the loaded file's tree in place of the path).
    std::string_view defaultValue; ///< A YAML scalar, [], [word, word] or {}; "required": must be given.
    std::string_view help;
};

/// Everything known of a kind of stage: one constant beside its code. Exactly one of the three makers is set.
/// Settings hold every field of `fields` (defaults filled in) with its type checked; nested content is the stage's to
/// check.
struct StageSpec {
    std::string_view name;         ///< A verb, snake_case: "normalize".
    std::string_view summary;      ///< One sentence for docs and tooltips.
    std::span<const FieldSpec> fields;
    std::span<const LossReason> losses;
    Result<std::unique_ptr<MapStage>> (*makeMap)(const Value &settings) = nullptr;
    Result<std::unique_ptr<KeyedOperator>> (*makeKeyed)(const Value &settings) = nullptr;
    Result<std::unique_ptr<GlobalStage>> (*makeGlobal)(const Value &settings) = nullptr;
};

/// What the command line gives a source besides its settings: FILE, --format.
struct SourceArguments {
    std::string path;   ///< Empty: the source's own settings name what to read; "-" is standard input.
    std::string format; ///< Empty: as the settings say.
};

struct SourceSpec {
    std::string_view name;         ///< A noun: "capture".
    std::string_view summary;
    std::span<const FieldSpec> fields;
    std::span<const LossReason> losses;
    Result<std::unique_ptr<Source>> (*make)(const Value &settings, const SourceArguments &arguments);
};

/// A kind of place to which what is stored goes besides. `fields` are its own; every sink has SinkCommonFields as well,
/// and its settings hold both.
struct SinkSpec {
    std::string_view name;         ///< A noun: "postgres".
    std::string_view summary;
    std::span<const FieldSpec> fields;
    /// Connects to nothing and reads no secret: that is `Sink::open`.
    Result<std::unique_ptr<Sink>> (*make)(const Value &settings, const SinkSurroundings &surroundings);
};
std::span<const FieldSpec> sinkCommonFields();
/// What a sink of this kind may be told: the common fields, then its own.
std::vector<FieldSpec> sinkFields(const SinkSpec &spec);

/// The kinds of stage, source and sink in this build: a value, built in `app` and handed down.
struct Registry {
    std::span<const StageSpec *const> stages;
    std::span<const SourceSpec *const> sources;
    std::span<const SinkSpec *const> sinks = {};
    const StageSpec *stage(std::string_view name) const;
    const SourceSpec *source(std::string_view name) const;
    const SinkSpec *sink(std::string_view name) const;
};

/// One configured component of a pipeline.
template <typename Spec>
struct Configured {
    const Spec *spec = nullptr;
    Value settings;
};

/// A pipeline file, validated. What a runner is built from.
struct PipelineSpec {
    std::string name;
    std::string description;
    std::vector<Configured<SourceSpec>> sources;
    std::vector<Configured<StageSpec>> stages; ///< Map stages, then keyed, then global ones.
    std::vector<Configured<SinkSpec>> sinks;
    Value executors;          ///< Map of executor kind to its settings; see core/actions.
    bool keepRaw = true;
    std::int64_t latenessNs = 0; ///< How far the watermark stays behind the newest event time.
    RetentionPolicy retention;
    std::string hash;         ///< SHA-256 over the canonical settings, included files and all, but for `retention`
                              ///< and `sinks`, which change nothing about what stages make of events.
    std::string text;         ///< Canonical JSON of the settings, kept in the ledger with each run.
};

} // namespace eventops
