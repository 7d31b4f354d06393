// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/spec.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// What a document is taken for.
struct DocumentFormatGuess {
    std::string codec; ///< "unknown": nothing known.
    double confidence = 0.0;
    bool hasMapping = false; ///< Its mapping can be written into a pipeline and edited.
};

/// Where the value of a field comes from.
struct FieldOrigin {
    std::string file; ///< Of the pipeline, or of the format's table; empty: neither says.
    std::size_t line = 0;
    std::string text; ///< Of that line.
};

struct PreviewField {
    std::string name, value;
    FieldOrigin origin;
};

struct PreviewEvent {
    std::size_t record = 0; ///< From 0.
    std::string codec;
    WallNs time = NoTime;
    std::string severity, type, entity, message;
    std::vector<PreviewField> fields;
};

/// A record that gives no event.
struct PreviewFailure {
    std::size_t record = 0;
    std::string reason; ///< A declared loss reason.
    std::string detail, help;
};

/// What a pipeline would make of a document: decoded, and past its map stages. Nothing is stored.
struct SourcePreview {
    std::uint64_t records = 0, events = 0, deadLetters = 0; ///< Of the whole document.
    bool isPart = false;                                    ///< The document was too long to be read to its end.
    std::vector<PreviewEvent> shown;                        ///< The first PreviewEventsMax.
    std::vector<PreviewFailure> failures;                   ///< The first PreviewFailuresMax.
    std::vector<std::string> unused;                        ///< Paths of the records whose values stand in no field.
    bool unusedIsWhole = false; ///< `unused` speaks of every record: all were JSON, gave an event and were looked at.
    std::vector<std::string> losses; ///< What envelopes on the way out cannot hold, a sentence each.
};
constexpr std::size_t PreviewEventsMax = 200;
constexpr std::size_t PreviewFailuresMax = 100;
constexpr std::size_t PreviewUnusedMax = 200;
constexpr std::size_t DocumentBytesMax = 16u << 20; ///< Of a document that is looked at.

/// Recognises @p bytes: the best guess first, then what else reads it. See detect(). Thread: any.
std::vector<DocumentFormatGuess> recognise(std::string_view bytes);

/// A pipeline that reads @p bytes with @p codec, as a person would begin it; see draftPipeline(). @p title: of the
/// document, of which the pipeline gets its name. @p written: with the mapping in full.
std::string draftFor(std::string_view bytes, const std::string &title, const std::string &codec, bool written);

/// Letters, digits and single hyphens of @p title without its suffix: a name for a pipeline or a file.
std::string plainName(std::string_view title);

/// Reads @p bytes as a replay with @p pipeline would. Errors: InvalidConfig with the line of @p pipeline (whose place
/// says @p name), Cancelled. Thread: any. O(bytes).
Result<SourcePreview> previewSource(std::string_view bytes, const std::string &pipeline, const std::string &name,
                                    const Registry &registry, const std::string &dataDirectory,
                                    const std::atomic<bool> &cancelled);

} // namespace eventops
