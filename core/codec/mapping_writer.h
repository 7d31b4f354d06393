// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"
#include "core/codec/document_format.h"
#include "core/codec/json_tree.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Writes events as documents from which a Mapping reads them: the table of a format backwards. It puts each value
/// where its row reads it and keeps what, read back, leaves less of the event lost; so it needs no knowledge of the
/// format but the table, and what it cannot place is missing from the document, never wrong in it. Thread: one.
/// Complexity: a reading of the document for each value that is not there yet.
class MappingWriter
{
public:
    /// @p format: what the document must be known as; null: anything. @p codec: reads the documents, and its name is
    /// the one that its events carry. All outlive this.
    MappingWriter(const Mapping &mapping, const DocumentFormat *format, const Codec &codec);

    /// The document that the event came from, of several events its own part alone, when its bytes are still there
    /// and still say what the event does: nothing that a stage took out of it comes back. Nothing: it cannot be had.
    std::optional<std::string> original(const Batch &batch, const Event &event);
    /// A document made from the event alone. Refused: none can be read as this format; the message says why.
    Result<std::string> made(const Batch &batch, const Event &event);

private:
    struct Attempt {
        JsonTree tree;
        std::string text;
        std::vector<std::string> lost; ///< Of the event; not to be read at all: one more than all that there is.
        std::size_t cost = 0;
    };
    using Change = std::vector<std::pair<JsonTree::Steps, std::string>>;

    void chooseSplit(const JsonSplit *split);
    std::optional<JsonTree::Steps> placeOf(const JsonPath &path) const;
    Attempt attempt(JsonTree tree, const Batch &batch, const Event &event);
    JsonTree beginning(const Batch &batch, const Event &event) const;
    void putObject(JsonTree &tree, const ObjectMapping &mapping, std::string_view object) const;
    void putRequired(JsonTree &tree, const Batch &batch, const Event &event) const;
    Attempt improved(Attempt best, const Batch &batch, const Event &event);
    Attempt written(const Batch &batch, const Event &event);
    std::vector<Change> changesFor(std::string_view lost, const Batch &batch, const Event &event) const;
    void addWays(const Selector &selector, std::string_view raw, std::vector<Change> &out) const;
    void addEntities(std::string_view wanted, std::vector<Change> &out) const;
    std::optional<JsonTree> ownPart(const JsonReader &json, std::size_t emission);
    bool findElement(const JsonSplit &split, std::string_view value, std::size_t level, std::size_t &left,
                     std::vector<std::size_t> &places) const;

    const Mapping &m_mapping;
    const DocumentFormat *const m_format;
    const std::string_view m_codec;
    const std::unique_ptr<CodecDecoder> m_decoder;
    Batch m_back;
    std::vector<JsonTree::Steps> m_scopes; ///< Places of the document and of the elements of the split.
};

} // namespace eventops
